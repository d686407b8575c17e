#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that grow, shrink and vanish while they are read: the bundle stays whole, and says which did.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
mkdir -m 777 "$MERGED/tmp/h"
actors=()
for kind in grow shrink vanish; do
	for i in 1 2; do
		python3 "$HELPERS/hostile.py" actor "$kind" "$MERGED/tmp/h/$kind-$i" 120 &
		actors+=($!)
	done
done
sleep 0.3
for _ in 1 2 3 4 5; do
	csi collect >b 2>"$ERR"
	RC=$?
	check "exit code $RC" test "$RC" -eq 0 -o "$RC" -eq 3
	run host_csi verify b
	expect_exit 0
	rm -rf x && mkdir x && tar --zstd -xf b -C x --no-same-owner
	run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
	expect_exit 0
	cat x/csi-*/ledger/*.jsonl >>ledgers
done
kill "${actors[@]}"
wait 2>/dev/null
cp ledgers "$OUT"
expect_json 'any(.[]; .csi.read.size != null and .csi.outcome == "partial")' "no change was ever seen"
expect_all 'select(.csi.read.short != null)' '.csi.outcome == "partial"'
