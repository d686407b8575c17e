#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A directory of 70,000 names: all of them, unsorted above 65,536, which is said and is no gap.
# roles: ptrace root same stranger
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
python3 "$HELPERS/hostile.py" "$FIXTURE/h" wide >/dev/null
expect_within 30 csi walk --root /fixture/h --json
expect_json '[.[] | select(.file.type == "file") | .file.path] | unique | length == 70000'
expect_gaps
expect_exit 0
