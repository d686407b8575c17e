#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Code that is no longer its file's: with its addresses; a breakpoint and what was restored are told apart.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start patched
harm_before "$(host_pid "$PID")"
run csi maps -p "$PID" --json
if ! can maps || ! can pagemap; then
	{ denied 'read maps' maps "$PID" && denied 'read pagemap' pagemap "$PID"; } | expect_gap_lines
	expect_exit 3
	expect_no_grep '"patched' "$OUT"
	exit 0
fi
read -r code _ < <(said code)
at=$((16#$code))
hex() { printf '0x%x' $((at + $1)); }
MAP=".[] | select(.csi.map.start == \"0x$code\") | .csi.map"
expect_json "[$MAP] | length == 1"
expect_json "$MAP | .marks == [\"patched\", \"trap\", \"restored\"] and .written == 3"
expect_json "$MAP | .patched == [{kind: \"same\", at: \"$(hex 4096)+4096\"}, {kind: \"breakpoint\", at: \"$(hex $((8192 + 7)))+1\"},
	{kind: \"code\", at: \"$(hex $((3 * 4096 + 16)))+5\"}]"
expect_json "[.[] | select(.csi.map.start != \"0x$code\") | .csi.map.patched // empty] == []" "no other mapping is patched"
expect_gaps
expect_exit 0
run csi maps -p "$PID"
expect_printable "$OUT" "$ERR"
expect_grep "^ +$(hex $((3 * 4096 + 16)) | cut -c3-) code, 5 bytes; file offset 0x3010\$"
expect_eq "$(sed 's/ [^ ]*$//' "$OUT" | awk 'length > 80' | wc -l)" 0 "lines over 80 columns before the path"
expect_no_harm
