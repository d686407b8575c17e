#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Encrypted to two keys: age, tar and the second verifier take it, each key opens it, another does not, and
# nothing secret is where it was written.
# roles: ptrace root
# timeout: 240
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude drop
keys=()
for i in 1 2 3; do
	age-keygen -o "key$i" 2>/dev/null
	keys+=("$(age-keygen -y "key$i")")
done
csi collect --encrypt "${keys[0]}" --encrypt "${keys[1]}" >b.tar.zst.age 2>"$ERR"
RC=$?
expect_exit 0
expect_eq "$(tail -n 1 "$ERR")" "csi: sha256=$(sha256sum b.tar.zst.age | cut -d' ' -f1) bytes=$(stat -c %s b.tar.zst.age)" "the last line"
expect_eq "$(head -n 1 b.tar.zst.age)" age-encryption.org/v1 "the first line"

for i in 1 2; do
	run host_csi verify --identity "key$i" b.tar.zst.age
	expect_exit 0
	expect_grep '^b.tar.zst.age: sealed, '
	expect_grep "sha256=$(sha256sum b.tar.zst.age | cut -d' ' -f1) bytes=$(stat -c %s b.tar.zst.age), encrypted\$"
	age -d -i "key$i" -o "b$i" b.tar.zst.age
	check "age does not open it with key $i" test -s "b$i"
done
check "the two keys open it to different bytes" cmp b1 b2
run python3 "$HELPERS/verify.py" b1
expect_exit 0
# The line that verify prints, as it is.
line=$(host_csi verify --identity key3 --identity key1 b.tar.zst.age | sed -n 's/^  open  *//p')
expect_eq "${line%% && *}" "age -d -i key3 -i key1 b.tar.zst.age | tar --zstd -xf -" "the line that opens it"
run bash -c "set -o pipefail; $line"
expect_exit 0
expect_eq "$(jq -c .recipients csi-*/case.json)" "$(jq -nc '$ARGS.positional' --args "${keys[@]:0:2}")" "recipients"

for with in "" "--identity key3"; do
	# shellcheck disable=SC2086
	run host_csi verify $with b.tar.zst.age
	expect_exit 1
	expect_grep '^b.tar.zst.age: encrypted to keys that are not here: '
	# shellcheck disable=SC2086
	run host_csi verify --json $with b.tar.zst.age
	expect_exit 1
	expect_json '.[0] | .csi.verify.verdict == "encrypted" and .csi.verify.entries == 0'
	expect_eq "$(jq -r .file.hash.sha256 "$OUT")" "$(sha256sum b.tar.zst.age | cut -d' ' -f1)" "the digest of what cannot be opened"
done
run host_csi verify --salvage none --identity key3 b.tar.zst.age
expect_exit 1
check "something was salvaged without a key" test ! -e none

# A wrong key ends it before anything is read or written; a secret one is not repeated.
for key in age1xyz "${keys[0]%?}" ssh-ed25519 ""; do
	run csi collect --encrypt "$key" -o /tmp/x
	expect_exit 2
	expect_empty "$OUT"
done
secret=$(grep '^AGE-SECRET' key1)
run csi collect --encrypt "$secret"
expect_exit 2
expect_empty "$OUT"
expect_grep 'SECRET key' "$ERR"
check "the secret key is repeated" test -z "$(grep -F "$secret" "$ERR")"
run host_csi verify --identity - - <b.tar.zst.age
expect_exit 2

# Only public keys were here: no byte of the three secret ones in the containers, nor in what csi wrote.
for i in 1 2 3; do
	check "secret key $i is in the pod" test -z "$(grep -rlaF "$(grep '^AGE-SECRET' "key$i")" "$POD_DIR" b1 2>/dev/null)"
done
