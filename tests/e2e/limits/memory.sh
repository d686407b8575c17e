#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A cgroup limited to 64 MiB that csi shares with its target: csi stops by itself, or the kernel
# kills csi, and never the target.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
GROUP=
HOLDER=
leave() {
	local rc=$?
	exec 7>&-
	[ -z "$HOLDER" ] || kill -KILL "$HOLDER" 2>/dev/null
	[ -z "$HOLDER" ] || wait "$HOLDER" 2>/dev/null
	[ -z "$GROUP" ] || wait_for 20 "the group to be empty" rmdir "$GROUP" 2>/dev/null
	(exit $rc)
	finish
}
trap leave EXIT

limited_group() { # version 1, then the unified hierarchy
	local name=csi-limits-$$
	if mkdir "/sys/fs/cgroup/memory/$name" 2>/dev/null; then
		GROUP=/sys/fs/cgroup/memory/$name
		echo $((64 << 20)) >"$GROUP/memory.limit_in_bytes"
		return
	fi
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	mkdir "/sys/fs/cgroup/$name" 2>/dev/null || return 1
	GROUP=/sys/fs/cgroup/$name
	[ ! -e "$GROUP/memory.swap.max" ] || echo 0 >"$GROUP/memory.swap.max"
	echo $((64 << 20)) >"$GROUP/memory.max"
}
limited_group || skip "no memory cgroup can be made here"

inside() { bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$GROUP" "$@"; }

# hold MIB: a process in the group whose whole memory comes to that; a number on descriptor 7 makes
# it more.
hold() {
	rm -f ask said
	mkfifo ask said
	inside python3 -c '
import sys
held = []
for line in sys.stdin:
    status = dict(l.split(":", 1) for l in open("/proc/self/status"))
    more = (int(line) << 20) - (int(status["VmRSS"].split()[0]) << 10)
    held.append(b"x" * max(more, 0))
    print("holds", flush=True)' <ask >said &
	HOLDER=$!
	exec 7>ask 8<said
	grow "$1"
}
grow() {
	local word
	echo "$1" >&7
	read -r word <&8
	[ "$word" = holds ] || fail "the target could not hold $1 MiB"
}
lives() { kill -0 "$HOLDER" 2>/dev/null; }
release() {
	exec 7>&-
	wait "$HOLDER"
	expect_eq $? 0 "end of the target"
	HOLDER=
}

mkdir tree
for i in 1 2 3 4; do dd if=/dev/urandom of="tree/f$i" bs=1M count=60 status=none; done
CSI=$CSI_TOP/out/amd64/csi
ledger() { tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"; }

# Short from the start: tables only, and it says so.
hold 40
inside "$CSI" collect --root "$PWD/tree" --scope full >b 2>"$ERR" </dev/null
RC=$?
expect_exit 3
check "the target was killed" lives
ledger
expect_gaps 'ENOMEM|collect|-|executables' 'ENOMEM|collect|-|deleted files' 'ENOMEM|collect|-|proc text' \
	'ENOMEM|collect|-|files' 'ENOMEM|collect|-|findings' 'ENOMEM|keep headroom|-|own cgroup'
expect_json 'any(.csi.action == "headroom" and .csi.key == "own cgroup" and .csi.limit.bytes == 67108864)' "the limit"
expect_json 'any(.csi.key == "own oom_score_adj" and .csi.text == "1000")' "oom_score_adj"
run host_csi verify b
expect_exit 0
expect_grep partial

# A scan is not begun either.
inside "$CSI" scan --root "$PWD/tree" --json >"$OUT" 2>"$ERR" </dev/null
RC=$?
expect_exit 3
check "the target was killed" lives
expect_gaps 'ENOMEM|keep headroom|-|what was not scanned yet'

# The kernel must choose: nothing guards, and what csi wants is not there.
for i in 1 2 3 4; do
	inside "$CSI" collect --headroom 0 --cpu 0 --root "$PWD/tree" --scope full >b 2>"$ERR" </dev/null
	RC=$?
	note "with 40 MiB held: $RC"
	check "the target was killed" lives
done
grow 56
for i in 1 2 3; do
	inside "$CSI" collect --headroom 0 --cpu 0 --root "$PWD/tree" --scope full >b 2>"$ERR" </dev/null
	expect_eq $? 137 "csi with 8 MiB left"
	check "the target was killed" lives
	run host_csi verify b
	check "a killed collection verifies as whole" test "$RC" -ne 0
done
release

# It becomes short on the way: csi stops, and seals what it has.
hold 16
inside "$CSI" collect --headroom 20M --cpu 5 --root "$PWD/tree" --scope full >b 2>"$ERR" </dev/null &
csi=$!
wait_for 60 "the bundle to begin" is_larger b 4000000
grow 32
wait "$csi"
RC=$?
expect_exit 3
check "the target was killed" lives
release
ledger
expect_gaps 'ECANCELED|collect file|-|/f1' 'ECANCELED|walk|-|root' 'ENOMEM|keep headroom|-|own cgroup'
expect_json 'any(.csi.text == "too little left: stopped" and .csi.limit.floor == 20971520 and .csi.limit.lowest < 20971520)' "why"
run host_csi verify b
expect_exit 0
expect_grep partial
