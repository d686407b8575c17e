#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The second verifier's own tests: bundles that it makes from FORMAT.md, whole and broken in every way.
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
export TMPDIR=$PWD
run bash -c 'cd "$CSI_TOP" && python3 -B -m unittest tests/helpers/test_verify.py tests/helpers/test_verify_set.py'
expect_exit 0
expect_grep '^Ran [0-9]{2,} tests' "$ERR"
[ "$RC" -eq 0 ] || note "$(tail -n 40 "$ERR")"
