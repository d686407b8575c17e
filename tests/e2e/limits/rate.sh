#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --rate: by no moment more than rate x time + burst has left, and a stop does not wait for it.
# roles: ptrace same
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=3 status=none
chown 65532:65532 "$MERGED/tmp/large"

# paced RATE HOW: bytes against time as they come, in b and "above" lines in b.log
paced() {
	rm -f b
	exec_in "$ROLE" /bin/busybox sh -c "$2; echo code \$? >&2" </dev/null 2>"$ERR" | python3 -c '
import os, sys, time
rate, begin, got = int(sys.argv[1]), float(sys.argv[2]), 0
while data := os.read(0, 1 << 20):
    got += len(data)
    sys.stdout.buffer.write(data)
    passed = time.monotonic() - begin
    if rate and got > rate * passed + rate / 8:
        print(got, "bytes after", passed, "s", file=sys.stderr)' "$1" "$(python3 -c 'import time; print(time.monotonic())')" >b 2>b.log
}

paced 1048576 'csi collect --rate 1M'
expect_grep '^code 0$' "$ERR"
expect_empty b.log
run host_csi verify b
expect_exit 0
expect_grep complete

# At 64 KiB a second these 40 MiB would take ten minutes; SIGINT comes when it is under way.
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=40 status=none
paced 0 'trap - INT; csi collect --rate 64K & p=$!; until grep -q "^write_bytes\|^wchar: [0-9]\{6\}" /proc/$p/io 2>/dev/null; do sleep 0.1; done; sleep 1
	from=$(cut -d. -f1 /proc/uptime); kill -INT $p; wait $p; code=$?; echo took $(($(cut -d. -f1 /proc/uptime) - from)) >&2; (exit $code)'
expect_grep '^code 3$' "$ERR"
expect_grep '^took [12]?[0-9]$' "$ERR" # of ten minutes
run host_csi verify b
expect_exit 0
expect_grep partial
run as "$ROLE" csi collect --rate 1K
expect_exit 2
