#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A process over which something is mounted in its own /proc is marked; one sleeping beside it is not.
# roles: ptrace root
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start standin && HIDDEN=$PID
start standin && OTHER=$PID
start standin && COMM=$PID
"$CSI_RUN/bin/target" over "$TPID" "/proc/1" "/proc/$HIDDEN"
"$CSI_RUN/bin/target" over "$TPID" "/proc/$OTHER/comm" "/proc/$COMM/cmdline"
run csi ps --json
expect_json "any(.[]; .process.pid == $HIDDEN and any(.csi.signs[]?; .id == \"proc-hidden\" and .level == \"high\"))"
expect_json "any(.[]; .process.pid == $COMM and any(.csi.signs[]?; .id == \"proc-hidden\"))"
expect_json "any(.[]; .process.pid == $OTHER and (.csi.signs // [] | length == 0))"
expect_gaps
