#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Memory: every string is found once, also across the borders of what is read at a time, and no page of the
# target is brought in. Where the role may not read it, that is a gap.
# roles: ptrace root same stranger
# uids: 0 65532
# timeout: 120
# needs: yara
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start lazy 200 200 100
host=$(host_pid "$PID")
cat >"$FIXTURE/text.yar" <<EOT
rule text : tag1 tag2 { meta: level = "high" number = 7 strings: \$t = "$(said text)" condition: \$t }
rule address { strings: \$t = "$(said text)" condition: filesize < 10 and \$t }
EOT
harm_before "$host"

run csi scan --memory -p "$PID" --rules /fixture/text.yar --json
expect_printable "$OUT" "$ERR"
if ! can mem && ! can vm_readv || ! can maps; then
	expect_gaps "EACCES|read memory|$PID|-" "EACCES|open exe|$PID|-" "EACCES|open root|$PID|-" \
		"EACCES|list descriptors|$PID|-" "EACCES|read maps|$PID|-"
	expect_exit 3
	exit 0
fi
expect_gaps
expect_exit 0
expect_no_harm
read -r at size < <(said resident)
expect_json 'length == 1' "only the first rule: memory has no file size"
expect_json "all(.[]; .event.kind == \"alert\" and .rule.id == \"text\" and .csi.level == \"high\" and .event.severity == 73
	and .csi.rule.tags == [\"tag1\", \"tag2\"] and .csi.scan.kind == \"memory\" and .process.pid == $PID
	and .csi.map.perms == \"rw-p\" and (.rule.ruleset | endswith(\"text.yar\")))" "the record"
strings=$(jq .csi.scan.strings "$OUT")
# One more may be left on the stack of who printed it.
check "$strings strings of $(said count)" test "${strings:-0}" -ge "$(said count)" -a "${strings:-0}" -le $(($(said count) + 2))
expect_json '.[0].csi.rule.meta == [{key: "level", value: "high"}, {key: "number", value: "7"}]'
first=$(jq -r .csi.scan.at "$OUT")
check "$first is not in what was announced" test $((first)) -ge $((0x$at)) -a $((first)) -lt $((0x$at + 0x$size))
expect_json ".[0].csi.evidence[0] == {field: \"\$t\", value: \"$first: $(said text)\"}"

# The peer says the same, and is why this command exists: it brings pages in.
yara -w -s "$FIXTURE/text.yar" "$host" >peer
expect_eq "$(grep -c '^0x.*:\$t: ' peer)" "$strings" "yara's matches"
expect_eq "$(grep -c '^text ' peer)" 1 "yara's rules"
expect_eq "$(sed -n 's/^\(0x[0-9a-f]*\):\$t: .*/\1/p' peer | head -n 1)" "$first" "yara's first"

run csi scan --memory -p "$PID" --rules /fixture/text.yar --fail-on high
expect_exit 4
expect_grep "^high +text +memory +$PID +$first "
run csi scan --memory -p "$PID" --rules /fixture/text.yar --fail-on critical
expect_exit 0
