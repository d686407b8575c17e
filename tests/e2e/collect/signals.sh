#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signals in the middle of a file: SIGHUP, SIGINT and SIGTERM seal what is there as partial and say what is
# missing, SIGPIPE changes nothing, SIGKILL leaves a stream that is proven up to its last checkpoint.
# roles: ptrace root same
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
pod_up
start ram "$STALL_MIB" && RAM=$PID
start standin # its memory comes after
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"
echo last >"$MERGED/tmp/h/next"
chown 65532:65532 "$MERGED/tmp/h" "$MERGED/tmp/h/next"
size=$((STALL_MIB << 20))

for sig in HUP INT TERM; do
	stall
	kill -"$sig" "$CSI_PID"
	go_on
	expect_exit 3
	expect_eq "$(tail -n 1 "$ERR")" "csi: sha256=$(sha256sum b | cut -d' ' -f1) bytes=$(stat -c %s b)" "the last line after SIG$sig"
	sealed partial "ECANCELED|collect file|-|/tmp/h/large" "ECANCELED|walk|-|${CONTAINER_ID:0:12}"
	entry /tmp/h/large '.csi.outcome == "partial" and .file.size == '$size' and .csi.read.short > 0 and .csi.read.short < .file.size'
	short=$(jq -r 'select(.csi.read.short?) | .csi.read.short' "$OUT" | head -n 1)
	truncate -s $((size - short)) "$(find x -path '*/tmp/h/large')"
	check "what was read before SIG$sig is there" cmp -s -n $((size - short)) "$(find x -path '*/tmp/h/large')" "$MERGED/tmp/h/large"
	expect_json 'all(.[]; .file.path? != "/tmp/h/next")' "nothing is added after SIG$sig"
done

# In a step that others follow: the record says where it ended, and so what is not there.
stall --memory
kill -TERM "$CSI_PID"
go_on
expect_exit 3
sealed partial "ECANCELED|collect memory|$RAM|mem/$RAM.core" "ECANCELED|collect|-|memory"

stall
kill -PIPE "$CSI_PID"
go_on
expect_exit 0
run host_csi verify b
expect_exit 0
expect_grep complete

# More than a checkpoint's worth has left by then.
STALL_MIB=64
stall_file "$MERGED/tmp/h/large"
stall -n $((20 << 20))
kill -KILL "$CSI_PID"
go_on
expect_exit 137
expect_empty <(grep '^csi: sha256' "$ERR")
run host_csi verify --json b
expect_exit 3
expect_json '.[0].csi.verify | .verdict == "cut" and .proven > 0 and .entries > 10'
proven=$(jq .csi.verify.entries "$OUT")
run host_csi verify --salvage saved b
run host_csi verify --json saved
expect_exit 0
expect_json '.[0].csi.verify | .verdict == "sealed" and .status == "partial" and .entries >= '"$proven"
