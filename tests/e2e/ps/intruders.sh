#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The talk's intruders are listed with what each role may read of them, marked where it can be known.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intruders
all="1 $KINSING $MEMFD $KWORKER $ENV $TMP"

marked() { # PID SIGN
	expect_json "any(.[]; .process.pid == $1 and any(.csi.signs[]?; .id == \"$2\"))" "no sign $2 on $1"
}

run csi ps --json
expect_printable "$OUT" "$ERR"
expect_json "[.[] | select(.event.kind == \"state\") | .process.pid] | sort == ([${all// /,}] | sort)" "other processes than the target's"
expect_all . '.csi.schema == 1 and (."@timestamp" | test("^2[0-9]{3}-.*Z$"))'
expect_json ".[] | select(.process.pid == 1 and .event.kind == \"state\") | .process.name == \"httpd\" and .process.args == [\"/app/httpd\"] and .process.parent.pid == 0"
expect_json "any(.[]; .process.pid == $KINSING and .process.user.id == \"$TARGET_UID\")"
expect_json ".[] | select(.event.kind == \"state\") | .container.id == \"$CONTAINER_ID\""
marked "$KWORKER" kthread-masquerade
if can exe; then
	marked "$KINSING" deleted-exe
	marked "$MEMFD" memfd-exe
	marked "$TMP" exe-writable-dir
	marked "$ENV" ld-preload
	expect_json ".[] | select(.process.pid == 1 and .event.kind == \"state\") | .process.executable == \"/app/httpd\" and (.csi.signs // [] | length == 0)"
fi
for pid in $all; do
	denied 'read ns/mnt' exe "$pid"
	denied 'read exe' exe "$pid"
	denied 'read environ' environ "$pid"
	denied 'open root' root "$pid"
	denied 'read fd' fd "$pid"
	denied 'read maps' maps "$pid"
	denied 'read pagemap' pagemap "$pid"
done | expect_gap_lines
expect_exit_by_gaps

run csi ps
expect_printable "$OUT" "$ERR"
expect_grep '(^| )1 .*httpd'
run csi ps --no-signs --json
expect_exit 0
expect_gaps
