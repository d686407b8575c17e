#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which pages are there, mapping by mapping, as pagemap says; what an intruder leaves is marked.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start maps

map_is() { # NAME FILTER: of the mapping that the fixture announced under NAME
	local at
	read -r at _ < <(said "$1")
	expect_json "[.[] | select(.csi.map.start == \"0x$at\")] | length == 1 and (.[0] | $2)" "mapping $1: $2"
}

run csi maps -p "$PID" --json
if ! can maps; then
	expect_gaps "EACCES|read maps|$PID|-" "EACCES|read pagemap|$PID|-"
	expect_exit 3
	exit 0
fi
map_is file '.csi.map.size == 67108864 and .csi.map.present == 0 and (.file.path | endswith("/big-file"))'
map_is half '.csi.map.size == 4194304 and .csi.map.present == 2097152 and .csi.map.private == 2097152'
map_is none '.csi.map.perms == "---p" and .csi.map.present == 0'
map_is memfd '.csi.map.present == 4096 and (.csi.map.marks | index("memfd"))'
map_is shared '.csi.map.present == 524288'
map_is exec '.csi.map.present == 4096 and (.csi.map.marks | index("anon-exec"))'
expect_gaps
expect_exit 0
run csi maps -p "$PID"
expect_printable "$OUT" "$ERR"
expect_grep 'anon-exec'
