#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --timeout seals what is there as partial, and ends with 3; so do signals: signals.sh.
# roles: ptrace root same
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=400 status=none
chown 65532:65532 "$MERGED/tmp/large"

# A slow reader keeps it at work until the time is over.
exec_in "$ROLE" /bin/busybox sh -c 'csi collect --timeout 2; echo code $? >&2' </dev/null 2>"$ERR" |
	python3 -c 'import os, sys, time
while data := os.read(0, 1 << 20):
    sys.stdout.buffer.write(data)
    time.sleep(0.05 if time.monotonic() < float(sys.argv[1]) else 0)' "$(awk '{ print $1 + 4 }' /proc/uptime)" >b
expect_grep '^code 3$' "$ERR"
run host_csi verify b
expect_exit 0
expect_grep partial
# What it was at, and all that comes after, is named: every gap is one of the stop.
tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"
gaps "$OUT" >got
check "nothing says what was left out" test -s got
check "other gaps" test -z "$(grep -v '^ECANCELED|' got)"
