#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/helpers/make_golden.sh CSI DIR - makes bundles of each kind in DIR, and the table of what they are.
#
# The ones in tests/fixtures/bundles were made so, once, with format version 1. They are never made again: that
# later verifiers still take them is what they are for. A new kind gets a new row, and leaves the others alone.
#
# strace puts a name and a kernel of no machine into case.json; the key is a test key, made for this alone.
set -eu
CSI=$(realpath "$1")
mkdir -p "$2"
DIR=$(realpath "$2")
KEY=$DIR/test-key-not-secret.txt
HELPERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
export TZ=UTC LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
umask 022

# struct utsname, as strace wants bytes
nobody() {
	python3 -c 'print("".join("%02x" % b for t in ("Linux", "golden", "6.1.0", "#1", "x86_64", "")
		for b in t.encode().ljust(65, b"\0")))'
}
UNAME=$(nobody)

collect() { # CODE NAME ARGS...: csi collect ARGS, which must end with CODE
	local code=$1 name=$2 rc=0
	shift 2
	strace -f -qq -o /dev/null -e trace=uname -e "inject=uname:poke_exit=@arg1=$UNAME" \
		"$CSI" collect -q --scope full "$@" >"$DIR/$name" 2>err || rc=$?
	[ "$rc" = "$code" ] || { echo "$name: exit code $rc" >&2 && cat err >&2 && exit 1; }
}

trees() {
	mkdir -p plain/etc/empty holes
	printf 'root:x:0:0::/root:/bin/sh\n' >plain/etc/passwd
	: >plain/etc/nothing
	ln -s ../etc/passwd plain/etc/link
	echo odd >plain/etc/$'back\\slash new\nline \xff'
	cp -r plain partial
	seq 1000 >partial/etc/more-than-allowed
	echo begin >holes/hole
	truncate -s 3M holes/hole
	echo middle >>holes/hole
	truncate -s 6M holes/hole
	cp -r plain slow
	for i in 1 2 3 4 5 6 7 8; do { yes "file $i" || :; } 2>/dev/null | head -c 6000000 >"slow/etc/large-$i"; done
	python3 -c '
import os
os.mkdir("long")
os.chdir("long")
for _ in range(21):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
open("at the end", "w").write("deep\n")'
}

cut_behind_the_first() { # FROM TO: cut in the frame that follows the first checkpoint
	python3 - "$HELPERS" "$DIR/$1" "$DIR/$2" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import damage
data = open(sys.argv[2], "rb").read()
open(sys.argv[3], "wb").write(data[:damage.checkpoints(data)[1][0] + 40])
PY
}

row() { # NAME
	"$CSI" verify --json --identity "$KEY" "$DIR/$1" 2>/dev/null | head -n 1 | jq -r --arg name "$1" '[$name, .csi.verify.verdict,
		.csi.verify.status // "-", .csi.verify.entries, .csi.verify.proven, .file.hash.sha256] | @tsv'
}

main() {
	trees
	collect 0 plain.tar.zst --root plain
	collect 3 partial.tar.zst --root partial --max-file 2K
	collect 0 sparse.tar.zst --root holes
	collect 0 long-path.tar.zst --root long
	collect 0 checkpoints.tar.zst --root slow --cpu 1
	cut_behind_the_first checkpoints.tar.zst cut.tar.zst
	"$CSI" verify -q --salvage "$DIR/salvaged.tar.zst" "$DIR/cut.tar.zst" >/dev/null 2>&1 || [ $? -eq 3 ]
	mv "$DIR/salvaged.tar.zst.have" have.jsonl
	collect 0 citing.tar.zst --root slow --have have.jsonl
	[ -e "$KEY" ] || {
		echo "# A test key, known to all: nothing that was encrypted to it is a secret."
		age-keygen 2>/dev/null
	} >"$KEY"
	collect 0 encrypted.tar.zst.age --root slow --cpu 3 --encrypt "$(age-keygen -y "$KEY")"
	{
		printf '# name\tverdict\tstatus\tentries\tproven bytes\tSHA-256 of the file\n'
		for name in plain partial sparse long-path checkpoints cut salvaged citing; do row $name.tar.zst; done
		row encrypted.tar.zst.age
	} >"$DIR/table.tsv"
}
main
