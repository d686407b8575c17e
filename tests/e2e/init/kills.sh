#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What was started under csi shell ends with it: the target's PID 1 never reaps a stranger.
# roles: ptrace root same stranger
# needs: script
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
side "$ROLE"
mapfile -t prefix <"$POD_DIR/$ROLE/exec"
[ "$ENGINE" = runc ] && prefix=("${prefix[@]:0:4}" -t "${prefix[@]:4}")
printf 'sleep 1000 & sh -c "sleep 1001 &"\nexit\n' |
	timeout 20 script -qec "${prefix[*]} csi shell" /dev/null >"$OUT"
# They were killed before csi ended; the kernel may still be at it.
for _ in {1..100}; do
	as "$ROLE" /bin/busybox ps -o args | grep -q '^sleep 100' || break
	sleep 0.1
done
run as "$ROLE" /bin/busybox ps -o pid,args
expect_no_grep 'sleep 100'
expect_eq "$(ask /reaped)" "" "PID 1 reaped a stranger"
