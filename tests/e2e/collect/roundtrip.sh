#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The stream is whole, opens with everyone's tools, and holds what each role may read.
# roles: ptrace root same stranger
# uids: 0 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude drop
intrude kinsing && KINSING=$PID
intrude memfd && MEMFD=$PID
start fds && FDS=$PID

csi collect >b.tar.zst 2>"$ERR"
RC=$?
if can root; then expect_exit 0; else expect_exit 3; fi
expect_printable "$ERR"
expect_eq "$(tail -n 1 "$ERR")" "csi: sha256=$(sha256sum b.tar.zst | cut -d' ' -f1) bytes=$(stat -c %s b.tar.zst)" "the last line"

run host_csi verify b.tar.zst
expect_exit 0
run zstd -t b.tar.zst
expect_exit 0
run tar --zstd -tf b.tar.zst
expect_exit 0
mkdir x
run tar --zstd -xf b.tar.zst -C x --no-same-owner --delay-directory-restore
expect_exit 0
cd x/csi-* || exit 1
run bash -c 'cat sums/*.sha256 | sha256sum --quiet --strict -c -'
expect_exit 0
find . -type f ! -path './sums/*' | wc -l >"$OUT"
expect_eq "$(cat "$OUT")" "$(cat sums/*.sha256 | wc -l)" "each file has its sum"

cat ledger/*.jsonl >"$OUT"
expect_printable "$OUT" ./*.jsonl case.json
expect_json 'length > 10'
if can root; then
	expect_gaps
	label=files/${CONTAINER_ID:0:12}
	check "no /tmp/zzz" cmp -s "$label/tmp/zzz" "$MERGED/tmp/zzz"
	for pid in "$KINSING" "$MEMFD"; do
		check "no executable of $pid" cmp -s "/proc/$(host_pid "$pid")/exe" "$(find exe -name "$pid-*")"
	done
	expect_eq "$(find deleted -path "*/$FDS-*/*" -type f -exec cat {} + | sort | head -c 200)" "$(printf 'in memory\nwas deleted')" "deleted descriptors"
else
	check "it says nothing of what it could not read" test "$(gaps "$OUT" | wc -l)" -gt 0
fi
expect_eq "$(jq -r .process.pid processes.jsonl | sort -n | tr '\n' ' ')" "$(printf '%s\n' 1 "$KINSING" "$MEMFD" "$FDS" | sort -n | tr '\n' ' ')" "processes"
expect_eq "$(jq -r 'select(.csi.socket.state == "LISTEN") | .source.port' sockets.jsonl | sort -u)" 8080 "the listening socket"
cd ../.. || exit 1
