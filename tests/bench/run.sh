#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Side by side with what a responder would otherwise use, in one run: prints times and ratios.
# A ratio is csi's over the other's, medians of interleaved runs; the goal stands beside it. Wall
# time means little on a machine that does other work: CPU seconds stand there too.
# usage: tests/bench/run.sh [ps|hash|tree|collect|latency|rss|memory|scan|k8s|triage]...
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${BENCH_RUNS:-5}
procs=${BENCH_PROCS:-2000}
files=${BENCH_FILES:-200000}
links=${BENCH_LINKS:-80} # of 256 MiB each
csi=out/$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')/csi
work=out/bench
all=$work/all # 2 GiB: the tree, and one file of 1 GiB
recipient=age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj # of age's own examples: nobody opens it
missed=0
sleepers=
heap=

[ -x "$csi" ] || { echo "bench: $csi is not built: ./build.sh tools" >&2; exit 1; }
csi=$PWD/$csi
for tool in python3 ps lsof openssl find sha256sum tar zstd gcore yara; do
	command -v "$tool" >/dev/null || { echo "bench: $tool is missing" >&2; exit 1; }
done
mkdir -p "$all"

# shellcheck disable=SC2317,SC2329
tidy() {
	# shellcheck disable=SC2086
	[ -z "$sleepers" ] || kill $sleepers
	[ -z "$heap" ] || kill "$heap" 2>/dev/null || true
	rm -rf "$work/links" "$work/sparse" "$work/large"
}
trap tidy EXIT

# seconds COMMAND... : wall and CPU (user + system) of one run, peak RSS in KiB, exit code; output thrown away
seconds() {
	python3 - "$@" <<'PY'
import os, subprocess, sys, time
t = time.monotonic()
with open(os.devnull, "wb") as null:
    p = subprocess.Popen(sys.argv[1:], stdout=null, stderr=null)
    _, status, use = os.wait4(p.pid, 0)
print("%.4f %.4f %d %d" % (time.monotonic() - t, use.ru_utime + use.ru_stime, use.ru_maxrss,
                           os.waitstatus_to_exitcode(status)))
PY
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

column_median() { # COLUMN LINE...
	local column=$1
	shift
	printf '%s\n' "$@" | cut -d' ' -f"$column" | median
}

# compare NAME COLUMN GOAL A-COMMAND B-COMMAND : COLUMN 1 wall, 2 CPU; the commands are shell text
compare() {
	local name=$1 column=$2 goal=$3 a=$4 b=$5 i ra=() rb=() wa wb ca cb
	for ((i = 0; i <= runs; i++)); do
		if [ "$i" -eq 0 ]; then # warms the caches
			seconds sh -c "$a" >/dev/null
			seconds sh -c "$b" >/dev/null
			continue
		fi
		ra+=("$(seconds sh -c "$a")")
		rb+=("$(seconds sh -c "$b")")
	done
	wa=$(column_median 1 "${ra[@]}") wb=$(column_median 1 "${rb[@]}")
	ca=$(column_median 2 "${ra[@]}") cb=$(column_median 2 "${rb[@]}")
	printf '%s\n' "$name"
	printf '  %-5s %9.3f s %9.3f s' wall "$wa" "$wb"
	if [ "$column" -eq 1 ]; then verdict "$wa" "$wb" "$goal"; else echo; fi
	printf '  %-5s %9.3f s %9.3f s' CPU "$ca" "$cb"
	if [ "$column" -eq 2 ]; then verdict "$ca" "$cb" "$goal"; else echo "  ratio $(ratio "$ca" "$cb")"; fi
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b > 0 ? a / b : 0) }'
}

# verdict A B GOAL : ends the line; GOAL - is none
verdict() {
	local r
	r=$(ratio "$1" "$2")
	if [ "$3" = - ]; then # no goal
		printf '  ratio %s\n' "$r"
	elif awk -v r="$r" -v g="$3" 'BEGIN { exit (r <= 0 || r > g) }'; then
		printf '  ratio %s  met (goal %s)\n' "$r" "$3"
	else
		printf '  ratio %s  MISSED (goal %s)\n' "$r" "$3"
		missed=1
	fi
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
	[ "$(cat "$work/tree.done" 2>/dev/null)" = "$files" ] && return
	echo "# making $files files" >&2
	rm -rf "$work/tree.done" "$all/tree"
	python3 - "$all/tree" "$files" <<'PY'
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
	echo "$files" >"$work/tree.done"
}

make_big() {
	[ -e "$work/big.done" ] && return
	head -c $((1 << 30)) /dev/urandom >"$all/big"
	touch "$work/big.done"
}

