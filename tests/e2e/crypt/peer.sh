#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's age opens what we seal, and we open what it seals: 1, 2 and 20 recipients, at the ends of chunks.
# timeout: 300
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
peer=$CSI_TOP/out/amd64/unit/test_age_peer
to=() flags=()
for i in {1..20}; do
	age-keygen -o "key$i" 2>/dev/null
	to+=("$(age-keygen -y "key$i")")
	flags+=(-r "${to[-1]}")
done
# A pair of ours, without age-keygen
run host_csi verify --new-identity pair
expect_exit 0
expect_eq "$(cat "$OUT")" "$(age-keygen -y pair)" "public key"
expect_eq "$(stat -c %a pair)" 600 "mode of the secret key"
echo text | age -r "$(cat "$OUT")" | age -d -i pair >opened
check "age opens with it what it sealed to it" grep -qx text opened
run host_csi verify --new-identity pair
expect_exit 1
expect_grep 'cannot create pair: file exists \(csi never overwrites\)' "$ERR"
run host_csi verify --new-identity other bundle
expect_exit 2
run host_csi verify --new-identity other --custody
expect_exit 2
check "a file in spite of wrong usage" test ! -e other

for size in 0 1 65535 65536 65537 131072 200000; do
	head -c $size /dev/urandom >plain
	for n in 1 2 20; do
		"$peer" seal "${to[@]:0:n}" <plain >ours
		age -d -i "key$n" ours >opened # -o makes no file for no bytes
		check "age opens ours: $size bytes, $n recipients" [ $? -eq 0 ]
		check "$size bytes, $n recipients: the same bytes" cmp plain opened
		age "${flags[@]:0:2*n}" -o theirs plain
		"$peer" open "key$n" <theirs >opened
		check "we open age's: $size bytes, $n recipients" cmp plain opened
		rm -f opened theirs
	done
done
