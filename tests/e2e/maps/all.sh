#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without -p every process of the target.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start standin
run csi maps --json
expect_printable "$OUT" "$ERR"
can maps && expect_json "[.[].process.pid] | unique == [1, $PID]"
{ denied 'read maps' maps 1 "$PID" && denied 'read pagemap' pagemap 1 "$PID"; } | expect_gap_lines
expect_exit_by_gaps
