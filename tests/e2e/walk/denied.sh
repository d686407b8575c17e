#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a role may not read inside the target's own tree is one gap each, and the rest is there.
# roles: ptrace root same only
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
mkdir -p "$MERGED/tmp/closed/deeper" "$MERGED/tmp/open"
echo secret | tee "$MERGED/tmp/closed/file" "$MERGED/tmp/open/secret" "$MERGED/tmp/open/plain" >/dev/null
chown -R 1234:1234 "$MERGED/tmp/closed" "$MERGED/tmp/open"
chmod 700 "$MERGED/tmp/closed"
chmod 600 "$MERGED/tmp/open/secret"

run csi walk --hash --json /tmp
case $ROLE$TARGET_UID in
same0)
	expect_gaps "EACCES|open root|1|-"
	expect_exit 3
	exit 0
	;;
esac
case $ROLE in
ptrace | root)
	expect_gaps
	expect_json 'any(.[]; .file.path == "/tmp/closed/file" and .file.hash.sha256)'
	;;
*)
	expect_gaps "EACCES|walk|1|/tmp/closed" "EACCES|open|1|/tmp/open/secret"
	expect_json 'any(.[]; .file.path == "/tmp/closed")'
	;;
esac
expect_json 'any(.[]; .file.path == "/tmp/open/plain" and .file.hash.sha256)'
expect_exit_by_gaps
