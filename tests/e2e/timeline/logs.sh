#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --logs: lines of every form fall between the files, through a pipe too; what is no line, is too long or
# out of order is told; a terminal shows where the burst is and obeys no byte of a log.
# timeout: 120
# needs: script
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir root && for i in 1 2 3; do echo x >root/$i && touch -d "2024-05-06T07:08:0$i.5Z" root/$i; done
cat >cri.log <<'END'
2024-05-06T07:08:00Z stdout F first
2024-05-06T07:08:02.25+00:00 stderr P part
2024-05-06T09:08:02.75+02:00 stdout F zone
END
printf '2024-05-06T07:08:03.6Z stdout F esc \033[2J\302\205 \342\200\256\n' >>cri.log
cat >docker.log <<'END'
{"log":"docker \u001b[31m\u0000line\n","stream":"stderr","time":"2024-05-06T07:08:01.75Z"}
{"time":"2024-05-06T07:08:02.9Z","log":"no newline","attrs":{"a":[1,{"b":"}"}]}}
END
echo '2024-05-06T07:08:01Z kubectl logs --timestamps' >plain.log

events() { jq -r 'select(.csi.timeline) | .csi.timeline.time[17:22] + " " + .csi.timeline.source + " " + .message' "$OUT"; }
cat >want <<'END'
00.00 log stdout: first
01.00 log log: kubectl logs --timestamps
01.50 file /1
01.75 log stderr: docker \x1b[31m\x00line
02.25 log stderr: part
02.50 file /2
02.75 log stdout: zone
02.90 log log: no newline
03.50 file /3
03.60 log stdout: esc \x1b[2J\xc2\x85 \xe2\x80\xae
END
time="--since 2024-05-06T07:08 --until 2024-05-06T07:09"
# shellcheck disable=SC2086
run host_csi timeline --root root $time --logs cri.log --logs docker.log --logs plain.log --json
expect_exit 0
expect_gaps
events | diff want - >events.diff
check "$(cat events.diff)" test ! -s events.diff
# shellcheck disable=SC2086
run bash -c "cat cri.log | $CSI_TOP/out/amd64/csi timeline --root root $time --logs docker.log --logs - --logs plain.log --json"
events | diff want - >events.diff
check "through a pipe: $(cat events.diff)" test ! -s events.diff

# Hostile.
{
	echo 'no time at all'
	echo '{"log":"x","time":"never"}'
	printf '2024-05-06T07:08:00Z stdout F '
	head -c 300000 /dev/zero | tr '\0' 'y'
	printf '\n2024-05-06T07:08:05Z stdout F late\n2024-05-06T07:08:04Z stdout F later\n'
	printf '{"a":%s' "$(head -c 3000 /dev/zero | tr '\0' '[')"
	printf '\n\0\0\n2024-99-99T07:08:05Z x\n2024-05-06T07:08:06Z'
} >hostile.log
# shellcheck disable=SC2086
run host_csi timeline --root root $time --logs hostile.log --json
expect_exit 3
expect_printable "$OUT" "$ERR"
expect_gaps "EBADMSG|read lines of the log (no time is in them)|-|hostile.log" \
	"EFBIG|read lines of the log (cut at 64 KiB)|-|hostile.log" \
	"ERANGE|order lines of the log (each after a later one)|-|hostile.log"
expect_eq "$(events | cut -c1-40)" "00.00 log stdout: yyyyyyyyyyyyyyyyyyyyyy
01.50 file /1
02.50 file /2
03.50 file /3
05.00 log stdout: late
04.00 log stdout: later
06.00 log log: "
run host_csi timeline --root root --logs nothing-here
expect_exit 1
expect_grep 'cannot open the log nothing-here' "$ERR"

# A log that gives nothing more does not hold the command: its time is over, and that is said.
mkfifo stalled
sleep 60 >stalled &
held=$!
# shellcheck disable=SC2086
expect_within 20 bash -c "exec $CSI_TOP/out/amd64/csi timeline --root root $time --logs - --timeout 2 --json <stalled"
kill "$held"
expect_exit 3
gaps "$OUT" >got.gaps
expect_grep '^ECANCELED\|read the log\|-\|-$' got.gaps

# What cannot be written is no gap of the walk.
mkdir many && (cd many && seq -f 'a-name-that-is-not-short-at-all-%.0f' 3000 | xargs touch)
run bash -c "$CSI_TOP/out/amd64/csi timeline --root many --format bodyfile >/dev/full"
expect_exit 1
expect_grep 'no space left' "$ERR"
check "told as a gap" test -z "$(grep -v '^csi timeline: cannot' "$ERR")"

# On a terminal: bars, the burst in one of them, and nothing that it would obey.
run script -qec "$CSI_TOP/out/amd64/csi timeline --root root --since 2024-05-06T07:08:00 --until 2024-05-06T07:09 --logs cri.log" /dev/null
expect_grep '^2024-05-06 07:08:00 .* 3 #{40}'
expect_grep 'stdout: esc '
check "raw bytes on a terminal" python3 -c 'import sys; d = open(sys.argv[1], "rb").read(); sys.exit(b"\x1b[2J" in d or b"\xc2\x85" in d)' "$OUT"
