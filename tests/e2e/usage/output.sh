#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# -o writes a file, never over an existing one, and - is standard output.
# roles: ptrace root same stranger
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

# The one place beside the target that can be written, since all containers of a pod share it.
place=/dev/shm
run csi ps --json -o "$place/ps.jsonl"
expect_empty "$OUT"
OUT=$POD_DIR/shm/ps.jsonl
expect_json 'any(.[]; .process.pid == 1)'
OUT=$PWD/out
run csi ps --json -o "$place/ps.jsonl"
expect_exit 1
expect_grep 'exist' "$ERR"
run csi ps --json -o -
expect_json 'any(.[]; .process.pid == 1)'
run csi ps --json -o /nosuch/dir/file
expect_exit 1
