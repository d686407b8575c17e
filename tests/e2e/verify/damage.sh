#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A thousand cuts and a thousand flipped bits, plain and encrypted: never whole, and what is claimed proven is so, no
# less and no more. The second verifier sees every tenth of them, and says the same.
# timeout: 600
# needs: age
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude kinsing
# Random bytes, so that the stream has a length to cut, and text, so that a frame's 2 MiB of tar are few
# of them: it has several frames though it is small enough to be verified four thousand times.
mkdir "$MERGED/tmp/much"
for i in 1 2 3; do
	{ seq 300000 && head -c 70000 /dev/urandom; } >"$MERGED/tmp/much/$i"
done
# A checkpoint comes every 2 seconds too: a reader that takes its time gets one now and then.
slowly() {
	for _ in 1 2 3 4 5; do
		head -c 80000
		sleep 2.1
	done
	cat
}
tortured() { # BUNDLE [IDENTITY]
	local points
	run python3 "$HELPERS/damage.py" "$CSI_TOP/out/amd64/csi" "$1" "${CSI_TEST_DAMAGE:-1000}" ${2+"$2"}
	expect_exit 0
	note "$(head -n 2 "$OUT")"
	[ "$RC" -eq 0 ] || note "$(tail -n 20 "$OUT" "$ERR")"
	points=$(sed -n '1s/.* \([0-9]*\) checkpoints$/\1/p' "$OUT")
	check "only ${points:-0} checkpoints" test "${points:-0}" -ge 2
}
age-keygen -o key 2>/dev/null
csi collect 2>"$ERR" | slowly >whole
csi collect --encrypt "$(age-keygen -y key)" 2>"$ERR.age" | slowly >whole.age
tortured whole
tortured whole.age key
# The list that all was compared with is true.
mkdir x && tar --zstd -xf whole -C x --no-same-owner
run diff -r x/csi-*/files/*/tmp/much "$MERGED/tmp/much"
expect_exit 0
