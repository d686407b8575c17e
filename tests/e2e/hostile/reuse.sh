#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One PID that is a new process every few milliseconds: no record mixes two of them.
# roles: ptrace root
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
[ "$ENGINE" = runc ] || skip "the fallback engine has no root to join for nsenter"
nsenter -t "$TPID" -m -p -n -i -C -r -w /app/httpd reuse 300 &
actor=$!
sleep 0.3
for _ in {1..60}; do
	csi ps --json -p 300 >one 2>"$ERR"
	cat one >>all
done
kill "$actor"
wait "$actor" 2>/dev/null
cp all "$OUT"
expect_json 'length > 5' "it was never seen"
expect_all 'select(.process.args != null and (.process.args | length == 2) and .process.args[1] == "flash")' \
	'(.process.name == .process.args[0] or (.process.name | startswith("fly") | not))'
expect_json '[.[] | select(.process.args != null) | [.process.entity_id, .process.args[0]]] | unique | group_by(.[0]) | all(.[]; length <= 2)'
# A process that has just changed its ids is not dumpable until it executes: only SYS_PTRACE reads it then.
[ "$ROLE" != ptrace ] || expect_gaps
