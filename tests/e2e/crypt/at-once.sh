#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A checkpoint leaves at once, encrypted as well: while a collection stands still, since the list that it goes by does
# not come, each new checkpoint arrives whole, and what has arrived opens and proves all that was read.
# roles: ptrace same
# timeout: 240
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
age-keygen -o key 2>/dev/null
csi collect --scope full >first 2>"$ERR"
check "there is no list" host_csi verify -q --have-list have.jsonl first >"$OUT" 2>&1
mkfifo list
csi_waits() { exec_in "$ROLE" csi collect --scope full --have - --encrypt "$(age-keygen -y key)" <list 2>"$ERR"; }
{ csi_waits; echo $? >code; } >b &
waiting=$!
exec 3>list
head -n 3 have.jsonl >&3 # the runs and the first files of it; what comes next stays away

# told NAME FILE: what csi verify says of it (a second record is about what it cites)
told() { host_csi verify --json --identity key "$2" | jq -r "select(.csi.verify.verdict? and .file) | .csi.verify.$1 // 0"; }
# Held back in age, a checkpoint would wait for 64 KiB that do not come. More than what fits in one chunk is not
# written here between two of them, so there is no other way for them to arrive.
for _ in {1..600}; do
	points=$(told checkpoints b 2>/dev/null)
	[ "${points:-0}" -lt 3 ] || break
	[ ! -e code ] || break
	sleep 0.2
done
check "it has ended" test ! -e code
# A copy that was taken while one is being written is taken again.
for _ in {1..50}; do
	cp b arrived
	age -d -i key arrived >plain 2>/dev/null
	head=$(($(grep -abo -m 1 '^--- ' arrived | cut -d: -f1) + 4 + 43 + 1))
	chunks=$(($(stat -c %s plain) / 65536))
	[ "$(stat -c %s arrived)" -ne $((head + 16 + chunks * 65552)) ] || break
	sleep 0.1
done
run host_csi verify --json --list --identity key arrived
expect_exit 3
points=$(told checkpoints arrived)
check "${points:-no} checkpoints have arrived" test "${points:-0}" -ge 3
expect_eq "$(told verdict arrived)" cut "the verdict"
check "case.json is not proven yet" test -n "$(jq -r '.csi.item // empty' "$OUT" | grep '/case\.json$')"
# Nothing of a chunk that is not full: the last byte that arrived is the last of a checkpoint's padding.
expect_eq $(($(stat -c %s plain) % 65536)) 0 "bytes beyond whole chunks"
expect_eq $((head + 16 + chunks * 65552)) "$(stat -c %s arrived)" "bytes that arrived"
expect_eq "$(grep -ao '{"csi":"checkpoint"' plain | wc -l)" "$points" "checkpoints in the plaintext"
run python3 "$HELPERS/verify.py" --json plain
expect_exit 3
expect_eq "$(jq .proven_bytes "$OUT")" "$(told proven arrived)" "what is proven"
check "what follows the last checkpoint is not padding" test -z "$(tail -c +$(($(jq .proven_bytes "$OUT") + 9)) plain | tr -d '\0')"

# The rest of the list comes, and all is as if nothing had been.
tail -n +4 have.jsonl >&3
exec 3>&-
wait "$waiting"
expect_eq "$(cat code)" 0 "exit code"
run host_csi verify --identity key first b
expect_exit 0
expect_grep '^set: whole'
