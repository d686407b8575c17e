#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/fuzz/run.sh [SECONDS] - every fuzzer for its share of SECONDS (60 in all by default), from the
# seeds of tests/fuzz/corpus and some made now, real ones. Called by ./build.sh fuzz.
#
#   out/fuzz/corpus/NAME   what a fuzzer found worth keeping; the next run goes on from there
#   out/fuzz/crash         inputs that broke one; out/fuzz/NAME FILE shows it again
#
# As a case of tests/run.sh it builds them and runs each for two seconds, always the same way: that they
# build, and that what they once broke on is not back. Finding more is for a longer run.
# timeout: 600
# needs: clang
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CSI=$TOP/out/amd64/csi
CRASH=$TOP/out/fuzz/crash
EACH_AS_CASE=2
names=()
bad=0

find_fuzzers() {
	local file
	for file in "$TOP"/tests/fuzz/fuzz_*.c; do
		file=${file##*/}
		names+=("${file%.c}")
	done
}

# Seeds, in the form that each fuzzer's source describes, written into the current folder. A fuzzer that
# is not named here begins with what lies in tests/fuzz/corpus, or with nothing.

seeds_proc() {
	local file
	for file in stat status maps mountinfo cmdline cgroup; do
		case $file in
		stat) printf '\0' ;;
		status) printf '\1' ;;
		maps | mountinfo) printf '\2' ;;
		*) printf '\3' ;;
		esac >"$file"
		head -c 4000 "/proc/self/$file" >>"$file"
	done
	printf '\0%s' '7 (x) R 1) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 99 1 1 1' >odd-stat
	printf '\2%s\n' '7f00-7f01 r-xp 00000000 00:01 9 /memfd:a\012b (deleted)' >odd-map
}

# A line each: a heading, loopback, a default route
# shellcheck disable=SC2317
seeds_proc_net() {
	local file
	for file in dev route; do split -l 1 "/proc/self/net/$file" "$file."; done
	printf 'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' >default
}

# ELF64 with PT_LOAD, PT_DYNAMIC, DT_TEXTREL and a table of two relocations.
# shellcheck disable=SC2317
seeds_textrel() {
	python3 - <<'PY'
import struct
head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0x3000, 0x3000, 4096)
dynamic = struct.pack("<IIQQQQQQ", 2, 6, 0x200, 0x200, 0x200, 0x60, 0x60, 8)
tags = struct.pack("<12Q", 22, 0, 7, 0x400, 8, 48, 9, 24, 20, 7, 0, 0)
table = struct.pack("<6Q", 0x1010, 8, 0, 0x1ffc, 8, 0)
data = bytearray(0x3000)
for at, part in ((0, head + load + dynamic), (0x200, tags), (0x400, table)):
    data[at:at + len(part)] = part
open("textrel", "wb").write(data)
PY
}

seeds_sock() {
	local table
	for table in tcp tcp6 udp unix packet netlink; do
		sed -n 2p "/proc/self/net/$table" >"$table" 2>/dev/null
	done
	echo '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1 0 100 0 0 10 0' >listen
	echo '0000000000000000: 00000002 00000000 00010000 0001 01 99 @a path' >abstract
}

# Lines of the names that the fuzzer walks, in order and not.
seeds_have() {
	local name hash
	hash=$(printf '%064d' 7)
	line() { # PATH SIZE
		printf '{"csi":{"action":"have file","cite":{"item":"files/r%s","run":"R"},"root":"r"},"file":{%s,"device":"8:1","inode":"42","hash":{"sha256":"%s"},"path":"%s","size":%s}}\n' \
			"$1" '"ctime":"2026-01-02T03:04:05.000000006Z","mtime":"2026-01-02T03:04:05.000000006Z"' "$hash" "$1" "$2"
	}
	echo '{"csi":{"action":"have run","cite":{"run":"R"}}}' >list
	for name in /0 /3 /3 /d/9 /d/1 /d/200 /e/1; do
		line "$name" "${name##*/}" >>list
	done
	head -c -40 list >"cut"
	echo '{"csi":{"action":"have end","cite":{"lines":7}}}' >>list
	sed -n 1p list >empty
}

seeds_opt() {
	printf '%s\0' -fvv -o out --scope full operand >short
	printf '%s\0' --max-file=2G --max 50 -p 1 --pid=2 -- --flag >long
	printf '%s\0' --max-file 99999999999T --scope=half -p 0 >wrong
}

seeds_escape() {
	printf 'a\nb\\\033[2J\377\302\205\342\200\256\363\240\277\277 plain' >raw
	printf '%s' 'a\\b\x0a\xff\u' >text
}

# The public vectors that are small, and one of each other kind (see fuzz_age.c).
seeds_age() {
	local file
	for file in "$TOP"/tests/fixtures/age/*; do
		case $file in *.md) continue ;; esac
		if [ "$(wc -c <"$file")" -le 4000 ] && ! grep -aq '^compressed:' "$file"; then
			printf '\0' >"${file##*/}"
			sed '1,/^$/d' "$file" >>"${file##*/}"
		fi
	done
	printf '\0age-encryptio' >short
	printf '\1-> grease a b\nQQ\n-> X25519 A\n\n' >header
	printf '\1-> grease\n%064d\n%064d\n\n' 0 0 >body
	printf '\2\0\0\1\0' >two-full
	printf '\2\0\0\3\7' >short-last
	printf '\2\3\0' >empty
	printf '\2\0\0\4\2\3\1' >left-out
	printf '\3\1\0\1\0\377\0\0\0\1\0\0\0\1\1\0\1\0' >damage
	printf '\4# a comment\r\n\1\r\n\n\1' >identities
	printf '\5%s' age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj >recipient
	printf '\5%s' Zm9vYg >base64
}

