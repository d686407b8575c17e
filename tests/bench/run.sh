#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Side by side with what a responder would otherwise use, in one run: prints times and ratios.
# A ratio is csi's time over the other's, medians of interleaved runs; the goal stands beside it.
# usage: tests/bench/run.sh [ps|hash|tree|collect|rss]...
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${BENCH_RUNS:-5}
procs=${BENCH_PROCS:-2000}
files=${BENCH_FILES:-200000}
csi=out/$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')/csi
work=out/bench
missed=0
sleepers=

[ -x "$csi" ] || { echo "bench: $csi is not built: ./build.sh tools" >&2; exit 1; }
csi=$PWD/$csi
mkdir -p "$work"

trap '[ -z "$sleepers" ] || kill "$sleepers"' EXIT

# seconds COMMAND... : wall and CPU (user + system) of one run, output thrown away
seconds() {
	python3 - "$@" <<'PY'
import os, subprocess, sys, time
t = time.monotonic()
with open(os.devnull, "wb") as null:
    p = subprocess.Popen(sys.argv[1:], stdout=null, stderr=null)
    _, status, use = os.wait4(p.pid, 0)
print("%.4f %.4f %d" % (time.monotonic() - t, use.ru_utime + use.ru_stime, use.ru_maxrss))
PY
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# compare NAME COLUMN GOAL A-COMMAND B-COMMAND : COLUMN 1 wall, 2 CPU; the commands are shell text
compare() {
	local name=$1 column=$2 goal=$3 a=$4 b=$5 i ta=() tb=() ma mb
	for ((i = 0; i <= runs; i++)); do
		ra=$(seconds sh -c "$a")
		rb=$(seconds sh -c "$b")
		[ "$i" -gt 0 ] || continue # the first warms the caches
		ta+=("$(echo "$ra" | cut -d' ' -f"$column")")
		tb+=("$(echo "$rb" | cut -d' ' -f"$column")")
	done
	ma=$(printf '%s\n' "${ta[@]}" | median)
	mb=$(printf '%s\n' "${tb[@]}" | median)
	report "$name" "$ma" "$mb" "$goal"
}

report() {
	local verdict
	verdict=$(awk -v a="$2" -v b="$3" -v g="$4" 'BEGIN { r = b > 0 ? a / b : 0; printf "%.3f %s", r, (r <= g ? "met" : "MISSED") }')
	printf '%-58s %9.3f s %9.3f s  ratio %s (goal %s)\n' "$1" "$2" "$3" "$verdict" "$4"
	case $verdict in *MISSED) missed=1 ;; esac
}

start_sleepers() {
	python3 - "$procs" <<'PY' &
import os, signal, sys, time
kids = []
def end(*_):
    for k in kids:
        os.kill(k, signal.SIGKILL)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
for _ in range(int(sys.argv[1])):
    k = os.fork()
    if k == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execvp("sleep", ["sleep", "3600"])
    kids.append(k)
time.sleep(3600)
PY
	sleepers=$!
	sleep 3
}

bench_ps() {
	start_sleepers
	echo "# $procs processes"
	compare "csi ps --no-signs : ps -eo pid,ppid,uid,..." 1 0.6 "$csi ps --no-signs" \
		"ps -eo pid,ppid,uid,stat,lstart,comm,args"
	compare "csi ps : ps aux + lsof -n" 1 0.4 "$csi ps" "ps aux; lsof -n"
	kill "$sleepers"
	wait "$sleepers" 2>/dev/null || true
	sleepers=
}

make_tree() {
	[ -e "$work/tree.done" ] && return
	echo "# making $files files" >&2
	rm -rf "$work/tree"
	python3 - "$work/tree" "$files" <<'PY'
import os, random, sys
top, n = sys.argv[1], int(sys.argv[2])
r = random.Random(1)
block = r.randbytes(1 << 20)
for i in range(n):
    d = "%s/%02x/%02x" % (top, i % 97, i // 97 % 31)
    if i // 97 // 31 == 0:
        os.makedirs(d, exist_ok=True)
    size = min(int(r.lognormvariate(7.6, 1.4)), 1 << 20)
    at = r.randrange(len(block) - size + 1)
    with open("%s/f%06d" % (d, i), "wb") as f:
        f.write(block[at:at + size])
PY
	touch "$work/tree.done"
}

make_big() {
	[ -e "$work/big.done" ] && return
	head -c $((1 << 30)) /dev/urandom >"$work/big"
	touch "$work/big.done"
}

bench_hash() {
	make_big
	mkdir -p "$work/one"
	[ -e "$work/one/big" ] || ln "$work/big" "$work/one/big"
	echo "# one file of 1 GiB, warm"
	compare "csi walk --hash : openssl dgst -sha256 (CPU)" 2 1.05 "$csi walk --root $PWD/$work/one --hash" \
		"openssl dgst -sha256 $work/big"
}

sha256sum_code() {
	if ldd "$(command -v sha256sum)" | grep -q libcrypto; then
		echo "OpenSSL's libcrypto"
	else
		echo "its own C"
	fi
}

bench_tree() {
	make_tree
	echo "# $files files, $(du -sm "$work/tree" | cut -f1) MiB on disk, warm; sha256sum uses $(sha256sum_code)"
	runs=3 compare "csi walk --hash : find -type f -exec sha256sum {} +" 1 0.25 "$csi walk --root $PWD/$work/tree --hash" \
		"find $work/tree -type f -exec sha256sum {} +"
}

bench_collect() {
	make_tree
	echo "# the same tree: collect at level 3 against tar | zstd -3 -T0 and a sha256sum pass"
	runs=3 compare "csi collect --scope full : tar | zstd -3 -T0, + sha256sum" 1 1.0 \
		"$csi collect --root $PWD/$work/tree --scope full | cat" \
		"tar cf - $work/tree | zstd -3 -T0 | cat; find $work/tree -type f -exec sha256sum {} +"
}

bench_rss() {
	local jobs rss
	make_tree
	make_big
	[ -e "$work/tree/big" ] || { ln "$work/big" "$work/tree/big"; }
	for jobs in 1 2 4 8 16; do
		rss=$(seconds sh -c "exec $csi collect --root $PWD/$work/tree --scope full --jobs $jobs" | cut -d' ' -f3)
		report "collect, peak RSS in MiB at --jobs $jobs (32 allowed)" "$((rss / 1024))" 32 1.0
	done
	rm -f "$work/tree/big"
}

[ $# -gt 0 ] || set -- ps hash tree collect rss
for what in "$@"; do
	case $what in
	ps) bench_ps ;;
	hash) bench_hash ;;
	tree) bench_tree ;;
	collect) bench_collect ;;
	rss) bench_rss ;;
	*) echo "bench: no such benchmark: $what" >&2; exit 2 ;;
	esac
done
exit "$missed"
