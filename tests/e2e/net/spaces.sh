#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each network namespace is read once, by whichever process is in it; a socket that another container of the pod
# holds is nobody's here.
# needs: ss
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start sockets
outer=$(said tcp-listen)

# In the target's PID namespace with a network namespace of its own; the root is the target's.
nsenter -t "$TPID" -p unshare -n bash -c 'ip link set lo up && exec chroot "$1" /app/httpd sockets 7101' - \
	"/proc/$TPID/root" 3>inner.txt 2>inner.err &
inner_job=$!
# In the target's network namespace and in a PID namespace that csi does not see: the pod's other container.
nsenter -t "$TPID" -n unshare -p -f --kill-child chroot "/proc/$TPID/root" /app/httpd sockets 7201 3>other.txt 2>other.err &
other_job=$!
for _ in {1..100}; do
	grep -q '^netlink ' inner.txt other.txt && [ "$(cat inner.txt other.txt | grep -c '^netlink ')" = 2 ] && break
	sleep 0.05
done
inner=$(sed -n 's/^tcp-listen //p' inner.txt)
other=$(sed -n 's/^tcp-listen //p' other.txt)

run csi net --json
expect_json "[.[] | select(.csi.socket.inode == ($outer, $inner, $other)) | .csi.ns.net] | length == 3 and .[0] != null" "three sockets"
expect_json "[.[] | select(.csi.socket.inode == $inner) | .csi.socket.owner, .source.port, .process.name] == [\"process\", 7101, \"httpd\"]"
expect_json "[.[] | select(.csi.socket.inode == $other) | .csi.socket.owner, .source.port, .process.pid] == [\"none\", 7201, null]"
expect_json "([.[] | select(.csi.socket.inode == $inner) | .csi.ns.net] | first) as \$i |
	([.[] | select(.csi.socket.inode == $outer) | .csi.ns.net] | first) as \$o |
	\$i != \$o and ([.[] | select(.source.port == 7001 and .csi.socket.state == \"LISTEN\")] | length == 1) and
	([.[] | select(.csi.ns.net == \$o and .csi.socket.inode == $other)] | length == 1)" "namespaces"
run csi net
expect_eq "$(grep -c '^network namespace' "$OUT")" 4 "headings: two namespaces, and again for what nobody has in them"
expect_grep '^tcp    LISTEN      127.0.0.1:7201 .* \(no process seen from here\)$'
run csi triage --json
expect_json "any(.[]; .rule.id == \"socket-unowned\" and .csi.level == \"low\" and .csi.subject == \"socket\" and
	.threat.technique.id[0] == \"T1014\" and any(.csi.evidence[]; .field == \"source.port\" and .value == \"7201\"))" "no sign of 7201"
expect_json "[.[] | select(.rule.id == \"socket-unowned\") | .csi.evidence[] | select(.field == \"source.port\" and (.value == \"7001\" or .value == \"7101\"))] == []"
# unshare(1) keeps SIGTERM from itself; its child ends with it. What is in the target's namespace ends with the pod.
kill -9 "$inner_job" "$other_job"
wait "$inner_job" "$other_job" 2>/dev/null || true
