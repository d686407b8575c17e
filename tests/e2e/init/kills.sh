#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What was started under csi shell ends with it: the target's PID 1 never reaps a stranger.
# roles: ptrace root same stranger
# needs: script
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
printf 'sleep 1000 & sh -c "sleep 1001 &"\necho "$(pidof sleep | wc -w) sleep"\nexit\n' | typed csi shell
expect_grep '^2 sleep'
# They were killed before csi ended; the kernel may still be at it.
none_sleeps() { ! as "$ROLE" /bin/busybox ps -o args | grep -q '^sleep 100'; }
wait_for 20 "what the shell started to end" none_sleeps
run as "$ROLE" /bin/busybox ps -o pid,args
expect_no_grep 'sleep 100'
expect_none_reaped
