#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a set lacks is found and named: a bundle left out, a cut one that nobody resumed, a forged list.
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
csi() { host_csi "$@"; }
mkdir tree case
for i in {1..40}; do
	head -c 20000 /dev/urandom >"tree/f$i"
done
second() { # EXIT JQ FILE... : the second verifier's word on the set
	run python3 "$HELPERS/verify_set.py" "${@:3}"
	expect_exit "$1"
	expect_json ".[0] | $2"
}
small() { csi collect -q --scope full --root tree "$@" 2>"$ERR"; }
small >case/a.tar.zst
run csi verify -q --have-list have case/a.tar.zst
expect_exit 0
expect_eq "$(jq -r .csi.action have | sort | uniq -c | awk '{ print $1 $2 $3 $4 }' | tr '\n' ' ')" "1haveend 40havefile 1haverun " "the list"
small --have have >case/b.tar.zst
run csi verify case
expect_exit 0
expect_grep '^set: whole \(2 bundles, 2 sealed; 40 citations resolve\)$'
run csi verify case/b.tar.zst case/a.tar.zst
expect_exit 0
second 0 '.verdict == "whole" and .cited == 40' case/*.tar.zst

mkdir alone && cp case/a.tar.zst alone
run csi verify alone
expect_exit 0
expect_grep '^set: whole \(1 bundle, 1 sealed; 0 citations resolve\)$'

# Without the bundle that is cited.
cp case/b.tar.zst c.tar.zst
run csi verify case/b.tar.zst c.tar.zst
expect_exit 3
expect_grep '^set: missing: what is cited is not proven in this set .* 80 missing\)$'
expect_grep '^  first +files/root/f1 of run '
second 3 '.verdict == "missing" and .missing == 80' case/b.tar.zst c.tar.zst
run csi verify case/b.tar.zst
expect_exit 0
expect_grep 'cites +40 files of earlier bundles'

# A cut one that no sealed one resumes, and one that is only a copy of another's beginning.
head -c 300000 case/b.tar.zst >cut.tar.zst
run csi verify case/a.tar.zst case/b.tar.zst case/a.tar.zst
expect_exit 3
expect_grep '^set: missing: two bundles are of the same run: keep one'
dd if=/dev/urandom of=tree/large bs=1M count=30 status=none
small >whole
head -c $(($(stat -c %s whole) - 3000000)) whole >cut.tar.zst
run csi verify case/a.tar.zst cut.tar.zst
expect_exit 3
expect_grep '^set: missing: a bundle is cut and no sealed one resumes its run'
second 3 '.verdict == "missing" and .missing == 0 and .sealed == 1' case/a.tar.zst cut.tar.zst
run csi verify -q --have-list have.cut cut.tar.zst
expect_exit 3
small --have have.cut >resumed.tar.zst
run csi verify cut.tar.zst resumed.tar.zst
expect_exit 0
second 0 '.verdict == "whole" and .sealed == 1' cut.tar.zst resumed.tar.zst

# An altered bundle makes an altered set, also where nothing that is cited was hit.
cp case/a.tar.zst bad.tar.zst
printf 'X' | dd of=bad.tar.zst bs=1 seek=$(($(stat -c %s bad.tar.zst) / 2)) conv=notrunc status=none
run csi verify case/b.tar.zst bad.tar.zst
expect_exit 1
expect_grep '^set: altered: a bundle is altered'
run csi verify case/b.tar.zst /bin/sh
expect_exit 1

# A list with the wrong digest of a file that did not change.
sed '/f17"/s/"sha256":"....../"sha256":"c0ffee/' have >forged
small --have forged >forged.tar.zst
run csi verify -q forged.tar.zst
expect_exit 0
run csi verify case/a.tar.zst forged.tar.zst
expect_exit 1
expect_grep '^set: altered: what is cited has other content in its own bundle \(2 bundles, 2 sealed; 39 citations resolve, 1 of other content\)$'
expect_grep '^  first +files/root/f17 of run '
expect_grep '^  cited by +forged.tar.zst$'
second 1 '.verdict == "altered" and .cited == 39 and .wrong == 1' case/a.tar.zst forged.tar.zst
second 1 '.verdict == "altered" and .wrong == 0' case/b.tar.zst bad.tar.zst

# Lists that are none, at once; and later, as a gap: what they do not say is collected anew.
for bad in '' 'no list' '{"csi":{"action":"have file"}}' "$(sed -n 2p have)"; do
	printf '%s\n' "$bad" >bad
	[ -n "$bad" ] || : >bad
	rm -f none
	run csi collect --root tree --have bad -o none
	expect_exit 2
	check "output was made" test ! -e none
done
head -n 20 have >short
run small --have short
expect_exit 3
cp "$OUT" short.tar.zst
mkdir x && tar --zstd -xf short.tar.zst -C x
cat x/*/ledger/*.jsonl >"$OUT"
expect_gaps 'ENODATA|read the --have list|-|line 20'
expect_json 'map(select(.csi.action == "cite file")) | length == 19'
run csi verify case/a.tar.zst short.tar.zst
expect_exit 0
run csi verify --have-list have case/a.tar.zst
expect_exit 1
run csi verify tree
expect_exit 1
