#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Extended attributes, file capabilities and flags are recorded.
# roles: ptrace root
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" xattrs >/dev/null
chattr +i "$MERGED/tmp/h/setuid" 2>/dev/null && immutable=1
run csi walk --json /tmp/h
expect_json '.[] | select(.file.path == "/tmp/h/filecaps") | any(.csi.xattrs[]; .name == "security.capability" and .value == "AQAAAgAgIAAAAAAAAAAAAAAAAAA=")'
expect_json '.[] | select(.file.path == "/tmp/h/xattr") | any(.csi.xattrs[]; .name == "user.note\\x0a\\x1b[1m" and .value == "AP8b")'
expect_json '.[] | select(.file.path == "/tmp/h/setuid") | .file.mode == "4755"'
[ -z "${immutable-}" ] || expect_json '.[] | select(.file.path == "/tmp/h/setuid") | .file.attributes | index("immutable")'
expect_printable "$OUT"
expect_gaps
chattr -i "$MERGED/tmp/h/setuid" 2>/dev/null || :
