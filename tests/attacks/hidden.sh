#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processes that are hidden: by mounts, and from the list that a rootkit would have filtered.
# timeout: 600
# needs: mmdebstrap unshare nsenter
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up

start standin && hidden=$PID
"$CSI_RUN/bin/target" over "$TPID" /proc/1 "/proc/$hidden"
# From the host, without the filter that the runtime gave its container.
nsenter -t "$TPID" -a sleep 1000 &
sleeper=$!
joined() { loose=$(awk '/^NSpid:/ && NF > 2 { print $NF }' "/proc/$(pgrep -P $sleeper)/status" 2>/dev/null) && [ -n "$loose" ]; }
wait_for 20 "what joins the namespaces" joined
start parent && parent=$PID child=$(said child)
triage
found mount-over-pid "$hidden"
found no-filter "$loose"

# The parent is in no list any more, as under a rootkit in the kernel (src/rootkit.c).
side ptrace
SIDE=$(jq -r .roles.ptrace "$POD_DIR/state.json")
run nsenter -t "$SIDE" -m -p -n -r /helpers/target rootkit "$parent" /bin/csi triage --json </dev/null
expect_gaps
found pid-not-listed "$parent"
found parent-hidden "$child"
kill "$(pgrep -P $sleeper)"

start standin && under=$PID
nsenter -t "$TPID" -m mount -t tmpfs none /proc
triage
found proc-covered "$under"
cells
