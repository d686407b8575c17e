#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Findings come worst first, with level, technique, evidence and what to type; --fail-on decides the exit code.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intruders

found() { # PID SIGN TECHNIQUE
	expect_json "any(.[]; .event.kind == \"alert\" and .process.pid == $1 and .rule.id == \"$2\" and any(.threat.technique.id[]; . == \"$3\"))" "no $2 on $1"
}

run csi triage --json
expect_printable "$OUT" "$ERR"
expect_json '[.[] | select(.event.kind == "alert") | .event.severity] | . == (sort | reverse)' "not worst first"
expect_all 'select(.event.kind == "alert")' '(.csi.level | IN("info", "low", "medium", "high", "critical")) and (.threat.technique.id | type == "array" and length > 0) and (.csi.evidence | type == "array") and (.csi.next | startswith("csi ")) and .rule.name and (.csi.subject | IN("process", "file", "socket", "container"))'
found "$KWORKER" kthread-masquerade T1036.004
if can exe; then
	found "$KINSING" deleted-exe T1070.004
	found "$KINSING" kinsing T1496
	found "$MEMFD" memfd-exe T1620
	found "$TMP" exe-writable-dir T1059
	found "$ENV" ld-preload T1574.006
	sum=$(sha256sum <"/proc/$TPID/root/tmp/x" | cut -d' ' -f1)
	expect_json "[.[] | select(.process.pid == $TMP and .event.kind == \"alert\") | .process.hash.sha256] | length > 0 and all(.[]; . == \"$sum\")" "digest of /tmp/x"
	expect_json "any(.[]; .process.pid == $KINSING and .rule.id == \"kinsing\" and .csi.level == \"critical\")" "kinsing is not critical"
	expect_json 'all(.[]; (.event.kind == "alert" and .process.pid == 1 and .csi.subject == "process" and .event.severity > 21) | not)' "the web server is more than low"
	expect_json 'any(.[]; .rule.id == "file-dropped" and .file.path == "/tmp/x")' "no file /tmp/x"
fi
expect_exit_by_gaps

run csi triage --json --no-files
expect_all 'select(.event.kind == "alert")' '.csi.subject != "file"' "files without a walk"
run csi triage -p "$KWORKER" --json
expect_all 'select(.event.kind == "alert")' ".process.pid == $KWORKER" "another process than -p"
run csi triage --fail-on high
expect_exit 4
expect_printable "$OUT" "$ERR"
expect_grep '^(high|medium) +kthread-masquerade '
expect_grep '^ +ATT&CK: T1036.004'
expect_grep "^ +next: csi .* -p $KWORKER"
expect_grep 'processes looked at: .*high'
run csi triage -p "$KWORKER" --fail-on critical -q
[ "$RC" = 0 ] || [ "$RC" = 3 ] || fail "exit code $RC with nothing critical"
