#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What doctor says of each target process is what roles.tsv says, for every role; it mends what it can.
# roles: ptrace root same stranger only
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
run csi doctor --json -p 1
expect_printable "$OUT" "$ERR"
awk -F'\t' -v u="$TARGET_UID" -v r="$ROLE" '$1 == u && $2 == r { print $3, $5 == "yes" ? "ok" : $5 }' "$CSI_TOP/tests/roles.tsv" |
	grep -E '^(exe|root|cwd|fd|environ|maps|mem|pagemap|vm_readv) ' | sort >want
jq -r 'select(.csi.access.exe and .process.pid == 1) | .csi.access | to_entries[] | select(.key != "missing" and .key != "mend") | "\(.key) \(.value)"' "$OUT" | sort >got
diff -u want got >doctor.diff
check "doctor differs from roles.tsv: $(cat doctor.diff)" test ! -s doctor.diff
if can exe && can mem; then
	expect_all 'select(.csi.access)' '.csi.access.mend == null'
else
	expect_json 'any(.[]; .process.pid == 1 and (.csi.access.mend | test("kubectl debug .*--target")))'
fi
run csi doctor
expect_printable "$OUT" "$ERR"
