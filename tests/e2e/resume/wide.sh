#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A directory of more names than are sorted, between others: the list finds its way through the kernel's order, and
# what changed in it is taken anew.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
csi() { host_csi "$@"; }
mkdir -p tree/a tree/wide/below tree/z
for d in a wide/below z; do
	for i in {1..5}; do echo "$d $i" >"tree/$d/f$i"; done
done
python3 - <<'PY'
import os
for i in range(66000):
    os.close(os.open("tree/wide/%x" % (i * 2654435761 % 2**32), os.O_CREAT | os.O_WRONLY))
PY
csi collect -q --scope full --root tree 2>"$ERR" >a.tar.zst
run csi verify -q --have-list have a.tar.zst
expect_exit 0
expect_eq "$(grep -c '"action":"have file"' have)" 66015 "files on the list"
check "csi sorted it" bash -c '! jq -r "select(.csi.action == \"have file\").file.path" have | grep -v below | grep ^/wide | LC_ALL=C sort -c 2>/dev/null'

csi collect -q --scope full --root tree --have have 2>"$ERR" >b.tar.zst
run csi verify a.tar.zst b.tar.zst
expect_exit 0
expect_grep '^set: whole \(2 bundles, 2 sealed; 66015 citations resolve\)$'

# One that changed, one that is new, one that is gone.
echo x >tree/wide/0
echo new >tree/wide/new
rm tree/wide/9e3779b1
csi collect -q --scope full --root tree --have have 2>"$ERR" >c.tar.zst
run csi verify --json a.tar.zst c.tar.zst
expect_exit 0
cited=$(jq '.csi.verify.set.cited // empty' "$OUT")
# The kernel's order may differ a little by them: what is then not found is collected anew, and nothing is lost.
check "$cited of 66013 were cited" test "$cited" -le 66013 -a "$cited" -ge 60000
mkdir x && tar --zstd -xf c.tar.zst -C x
expect_eq "$(cat x/*/files/root/wide/0 x/*/files/root/wide/new)" $'x\nnew' "what changed"
expect_eq "$((cited + $(find x -path '*/files/*' -type f | wc -l)))" 66015 "files cited or collected"
