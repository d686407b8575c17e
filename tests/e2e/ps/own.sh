#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# csi's own processes are left out by ancestry: its init, the shell that it is called from, pipes.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
run as "$ROLE" /bin/busybox sh -c 'sleep 30 & csi ps --json --no-signs; kill $!'
expect_json '[.[].process.pid] == [1]' "own processes are shown"
run csi ps --json --no-signs
expect_json '[.[].process.pid] == [1]' "own processes are shown"

# Asked for by number they are shown.
run as "$ROLE" /bin/busybox sh -c 'csi ps --json --no-signs -p $$'
expect_json 'length == 1 and (.[0].process.name | IN("busybox", "sh", "csi"))'
run csi ps -p 4000000
expect_exit 1
