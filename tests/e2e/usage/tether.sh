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
tethers() { pgrep --ns "$TPID" --nslist pid -f 'csi --tether'; }

# tethered WHAT ARGS...: it runs while the fifo is held open, and not 10 seconds after
tethered() {
	local what=$1 job from
	shift
	exec 8<>in 9<>hold
	exec_in "$ROLE" /bin/csi --tether "$@" <in 2>"$ERR" 8>&- 9>&- | { head -c 1000 >/dev/null; read -r _ <hold; } 8>&- 9>&- &
	job=$!
	for _ in {1..100}; do
		[ -z "$(tethers)" ] || break
		sleep 0.1
	done
	sleep 1
	check "$what: it does not run" test -n "$(tethers)"
	exec 8>&-
	from=$SECONDS
	while [ -n "$(tethers)" ] && [ $((SECONDS - from)) -le 10 ]; do sleep 0.2; done
	check "$what: it still runs after 10 seconds" test -z "$(tethers)"
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
