#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What removes its file and ends on seeing csi init, the injection itself, is in a later bundle: init has pinned it. What
# is not deleted is not stored twice, and an intruder's own "csi" is not believed.
# roles: ptrace root same
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
start exe /tmp/stays
kept=$PID
start shy /tmp/attack
shy=$(said shy)
sum=$(sha256sum <"$MERGED/tmp/attack" | cut -d' ' -f1)
side "$ROLE"
for _ in {1..50}; do
	[ -e "$MERGED/tmp/attack" ] || break
	sleep 0.1
done
check "it has not seen us" test ! -e "$MERGED/tmp/attack"
csi collect >b.tar.zst 2>"$ERR"
expect_eq $? 0 "exit code"
run host_csi verify b.tar.zst
expect_exit 0
mkdir x && tar --zstd -xf b.tar.zst -C x --no-same-owner
expect_eq "$(sha256sum x/*/exe/"$shy"-* 2>/dev/null | cut -d' ' -f1)" "$sum" "the executable of what has gone"
cat x/*/ledger/*.jsonl >"$OUT"
expect_json "[.[] | select(.csi.action == \"collect held exe\")] | length == 1 and .[0].process.pid == $shy and .[0].csi.outcome == \"ok\""
expect_json "[.[] | select(.csi.action == \"collect exe\" and .process.pid == $kept)] | length == 1"
# -p: only that one
csi collect -p "$kept" >p.tar.zst 2>"$ERR"
run host_csi verify --list p.tar.zst
expect_no_grep "exe/$shy-"
# An init that has no room for all of them says so in the next bundle's run.
for i in {1..8}; do start exe "/tmp/more$i"; done
exec_in "$ROLE" sh -c 'ulimit -n 9 && exec csi init --ttl 60' </dev/null >/dev/null 2>&1 &
short=
# Only this one has that command line.
pinned() {
	for short in $(pgrep -f '^csi init --ttl 60$'); do
		find "/proc/$short/fd" -lname '/memfd:csi-pins*' 2>/dev/null | grep -q . && return
	done
	return 1
}
wait_for 30 "what init holds" pinned
csi collect >f.tar.zst 2>"$ERR"
expect_eq $? 3 "exit code"
expect_grep '^csi: gap: EMFILE hold all executables \(csi init\)' "$ERR"
kill "$short"
wait
