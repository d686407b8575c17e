#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# GNU tar, bsdtar, Python's tarfile and sha256sum accept what we wrote: every file byte for byte.
# timeout: 180
# needs: bsdtar setfattr
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
tree=$MERGED/tmp/rich
mkdir "$tree"
long=$(printf 'n%.0s' {1..250})
mkdir -p "$tree/$long/$long" "$tree/empty directory"
echo long >"$tree/$long/$long/$long"
printf 'newline\n' >"$tree/a"$'\n''b'
printf 'latin\n' >"$tree/caf"$'\xe9'
printf 'backslash\n' >"$tree/a\\b"
: >"$tree/nothing"
echo su >"$tree/setuid"
chmod 6755 "$tree/setuid"
truncate -s 5M "$tree/hole"
printf middle | dd of="$tree/hole" bs=1M seek=2 conv=notrunc status=none
truncate -s 1M "$tree/only-hole"
head -c 3000000 /dev/urandom >"$tree/large"
ln -s "$long" "$tree/link"
ln -s 'target with'$'\n''newline' "$tree/odd link"
ln "$tree/large" "$tree/second name"
setfattr -n user.note -v value "$tree/nothing"
csi collect >b.tar.zst 2>"$ERR"
RC=$?
expect_exit 0
run host_csi verify b.tar.zst
expect_exit 0
expect_grep ': sealed, complete$'

# compare DIR: the tree as a reader unpacked it
compare() {
	local got
	got=$(echo "$1"/csi-*/files/"${CONTAINER_ID:0:12}"/tmp/rich)
	run diff -r --no-dereference "$tree" "$got"
	expect_exit 0
	expect_eq "$(cd "$got" && find . -printf '%P|%y|%m|%s|%l\n' | grep -av '|d|' | LC_ALL=C sort | sha256sum)" \
		"$(cd "$tree" && find . -printf '%P|%y|%m|%s|%l\n' | grep -av '|d|' | LC_ALL=C sort | sha256sum)" "$1: types, modes, sizes, links"
	expect_eq "$(find "$got" -type f -printf '%P\n' | wc -l)" "$(find "$tree" -type f -printf '%P\n' | wc -l)" "$1: files"
	expect_eq "$(getfattr --only-values -n user.note "$got/nothing" 2>&1)" value "$1: attribute"
	run bash -c 'cd "$1"/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -' - "$1"
	expect_exit 0
}
mkdir gnu bsd python
run tar --zstd -xpf b.tar.zst -C gnu --xattrs --xattrs-include='user.*'
expect_exit 0
compare gnu
run bsdtar -xpf b.tar.zst -C bsd --xattrs
expect_exit 0
compare bsd

# tarfile knows neither zstd nor, when it unpacks, attributes: the decompressed stream, names and bytes.
run zstd -q -d b.tar.zst -o b.tar
expect_exit 0
run python3 - b.tar "$tree" "files/${CONTAINER_ID:0:12}/tmp/rich/" <<'EOF'
import os, sys, tarfile
path, tree, below = sys.argv[1:]
checked = set()
with tarfile.open(path, errors="surrogateescape") as archive:
    for m in archive:
        if below not in m.name:
            continue
        name = m.name.split(below, 1)[1]
        there = os.path.join(tree, name)
        if m.issym():
            assert os.readlink(there) == m.linkname, name
        elif m.isreg():
            with open(there, "rb") as f:
                assert archive.extractfile(m).read() == f.read(), name
            assert os.stat(there).st_mode & 0o7777 == m.mode, name
        if name == "nothing":
            assert m.pax_headers["SCHILY.xattr.user.note"] == "value"
        checked.add(name)
want = {os.path.relpath(os.path.join(d, n), tree) for d, ds, fs in os.walk(tree) for n in ds + fs}
assert checked == want, checked ^ want
EOF
expect_exit 0
[ "$RC" -eq 0 ] || cat "$ERR"
