#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# helpers/tap.sh PROGRAM - a unit test prints TAP and ends with 0; nothing checked is a failure too.
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
"$1" | tee tap
rc=${PIPESTATUS[0]}
[ "$rc" -eq 0 ] || { echo "it ended with $rc" && exit 1; }
! grep -q '^not ok' tap || exit 1
done=$(grep -c '^ok' tap)
planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' tap)
[ "$done" -gt 0 ] || { echo "no check at all" && exit 1; }
[ "${planned:-$done}" -eq "$done" ] || { echo "$done checks of $planned" && exit 1; }
