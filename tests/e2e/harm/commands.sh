#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No command moves a time, brings in a page, leaves a file, or lets PID 1 reap a stranger.
# roles: ptrace root same stranger
# uids: 0 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude kinsing
start maps && MAPS=$PID
start fds
mkdir -p "$MERGED/tmp/d" && echo text >"$MERGED/tmp/d/file" && echo text >"$POD_DIR/volume/file" && echo text >"$POD_DIR/shm/file"
touch -a -d 2020-01-01 "$MERGED"/tmp/d/file "$POD_DIR"/{volume,shm}/file "$MERGED/tmp/d"
chown -R "$TARGET_UID" "$MERGED/tmp/d" "$POD_DIR/volume/file" "$POD_DIR/shm/file"
# Others' files: where O_NOATIME is refused the atime moves, and that has its own case.
[ "$TARGET_UID" = 0 ] || [ "$ROLE" != same ] || own_all

for command in "ps --json" "triage --json" "walk --hash --json" "maps --json" "dump -p $MAPS" "collect --scope full --memory --volumes" "doctor --json"; do
	harm_before "$(host_pid "$MAPS")"
	# shellcheck disable=SC2086
	run csi $command
	expect_no_harm
	[ ! -s harm.txt ] || note "after csi $command"
done
expect_none_reaped
