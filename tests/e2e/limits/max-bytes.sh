#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --max-bytes: the output is never larger, sealed as partial, and what is left out is recorded, item by item.
# roles: ptrace
# timeout: 240
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of="$MERGED/tmp/large$i" bs=1M count="$i" status=none; done
for i in {1..300}; do head -c 20000 /dev/urandom >"$MERGED/tmp/small$i"; done
dd if=/dev/zero of="$MERGED/tmp/zeros" bs=1M count=20 status=none
age-keygen -o key 2>/dev/null
key=$(age-keygen -y key)

# items: file paths, how many of them are left out; from the ledger
ledger() { tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"; }
items() { jq -r 'select(.csi.action == "collect file") | .file.path' "$OUT" | LC_ALL=C sort; }
left_out() { jq -r 'select(.csi.action == "collect file" and .csi.outcome == "skipped" and .error.code == "EDQUOT") | .file.path' "$OUT" | LC_ALL=C sort; }

csi collect --cpu 0 >b 2>"$ERR"
expect_eq $? 0 "exit code without a limit"
ledger
items >all
check "few items" test "$(wc -l <all)" -gt 310

# judge SIZE FILE: exit 3; B is the bundle that FILE is or holds
judge() {
	expect_eq "$RC" 3 "exit code at $1"
	check "$2 has $(stat -c %s "$2") bytes, allowed $1" test "$(stat -c %s "$2")" -le "$1"
	check "$2 has only $(stat -c %s "$2") bytes of $1" test "$(stat -c %s "$2")" -gt "$(($1 / 2))"
	run host_csi verify b
	expect_exit 0
	expect_grep partial
	ledger
	items >got
	check "items differ at $1" cmp all got
	left_out >missing
	check "nothing is left out at $1" test -s missing
	tar --zstd -tf b | sed -n "s,^[^/]*/files/[^/]*,,p" | grep -v '/$' | LC_ALL=C sort >there
	check "left out and yet there" test -z "$(LC_ALL=C comm -12 there missing)"
	mapfile -t lines < <(sed 's,.*,EDQUOT|collect file|-|&,' missing)
	expect_gaps "${lines[@]}"
}
for size in 4194304 10000001; do
	csi collect --cpu 0 --max-bytes "$size" >b 2>"$ERR"
	RC=$?
	judge "$size" b
	csi collect --cpu 0 --max-bytes "$size" --encrypt "$key" >b.age 2>"$ERR"
	RC=$?
	age -d -i key b.age >b
	judge "$size" b.age
done
run csi collect --max-bytes 4095K
expect_exit 2
expect_empty "$OUT"
