#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An attack that, 100 ms after it sees a new process, removes its file and ends: its executable is in the bundle.
# (What reacts to the runtime's own helper, which is there before any program of ours, is gone before anybody could look.)
# timeout: 120
. "$CSI_TOP/tests/helpers/k8s.sh"
app shy
ready shy
at shy
plugin ps shy >/dev/null 2>&1
start shy /tmp/attack
shy=$(said shy)
sum=$(sha256sum <"$MERGED/tmp/attack" | cut -d' ' -f1)
run plugin collect shy -o case
check "it has not seen us" test ! -e "$MERGED/tmp/attack"
expect_grep '^app +running .*sealed' "$OUT"
mkdir x && tar --zstd -xf case/app-1.tar.zst -C x --no-same-owner
expect_eq "$(sha256sum x/*/exe/"$shy"-* 2>/dev/null | cut -d' ' -f1)" "$sum" "the executable in the bundle"
