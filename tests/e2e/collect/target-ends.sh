#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The target ends while it is collected. Its processes one by one: what was pinned is whole, what could not
# be read any more is recorded as missing. Its PID 1: the kernel ends csi with it, and the stream is proven
# up to its last checkpoint.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TEXTS=14 # what csi reads in proc/PID of each process
pod_up
intrude kinsing && ended=("$PID")
start standin && ended+=("$PID")
start fds && ended+=("$PID")
# csi meets the large file among those that are deleted but held open: before proc text, memory and files.
held=/proc/$(host_pid "$PID")/fd/$(said deleted)
dd if=/dev/urandom of="$held" bs=1M count="$STALL_MIB" conv=notrunc status=none
cp "$held" before
kinsing=$(sha256sum <"/proc/$(host_pid "${ended[0]}")/exe")
stall --memory
for pid in "${ended[@]}"; do ask "/kill/$pid" >/dev/null; done
go_on
expect_exit 0
sealed complete
for pid in "${ended[@]}"; do
	expect_json '[.[] | select(.process.pid? == '"$pid"' and .csi.outcome? == "missing") | .error.code + "|" + .csi.action] | sort
		== ["ESRCH|collect memory"] + [range('$TEXTS') | "ESRCH|read proc text"]' "what is missing of $pid"
done
expect_json 'all(.[] | select(.csi.outcome? == "missing"); .process.pid | IN('"$(IFS=, && echo "${ended[*]}")"'))' "nothing else is missing"
expect_json '[.[] | select(.process.pid? == 1 and .csi.action? == "read proc text" and .csi.outcome == "ok")] | length == '$TEXTS
check "the deleted file is whole" cmp -s "$(find x -path "*/deleted/$PID-*/$(said deleted)")" before
expect_eq "$(sha256sum <"$(find x -path "*/exe/${ended[0]}-*")")" "$kinsing" "the executable of the miner"
for pid in 1 "${ended[@]}"; do
	check "no line for $pid in processes.jsonl" grep -q "\"pid\":${pid}[,}]" x/csi-*/processes.jsonl
done

STALL_MIB=64
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"
stall -n $((20 << 20))
kill -KILL "$TPID"
go_on
expect_exit 137
run host_csi verify --json b
expect_exit 3
expect_json '.[0].csi.verify | .verdict == "cut" and .proven > 0 and .entries > 10'
run host_csi verify --salvage saved b
run host_csi verify --json saved
expect_exit 0
expect_json '.[0].csi.verify | .verdict == "sealed" and .status == "partial"'
