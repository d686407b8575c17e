#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cut behind its first 16 MiB, encrypted and resumed with the list: the keys open the set, and without them it is no set.
# timeout: 240
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
age-keygen -o key 2>/dev/null
to=$(age-keygen -y key)
mkdir -p "$MERGED/tmp/tree"
for i in {1..300}; do head -c 80000 /dev/urandom >"$MERGED/tmp/tree/f$i"; done
mkdir case
csi collect -q --scope full --encrypt "$to" >case/a.tar.zst.age 2>"$ERR"
size=$(stat -c %s case/a.tar.zst.age)
truncate -s $((size - 1000000)) case/a.tar.zst.age
run host_csi verify -q --identity key --have-list have case/a.tar.zst.age
expect_exit 3
check "too little was listed" test "$(wc -l <have)" -gt 100
exec_in ptrace csi collect -q --scope full --encrypt "$to" --have - <have >case/b.tar.zst.age 2>"$ERR"

run host_csi verify --json --identity key case
expect_exit 0
expect_json 'map(select(.csi.action == "verify set")) | length == 1 and .[0].csi.verify.set.verdict == "whole" and .[0].csi.verify.set.cited >= 100'
run host_csi verify --identity key case/b.tar.zst.age
expect_exit 0
expect_grep 'cites +[0-9]+ files'
run host_csi verify case
expect_exit 3
expect_grep '^set: missing: a bundle is encrypted to other keys'
for b in a b; do age -d -i key -o "$b" "case/$b.tar.zst.age" 2>/dev/null || true; done
run python3 "$HELPERS/verify_set.py" a b
expect_exit 0
expect_json '.[0] | .verdict == "whole" and .cited >= 100 and .sealed == 1'
