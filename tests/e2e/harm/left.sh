#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nothing is left in the target when csi-debug is gone: no process, file, zombie or tracer.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
intrude kinsing
[ "$ROLE" != same ] || own_all # elsewhere O_NOATIME is refused: see refused.sh
harm_before
run csi collect --memory
run csi dump -p "$PID"
as "$ROLE" /bin/busybox sh -c 'sleep 0.2' 
runc --root "$CSI_RUN/runc" kill "${TARGET_ID%-target}-$ROLE" TERM 2>/dev/null
for _ in {1..50}; do
	pgrep --ns "$TPID" --nslist pid -x csi >/dev/null || break
	sleep 0.1
done
expect_no_harm
expect_none_reaped
expect_eq "$(pgrep --ns "$TPID" --nslist pid | wc -l)" 2 "processes in the target's namespace"
