#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Salvage through age: a cut and a damaged encrypted bundle give a plain one, or one encrypted to another key, with
# every proven entry in it, sealed as partial, and with the digest of the file that was salvaged in its ledger.
# timeout: 120
# needs: age zstd
. "$CSI_TOP/tests/helpers/lib.sh"
GOLDEN=$CSI_TOP/tests/fixtures/bundles
KEY=$GOLDEN/test-key-not-secret.txt
age-keygen -o other 2>/dev/null
whole=$GOLDEN/encrypted.tar.zst.age
# name, size and digest of each entry
list() { host_csi verify --json --list --identity "$KEY" --identity other "$1" | jq -c 'select(.csi.item?) | [.csi.item, .file.size, .file.hash.sha256]'; }

saved_is_right() { # SAVED DAMAGED ENTRIES: SAVED decrypted is ./plain
	run host_csi verify --identity other "$1"
	expect_exit 0
	expect_grep '^[^ ]*: sealed, partial$'
	list "$1" >saved.list
	check "$1: a proven entry is lost or another" cmp <(head -n "$3" saved.list) <(list "$whole" | head -n "$3")
	check "$1: nothing is in it" test "$(wc -l <saved.list)" -gt "$3"
	run python3 "$HELPERS/verify.py" plain
	expect_exit 0
	rm -rf x && mkdir x && tar --zstd -xf plain -C x --no-same-owner 2>tar.err
	check "$1: tar" [ $? -eq 0 ]
	run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
	expect_exit 0
	cat x/csi-*/ledger/*.jsonl | jq -r 'select(.csi.action == "salvage") | "\(.file.hash.sha256) \(.file.size)"' >origin
	expect_eq "$(cat origin)" "$(sha256sum "$2" | cut -d' ' -f1) $(stat -c %s "$2")" "$1: what it says it came from"
}

one() { # DAMAGED VERDICT CODE
	local entries
	run host_csi verify --json --identity "$KEY" "$1"
	entries=$(jq .csi.verify.entries "$OUT")
	expect_eq "$(jq -r .csi.verify.verdict "$OUT")" "$2" "$1: the verdict"
	check "$1: $entries entries are proven" test "${entries:-0}" -gt 0
	rm -f saved*
	run host_csi verify --identity "$KEY" --salvage saved "$1"
	expect_exit "$3"
	cp saved plain
	saved_is_right saved "$1" "$entries"
	run host_csi verify --identity "$KEY" --encrypt "$(age-keygen -y other)" --salvage saved.age "$1"
	expect_exit "$3"
	expect_eq "$(head -n 1 saved.age)" age-encryption.org/v1 "$1: the first line of what was salvaged"
	run host_csi verify --identity "$KEY" saved.age
	expect_exit 1
	age -d -i other saved.age >plain
	check "$1: the other key does not open it" [ $? -eq 0 ]
	saved_is_right saved.age "$1" "$entries"
}

# The first chunk of plaintext ends with the padding of the first checkpoint; both are hurt in the next one.
first=$(($(grep -abo -m 1 '^--- ' "$whole" | cut -d: -f1) + 4 + 43 + 1 + 16 + 65552))
head -c $((first + 1000)) "$whole" >"cut"
one cut cut 3
{
	head -c "$first" "$whole"
	tail -c +$((first + 1)) "$whole" | head -c 1 | tr '\000-\377' '\001-\377\000'
	tail -c +$((first + 2)) "$whole"
} >flipped
expect_eq "$(cmp -l "$whole" flipped | wc -l)" 1 "bytes that differ"
one flipped altered 1

# Nothing is proven before the first checkpoint is whole: nothing is written.
head -c $((first - 1)) "$whole" >early
run host_csi verify --identity "$KEY" --salvage none early
expect_exit 3
check "something was salvaged of nothing" test ! -s none

# There is no other output to encrypt.
run host_csi verify --identity "$KEY" --encrypt "$(age-keygen -y other)" "$whole"
expect_exit 2
expect_grep '^csi verify: --encrypt is for what --salvage writes$' "$ERR"
