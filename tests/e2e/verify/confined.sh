#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verify can open the files that it was given and nothing else; it is confined before it reads a byte.
# timeout: 60
# needs: strace
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir tree made && echo text >tree/file
host_csi collect --root tree -o b.tar.zst 2>/dev/null
mkfifo pipe

# Waiting for its first byte.
host_csi verify pipe >"$OUT" 2>"$ERR" &
exec 3>pipe
pid() { pgrep -x -P $! csi || echo $!; }
is_confined() { has_line $'^Seccomp:\t2' "/proc/$(pid)/status"; }
wait_for 20 "verify to be confined" is_confined
expect_eq "$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/$(pid)/status" | tr '\n\t' '  ')" 'NoNewPrivs: 1 Seccomp: 2 '
cat b.tar.zst >&3
exec 3>&-
wait
expect_grep '^pipe: sealed, complete$'

run strace -f -o calls "$CSI_TOP/out/amd64/csi" verify --salvage made/clean b.tar.zst
expect_exit 0
expect_grep 'nothing written: it is whole'
expect_eq "$(ls made)" ""
# Nothing that was asked for was refused by the filter.
expect_no_grep 'EPERM|SIGSYS' calls
first=$(grep -n 'SECCOMP_SET_MODE_FILTER' calls | head -n 1 | cut -d: -f1)
opened=$(grep -n '"b.tar.zst", O_RDONLY' calls | grep -v O_PATH | head -n 1 | cut -d: -f1)
check "the bundle was opened before the filter" test "$first" -lt "$opened"
run host_csi verify nosuch
expect_exit 1
expect_grep 'no such file' "$ERR"
