#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --cpu: never more CPU time than its share of the time, and a stop in the middle of a pause is seen.
# roles: ptrace
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=100 status=none

# The share as csi itself recorded it: all CPU time against all time, with the credit and one frame
# for each compressor on top. A busy machine only makes it smaller.
share() { # PERCENT
	jq -se --argjson p "$1" '[.[] | select(.csi.action == "footprint") | {(.csi.key): (.csi.text | tonumber? // 0)}] | add
		| (.["own CPU time in user mode, us"] + .["own CPU time in the kernel, us"]) * 1000
		<= .["time taken, ns"] * $p / 100 + 400000000' "$OUT" >/dev/null
}
for percent in 50 20; do
	csi collect --cpu "$percent" >b 2>"$ERR"
	expect_eq $? 0 "exit code at $percent"
	run host_csi verify b
	expect_exit 0
	tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"
	check "more than $percent percent" share "$percent"
done

# At 1 percent these 100 MiB would take minutes.
exec_in "$ROLE" /bin/busybox sh -c 'trap - INT; csi collect --cpu 1 & p=$!; sleep 3
	from=$(cut -d. -f1 /proc/uptime); kill -INT $p; wait $p; code=$?; echo took $(($(cut -d. -f1 /proc/uptime) - from)) >&2; echo code $code >&2' </dev/null 2>"$ERR" >b
expect_grep '^code 3$' "$ERR"
expect_grep '^took [0-5]$' "$ERR"
run host_csi verify b
expect_exit 0
expect_grep partial
run csi collect --cpu -1
expect_exit 2