# Each kind of input; what needs csi's helpers is made by them.
seeds_image() {
	printf '\0%s' '{"a":{"b":[1,"\u00e9",null]},"c":[{},[]]}' >json
	mkdir ../layer && echo one >../layer/one && ln -s one ../layer/link && mkdir ../layer/dir && echo two >../layer/dir/.wh.gone
	{ printf '\1' && tar -C ../layer --format=pax -cf - .; } >pax.seed
	{ printf '\1' && tar -C ../layer --format=gnu -cf - .; } >gnu.seed
	{ printf '\5' && tar -C ../layer --format=pax -cf - . .; } >layers
	{ printf '\2' && echo text | gzip -c; } >gz.seed
	{ printf '\2' && echo text | zstd -qc; } >zst.seed 2>/dev/null
	{ printf '\3' && python3 "$TOP/tests/helpers/layers.py" oci - ../layer; } >oci.seed 2>/dev/null
	{ printf '\3' && python3 "$TOP/tests/helpers/layers.py" docker - ../layer; } >docker.seed 2>/dev/null
	printf '\4%s' '2026-11-28T01:02:03.5+02:00 stdout F text' >cri
	printf '\4%s' '{"log":"x\n","stream":"stderr","time":"2026-11-28T01:02:03Z"}' >docker-log
	printf '\4%s' '2026-11-28 01:02:03 install a <none> 1' >dpkg
	rm -rf ../layer
}

seeds_jwt() {
	printf %s eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.c2lnbmVk >token
	printf 'A=1\0B_C=\0odd name=2\0no\0=x\0' >environ
}

# A real bundle of a few files, and a cut one. csi need not be there for ./build.sh fuzz.
seeds_verify() {
	[ -x "$CSI" ] || return
	mkdir ../tree
	echo one >../tree/one
	ln -s one ../tree/link
	truncate -s 100000 ../tree/hole
	echo end >>../tree/hole
	"$CSI" collect --scope full --root ../tree >bundle 2>/dev/null
	head -c $(($(wc -c <bundle) * 2 / 3)) bundle >"cut"
}

# Its tar; fuzz_pax comes before fuzz_verify, so it makes a bundle of its own.
seeds_pax() {
	seeds_verify
	zstd -dcq bundle >plain 2>/dev/null || rm -f plain
	rm -rf bundle cut ../tree
}

seeds() { # NAME
	case $1 in
	fuzz_age) seeds_age ;;
	fuzz_escape) seeds_escape ;;
	fuzz_have) seeds_have ;;
	fuzz_image) seeds_image ;;
	fuzz_jwt) seeds_jwt ;;
	fuzz_opt) seeds_opt ;;
	fuzz_passwd) printf 'root:x:0:0:r:/root:/bin/sh\nu:x:1000:' >passwd ;;
	fuzz_pax) seeds_pax ;;
	fuzz_proc) seeds_proc ;;
	fuzz_proc_net) seeds_proc_net ;;
	fuzz_sock) seeds_sock ;;
	fuzz_verify) seeds_verify ;;
	esac
}

make_seeds() { # DIR
	local name
	for name in "${names[@]}"; do
		mkdir "$1/$name"
		(cd "$1/$name" && seeds "$name")
	done
}

# fuzz NAME SECONDS SEEDS CORPUS [OPTION...]
fuzz() {
	local name=$1 limit=$2 seeds=$3 corpus=$4 log folders
	shift 4
	log=$seeds/$name.log
	mkdir -p "$corpus" "$CRASH"
	folders=("$corpus" "$seeds/$name")
	[ ! -d "$TOP/tests/fuzz/corpus/$name" ] || folders+=("$TOP/tests/fuzz/corpus/$name")
	if "$TOP/out/fuzz/$name" -max_total_time="$limit" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$CRASH/$name-" "$@" "${folders[@]}" >"$log" 2>&1 </dev/null; then
		printf 'ok %s: %s runs, %s inputs kept\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(find "$corpus" -type f | wc -l)"
		return
	fi
	bad=1
	printf 'not ok %s\n' "$name"
	grep -v '^#' "$log" | tail -n 60
}

main() {
	local seconds=${1:-60} seeds name corpus options=()
	case $seconds in '' | *[!0-9]* | 0*) echo "usage: tests/fuzz/run.sh [SECONDS]" >&2 && exit 2 ;; esac
	find_fuzzers
	seconds=$(((seconds + ${#names[@]} - 1) / ${#names[@]}))
	mkdir -p "$TOP/out/fuzz"
	seeds=${CSI_CASE:+$PWD}
	seeds=$(mktemp -d "${seeds:-$TOP/out/fuzz}/seeds.XXXXXX")
	trap 'rm -rf "$seeds"' EXIT
	trap 'exit 130' INT TERM
	corpus=$TOP/out/fuzz/corpus
	if [ -n "${CSI_CASE:-}" ]; then
		"$TOP/build.sh" make fuzz >"$seeds/make.log" 2>&1 || { tail -n 40 "$seeds/make.log" && exit 1; }
		seconds=$EACH_AS_CASE corpus=$seeds/corpus options=(-seed=1)
	fi
	make_seeds "$seeds"
	for name in "${names[@]}"; do
		fuzz "$name" "$seconds" "$seeds" "$corpus/$name" ${options+"${options[@]}"}
	done
	[ $bad -eq 0 ] || echo "what broke them is in out/fuzz/crash; out/fuzz/NAME FILE shows it again"
	exit $bad
}
main "$@"
