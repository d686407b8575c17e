#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processes whose memory is a million runs of one page each, which costs them nothing: their lists stay small however
# many wait, what lies behind the first listing is found, and that rules saw parts is told.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
printf 'rule last { strings: $a = "LAST-OF-%s" condition: $a }\n' ALL >last.yar
cat >runs.py <<'PY'
import mmap, sys
n = int(sys.argv[1])
m = mmap.mmap(-1, n * 8192, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, n * 8192, 8192):
    m[at]
m[n * 8192 - 64:n * 8192 - 64 + 11] = b"-".join((b"LAST", b"OF", b"ALL"))
print("ready", flush=True)
sys.stdin.read()
PY
pids=() args=()
many() { # COUNT RUNS
	local i
	for ((i = 0; i < $1; i++)); do
		python3 runs.py "$2" <hold >ready.$i &
		pids+=($!) args+=(-p $!)
	done
	for ((i = 0; i < $1; i++)); do wait_for 60 "process $i" test -s "ready.$i"; done
}
mkfifo hold
sleep 1000 >hold &
holder=$!
many 1 150000
/usr/bin/time -v "$CSI_TOP/out/amd64/csi" scan --memory "${args[@]}" --rules last.yar --json >"$OUT" 2>"$ERR" </dev/null
RC=$?
expect_exit 3
expect_json "any(.[]; .rule.id? == \"last\" and .process.pid == ${pids[0]})" "the last page is found"
expect_gaps "E2BIG|look at memory as a whole (rules see parts of it)|${pids[0]}|-"
many 6 1000000
/usr/bin/time -v "$CSI_TOP/out/amd64/csi" scan --memory "${args[@]}" --rules last.yar --timeout 10 --json >"$OUT" 2>"$ERR" </dev/null
rss=$(sed -n 's/.*Maximum resident set size (kbytes): //p' "$ERR")
check "$rss kB of memory" test "${rss:-99999}" -le $((32 << 10))
kill "$holder" "${pids[@]}"
wait
