#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tree 100,000 deep: walked to the bottom, in bounded memory and time.
# roles: ptrace root same stranger
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
python3 "$HELPERS/hostile.py" "$FIXTURE/h" depth >/dev/null
expect_within 90 csi walk --root /fixture/h --hash --json
# 450 MB of records: read one by one. Long paths are cut, and their directory's inode says where they lie.
expect_eq "$(jq -c 'select(.file.path) | 1' "$OUT" | wc -l)" 100003 "entries"
expect_eq "$(jq -r 'select(.file.hash.sha256 and .file.name == "bottom") | .csi.length > 190000' "$OUT")" true "the bottom"
expect_gaps
expect_exit 0
expect_within 120 csi collect --root /fixture/h --scope full
expect_exit 0
cp "$OUT" b
run host_csi verify b
expect_exit 0
expect_eq "$(tar --zstd -xOf b --wildcards '*/long/*' 2>/dev/null | grep -c 'found me')" 1 "the bottom's content"
