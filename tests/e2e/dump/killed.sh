#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# csi killed by SIGKILL at any moment of a stop, 100 times: the target runs on, and nobody traces it.
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
P=
trap 'rc=$?; [ -z "$P" ] || kill -KILL "$P"; (exit "$rc"); finish' EXIT

mkfifo in.fifo
"$CSI_TOP/out/testbin/heap" run 64 20 <in.fifo >said &
P=$!
exec 8>in.fifo
wait_for 30 "the program" has_line ready said

runs_on() { # its heartbeat answers, and no thread is traced
	local before now tries=0
	before=$(wc -l <said)
	now=$before
	echo >&8
	while [ "$now" -eq "$before" ] && [ $((++tries)) -lt 500 ]; do
		sleep 0.02
		now=$(wc -l <said)
	done
	cat "/proc/$P"/task/*/status >states
	[ "$now" -gt "$before" ] && ! grep -qE '^(State:[[:space:]]+[tT]|TracerPid:[[:space:]]+[1-9])' states
}

stopped=0
for i in {1..100}; do
	how=(--freeze --freeze-buffer 64M)
	[ $((i % 2)) = 1 ] || how=(--freeze=hold)
	"$CSI_TOP/out/amd64/csi" dump -p "$P" "${how[@]}" --no-hash >/dev/null 2>&1 &
	csi=$!
	sleep "0.0$(printf '%02d' $((i * 37 % 90)))"
	! grep -qE '^State:[[:space:]]+t' "/proc/$P/status" || stopped=$((stopped + 1))
	kill -KILL "$csi" 2>/dev/null
	wait "$csi" 2>/dev/null
	runs_on || fail "try $i: it does not run on" states
done
checks=$((checks + 100))
note "$stopped times it was seen stopped just before"
check "csi was never caught during a stop" test "$stopped" -gt 0
