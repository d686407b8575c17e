#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Symbolic links out of the root, loops and magic links: never followed, whatever is asked for.
# roles: ptrace root same
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" links >/dev/null
for name in to-root to-self-root to-1-root up loop a here shadow; do
	expect_within 30 csi walk --json "/tmp/h/link-$name"
	expect_all 'select(.file.path)' '.file.path | startswith("/tmp/h/link-")' "link-$name was followed"
	expect_within 30 csi walk --json "/tmp/h/link-$name/etc"
	check "it ended with $RC" test "$RC" -le 3
	expect_json 'all(.[] | select(.file.path); (.file.path | contains("csi")) | not)' "link-$name left the root"
done
# The root of the target itself is a link in the attacker's hands only inside.
mkdir "$FIXTURE/r" && ln -s / "$FIXTURE/r/out" && ln -s /proc/self/root "$FIXTURE/r/magic"
run csi walk --json --root /fixture/r
expect_json '[.[].file.path] == ["/", "/magic", "/out"]'
expect_gaps
