#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A mount of the target that goes away while a collection is under way: nothing hangs, and what was not
# reached is a gap. One that another covers is none, but is told.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
pod_up

# in_mounts CALL ARG...: a libc call in the target's mount namespace
in_mounts() {
	python3 - "$TPID" "$@" <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid, call, *args = sys.argv[1:]
ns = os.open("/proc/%s/ns/mnt" % pid, os.O_RDONLY)
os.unshare(os.CLONE_FS) if hasattr(os, "unshare") else libc.unshare(0x200)
if libc.setns(ns, 0) or getattr(libc, call)(*[int(a) if a.isdigit() else a.encode() for a in args]):
    sys.exit(os.strerror(ctypes.get_errno()))
PY
}

mkdir -p "$MERGED/tmp/h" "$MERGED/tmp/z" "$MERGED/tmp/a"
echo below >"$MERGED/tmp/z/below"
stall_file "$MERGED/tmp/h/large"
for at in a z; do
	check "mount" in_mounts mount tmpfs "/tmp/$at" tmpfs 0 size=1m
	for i in 1 2 3; do echo "$i" >"/proc/$TPID/root/tmp/$at/f$i"; done
done
mkdir "$MERGED/tmp/c"
check "mount" in_mounts mount tmpfs /tmp/c tmpfs 0 size=1m
check "mount over it" in_mounts mount tmpfs /tmp/c tmpfs 0 size=1m
stall --scope full
check "unmount what was read" in_mounts umount2 /tmp/a 2
check "unmount what was not" in_mounts umount2 /tmp/z 2
go_on
expect_exit 3
sealed partial 'ENOENT|walk mount|-|/tmp/z'
expect_json '[.[] | select(.csi.text == "no name leads to it") | .file.path] == ["/tmp/c"]' "the covered mount"
check "the large file" cmp -s "$(find x -path '*/tmp/h/large')" "$MERGED/tmp/h/large"
for i in 1 2 3; do expect_eq "$(cat x/csi-*/files/*/tmp/a/f$i)" "$i" "a file that was read before"; done
expect_eq "$(find x -path '*/tmp/z/f*' | wc -l)" 0 "files of the mount that was gone"
expect_eq "$(cat x/csi-*/files/*/tmp/z/below)" below "what had been under it"
