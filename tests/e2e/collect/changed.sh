#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file that is changed while csi is in the middle of it: one record says how, and nothing else is said.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
pod_up
mkdir "$MERGED/tmp/h"
file=$MERGED/tmp/h/large
size=$((STALL_MIB << 20))
changed='.csi.outcome == "partial" and .error.code == "ESTALE" and .file.size == '$size

grow() { head -c 1000 /dev/zero >>"$file"; }
shrink() { truncate -s $((size - 100000)) "$file"; }
replace() { echo another >"$file.new" && mv "$file.new" "$file"; }
delete() { rm "$file"; }
rewrite() { printf changed | dd of="$file" bs=1 seek=$((size - 7)) conv=notrunc status=none; }

# during CHANGE: "same" when the content is to be what was there before
during() {
	rm -rf "$MERGED/tmp/h" && mkdir "$MERGED/tmp/h" && stall_file "$file"
	cp "$file" before
	stall
	"$1"
	go_on
	expect_exit 3
	sealed partial "ESTALE|collect file|-|/tmp/h/large"
	stored=$(find x -path '*/tmp/h/large')
	expect_eq "$(stat -c %s "$stored")" "$size" "size of what is stored"
	run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
	expect_exit 0
	cat x/csi-*/ledger/*.jsonl >"$OUT"
}

during grow
entry /tmp/h/large "$changed and .csi.read == {\"size\": $((size + 1000))}"
check "what was there before it grew" cmp -s "$stored" before

during shrink
entry /tmp/h/large "$changed and .csi.read == {\"size\": $((size - 100000)), \"short\": 100000}"
truncate -s $((size - 100000)) before && truncate -s "$size" before
check "zeros stand for what was cut off" cmp -s "$stored" before

for change in replace delete; do
	during $change
	entry /tmp/h/large "$changed and .csi.read == null"
	check "the file that was opened, to its end: $change" cmp -s "$stored" before
done

during rewrite
entry /tmp/h/large "$changed and .csi.read == null"
check "what was there when it was read" cmp -s "$stored" "$file"
