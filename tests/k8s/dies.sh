#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A target that dies midway: what came before is kept and proven, the end is said, exit code 14. A container that a failing
# probe restarts is another one afterwards: isolate says what a probe allows, and nothing hangs.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
app dying '' 'restartPolicy: Never'
app probed 'livenessProbe: {exec: {command: [/app/httpd, nonsense]}, periodSeconds: 3, failureThreshold: 3}'
ready dying
at dying
head -c 60M /dev/urandom >"$MERGED/tmp/large"
plugin ps dying >/dev/null 2>&1
plugin collect dying -o case -- --rate 4M >"$OUT" 2>"$ERR" &
collecting=$!
for _ in {1..200}; do
	[ "$(stat -c %s case/app-1.tar.zst.partial 2>/dev/null || echo 0)" -lt 14000000 ] || break
	sleep 0.1
done
kill -9 "$TPID"
wait "$collecting"
RC=$?
expect_exit 14
expect_grep '^app +ended: .*app-1\.tar\.zst +the target is gone' "$OUT"
run host_csi verify case/app-1.tar.zst
expect_exit 3
expect_grep ' proven +[1-9]'
run plugin ps dying
expect_exit 11
run plugin doctor dying
expect_exit 11
run plugin collect dying -o after
expect_exit 11
expect_grep '^app +ended: .*log only'
k delete pod dying --force --grace-period=0 >/dev/null 2>&1
run plugin ps dying
expect_exit 14

# Three failures in 3 seconds each: it is restarted while csi is beside it.
for _ in {1..100}; do
	run plugin isolate probed --dry-run
	[ "$RC" -eq 0 ] && break
	sleep 0.2
done
expect_grep 'liveness probe, every 3 s: after 3 failures, about 7 s' "$ERR"
before=$(k get pod probed -o 'jsonpath={.status.containerStatuses[0].restartCount}')
plugin shell probed -- -c 'sleep 30' >"$OUT" 2>"$ERR"
for _ in {1..60}; do
	[ "$(k get pod probed -o 'jsonpath={.status.containerStatuses[0].restartCount}')" -gt "$before" ] && break
	sleep 0.5
done
check "the probe restarted nothing" test "$(k get pod probed -o 'jsonpath={.status.containerStatuses[0].restartCount}')" -gt "$before"
