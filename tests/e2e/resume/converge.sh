#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cut, list, resume, again and again: the bundles become one whole case, every file as it is in the tree.
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
RANDOM=3
tree=$MERGED/tmp/tree
mkdir -p "$tree/a/b" "$tree/a-b" case
for i in {1..150}; do
	head -c $((40000 + RANDOM * 12)) /dev/urandom >"$tree/a/b/f$i"
	head -c $((40000 + RANDOM * 12)) /dev/urandom >"$tree/a-b/g$i"
done
for name in $'new\nline' $'not-utf8-\377' 'back\slash' '"quoted"' '-' 'a b'; do
	printf '%s' "$name" >"$tree/a/$name"
done
truncate -s 3M "$tree/hole" && echo end >>"$tree/hole"

collect() { # CUT FILE: the list on standard input, if there is one
	if [ -s have ]; then
		exec_in ptrace csi collect --scope full --have - <have 2>>"$ERR"
	else
		csi collect --scope full 2>>"$ERR"
	fi | head -c "$1" >"$2"
}

list() {
	rm -f have
	run host_csi verify -q --have-list have case/*.tar.zst
}

# Each run is cut a little after what it must get through to prove anything new.
for i in 1 2 3; do
	collect $(((18 << 20) + RANDOM * 200)) "case/run$i.tar.zst"
	run host_csi verify "case/run$i.tar.zst"
	expect_exit 3
	list
	[ "$i" -ne 1 ] || echo more >>"$tree/a/b/f10"
	[ "$i" -ne 1 ] || rm "$tree/a/b/f11"
done
expect_eq "$(grep -c '"path":"/tmp/tree/a/b/f10"' have)" 2 "the file that changed, once before and once after"
check "nothing was listed" test "$(wc -l <have)" -gt 50
run host_csi verify case
expect_exit 3
expect_grep '^set: missing: no bundle is sealed|^set: missing: a bundle is cut'
collect $((1 << 40)) case/run4.tar.zst
run host_csi verify --json case
expect_exit 0
expect_json 'map(select(.csi.action == "verify set")) | length == 1 and .[0].csi.verify.set.verdict == "whole" and .[0].csi.verify.set.cited > 50 and .[0].csi.verify.set.missing == 0'
cited=$(jq '.csi.verify.set.cited // empty' "$OUT")
run python3 "$HELPERS/verify_set.py" case/*.tar.zst
expect_exit 0
expect_json ".[0] | .verdict == \"whole\" and .cited == $cited and .sealed == 1"
run host_csi verify case/run4.tar.zst
expect_exit 0
expect_grep 'cites +[0-9]+ files'

# Every file of the tree is in the sealed run, or in the run that it cites, byte for byte.
mkdir x
for i in 1 2 3 4; do
	host_csi verify --salvage "clean$i" "case/run$i.tar.zst" >/dev/null
	[ -e "clean$i" ] || cp "case/run$i.tar.zst" "clean$i"
	tar --zstd -xf "clean$i" -C x --no-same-owner --delay-directory-restore
done
label=files/${CONTAINER_ID:0:12}
last=$(tar --zstd -tf case/run4.tar.zst | head -n 1)
cat "x/${last}ledger/"*.jsonl >"$OUT"
python3 - "$OUT" "x/$last" "$label/tmp/tree" "$tree" >lost <<'PY'
import json, os, re, sys
ledger, last, label, tree = sys.argv[1:]
undo = lambda s: re.sub(rb"\\(x..|\\)", lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]), s.encode())
cited = {}
for line in open(ledger, encoding="utf-8"):
    csi = json.loads(line)["csi"]
    if csi.get("action") == "cite file":
        cited[undo(csi["cite"]["item"])] = csi["cite"]["run"].encode()
count = 0
for here, _, names in os.walk(tree.encode()):
    for name in names:
        path = os.path.join(here, name)
        item = label.encode() + path[len(tree.encode()):]
        top = b"x/csi-" + cited[item] if item in cited else last.encode()
        with open(path, "rb") as a, open(os.path.join(top, item), "rb") as b:
            if a.read() != b.read():
                print("differs", path)
        count += item in cited
print("cited", count)
PY
expect_eq "$(grep -c differs lost)" 0 "files that differ"
check "too few were cited" test "$(sed -n 's/^cited //p' lost)" -gt 50
first=$(tar --zstd -tf case/run1.tar.zst 2>/dev/null | head -n 1)
expect_json "map(select(.csi.cite.item? == \"$label/tmp/tree/a/b/f10\") | .csi.cite.run | \"csi-\(.)/\") | . != [] and . != [\"$first\"]" "the changed file is the second run's"
expect_eq "$(grep -c '"action":"cite file".*a/b/f11"' "$OUT")" 0 "citations of a file that is gone"
expect_json 'map(select(.csi.action == "resume")) | length == 3' "the runs that it resumes"
expect_gaps
