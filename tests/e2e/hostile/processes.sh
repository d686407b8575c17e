#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names and programs made to deceive: comm with ") R 1", exe "x (deleted)", an argv of a megabyte.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start argv0 ') R 1' && COMM=$PID
start argv0 $'\e[2J\a\n\xff' && RAW=$PID
start exe '/tmp/x (deleted)' && NOT_DELETED=$PID
start zombies 3 && ZOMBIES=$PID
start threads 300 && THREADS=$PID

of() { expect_json ".[] | select(.process.pid == $1 and .event.kind == \"state\") | $2" "process $1: $2"; }
run csi ps --json
expect_printable "$OUT" "$ERR"
of "$COMM" '.process.name == ") R 1" and .process.parent.pid == 1 and .csi.state == "S"'
of "$RAW" '.process.name == "\\x1b[2J\\x07\\x0a\\xff"'
of "$THREADS" '.process.threads == 300'
expect_json "[.[] | select(.process.parent.pid == $ZOMBIES and .csi.state == \"Z\")] | length == 3"
if can exe; then
	# A file of that very name exists: it was not deleted.
	of "$NOT_DELETED" '.process.executable == "/tmp/x (deleted)" and (any(.csi.signs[]?; .id == "deleted-exe") | not)'
fi
run csi ps
expect_printable "$OUT" "$ERR"
can exe || exit 0
run csi ps --json
expect_gaps
