#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The filters choose what find chooses, --hash reads once for all digests, and every mount is accounted for.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
python3 "$HELPERS/hostile.py" h names modes >/dev/null 2>&1 || python3 "$HELPERS/hostile.py" h names >/dev/null
mkdir -p h/t && cd h/t || exit 1
touch -d 2001-01-01 old.log && touch new.log 'x[1].log' .hidden
chmod 4755 old.log && chmod 2644 new.log && chmod 000 .hidden
mkfifo pipe && ln -s nowhere link && mkdir -m 1777 sticky && mknod null c 1 3
chown 65532:100 new.log && chown 0:100 pipe && chown -h 65532:65532 link
cd ../.. || exit 1

# same "FIND EXPRESSION" CSI OPTIONS...: the paths of both are the same set
same() {
	local expression=$1
	shift
	(cd h && eval "find . ${expression:+\\( $expression \\)} -print0") | while IFS= read -r -d '' f; do
		f=${f#.}
		printf '%s' "${f:-/}" | escape && echo
	done | LC_ALL=C sort >want
	run host_csi walk --root "$PWD/h" --json "$@"
	expect_exit 0
	jq -r 'select(.file.path).file.path' "$OUT" | LC_ALL=C sort >got
	diff -u want got >same.diff
	check "$* is not find $expression: $(head -n 20 same.diff)" test ! -s same.diff
	check "find $expression finds nothing" test -s want
}
same ""
same "-type f" --type f
same "-type d -o -type l -o -type p -o -type c" --type d,l,p,c
same "-name '*.log'" --name '*.log'
same "-name '?*[0-9]*'" --name '?*[0-9]*'
same "-name '*[!a-z]log'" --name '*[!a-z]log'
same "-name 'x\[1\].log'" --name 'x\[1\].log'
same "-perm /6000" --perm /6000
same "-perm -4755" --perm -4755
same "-perm 1777" --perm 1777
same "-perm 0" --perm 0
same "-uid 65532" --owner 65532
same "-uid 65532 -gid 100" --owner 65532:100
same "-gid 100 -type f" --owner :100 --type f
same "-newermt '2001-01-01T00:00:00Z' -o -newerct 2001-01-02" --since 2001-01-01
run host_csi walk --root "$PWD/h" --json --since 2099-01-01 /t
expect_eq "$(cat "$OUT")" "" "the future"
for words in "--type x" "--type f,," "--perm 8" "--perm 77777" "--owner root" "--owner 1:" "--since tomorrow" \
	"--since 2026-02-30" "--hash=sha512" "--xdev --volumes"; do
	# shellcheck disable=SC2086
	run host_csi walk --root "$PWD/h" $words
	expect_exit 2
	expect_empty "$OUT"
done

# One read, three digests, and a file is still hashed by --hash alone.
printf text >h/t/new.log
run host_csi walk --root "$PWD/h" --json --hash=sha256,sha1,md5 /t/new.log
expect_json ".[0].file.hash == {md5: \"$(printf text | md5sum | cut -c-32)\", sha1: \"$(printf text | sha1sum | cut -c-40)\",
	sha256: \"$(printf text | sha256sum | cut -c-64)\"}"
run host_csi walk --root "$PWD/h" --hash /t/new.log
expect_grep "$(printf text | sha256sum | cut -c-64)"

# A sparse file says what it really takes; capabilities of both versions are words.
truncate -s 1T h/t/sparse
python3 - h/t/old.log h/t/new.log <<'PY'
import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
os.setxattr(sys.argv[2], "security.capability", struct.pack("<6I", 0x03000000, 1 << 10, 1 << 10, 1 << (38 - 32), 0, 1000))
PY
run host_csi walk --root "$PWD/h" --json --type f /t
expect_json 'any(.[]; .file.path == "/t/sparse" and .file.size == 1099511627776 and .csi.file.allocated == 0)'
expect_json 'any(.[]; .file.path == "/t/old.log" and .csi.file.capabilities == ["NET_RAW=ep"])'
# The kernel tells a version 3 with the rootid of another namespace as such, or not at all.
expect_json 'any(.[]; .file.path == "/t/new.log" and (.csi.file.capabilities | . == ["NET_BIND_SERVICE=ip", "PERFMON=p"]) and .csi.file.capabilities_root == 1000)'

# Of a pod every mount is told: walked, skipped, or below what was skipped.
pod_up
run csi walk --json
expect_exit 0
awk '{ print $5 }' "/proc/$TPID/mountinfo" | LC_ALL=C sort >want
jq -r 'select(.csi.coverage).csi.mount.point' "$OUT" | LC_ALL=C sort >got
check "mounts are missing: $(diff want got)" cmp -s want got
expect_json 'all(.[] | select(.csi.coverage.state? == "unreached"); false)' "a mount was not reached"
expect_json 'any(.[]; .csi.mount.point? == "/data" and .csi.coverage.state == "skipped" and .csi.omit == "--volumes enters it")'
expect_json 'any(.[]; .csi.mount.point? == "/dev/shm" and .csi.coverage.state == "walked")'
run csi walk --volumes --json
expect_json 'any(.[]; .csi.mount.point? == "/data" and .csi.coverage.state == "walked" and .csi.coverage.entries == 1)'
run csi walk --xdev --json
expect_all 'select(.csi.birth)' '.csi.mount.kind == "root"'
expect_json 'any(.[]; .csi.mount.point? == "/dev" and .csi.coverage.state == "skipped")'
run csi walk
expect_grep 'not walked: /data \(volume\): --volumes enters it' "$ERR"
# A file system over a directory hides what is in it: the one below is not silently missed.
"$HELPERS/volumes.py" "$TPID" tmpfs:/home/nonroot tmpfs:/home/nonroot
run csi walk --json
expect_json '[.[] | select(.csi.mount.point? == "/home/nonroot") | .csi.coverage.state] | sort == ["unreached", "walked"]'
