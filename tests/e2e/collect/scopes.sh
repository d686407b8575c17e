#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# quick is less than standard is less than full; --memory adds cores.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start exe /tmp/tool
start standin
dd if=/dev/zero of="$MERGED/tmp/large" bs=1M count=2 status=none

names() { tar --zstd -tf "$1" | sed 's,^[^/]*/,,'; }
for scope in quick standard full; do
	csi collect --scope "$scope" 2>"$ERR" >"$scope.zst"
	RC=$?
	expect_exit 0
	run host_csi verify "$scope.zst"
	expect_exit 0
	names "$scope.zst" >"$scope.names"
done
label=files/${CONTAINER_ID:0:12}
has() { check "$1 has no $2" grep -qx "$2" "$1.names"; }
has_not() { check "$1 has $2" test -z "$(grep -x "$2" "$1.names")"; }
for scope in quick standard full; do has "$scope" "$label/tmp/tool"; done
has_not quick "$label/tmp/large"
has standard "$label/tmp/large"
has full "$label/tmp/large"
has_not standard "$label/app/httpd"
has full "$label/app/httpd"
has_not quick "proc/$PID/maps"
has standard "proc/$PID/maps"

csi collect --memory --scope quick >memory 2>"$ERR"
RC=$?
expect_exit 0
run host_csi verify memory
expect_exit 0
tar --zstd -xf memory --wildcards "*/mem/$PID.core" --no-same-owner
check "no canary in the core" grep -aq "$(canary_of "$PID")" csi-*/mem/"$PID.core"