# 4 GiB in four names of one file: the same pages, which fit into memory where four files would not.
make_large() {
	local i
	make_big
	mkdir -p "$work/large"
	for i in 1 2 3 4; do ln -f "$all/big" "$work/large/$i"; done
}

# cold FILES-OF COMMAND... : seconds of one run whose content, not its inodes, was dropped from the page cache before.
# Only pages of that tree are dropped: others use this machine's cache too.
cold() {
	local top=$1
	shift
	sync
	python3 - "$top" <<'PY'
import os, sys
for where, _, names in os.walk(sys.argv[1]):
    for n in names:
        fd = os.open(os.path.join(where, n), os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
PY
	seconds "$@"
}

# compare_cold NAME GOAL TREE A-COMMAND B-COMMAND : wall; the commands are words without spaces in them
compare_cold() {
	local name=$1 goal=$2 top=$3 first second i ra=() rb=() wa wb
	read -ra first <<<"$4"
	read -ra second <<<"$5"
	for ((i = 0; i < runs; i++)); do
		ra+=("$(cold "$top" "${first[@]}")")
		rb+=("$(cold "$top" "${second[@]}")")
	done
	wa=$(column_median 1 "${ra[@]}") wb=$(column_median 1 "${rb[@]}")
	printf '%s\n  %-5s %9.3f s %9.3f s' "$name" wall "$wa" "$wb"
	verdict "$wa" "$wb" "$goal"
	printf '  %-5s %9.3f s %9.3f s\n' CPU "$(column_median 2 "${ra[@]}")" "$(column_median 2 "${rb[@]}")"
}

bench_hash() {
	local walk="$csi walk --root $PWD/$all/tree --hash"
	make_large
	echo "# 4 GiB of large files, warm; the other is $(openssl version)"
	compare "csi walk --hash : openssl dgst -sha256" 2 1.05 "$csi walk --root $PWD/$work/large --hash" \
		"openssl dgst -sha256 $work/large/*"
	compare "csi walk --hash : b3sum (another digest)" 2 - "$csi walk --root $PWD/$work/large --hash" "b3sum $work/large/*"
	bench_tree
	compare "csi walk --hash : hashdeep -c sha256 -r" 1 0.167 "$walk" "hashdeep -c sha256 -r $all/tree"
	compare "csi walk --hash : find -exec b3sum {} +" 1 - "$walk" "find $all/tree -type f -exec b3sum {} +"
	echo "# the same files, their content not in the page cache"
	compare_cold "csi walk --hash --jobs 16 : --jobs 1" 0.333 "$all/tree" "$walk --jobs 16" "$walk --jobs 1"
	compare_cold "csi walk --hash --jobs 8 : --jobs 1" 0.333 "$all/tree" "$walk --jobs 8" "$walk --jobs 1"
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
	echo "# $files files, $(du -sm --apparent-size "$all/tree" | cut -f1) MiB, warm; sha256sum uses $(sha256sum_code)"
	compare "csi walk --hash : find -type f -exec sha256sum {} +" 1 0.25 \
		"$csi walk --root $PWD/$all/tree --hash" "find $all/tree -type f -exec sha256sum {} +"
}

bench_collect() {
	make_tree
	echo "# the same tree: collect at level 3 against tar | zstd -3 -T0 and a sha256sum pass"
	compare "csi collect --scope full : tar | zstd -3 -T0, + sha256sum" 1 1.0 \
		"$csi collect --root $PWD/$all/tree --scope full --cpu 0 | cat" \
		"tar cf - $all/tree | zstd -3 -T0 | cat; find $all/tree -type f -exec sha256sum {} +"
}

# A service of 0.5 ms every 2 ms beside a collection at the default --cpu; medians of the rounds.
bench_latency() {
	local i rounds=() before during
	make_tree
	tests/helpers/build.sh "$PWD/$work/bin"
	echo "# latency of a service before and during csi collect --scope full at the default --cpu"
	for ((i = 0; i < runs; i++)); do
		rounds+=("$("$work/bin/latency" 5 "$csi" collect --root "$PWD/$all/tree" --scope full)")
	done
	before=$(column_median 2 "${rounds[@]}") during=$(column_median 4 "${rounds[@]}")
	printf '  p50   %9.1f us before %9.1f us during  (%d requests)\n' "$(column_median 1 "${rounds[@]}")" \
		"$(column_median 3 "${rounds[@]}")" "$(column_median 5 "${rounds[@]}")"
	printf '  p99   %9.1f us during %9.1f us before' "$during" "$before"
	verdict "$during" "$before" 1.5
}

# peak NAME COMMAND... : of one run, which has to end well; 32 MiB are allowed
peak() {
	local name=$1 said kib code
	shift
	said=$(seconds "$@")
	kib=$(cut -d' ' -f3 <<<"$said")
	code=$(cut -d' ' -f4 <<<"$said")
	printf '  %-34s %6.1f MiB, %6.1f s' "$name" "$(awk -v k="$kib" 'BEGIN { print k / 1024 }')" "$(cut -d' ' -f1 <<<"$said")"
	if [ "$code" -ne 0 ]; then
		printf '  FAILED: exit code %d\n' "$code"
		missed=1
		return
	fi
	verdict "$kib" $((32 << 10)) 1.0
}

# One file of 256 MiB under so many names that the bundle holds 20 GiB, each of them read and stored.
make_links() {
	local i
	mkdir -p "$work/links"
	head -c $((256 << 20)) /dev/urandom >"$work/links/1"
	for ((i = 2; i <= links; i++)); do ln "$work/links/1" "$work/links/$i"; done
}

make_sparse() { python3 tests/helpers/hostile.py "$work/sparse" sparse >/dev/null; }

bench_rss() {
	local jobs
	make_tree
	make_big
	make_links
	make_sparse
	echo "# csi collect --scope full: peak RSS, 32 MiB allowed"
	for jobs in 1 2 4 8 16; do
		peak "2 GiB, $((files + 1)) files, --jobs $jobs" "$csi" collect --root "$PWD/$all" --scope full --cpu 0 --jobs "$jobs"
	done
	peak "$files files" "$csi" collect --root "$PWD/$all/tree" --scope full --cpu 0
	peak "sparse file of 1 TiB" "$csi" collect --root "$PWD/$work/sparse" --scope full --cpu 0
	peak "$((links / 4)) GiB under $links names" "$csi" collect --root "$PWD/$work/links" --scope full --cpu 0
	peak_case
	rm -rf "$work/links" "$work/sparse"
}

# What is found beside the first bundle of a case: its list, a second one that cites it, both proven.
peak_case() {
	local a=$work/a.tar.zst b=$work/b.tar.zst list=$work/have
	rm -f "$a" "$b" "$list" "$a.list"
	peak "$files files, --encrypt" "$csi" collect --root "$PWD/$all/tree" --scope full --cpu 0 --encrypt "$recipient"
	peak "$files files, -o" "$csi" collect --root "$PWD/$all/tree" --scope full --cpu 0 -o "$a"
	peak "verify it" "$csi" verify "$a"
	peak "verify --list it" "$csi" verify --list "$a"
	peak "verify --have-list, $files lines" "$csi" verify --have-list "$list" "$a"
	peak "collect --have, $files lines" "$csi" collect --root "$PWD/$all/tree" --scope full --cpu 0 --have "$list" -o "$b"
	peak "verify the set" "$csi" verify "$a" "$b"
	peak "verify --have-list the set" "$csi" verify --have-list "$a.list" "$a" "$b"
	rm -f "$a" "$b" "$list" "$a.list"
}

# A process with a clock of its own: heap_start MIB THREADS; heap_pause prints its longest pause since the last, ms.
heap_start() {
	rm -f "$work/heap.in" "$work/heap.out"
	mkfifo "$work/heap.in"
	"$work/bin/heap" run "$1" "$2" <"$work/heap.in" >"$work/heap.out" &
	heap=$!
	exec 7>"$work/heap.in"
	rm "$work/heap.in"
	until grep -qs ready "$work/heap.out"; do sleep 0.1; done
}

heap_pause() {
	local before
	before=$(wc -l <"$work/heap.out")
	echo >&7
	until [ "$(wc -l <"$work/heap.out")" -gt "$before" ]; do sleep 0.02; done
	tail -n 1 "$work/heap.out" | awk '{ printf "%.1f\n", $1 / 1000 }'
}

heap_end() {
	exec 7>&-
	kill "$heap"
	wait "$heap" 2>/dev/null || true
}

rss_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

# The longest pause of the target while each of these ran, milliseconds.
pause_default() { "$csi" dump -p "$heap" --freeze >/dev/null 2>"$work/said" && heap_pause; }
pause_whole() { "$csi" dump -p "$heap" --freeze --freeze-buffer 1200M --headroom 0 >/dev/null 2>"$work/said" && heap_pause; }
pause_gcore() { gcore -o "$work/gcore" "$heap" >/dev/null 2>&1 && heap_pause && rm -f "$work/gcore.$heap"; }

bench_memory_stop() {
	local i own=() whole=() other=()
	heap_start 1024 50
	echo "# stop of a process of 1 GiB in small pages with 50 threads, by its own clock; idle it pauses for $(sleep 2; heap_pause >/dev/null; sleep 2; heap_pause) ms"
	for ((i = 0; i < runs; i++)); do
		heap_pause >/dev/null
		own+=("$(pause_default)")
		echo "    $(grep -o 'stopped .* ms' "$work/said" | head -n 1), $(grep -o 'frozen: [0-9]* bytes' "$work/said")" >&2
		heap_pause >/dev/null
		whole+=("$(pause_whole)")
		echo "    $(grep -o 'stopped .* ms' "$work/said" | head -n 1), $(grep -o 'frozen: [0-9]* bytes' "$work/said")" >&2
		heap_pause >/dev/null
		other+=("$(pause_gcore)")
	done
	printf '  --freeze (16M): %9.1f ms; 50 are allowed' "$(column_median 1 "${own[@]}")"
	verdict "$(column_median 1 "${own[@]}")" 50 1.0
	printf '  --freeze-buffer 1200M: %.1f ms, gcore %.1f ms' "$(column_median 1 "${whole[@]}")" "$(column_median 1 "${other[@]}")"
	verdict "$(column_median 1 "${whole[@]}")" "$(column_median 1 "${other[@]}")" 0.25
	heap_end
}

bench_memory_speed() {
	heap_start 1024 2
	compare "csi dump --no-hash : process_vm_readv of the same pages, both into a pipe" 1 1.25 \
		"$csi dump -p $heap --no-hash --headroom 0 | cat" "$work/bin/heap copy $heap | cat"
	echo "  with the SHA-256: $(seconds sh -c "$csi dump -p $heap --headroom 0 | cat" | cut -d' ' -f1) s"
	heap_end
}

# What each of these leaves in the target: RSS before and after, KiB.
bench_memory_rss() {
	local name command before
	echo 'rule any { strings: $a = "CSI-BENCH-NOWHERE" condition: $a }' >"$work/any.yar"
	echo "# RSS of a process with 200 MiB of a file and 200 MiB anonymous untouched, 100 MiB resident: KiB before, after"
	while read -r name command; do
		mkdir -p "$work/shape"
		rm -f "$work/heap.out"
		"$work/bin/heap" shape "$PWD/$work/shape" >"$work/heap.out" &
		heap=$!
		until grep -qs ready "$work/heap.out"; do sleep 0.1; done
		before=$(rss_kib "$heap")
		# shellcheck disable=SC2086
		${command//PID/$heap} >/dev/null 2>&1 || true
		printf '  %-16s %9d %9d' "$name" "$before" "$(rss_kib "$heap")"
		case $name in csi*) verdict "$(rss_kib "$heap")" "$before" 1.01 ;; *) echo "  ratio $(ratio "$(rss_kib "$heap")" "$before")" ;; esac
		kill "$heap"
		wait "$heap" 2>/dev/null || true
		rm -rf "$work/shape" "$work"/gcore.*
	done <<-EOF
		csi-dump $csi dump -p PID
		csi-dump-freeze $csi dump -p PID --freeze
		csi-dump-hold $csi dump -p PID --freeze=hold
		gcore gcore -o $work/gcore PID
		yara yara $work/any.yar PID
	EOF
}

