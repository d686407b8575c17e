#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# -o writes a file, never over an existing one, and - is standard output.
# roles: ptrace root same
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

# The volume is the one place where this can be tried; a real csi-debug container has none.
[ "$ROLE" = same ] || chmod 777 "$POD_DIR/volume"
place=/proc/1/root/data
run csi ps --json -o "$place/ps.jsonl"
expect_empty "$OUT"
OUT=$POD_DIR/volume/ps.jsonl
expect_json 'any(.[]; .process.pid == 1)'
OUT=$PWD/out
run csi ps --json -o "$place/ps.jsonl"
expect_exit 1
expect_grep 'exist' "$ERR"
run csi ps --json -o -
expect_json 'any(.[]; .process.pid == 1)'
run csi ps --json -o /nosuch/dir/file
expect_exit 1
