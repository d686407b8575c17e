#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each rule of the program finds what it is for, and not what comes close; the rules find nothing in this machine's
# programs and libraries, nor in csi itself.
# timeout: 400
# needs: yara
. "$CSI_TOP/tests/helpers/lib.sh"
python3 "$HELPERS/rule_samples.py" s
sed -n 's/^rule \([a-z0-9_]*\).*/\1/p' "$CSI_TOP"/image/rules/*.yar | sort >rules
check "$(wc -l <rules) rules" test "$(wc -l <rules)" -ge 10
find s/hit -type f -printf "%f\n" | sed 's/\..*//' | sort -u | diff rules - >differ
check "rules without a sample: $(cat differ)" test ! -s differ
find s/miss -type f -printf "%f\n" | sed 's/\..*//' | sort -u | diff rules - >differ
check "rules without a sample that must not match: $(cat differ)" test ! -s differ

run host_csi scan --root s/hit --json
expect_gaps
expect_exit 0
expect_printable "$OUT"
jq -r '.file.path[1:] + " " + .rule.id' "$OUT" | sort >got
find s/hit -type f -printf "%f\n" | sed 's/\(.*\)\.[0-9]*$/& \1/' | sort >want
diff want got >differ
check "other matches: $(head -n 20 differ)" test ! -s differ
expect_all . '(.csi.level | IN("info", "low", "medium", "high", "critical")) and (.threat.technique.id | length == 1)
	and (.rule.name != .rule.id) and (.rule.ruleset | startswith("csi/"))' "a rule says too little of itself"
run host_csi scan --root s/miss --json
expect_exit 0
expect_empty "$OUT"

# A name that is there is asked for, too: it shows that the tree was walked.
for at in /usr/bin:bash /usr/sbin:chroot /usr/lib:os-release "$CSI_TOP/out/amd64/rootfs:passwd"; do
	dir=${at%:*}
	echo "/${at##*:}\$;60" >there
	run host_csi scan --root "$dir" --ioc-names there --json
	check "$dir: exit code $RC" test "$RC" -eq 0 -o "$RC" -eq 3
	expect_json "any((.rule.ruleset | endswith(\"there:1\")) and (.file.path | endswith(\"/${at##*:}\")))" "$dir was not walked"
	jq -r 'select(.rule and (.rule.ruleset | endswith("there:1") | not)) | .rule.id + " " + .file.path' "$OUT" >got
	check "in $dir: $(head -n 10 got)" test ! -s got
done
