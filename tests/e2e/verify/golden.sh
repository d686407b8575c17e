#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bundles of format version 1 as they were once made: they verify for ever, by us, by the second verifier, and by
# tar, sha256sum and age, and all say what the table says.
# timeout: 300
# needs: age zstd
. "$CSI_TOP/tests/helpers/lib.sh"
GOLDEN=$CSI_TOP/tests/fixtures/bundles
KEY=$GOLDEN/test-key-not-secret.txt

opened_by_others() { # NAME ENTRIES: of a sealed one, decrypted in ./plain
	tar --zstd -tf plain >names 2>tar.err
	check "$1: tar does not read it" [ $? -eq 0 ]
	expect_eq "$(wc -l <names)" "$2" "$1: entries that tar lists"
	rm -rf x && mkdir x && tar --zstd -xf plain -C x --no-same-owner 2>tar.err
	check "$1: tar does not extract it" [ $? -eq 0 ]
	run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
	expect_exit 0
}

one() { # NAME VERDICT STATUS ENTRIES PROVEN SHA256
	local want=3
	[ "$2" = cut ] || want=0
	[ "$3" != - ] || set -- "$1" "$2" null "${@:4}"
	expect_eq "$(sha256sum "$GOLDEN/$1" | cut -d' ' -f1)" "$6" "$1: the file itself"
	run host_csi verify --json --identity "$KEY" "$GOLDEN/$1"
	expect_exit_of "$1" "$want"
	expect_eq "$(head -n 1 "$OUT" | jq -r '[.csi.verify | .verdict, .status // "null", .entries, .proven] + [.file.hash.sha256]
		| join(" ")')" "$2 $3 $4 $5 $6" "$1: csi verify"
	case $1 in
	*.age) age -d -i "$KEY" "$GOLDEN/$1" >plain ;;
	*) cp "$GOLDEN/$1" plain ;;
	esac
	check "$1: age does not open it" [ $? -eq 0 ]
	run python3 "$HELPERS/verify.py" --json plain
	expect_exit_of "$1" "$want"
	expect_eq "$(jq -r '[.verdict, .status // "null", .proven_entries, .proven_bytes] | join(" ")' "$OUT")" \
		"$2 $3 $4 $5" "$1: verify.py"
	[ "$2" = cut ] || opened_by_others "$1" "$4"
}

expect_exit_of() { check "$1: exit code $RC" [ "$RC" -eq "$2" ]; }

rows=0
while IFS=$'\t' read -r -a row; do
	case ${row[0]} in '#'*) continue ;; esac
	one "${row[@]}"
	rows=$((rows + 1))
done <"$GOLDEN/table.tsv"
expect_eq "$rows" "$(find "$GOLDEN" -name '*.tar.zst*' | wc -l)" "a row for each bundle"
expect_eq "$(cut -f2,3 "$GOLDEN/table.tsv" | sort -u | paste -sd' ')" \
	$'cut\t- sealed\tcomplete sealed\tpartial verdict\tstatus' "the kinds in the table"

# What makes each of them special is really in it.
show() { tar --zstd -xOf "$GOLDEN/$1" --wildcards "$2" 2>/dev/null; }
check "the gap of partial" test "$(show partial.tar.zst '*/ledger/*' | jq -r "$GAP" | head -n 1 | cut -d'|' -f1)" = EFBIG
show sparse.tar.zst '*/files/*/hole' | cmp - <(printf 'begin\n' && head -c 3145722 /dev/zero && printf 'middle\n' && head -c 3145721 /dev/zero)
check "the file with holes is another" [ $? -eq 0 ]
check "the long path" test "$(show long-path.tar.zst '*/ledger/*' | jq -r 'select(.csi.length?) | .csi.outcome' | sort -u)" = ok
expect_eq "$(show long-path.tar.zst '*/long/*')" deep "the file at the end of the long path"
points=$(age -d -i "$KEY" "$GOLDEN/encrypted.tar.zst.age" | grep -ao '{"csi":"checkpoint"' | wc -l)
check "$points checkpoints in the encrypted one" [ "$points" -ge 2 ]

# The cut one and the one that went on from it are a whole case.
run host_csi verify "$GOLDEN/cut.tar.zst" "$GOLDEN/citing.tar.zst"
expect_exit 0
expect_grep '^set: whole \(2 bundles, 1 sealed; 1 citation resolves\)$'
run host_csi verify "$GOLDEN/sparse.tar.zst" "$GOLDEN/citing.tar.zst"
expect_exit 3
expect_grep '^set: missing'
