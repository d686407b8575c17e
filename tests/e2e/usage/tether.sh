#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# csi --tether ends when the other side of standard input goes: while it writes to a reader that has stalled, while
# it has nothing to write, and in the laboratory. While standard input stays, it changes nothing.
# roles: ptrace same
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
pod_up
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"
side "$ROLE"
mkfifo in hold

# tethered WHAT ARGS...: it runs while the fifo is held open, and not 10 seconds after
tethered() {
	local what=$1 job
	shift
	exec 8<>in 9<>hold
	exec_in "$ROLE" /bin/csi --tether "$@" <in 2>"$ERR" 8>&- 9>&- | { head -c 1000 >/dev/null; read -r _ <hold; } 8>&- 9>&- &
	job=$!
	wait_for 20 "$what to begin" tethered_csi
	sleep 1
	check "$what: it does not run" tethered_csi
	exec 8>&-
	wait_for 10 "$what to end" no_tethered_csi
	echo end >&9
	wait "$job"
	exec 9>&-
}
tethered "a stalled reader" collect
tethered "the laboratory" shell -c 'sleep 1000'
run as "$ROLE" /bin/busybox ps -o args
expect_no_grep 'sleep 1000'

exec 8<>in
run exec_in "$ROLE" csi --tether ps --json <in
expect_json 'any(.[]; .process.pid == 1)'
run exec_in "$ROLE" csi --tether nonsense <in
expect_exit 2
exec 8>&-