bench_memory() {
	tests/helpers/build.sh "$PWD/$work/bin"
	bench_memory_stop
	bench_memory_speed
	bench_memory_rss
}

. tests/bench/scan.sh

# The container is that of the test which shows that nothing in it changes; the time is of one run in it, `runc exec`
# with it.
bench_triage() {
	local ms
	echo "# csi triage of a container with 295 processes and 20,000 files, hashing what is new; 3 s allowed"
	ms=$(tests/run.sh -v 'e2e/triage/harm[ptrace]' | sed -n 's/^ *\([0-9]*\) ms for .*/\1/p')
	printf '  %-5s %9s ms' wall "${ms:-0}"
	verdict "${ms:-0}" 3000 1.0
}

[ $# -gt 0 ] || set -- ps hash collect latency rss memory scan triage
echo "# $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), Linux $(uname -r), $runs runs each"
for what in "$@"; do
	case $what in
	ps) bench_ps ;;
	hash) bench_hash ;;
	tree) bench_tree ;;
	collect) bench_collect ;;
	latency) bench_latency ;;
	rss) bench_rss ;;
	scan) bench_scan ;;
	k8s) tests/bench/k8s.sh || missed=1 ;;
	memory) bench_memory ;;
	triage) bench_triage ;;
	*) echo "bench: no such benchmark: $what" >&2; exit 2 ;;
	esac
done
exit "$missed"
