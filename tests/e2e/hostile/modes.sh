#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files and directories that nobody may read: read where the capability is there, else one gap each.
# roles: ptrace root same stranger
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" modes >/dev/null
chown -R 65532:65532 "$MERGED/tmp/h"
run csi walk --hash --json /tmp/h
case $ROLE in
ptrace | root)
	expect_gaps
	expect_json '[.[] | select(.file.hash.sha256)] | length == 3'
	;;
same)
	expect_gaps "EACCES|walk|1|/tmp/h/dir-000" "EACCES|open|1|/tmp/h/mode-000"
	;;
stranger) expect_gaps "EACCES|open root|1|-" ;;
esac
expect_exit_by_gaps
