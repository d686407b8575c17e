#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A /proc that is made to deceive: links, FIFOs and nonsense in place of its texts.
# roles: ptrace root same stranger
# timeout: 60
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
python3 "$HELPERS/procfix.py" "$FIXTURE/proc" <<<'[{"pid": 1}, {"pid": 2}, {"pid": 3}, {"pid": 4}, {"pid": 5, "maps": "ffffffffffffffff-0 rwxp zz 1:1 1 /\n\n-\n"}]'
rm "$FIXTURE/proc/2/stat" && mkfifo "$FIXTURE/proc/2/stat"
rm "$FIXTURE/proc/3/cmdline" && ln -s /etc/passwd "$FIXTURE/proc/3/cmdline"
head -c 100000 /dev/zero | tr '\0' '(' >"$FIXTURE/proc/4/stat"
mkdir "$FIXTURE/proc/99999999999999999999" "$FIXTURE/proc/0" "$FIXTURE/proc/-1" "$FIXTURE/proc/007"
for command in ps maps; do
	expect_within 30 csi "$command" --proc /fixture/proc --json
	expect_exit 3
	expect_printable "$OUT" "$ERR"
	expect_all . '(.process.pid == null or (.process.pid >= 1 and .process.pid <= 5))'
	expect_no_grep 'nonroot:'
done
run csi ps --proc /fixture/proc --json --no-signs
expect_gaps "EINVAL|open process|2|-" "EBADMSG|open process|4|-" "ELOOP|read cmdline|3|-"
