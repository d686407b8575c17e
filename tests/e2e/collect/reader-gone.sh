#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reader stops and then goes away, in the middle of a file and of a process's memory: csi ends with 1
# within 5 seconds, which is the requirement, says so once, and leaves nothing.
# roles: ptrace root same
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
pod_up
start ram 32
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"

# The pipe is inside, so that csi itself meets its end. What the reader waits for is its own standard input.
gone() { # ARGS
	local from line told go side
	# shellcheck disable=SC2069
	coproc SIDE {
		exec_in "$ROLE" /bin/busybox sh -c "exec 3<&0; { csi collect $1; echo code \$? >&2; } </dev/null |
			{ head -c $STALL_BYTES >/dev/null; echo reached >&2; read -r x <&3; }" 2>&1 >/dev/null
	}
	# SIDE is gone as soon as the process is, whether all of it was read or not.
	side=$SIDE_PID
	exec {told}<&"${SIDE[0]}" {go}>&"${SIDE[1]}"
	: >"$ERR"
	while read -r line <&"$told" && [ "$line" != reached ]; do echo "$line" >>"$ERR"; done
	expect_eq "$line" reached "the reader stopped: $1"
	check "no collection is under way: $1" test -n "$(csi_pids)"
	from=$SECONDS
	echo leave >&"$go"
	while read -r line <&"$told"; do
		echo "$line" >>"$ERR"
		case $line in code*) break ;; esac
	done
	check "csi took $((SECONDS - from)) s to end: $1" test $((SECONDS - from)) -le 5
	wait "$side"
	exec {told}<&- {go}>&-
	expect_eq "$(cat "$ERR")" "csi collect: cannot write to standard output: broken pipe (csi verify says what of it arrived)
code 1" "what it said: $1"
	expect_empty <(csi_pids)
}
gone "--scope standard"
gone "-p $PID --memory --scope quick"
ask / >/dev/null || fail "the target does not answer"
