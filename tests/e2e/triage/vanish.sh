#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processes that end while they are looked at, and one PID that is ever another process: no finding is made of it.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start churn 16
start standin kworker/3:2 && KWORKER=$PID
run csi triage --json -p 1
expect_json 'all(.[]; .event.kind != "alert" or .csi.level == "info" or .csi.level == "low")'
# less-confined is true of them: nsenter has not the filter that the runtime gave its container.
loud='select(.event.kind == "alert" and .csi.subject == "process" and .rule.id != "less-confined" and (.csi.level | IN("medium", "high", "critical")))'
for _ in {1..10}; do
	run csi triage --json
	expect_gaps
	expect_exit 0
	expect_json "[.[] | $loud | .process.pid] | unique == [$KWORKER]" "a finding about what only came and went"
done
[ "$ENGINE" = runc ] || exit 0

nsenter -t "$TPID" -m -p -n -i -C -r -w /app/httpd reuse 300 &
actor=$!
seen=0
sleep 0.3
for _ in {1..20}; do
	csi triage --json -p 300 >one 2>"$ERR"
	case $? in 0 | 3) seen=$((seen + 1)) ;; esac
	cat one >>all
done
kill "$actor"
wait "$actor" 2>/dev/null
cp all "$OUT"
check "it was never seen" test "$seen" -ge 1
expect_json "[.[] | $loud] | length == 0" "a finding about a PID that is ever another process"
