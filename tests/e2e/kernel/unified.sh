#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On Debian's kernel, with cgroups of version 2 only and without Landlock: the headroom guard, the
# kernel's choice when memory is short, throttling, and what csi says of its own confinement.
# timeout: 900
# needs: qemu-system-x86_64 cpio
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/vm.sh"

vm_run lsm=yama <<'END' || exit 1
cd /sys/fs/cgroup
echo "+memory +cpu" >cgroup.subtree_control
mkdir small && echo 67108864 >small/memory.max
cd /tmp
mkdir tree
for i in 1 2 3; do dd if=/dev/urandom of=tree/f$i bs=1M count=8 2>/dev/null; done

# hold MIB: a process in the group that keeps so much and ends with the file "end".
hold() {
	(
		echo 0 >/sys/fs/cgroup/small/cgroup.procs
		{ head -c $(($1 << 20)) /dev/zero; until [ -e end ]; do sleep 1; done; } | tail -c $(($1 << 20)) | wc -c >held.$1
	) &
	until [ "$(cat /sys/fs/cgroup/small/memory.current)" -gt $(($2 << 20)) ]; do sleep 0.1; done
}
# What csi writes is memory too, here: so others write it, outside of the group.
inside() { sh -c 'echo 0 >/sys/fs/cgroup/small/cgroup.procs && exec "$@"' sh "$@"; }
# collect NAME ARG...: in the group; its code in /result/NAME.code, what it wrote in /tmp/NAME
collect() {
	local name=$1 rc=0
	shift
	{ inside csi collect --root /tmp/tree --scope full "$@" 2>/result/$name.err || rc=$?; echo $rc >/result/$name.code; } | cat >/tmp/$name
}

# Short from the start.
hold 40 39
collect short
mv /tmp/short /result/short

# The kernel must choose.
hold 12 51
collect killed --headroom 0 --cpu 0
csi verify /tmp/killed >/result/killed.verify 2>&1 || echo $? >>/result/killed.verify
touch end
wait
cat held.40 held.12 >/result/held
rm -f end held.*

# It becomes short on the way.
hold 12 11
collect stopped --headroom 20M --rate 100K &
until [ -s /tmp/stopped ] && [ "$(stat -c %s /tmp/stopped)" -gt 200000 ]; do sleep 0.1; done
hold 30 40
until [ -s /result/stopped.code ]; do sleep 0.1; done
touch end
wait
mv /tmp/stopped /result/stopped

# Throttled.
mkdir /sys/fs/cgroup/slow && echo "10000 100000" >/sys/fs/cgroup/slow/cpu.max
sh -c 'echo 0 >/sys/fs/cgroup/slow/cgroup.procs && exec csi collect --root /tmp/tree --scope quick -o /result/slow' 2>/result/slow.err
csi doctor --json >/result/doctor
uname -r >/result/kernel
END
note "Linux $(cat result/kernel)"

ledger() { tar --zstd -xOf "result/$1" --wildcards '*/ledger/*' >"$OUT"; }
expect_eq "$(cat result/short.code)" 3
ledger short
expect_gaps 'ENOMEM|collect|-|executables' 'ENOMEM|collect|-|deleted files' 'ENOMEM|collect|-|proc text' \
	'ENOMEM|collect|-|files' 'ENOMEM|collect|-|findings' 'ENOMEM|keep headroom|-|own cgroup'
expect_json 'any(.csi.action == "headroom" and .csi.key == "own cgroup" and .csi.limit.bytes == 67108864)' "the limit"

expect_eq "$(cat result/killed.code)" 137 "csi with 12 MiB left"
check "a killed collection verifies as whole" test "$(tail -n 1 result/killed.verify)" -ne 0
expect_eq "$(tr '\n' ' ' <result/held)" "41943040 12582912 " "what the targets still held at the end"

expect_eq "$(cat result/stopped.code)" 3
ledger stopped
expect_json 'any(.csi.text == "too little left: stopped" and .csi.limit.floor == 20971520 and .csi.limit.lowest < 20971520)' "why"
run host_csi verify result/stopped
expect_exit 0
expect_grep partial

ledger slow
expect_json 'any(.csi.action == "footprint" and .csi.key == "CPU throttling of the own cgroup"
	and (.csi.text | test("^[1-9][0-9]* of [1-9][0-9]* periods, [1-9][0-9]* us; before: ")))' "throttling"

# Without Landlock the filters are there, and both say so.
cp result/doctor "$OUT"
expect_json 'any(.csi.confine.seccomp == "filter" and (.csi.confine.landlock | test("^E")))' "doctor without Landlock"
tar --zstd -xOf result/slow --wildcards '*/case.json' >"$OUT"
expect_json '.[0].confinement | .seccomp == "filter" and (.landlock | test("^E"))' "case.json without Landlock"
ledger slow
expect_json 'any(.csi.key == "of them under a seccomp filter" and .csi.text == "6")' "filters"
expect_json 'any(.csi.key == "of them under Landlock" and .csi.text == "0")' "no Landlock"
