#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processes that come and go by the hundred: what is shown is whole and of one process, and no gap.
# roles: ptrace root same
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start churn 16
# comm and argv of a mayfly carry the same name: a record that mixes two shows. (Before and while it
# executes comm is httpd or exe, in one and the same process.)
mayfly='select(.process.args != null and (.process.args | length == 2) and .process.args[1] == "flash")'
for _ in {1..15}; do
	run csi ps --json
	expect_exit 0
	expect_gaps
	expect_json 'any(.[]; .process.pid == 1)'
	cat "$OUT" >>seen
done
cp seen "$OUT"
expect_all "$mayfly" '.process.name == .process.args[0] or (.process.name | startswith("fly") | not)'
for _ in 1 2 3; do
	expect_within 60 csi collect --scope standard
	check "exit code $RC" test "$RC" -eq 0
	cp "$OUT" b
	run host_csi verify b
	expect_exit 0
done
run csi maps --json
expect_gaps
