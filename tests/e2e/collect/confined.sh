#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Once the targets are pinned, every thread of a collection is under filters of its own, and says so.
# roles: ptrace root same stranger
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=30 status=none
chown 65532:65532 "$MERGED/tmp/large"
head -c 30000000 /dev/urandom >"$FIXTURE/large"

base=$(as "$ROLE" /bin/busybox sed -n 's/^Seccomp_filters:\t//p' /proc/self/status)
landlock=$(csi doctor --json | jq -r '.["csi"].confine.landlock // empty' | head -n 1)
expect_eq "$(csi doctor --json | jq -r '.["csi"].confine.seccomp // empty' | head -n 1)" filter

collector() { # host's PID of the collection
	local dir
	for dir in /proc/[0-9]*; do
		[ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" = "$1 " ] && echo "${dir#/proc/}" && return
	done
}

# filters PID: how many filters of csi's own each thread has, sorted
filters() {
	local task
	for task in "/proc/$1"/task/*; do
		echo $(($(sed -n 's/^Seccomp_filters:\t//p' "$task/status") - base))
	done 2>/dev/null | sort -n | tr '\n' ' '
}

# A reader that does not read keeps it where it is: one walking thread, and six of the pipeline.
mkfifo pipe
words='csi collect --root /fixture --scope full'
# shellcheck disable=SC2086
as "$ROLE" $words >pipe 2>"$ERR" &
exec 3<pipe
in_place() { pid=$(collector "$words") && [ -n "$pid" ] && [ "$(filters "$pid")" = '1 2 2 2 2 2 2 ' ]; }
wait_for 40 "seven confined threads" in_place
expect_eq "$(grep -h '^NoNewPrivs:' "/proc/$pid"/task/*/status | sort -u)" $'NoNewPrivs:\t1'
expect_eq "$(grep -h '^Seccomp:' "/proc/$pid"/task/*/status | sort -u)" $'Seccomp:\t2'
cat <&3 >b
wait
exec 3<&-
run host_csi verify b
expect_exit 0

# What the kernel granted is in the bundle.
mkdir x && tar --zstd -xf b -C x --no-same-owner
cp x/csi-*/case.json "$OUT"
expect_json '.[0].confinement.seccomp == "filter"'
expect_eq "$(jq -r '.confinement | .landlock_abi // .landlock' "$OUT")" "$landlock"
cat x/csi-*/ledger/*.jsonl >"$OUT"
fact() { jq -r --arg k "$1" 'select(.csi.key? == $k) | .csi.text' "$OUT"; }
expect_eq "$(fact 'threads that read, archive, compress and seal')" 6
expect_eq "$(fact 'of them under a seccomp filter')" 6
case $landlock in
E*) expect_eq "$(fact 'of them under Landlock')" 0 ;;
*) expect_eq "$(fact 'of them under Landlock')" 6 ;;
esac

# Whoever can read the target still reads all of it.
can root || exit 0
run csi collect --memory
expect_exit 0
