#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Killed at any moment, csi leaves nothing: no process, no file, no stopped or traced target, no page that was
# not there. CSI_TEST_SEED=NUMBER makes other moments.
# roles: ptrace root same
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
MOMENTS=20
pod_up
intrude kinsing && KINSING=$PID
start ram 8
mkdir "$MERGED/tmp/h"
STALL_MIB=16 stall_file "$MERGED/tmp/h/large"
[ "$ROLE" != same ] || own_all # elsewhere O_NOATIME is refused: see refused.sh
side "$ROLE"
csi ps >/dev/null
ask / >/dev/null
harm_before "$(host_pid "$KINSING")" "$(host_pid "$PID")"
processes() { pgrep --ns "$TPID" --nslist pid | wc -l; }
before=$(processes)
RANDOM=${CSI_TEST_SEED:-20261123}
killed=0
has_begun() { pid=$(csi_pids) || ! kill -0 "$job" 2>/dev/null; }
for ((i = 0; i < MOMENTS; i++)); do
	# At this speed it takes more than a second.
	csi collect --scope full --memory 2>/dev/null | python3 -c 'import os, time
while os.read(0, 65536):
    time.sleep(0.004)' &
	job=$!
	wait_for 30 "csi to begin" has_begun
	sleep "0.$(printf %03d $((RANDOM % 1000)))" # the moment
	if [ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
	wait "$job"
done
note "killed $killed of $MOMENTS"
check "it was killed $killed times of $MOMENTS" test "$killed" -ge $((MOMENTS / 2))
expect_eq "$(processes)" "$before" "processes in the target's namespace"
expect_no_harm
expect_none_reaped
for pid in "$TPID" "$(host_pid "$KINSING")" "$(host_pid "$PID")"; do
	check "process $pid is stopped" grep -q '^State:	S' "/proc/$pid/status"
done
