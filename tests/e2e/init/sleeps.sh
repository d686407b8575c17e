#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The entry point sleeps, ends on a signal or when it was idle for --ttl, and is told from the target.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
run csi ps --json --no-signs
expect_json '[.[].process.pid] == [1]'
expect_within 20 csi init --ttl 1
expect_exit 0
expect_within 20 as "$ROLE" /bin/busybox sh -c 'csi init & sleep 1; kill -TERM $!; wait $!'
expect_exit 0
expect_empty "$POD_DIR/$ROLE/log"
