#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container as a runtime makes it: its facts, no risk, and a record for each thing that a role may not read.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
harm_before

run csi posture --json
expect_printable "$OUT" "$ERR"
expect_all . '.csi.schema == 1'
for what in 'open root' 'read environ'; do
	object=root
	[ "$what" = 'read environ' ] && object=environ
	can "$object" || printf 'EACCES|%s|1|-\n' "$what"
done | expect_gap_lines
expect_exit_by_gaps
expect_json "[.[] | select(.csi.posture.fact == \"container\")] | length == 1 and (.[0] | .process.pid == 1 and .container.id == \"$CONTAINER_ID\")"
if [ "$ENGINE" = runc ]; then
	[ "$TARGET_UID" = 0 ] && eff=0xa80425fb || eff=0x0
	expect_json "[.[] | select(.csi.posture.fact == \"rights\") | .csi.posture] | length == 1 and (.[0] | .cap_eff == \"$eff\" and
		.cap_bnd == \"0xa80425fb\" and .seccomp == 2 and .no_new_privs == 0)"
	expect_json '[.[] | select(.event.kind == "alert")] == []'
fi
expect_json '[.[] | select(.csi.posture.fact == "network") | .csi.text] | length == 1 and (.[0] | test("^not the node.s"))'

run csi posture
expect_printable "$OUT" "$ERR"
expect_grep '^- +container +1 1 process$'
[ "$ROLE" = ptrace ] && expect_no_harm
true
