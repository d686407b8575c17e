#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# collect stays within 32 MiB of resident memory, whatever the tree and the number of jobs.
# roles: ptrace same
# uids: 65532
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$POD_DIR/volume/large" bs=1M count=256 status=none
python3 "$HELPERS/hostile.py" "$POD_DIR/volume/h" wide >/dev/null
chown -R 65532:65532 "$POD_DIR/volume"
for jobs in 1 2 8 16; do
	as "$ROLE" /bin/busybox sh -c "csi collect --volumes --jobs $jobs & while kill -0 \$!; do grep VmHWM /proc/\$!/status; sleep 0.1; done >&2" >b 2>"$ERR"
	peak=$(awk '/VmHWM/ { if ($2 > m) m = $2 } END { print m + 0 }' "$ERR")
	note "jobs $jobs: $peak kB"
	run host_csi verify b
	expect_exit 0
	check "no figure" test "$peak" -gt 0
	check "$peak kB with $jobs jobs" test "$peak" -le 32768
done
