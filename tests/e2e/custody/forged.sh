#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A forged and re-sealed bundle passes verify, and fails minisign; so does a replaced SHA256SUMS.
# timeout: 180
# needs: minisign
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
echo 'attacker=10.6.6.6' >"$MERGED/tmp/evidence"
mkdir case
run bash -c 'minisign -G -W -f -p case.pub -s case.key'
expect_exit 0
csi collect >case/one.tar.zst 2>"$ERR"
RC=$?
expect_exit 0

sign() { minisign -Sm "$1" -s case.key -c 'signed on the workstation' -t "IR-7 $(date -u +%FT%TZ)" </dev/null; }
signed() { minisign -Vm "$1" -p case.pub; }
run host_csi verify --custody --case-id IR-7 case
expect_exit 0
run sign case/SHA256SUMS
expect_exit 0
run sign case/one.tar.zst
expect_exit 0
for file in case/SHA256SUMS case/one.tar.zst; do
	run signed "$file"
	expect_exit 0
	expect_grep '^Trusted comment: IR-7 20'
done
run host_csi verify case
expect_exit 0

# The address is another one now, and everything in the bundle agrees with it.
cp -r case forged
run python3 "$HELPERS/reseal.py" case/one.tar.zst forged/one.tar.zst /tmp/evidence 10.6.6.6 10.7.7.7
expect_exit 0
mkdir x && tar --zstd -xf forged/one.tar.zst -C x --no-same-owner
expect_eq "$(cat x/csi-*/files/*/tmp/evidence)" 'attacker=10.7.7.7' "what was forged"
run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
expect_exit 0
run host_csi verify forged/one.tar.zst
expect_exit 0
expect_grep ': sealed, complete$'
run python3 "$HELPERS/verify.py" forged/one.tar.zst
expect_exit 0
run signed forged/one.tar.zst
expect_exit 1
expect_grep 'Signature verification failed' "$ERR"
run host_csi verify forged
expect_exit 1
expect_grep '^  sums +one.tar.zst differs from SHA256SUMS$'

# The sums are forged too: then only the signature tells.
rm forged/SHA256SUMS forged/custody.txt
run host_csi verify --custody forged
expect_exit 0
run host_csi verify forged
expect_exit 0
run signed forged/SHA256SUMS
expect_exit 1
expect_grep 'Signature verification failed' "$ERR"
# A comment that was put in place of the trusted one.
cp -r case comment
sed -i 's/^trusted comment: IR-7/trusted comment: IR-8/' comment/SHA256SUMS.minisig
run signed comment/SHA256SUMS
expect_exit 1
