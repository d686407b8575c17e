#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One note a thread.
# roles: ptrace root same
# needs: readelf
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
start threads 100
csi dump -p "$PID" >core 2>"$ERR"
RC=$?
expect_exit 0
run readelf -nW core
expect_eq "$(grep -c NT_PRSTATUS "$OUT")" 100 "threads in the core"
