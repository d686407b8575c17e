#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sidecars are what kubelet would start: this is what all other cases stand on.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

declare -A caps=([ptrace]=00000000a80c25fb [root]=00000000a80425fb [same]=0000000000000000 [stranger]=0000000000000000)
declare -A ids=([ptrace]=0:0 [root]=0:0 [same]=$TARGET_UID:$TARGET_UID [stranger]=4242:4242)
declare -A nnp=([ptrace]=0 [root]=0 [same]=1 [stranger]=1)

inside() { as "$ROLE" /bin/busybox sh -c "$1"; }
field() { inside "grep '^$1:' /proc/self/status" | cut -f2; }

expect_eq "$(inside 'echo $(id -u):$(id -g)')" "${ids[$ROLE]}" "ids"
expect_eq "$(field CapEff)" "${caps[$ROLE]}" "effective capabilities"
expect_eq "$(field CapInh)" 0000000000000000 "inheritable capabilities"
expect_eq "$(field CapAmb)" 0000000000000000 "ambient capabilities"
expect_eq "$(field NoNewPrivs)" "${nnp[$ROLE]}" "no new privileges"
expect_eq "$(inside 'touch /x /tmp/x /etc/x 2>/dev/null; ls /x /tmp/x /etc/x 2>/dev/null; echo looked')" looked "read-only root"

for kind in pid net ipc; do
	expect_eq "$(inside "readlink /proc/self/ns/$kind")" "$(readlink "/proc/$TPID/ns/$kind")" "shared $kind namespace"
done
check "own mnt namespace" test "$(inside 'readlink /proc/self/ns/mnt')" != "$(readlink "/proc/$TPID/ns/mnt")"
expect_eq "$(inside 'cat /proc/1/comm')" httpd "PID 1 is the target's"

# What the fallback engine has not.
[ "$ENGINE" = runc ] || exit 0
expect_eq "$(field Seccomp)" 2 "a seccomp filter"
check "own cgroup namespace" test "$(inside 'readlink /proc/self/ns/cgroup')" != "$(readlink "/proc/$TPID/ns/cgroup")"
expect_grep "/$CONTAINER_ID\$" <(inside 'cat /proc/1/cgroup')
