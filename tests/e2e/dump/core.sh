#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gdb opens the core; the string that is only in memory is in it, at its address.
# roles: ptrace root same stranger
# uids: 0 65532
# needs: gdb readelf
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude kinsing

csi dump -p "$PID" >core 2>"$ERR"
RC=$?
if ! can mem; then
	expect_exit 1
	expect_empty core
	expect_grep 'permission denied' "$ERR"
	exit 0
fi
expect_exit 0
expect_empty <(grep -vE '^csi dump: |^csi: sha256=[0-9a-f]{64} bytes=[0-9]+$' "$ERR")
run readelf -lhW core
expect_grep 'Type: +CORE'
expect_no_grep 'Warning|Error' "$ERR"
run readelf -nW core
expect_grep NT_PRSTATUS
expect_grep NT_AUXV
expect_grep NT_FILE
check "no canary in the core" grep -aq "$(canary_of "$PID")" core
run gdb -nx -batch -c core -ex 'info proc mappings' -ex 'info threads'
expect_exit 0
expect_grep 'kinsing'

# The bytes lie where they were: gdb finds the string, and the live process has it at that address.
run gdb -nx -batch -c core -ex 'python
import gdb
for line in gdb.execute("maintenance info sections", to_string=True).split("\n"):
    parts = line.split()
    if "LOAD" in line and "->" in parts[1]:
        low, high = (int(x, 16) for x in parts[1].split("->"))
        at = gdb.selected_inferior().search_memory(low, high - low, b"CSI-CANARY-") if high - low < 1 << 24 else None
        if at: print("found", at)
'
at=$(sed -n 's/^found //p' "$OUT" | head -n 1)
check "gdb finds no canary" test -n "$at"
HPID=$(host_pid "$PID")
run python3 -c 'import sys; f=open(f"/proc/{sys.argv[1]}/mem","rb"); f.seek(int(sys.argv[2])); print(f.read(40))' "$HPID" "${at:-0}"
expect_grep 'CSI-CANARY-'
