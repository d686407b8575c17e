#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 200 MiB of a file and 200 MiB anonymous that were never touched, 100 MiB resident: present pages of every mapping, RSS
# and state are the same after each way of dumping.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
P=
trap 'rc=$?; [ -z "$P" ] || kill -KILL "$P"; (exit "$rc"); finish' EXIT

"$CSI_TOP/out/testbin/heap" shape "$PWD" >said &
P=$!
wait_for 30 "the program" has_line ready said
state() { awk '/^(State|VmRSS|RssAnon|RssFile|VmSwap|TracerPid):/' "/proc/$P/status"; }

for how in '' --freeze --freeze=hold; do
	state >before
	python3 "$HELPERS/harm.py" snap before.json --pid "$P" || fail "no snapshot"
	# shellcheck disable=SC2086
	host_csi dump -p "$P" $how >core 2>"$ERR"
	RC=$?
	expect_exit 0
	check "the core holds more than is resident" test "$(stat -c %s core)" -lt $((110 << 20))
	check "the core holds less than is resident" test "$(stat -c %s core)" -gt $((100 << 20))
	python3 "$HELPERS/harm.py" snap after.json --pid "$P" || fail "no snapshot"
	check "pages differ after dump $how" python3 "$HELPERS/harm.py" diff before.json after.json
	# A stop is over when csi ends, but the thread may not have gone to sleep again.
	for _ in {1..50}; do
		! grep -q 'State:.S' "/proc/$P/status" || break
		sleep 0.1
	done
	state >after
	check "state differs after dump $how" diff -u before after
done
