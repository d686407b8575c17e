#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The list comes through a pipe that stops in the middle and stays open: collect gives up on it after its minute,
# says so, and goes on with what the list has said until then.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
csi() { host_csi "$@"; }
mkdir tree
for i in {10..40}; do echo "$i" >"tree/f$i"; done
csi collect -q --scope full --root tree 2>"$ERR" >a.tar.zst
run csi verify -q --have-list have a.tar.zst
expect_exit 0

mkfifo pipe
exec 9<>pipe # a writer that stays
head -n 12 have >&9
run csi collect -q --scope full --root tree --have pipe
exec 9>&-
expect_exit 3
cp "$OUT" b.tar.zst
run csi verify a.tar.zst b.tar.zst
expect_exit 0
expect_grep '^set: whole \(2 bundles, 2 sealed; 11 citations resolve\)$'
mkdir x && tar --zstd -xf b.tar.zst -C x
cat x/*/ledger/*.jsonl >"$OUT"
expect_gaps 'ETIMEDOUT|read the --have list|-|line 12'
expect_eq "$(find x -path '*/files/*' -type f | wc -l)" 20 "files collected anew"
