#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Executables, memfds and deleted files are scanned as files: offsets and filesize mean what a rule's author meant.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start fds
fds=$PID
intrude memfd
cat >"$FIXTURE/files.yar" <<'EOT'
rule loot { strings: $a = "in memory\n" condition: $a at 0 and filesize == 10 and filename contains "loot" }
rule deleted { strings: $a = "was deleted\n" condition: $a at 0 and filesize == 12 and filepath contains "/data/" }
rule standin { strings: $a = "stand-in\n" condition: uint32(0) == 0x464c457f and $a at filesize - 9 and filetype == "elf" }
EOT
harm_before "$(host_pid "$fds")" "$(host_pid "$PID")"
run csi scan --exe --rules /fixture/files.yar --json
expect_printable "$OUT" "$ERR"
if ! can exe; then
	for pid in 1 "$fds" "$PID"; do
		printf 'EACCES|open exe|%s|-\nEACCES|open root|%s|-\nEACCES|list descriptors|%s|-\nEACCES|read maps|%s|-\n' "$pid" "$pid" "$pid" "$pid"
	done | expect_gap_lines
	expect_exit 3
	exit 0
fi
expect_no_harm
expect_gaps
expect_exit 0
expect_json "any(.[]; .rule.id == \"loot\" and .csi.scan.kind == \"memfd\" and .process.pid == $fds and .file.size == 10)" "a memfd"
expect_json "any(.[]; .rule.id == \"deleted\" and .csi.scan.kind == \"deleted\" and .process.pid == $fds)" "a deleted file"
expect_json "any(.[]; .rule.id == \"standin\" and .csi.scan.kind == \"memfd\" and .process.pid == $PID)" "an executable in memory"
expect_json 'length == 3'
