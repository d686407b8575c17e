#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Registers and backtraces of all threads as gdb's own attach sees them on the same stopped state; what was stopped stays
# so, what ran runs on; who may not stop it is told so.
# roles: ptrace root same
# uids: 0 65532
# needs: gdb readelf
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/gdb.sh"
pod_up
start threads 20
HPID=$(host_pid "$PID")

if ! can vm_readv; then
	run csi dump -p "$PID" --freeze
	expect_exit 1
	expect_grep "(stop|stopped) .*(permission denied|operation not permitted)" "$ERR"
	expect_empty "$OUT"
	exit 0
fi

state() { awk '/^State:/ { print $2 }' "/proc/$HPID/status"; }

kill -STOP "$HPID"
for mode in --freeze --freeze=hold; do
	csi dump -p "$PID" "$mode" >core 2>"$ERR"
	RC=$?
	expect_exit 0
	expect_grep 'stopped 20 threads for [0-9.]+ ms; .*20 were stopped before, and stay so' "$ERR"
	expect_eq "$(state)" T "state after $mode"
	expect_eq "$(awk '/^TracerPid:/ { print $2 }' "/proc/$HPID/status")" 0 "tracer after $mode"
	gdb_agrees core "$HPID" "/proc/$HPID/exe"
	expect_eq "$(state)" T "state after gdb"
done
readelf -nW core >notes 2>/dev/null
expect_eq "$(grep -c 'NT_PRSTATUS' notes)" 20 "threads in the core"
expect_eq "$(grep -c 'NT_FPREGSET' notes)" 20 "floating point registers"
expect_eq "$(grep -c 'NT_X86_XSTATE' notes)" 20 "extended state"
kill -CONT "$HPID"

# Running, it is stopped and runs on; the notes say what is frozen and what was read after.
csi dump -p "$PID" --freeze --freeze-buffer 64K >core 2>"$ERR"
RC=$?
expect_exit 0
expect_grep 'frozen: 65536 bytes, read after: [1-9][0-9]*$' "$ERR"
check "it does not run on" grep -q "^[RSD]\$" <(state)
check "the range note" grep -aq '{"csi":"range","frozen":false,"rest":true}' core
check "the core's own note" grep -aq '"registers":"of the stop","stop":{"mode":"buffer","ns":' core

# Traced by another.
gdb -nx -batch -p "$HPID" -ex 'shell touch traced; sleep 30' >/dev/null 2>&1 &
GDB=$!
for _ in {1..100}; do
	[ ! -e traced ] || break
	sleep 0.1
done
run csi dump -p "$PID" --freeze
expect_exit 1
expect_grep 'stop process [0-9]+, traced from outside of here: .*end the debugger' "$ERR"
kill "$GDB"
wait "$GDB" 2>/dev/null
