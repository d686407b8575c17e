#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file that is a FIFO every other moment: never opened as one, nothing hangs, the exit code says it.
# roles: ptrace root same
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
mkdir -m 777 "$MERGED/tmp/h"
python3 "$HELPERS/hostile.py" actor swap "$MERGED/tmp/h/swapped" 60 &
actor=$!
sleep 0.3
for _ in {1..20}; do
	expect_within 30 csi walk --hash --json /tmp/h
	expect_json 'any(.[]; .file.path? == "/tmp/h")'
	expect_json 'all(.[]; .event.kind != "pipeline_error" or (.error.code | IN("ENOENT", "ESTALE", "EAGAIN")))'
done
for _ in 1 2 3; do
	expect_within 60 csi collect --scope standard
	cp "$OUT" b
	run host_csi verify b
	expect_exit 0
done
kill "$actor"
wait "$actor" 2>/dev/null
ls "$MERGED/tmp/h" >"$OUT"
check "the actor did nothing" test -s "$OUT"
