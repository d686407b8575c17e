#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Triage of 300 processes and 20,000 files leaves the target as it was: times, listing, pages, RSS, state.
# roles: ptrace root
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start idle 270
for _ in {1..10}; do start standin; done
for i in {1..10}; do start exe "/tmp/x$i"; done
start maps
start fds
start threads 50
# A few of every kind that signs look at among them, with an atime that a careless read would move.
python3 - "$MERGED" <<'PY'
import os, sys
top = sys.argv[1]
for i in range(20000):
    d = f"{top}/srv/{i % 50}"
    if i < 50:
        os.makedirs(d, exist_ok=True)
    kind = i % 400 if i % 400 < 3 else 3
    with open(f"{d}/f{i}{('.php', '.sh', '', '.txt')[kind]}", "w") as f:
        f.write(("<?php echo 1;\n", "#!/bin/sh\n", "text\n", "text\n")[kind])
    os.chmod(f.name, (0o644, 0o755, 0o4755, 0o644)[kind])
os.makedirs(f"{top}/etc/cron.d", exist_ok=True)
with open(f"{top}/etc/cron.d/job", "w") as f:
    f.write("* * * * * root true\n")
for where, _, files in os.walk(top, topdown=False):
    for name in files:
        os.utime(os.path.join(where, name), (1.5e9, 1.6e9), follow_symlinks=False)
    os.utime(where, (1.5e9, 1.6e9))
PY
mapfile -t all < <(pgrep --ns "$TPID" --nslist pid)
check "only ${#all[@]} processes" test "${#all[@]}" -ge 290
harm_before "${all[@]}"
began=${EPOCHREALTIME/[.,]/}
run csi triage --json
note "$(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms for ${#all[@]} processes and 20,000 files"
expect_gaps
expect_exit 0
expect_no_harm
run csi triage
expect_no_harm
expect_none_reaped
expect_grep "exe-writable-dir"
