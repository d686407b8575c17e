#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --max-file: what is larger is left out, and that is a record with its size; holes do not count.
# roles: ptrace
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$MERGED/tmp/most" bs=1M count=1 status=none
cp "$MERGED/tmp/most" "$MERGED/tmp/above"
echo >>"$MERGED/tmp/above"
truncate -s 1G "$MERGED/tmp/holes"
echo data >>"$MERGED/tmp/holes"

csi collect --max-file 1M >b 2>"$ERR"
expect_eq $? 3 "exit code"
run host_csi verify b
expect_exit 0
expect_grep partial
tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"
expect_gaps 'EFBIG|collect file|-|/tmp/above'
expect_json '[.[] | select(.file.path == "/tmp/above" and .csi.action == "collect file")] | length == 1
	and .[0].csi.outcome == "skipped" and .[0].file.size == 1048577 and .[0].error.code == "EFBIG"'
tar --zstd -tf b | sed 's,.*/files/[^/]*,,' >names
check "the file at the limit is not there" grep -qx /tmp/most names
check "the file with holes is not there" grep -qx /tmp/holes names
check "the file above the limit is there" test -z "$(grep -x /tmp/above names)"
