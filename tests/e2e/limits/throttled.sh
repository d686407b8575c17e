#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the footprint says of CPU time: how csi gave way, and how often the kernel held its group back.
. "$CSI_TOP/tests/helpers/lib.sh"
GROUP=
leave() {
	local rc=$?
	[ -z "$GROUP" ] || wait_for 20 "the group to be empty" rmdir "$GROUP" 2>/dev/null
	(exit $rc)
	finish
}
trap leave EXIT

quota_group() { # a tenth of a CPU; version 1, then the unified hierarchy
	local name=csi-throttled-$$
	if mkdir "/sys/fs/cgroup/cpu/$name" 2>/dev/null; then
		GROUP=/sys/fs/cgroup/cpu/$name
		echo 10000 >"$GROUP/cpu.cfs_quota_us"
		return
	fi
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	mkdir "/sys/fs/cgroup/$name" 2>/dev/null || return 1
	GROUP=/sys/fs/cgroup/$name
	echo "10000 100000" >"$GROUP/cpu.max"
}
quota_group || skip "no CPU cgroup can be made here"

mkdir tree
dd if=/dev/urandom of=tree/f bs=1M count=20 status=none
bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$GROUP" \
	"$CSI_TOP/out/amd64/csi" collect --root "$PWD/tree" --scope full >b 2>"$ERR" </dev/null
RC=$?
expect_exit 0
tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"
expect_json 'any(.csi.action == "footprint" and .csi.key == "CPU throttling of the own cgroup"
	and (.csi.text | test("^[1-9][0-9]* of [1-9][0-9]* periods, [1-9][0-9]* us; before: ")))' "throttling"

tar --zstd -xOf b --wildcards '*/case.json' >"$OUT"
expect_json '.[0].cpu_sharing | .nice >= 10 and .batch and .cpus >= 1 and .cpus <= .cpus_allowed
	and (.cpus_allowed < 2 or .cpus < .cpus_allowed)' "cpu_sharing"

# Without a budget it takes what there is.
"$CSI_TOP/out/amd64/csi" collect --cpu 0 --root "$PWD/tree" --scope full >c 2>"$ERR" </dev/null
tar --zstd -xOf c --wildcards '*/case.json' >"$OUT"
expect_json '.[0].cpu_sharing | .nice < 10 and (.batch | not)' "no sharing asked for"
