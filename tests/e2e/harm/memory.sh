#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# collect stays within 32 MiB of resident memory, whatever the tree and the number of jobs. The same with
# 20 GiB and 200,000 files is in tests/bench/run.sh rss.
# roles: ptrace same
# uids: 65532
# timeout: 360
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$POD_DIR/volume/large" bs=1M count=256 status=none
python3 "$HELPERS/hostile.py" "$POD_DIR/volume/h" wide >/dev/null
chown -R 65532:65532 "$POD_DIR/volume"

# peak NAME OPTION...: the high-water mark while it ran, and what csi says of itself at its end
peak() {
	local name=$1 peak=0 own try
	shift
	# Once in many runs nothing that the watcher said arrived.
	for try in 1 2 3; do
		[ "$peak" -eq 0 ] || break
		as "$ROLE" /bin/busybox sh -c "csi collect --cpu 0 --volumes $* & while kill -0 \$!; do grep VmHWM /proc/\$!/status; sleep 0.1; done >&2" >b 2>"$ERR"
		peak=$(awk '/VmHWM/ { if ($2 > m) m = $2 } END { print m + 0 }' "$ERR")
	done
	run host_csi verify b
	expect_exit 0
	tar --zstd -xOf b --wildcards '*/ledger/*.jsonl' >"$OUT"
	own=$(jq -r 'select(.csi.key? == "own peak RSS, kB") | .csi.text' "$OUT")
	note "$name, run $try: $peak kB, by its own record $own kB"
	check "no figure: $name" test "$peak" -gt 0 -a "${own:-0}" -gt 0
	check "$peak kB: $name" test "$peak" -le 32768
	check "$own kB by its own record: $name" test "${own:-0}" -le 32768
}

for jobs in 1 2 8 16; do
	peak "jobs $jobs" --jobs "$jobs"
done

# 2 GiB under eight names, each of which is stored, and 1 TiB of holes.
rm -r "$POD_DIR/volume/h"
for i in {2..8}; do ln "$POD_DIR/volume/large" "$POD_DIR/volume/large-$i"; done
python3 "$HELPERS/hostile.py" "$POD_DIR/volume/h" sparse >/dev/null
chown -R 65532:65532 "$POD_DIR/volume"
peak "2 GiB and a sparse file"
expect_json '[.[] | select(.csi.action? == "collect file" and .csi.outcome == "ok" and .file.size == 268435456)] | length == 8' "eight names"
expect_json 'any(.[]; .file.size? == 1099511627776 and .csi.outcome == "ok" and (.csi.hash.extents | length == 64))' "the sparse file"
