#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A sparse file of 1 TiB: only its data is read and kept.
# roles: ptrace root same
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" sparse >/dev/null
expect_within 60 csi walk --hash --json /tmp/h
expect_json '.[] | select(.file.path == "/tmp/h/sparse") | .file.size == 1099511627776 and (.csi.hash.extents | length == 64)'
expect_within 60 csi collect
expect_exit 0
cp "$OUT" b
check "the bundle is large" test "$(stat -c %s b)" -lt 20000000
run host_csi verify b
expect_exit 0
mkdir x && tar --zstd -xf b -C x --no-same-owner --wildcards '*/tmp/h/sparse' '*/ledger/*'
file=$(find x -name sparse)
expect_eq "$(stat -c %s "$file")" 1099511627776 "size"
check "it was filled" test "$(stat -c %b "$file")" -lt 1000
expect_eq "$(head -c 5 "$file")$(tail -c 3 "$file")" startend "data"
expect_eq "$(dd if="$file" bs=1 skip=549755813888 count=6 status=none)" middle "data"
