#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kill of kubectl, or of the plugin, leaves no csi running in the pod after 10 s. A watcher in the pod that kills csi
# five times is reported as that, and the evidence is there all the same.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
app victim
app watched
ready victim watched
at victim
head -c 100M /dev/urandom >"$MERGED/tmp/large"
plugin ps victim >/dev/null 2>&1

# clean WHAT: no collection is left 10 s after
clean() {
	local from=$SECONDS
	wait_for 10 "csi to end: $1" no_tethered_csi
	note "$1: gone after $((SECONDS - from)) s"
}
under_way() { wait_for 60 "a collection to be under way: $1" tethered_csi; }
kubectls() { pgrep -f "^kubectl .*--namespace=$NS exec .* csi --tether"; }

plugin collect victim -o one --retries 0 -- --rate 4M >"$OUT" 2>"$ERR" &
job=$!
under_way "kubectl"
sleep 2
kubectls | xargs kill -9
clean "kubectl killed"
wait "$job"
RC=$?
expect_exit 12
expect_grep 'the line to csi-1 broke' "$ERR"
expect_grep '^app +running +(app-1\.tar\.zst|-) +cut' "$OUT"

plugin collect victim -o two --retries 0 -- --rate 4M >"$OUT" 2>"$ERR" &
job=$!
under_way "the plugin"
sleep 2
{ pgrep -P "$job" && echo "$job"; } | xargs kill -9
clean "the plugin killed"
wait "$job" 2>/dev/null

# Five times, then it rests; PID 1 goes on.
at watched
plugin ps watched >/dev/null 2>&1
# Each collection lasts some seconds, so that none is over before the watcher sees it.
head -c 8M /dev/urandom >"$MERGED/tmp/large"
start watcher 5 collect
run plugin collect watched -o watched --retries 6 -- --rate 2M
expect_exit 3
expect_grep 'csi was killed 5 times by SIGKILL, and not for want of memory: something in the pod watches for it' "$ERR"
expect_grep '^app +running .*sealed, complete.*killed 5 times' "$OUT"
expect_grep 'killed 5 times' watched/api/gaps.txt
run host_csi verify watched
expect_exit 0

# It kills the container itself: a new one is injected for each try, and that is said too.
start watcher 2 init
run plugin collect watched -o again --retries 4
expect_grep '(the csi container itself ended|csi-[0-9] was killed as soon as it ran)' "$ERR"
expect_grep '^app +running .*sealed, complete.*killed' "$OUT"
