#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The disk of -o FILE is full: 1, one line that says so, and what is there is proven up to its last checkpoint.
# roles: ptrace root same
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
STALL_MIB=64
pod_up
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"
side "$ROLE"
beside=$(cat "$POD_DIR/$ROLE/pid")
nsenter -t "$beside" -m -- mount -t tmpfs -o size=24m,mode=1777 csi-test /tmp || fail "no small disk beside the target"
run csi collect -o /tmp/b
expect_exit 1
expect_eq "$(cat "$ERR")" "csi collect: cannot write /tmp/b: no space left (csi verify says what of it arrived)"
as "$ROLE" /bin/busybox cat /tmp/b >b
check "the disk was not full" test "$(stat -c %s b)" -gt $((23 << 20))
run host_csi verify --json b
expect_exit 3
expect_json '.[0].csi.verify | .verdict == "cut" and .proven > 0 and .entries > 10'
run host_csi verify --salvage saved b
run host_csi verify saved
expect_exit 0
# Never over a file that is there, also when it is what an earlier run left.
run csi collect -o /tmp/b
expect_exit 1
expect_grep 'file exists' "$ERR"
