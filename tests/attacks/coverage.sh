#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every sign of `csi triage --list` has an attack that it is seen in with its stated level and techniques, every
# expected cell names a sign of that list, and every attack is done by a case of this directory.
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
run host_csi triage --list --json
expect_exit 0
jq -r '[.rule.id, .csi.level, (.threat.technique.id | join(" "))] | @tsv' "$OUT" | LC_ALL=C sort >signs
check "no signs" test -s signs
checks=$((checks + 1))
awk -F'\t' '
	BEGIN { split("info low medium high critical", names, " "); for (i in names) rank[names[i]] = i }
	FILENAME == "signs" { level[$1] = $2; technique[$1] = $3; next }
	/^#/ { next }
	NF != 4 || !($3 in rank) { print "no such line: " $0; next }
	!($2 in level) { print $1 ": no sign " $2; next }
	technique[$2] != $4 { print $1 ": " $2 " has " technique[$2] ", not " $4 }
	rank[$3] >= rank[level[$2]] { seen[$2] = 1 }
	END { for (s in level) if (!(s in seen)) print s ": no attack shows it at " level[s] " or above" }
' signs "$EXPECTED" | LC_ALL=C sort >missing
[ ! -s missing ] || fail "signs without attacks, or attacks without signs" missing

cut -f1 "$EXPECTED" | grep -v '^#' | LC_ALL=C sort -u >attacks
grep -hoE '\bfound [a-z0-9-]+' "$HERE"/*.sh | cut -d' ' -f2 | LC_ALL=C sort -u >done.attacks
checks=$((checks + 1))
diff -u attacks done.attacks >attacks.diff || fail "attacks that no case does, or that are not expected" attacks.diff
