#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The directory of a case: what is missing is written once, what is there is checked, and the page is true.
# roles: ptrace same
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=0
pod_up
intrude drop
ln -s drop "$MERGED/tmp/a-link"
mkdir case case/api
csi collect >case/one.tar.zst 2>"$ERR"
csi collect --scope quick >case/two.tar.zst 2>"$ERR"
echo '{}' >case/api/pod.json
printf 'odd\n' >"case/api/back\\slash"$'\n''line'

run host_csi verify case
expect_exit 0
expect_grep '^  sums +there is no SHA256SUMS'
check "verify wrote something" test ! -e case/SHA256SUMS

custody() { host_csi verify --custody "$@"; }
run custody --case-id $'IR\e7' case
expect_exit 2
run custody --case-id IR-7 case/one.tar.zst
expect_exit 2
run host_csi verify --case-id IR-7 case
expect_exit 2
check "a refused run wrote something" test ! -e case/case.json
run custody --case-id IR-7 --operator 'CORP\jane Ä' --authority 'CISO, by phone' case
expect_exit 0
expect_printable "$OUT" case/custody.txt
tail -n +2 "$OUT" | sed -n '/^CUSTODY/,$p' >said
check "the page is not what was printed" cmp -s said case/custody.txt
check "more than a page" test "$(wc -l <case/custody.txt)" -le 70
check "too wide" test "$(wc -L <case/custody.txt)" -le 100
check "sums" bash -c 'cd case && sha256sum --quiet --strict -c SHA256SUMS'
expect_eq "$(wc -l <case/SHA256SUMS)" 5 "files in SHA256SUMS"
expect_eq "$(jq -r '"\(.case)|\(.case_id)|\(.operator)|\(.authority)"' case/case.json)" '1|IR-7|CORP\\jane Ä|CISO, by phone' case.json

# What the page says is what the bundles say.
page=case/custody.txt
mkdir x && for b in one two; do tar --zstd -xf "case/$b.tar.zst" -C x --no-same-owner; done
expect_grep "sha256=$(sha256sum case/one.tar.zst | cut -d' ' -f1) bytes=$(stat -c %s case/one.tar.zst)$" "$page"
expect_grep "^ +sha256=$(sha256sum case/SHA256SUMS | cut -d' ' -f1)$" "$page"
expect_grep "sha256 of itself $(sha256sum "$CSI_TOP/out/amd64/csi" | cut -d' ' -f1)$" "$page"
expect_grep "kernel $(uname -r)," "$page"
for json in x/*/case.json; do
	expect_grep "began $(jq -r .clocks.utc "$json")$" "$page"
	expect_grep "monotonic $(jq -r .clocks.monotonic_ns "$json") ns, boottime $(jq -r .clocks.boottime_ns "$json") ns" "$page"
done
expect_eq "$(grep -c ' ended 20' "$page")" 2 "ends of the runs"
cat x/*/ledger/*.jsonl >records
count() { jq -s "[.[] | select($1)] | length" records; }
sum_of() { awk -v k="$1" 'index($0, k) { for (i = 1; i < NF; i++) if ($(i + 1) == "entries") { print $i; exit } }' "$page"; }
expect_eq "$(sum_of 'proc text ')" "$(count '(.csi.item // "") | startswith("proc/")' | sed 's/^0$//')" "proc text"
expect_eq "$(sum_of 'files  ')" "$(count '(.csi.item // "") | startswith("files/")' | sed 's/^0$//')" "files"
expect_eq "$(sum_of 'tables ')" "$(count '.csi.item != null and (.csi.item | contains("/") | not)')" "tables"
expect_eq "$(awk '/sockets and devices recorded only/ { print $1 }' "$page")" \
	"$(count '.csi.outcome == "ok" and .csi.item == null and .file.type != null' | sed 's/^0$//')" "nodes"
gaps records | cut -d'|' -f1,2 | sort | uniq -c | sort -rn >kinds
head -n 3 kinds >most
while read -r n kind; do
	expect_grep "^.{13} +$n x gap: ${kind#*|} ${kind%%|*}, first: " "$page"
done <most
expect_eq "$(grep -c ' x gap: ' "$page")" "$(wc -l <kinds)" "kinds of gaps on the page"
if [ "$ROLE" = same ]; then
	check "no gap at all" test -s kinds
	expect_no_grep 'nothing is recorded as left out' "$page"
else
	expect_grep "named by their cgroup ${CONTAINER_ID:0:12}" "$page"
fi

# As one record, and again: nothing is overwritten, all agrees.
cp -a case was
run custody --json case
expect_exit 0
expect_json '[.[] | select(.csi.action == "custody")] | length == 1'
expect_json '.[] | select(.csi.action == "custody") | .csi.custody.runs == 2 and .csi.custody.signed == false'
expect_json "[.[] | select(.csi.action == \"custody run\") | .file.path] == [\"one.tar.zst\", \"two.tar.zst\"]"
run diff -r case was
expect_exit 0
run custody --operator somebody case
expect_exit 1
expect_grep 'says otherwise than --operator' "$ERR"
echo signature >case/SHA256SUMS.minisig
run custody case
expect_exit 0
expect_grep 'SHA256SUMS.minisig lies beside; csi has not checked it'

# What is wrong is told, one by one.
echo new >case/api/extra
echo '{ }' >case/api/pod.json
rm "case/api/back\\slash"$'\n''line'
ln -s /etc/passwd case/api/link
mkfifo case/api/fifo
ln -s ../was/one.tar.zst case/zzz.tar.zst
run host_csi verify case
expect_exit 1
expect_grep '^  sums +api/pod.json differs from SHA256SUMS$'
expect_grep '^  sums +api/extra is not in SHA256SUMS$'
expect_grep '^  sums +api/back\\\\slash\\x0aline is in SHA256SUMS, and missing$'
for name in api/link api/fifo zzz.tar.zst; do
	expect_grep "^  sums +$name is no regular file"
done
expect_eq "$(grep -c '^  sums ' "$OUT")" 7 "lines on sums"
run host_csi verify --json case
expect_exit 1
expect_json '[.[] | select(.csi.action == "verify case file") | .csi.text] | sort == ["different", "extra", "missing", "special", "special", "special"]'
rm -r case/api case/zzz.tar.zst && cp -a was/api case/
run host_csi verify case
expect_exit 0
sed -i 's/^Operator .*/Operator     nobody/' case/custody.txt
run custody case
expect_exit 1
expect_grep 'custody.txt.*line 4' "$ERR"
head -c 100 was/SHA256SUMS >case/SHA256SUMS
run host_csi verify case
expect_exit 1
expect_grep 'cannot check SHA256SUMS' "$ERR"
echo '{"case":2}' >was/case.json
run custody was
expect_exit 1
mkdir none
run custody --case-id IR-7 none
expect_exit 1
check "it wrote into a directory that is no case" test -z "$(ls none)"

# What the API server calls the target is on the page too.
mkdir api && cp case/one.tar.zst api/
echo '{"case":1,"namespace":"shop","pod":"shop-1","pod_uid":"u-7","node":"n-3"}' >api/case.json
run custody api
expect_grep '^Pod +shop-1$' api/custody.txt
expect_grep '^Namespace +shop$' api/custody.txt
expect_grep '^Node +n-3$' api/custody.txt
