#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where O_NOATIME is refused (another's file, no CAP_FOWNER), the record says so.
# roles: same only
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
echo text >"$MERGED/tmp/others" && chown 1234 "$MERGED/tmp/others"
run csi walk --hash --json /tmp
expect_json '.[] | select(.file.path == "/tmp/others") | .csi.read.noatime == false'
expect_gaps
