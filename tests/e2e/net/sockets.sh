#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every kind of socket of a process is listed, joined to it, as ss(8) sees it in the same namespace.
# uids: 0 65532
# needs: ss
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start sockets
[ "$TARGET_UID" = 0 ] || own_all

# row NAME FILTER: the record of that socket of the helper fulfils FILTER
row() {
	local inode
	inode=$(said "$1")
	case $inode in -*) return ;; esac
	expect_json "[.[] | select(.csi.socket.inode == $inode and .process.pid == $PID)] | length == 1 and (.[0] | $2)" "$1 ($inode)"
}

run csi net --json
expect_exit 0
expect_gaps
expect_printable "$OUT" "$ERR"
expect_all . '.csi.schema == 1'
row tcp-listen '.network == {"transport": "tcp", "type": "ipv4"} and .source == {"ip": "127.0.0.1", "port": 7001} and
	.destination == {"ip": "0.0.0.0", "port": 0} and .csi.socket.state == "LISTEN" and .process.name == "httpd"'
row tcp6-listen '.network == {"transport": "tcp", "type": "ipv6"} and .source == {"ip": "::1", "port": 7002} and .destination.ip == "::"'
row tcp-client '.destination == {"ip": "127.0.0.1", "port": 7001} and .csi.socket.state == "ESTABLISHED"'
row tcp-accepted '.source == {"ip": "127.0.0.1", "port": 7001} and .csi.socket.state == "ESTABLISHED"'
row udp-bound '.network.transport == "udp" and .source.port == 7003 and (.csi.socket | has("state") | not)'
row udp6-bound '.source == {"ip": "::1", "port": 7004}'
row udp-connected '.destination.port == 7003 and .csi.socket.state == "ESTABLISHED"'
row tcp-unbound '.network.transport == "tcp" and .csi.socket.state == "UNLISTED"'
row unix-listen '.network.transport == "unix" and .file.path == "/tmp/known\\x1b[2J.sock" and .csi.socket.type == "stream"'
row unix-abstract '.file.path == "@known" and .csi.socket.type == "dgram"'
row raw '.network.transport == "raw" and .csi.socket.protocol == "icmp"'
row raw6 '.network == {"transport": "raw", "type": "ipv6"} and .csi.socket.protocol == "icmp6"'
row packet '.network.transport == "packet" and .csi.socket.protocol == "all" and .csi.socket.type == "raw"'
row netlink '.network.transport == "netlink" and .csi.socket.protocol == "route"'
expect_all "select(.csi.socket.inode != null and .process.pid == $PID)" ".csi.socket.owner == \"process\" and .process.user.id == \"$TARGET_UID\""
# The kernel writes a newline in a unix path as it is. Nobody holds what such a line claims.
expect_json '[.[] | select(.file.path == "/forged") | .csi.socket.owner] == ["none"]'

# ss knows state, ends and inode of what has addresses.
nsenter -t "$TPID" -n ss -H -a -n -e -t -u >ss.txt
awk '{ ino = ""; for (i = 7; i <= NF; i++) if ($i ~ /^ino:/) ino = substr($i, 5)
	sub(/%[^:]*/, "", $5); print $1, $2, $5, $6, ino + 0 }' ss.txt | LC_ALL=C sort >ss.rows
jq -r 'def where($e): (if $e.ip | contains(":") then "[\($e.ip)]" else $e.ip end) + ":" + (if $e.port == 0 then "*" else "\($e.port)" end);
	select(.network.transport? == ("tcp", "udp") and .csi.socket.state != "UNLISTED") |
	[.network.transport, ({"ESTABLISHED": "ESTAB", "": "UNCONN"}[.csi.socket.state // ""] // .csi.socket.state // "UNCONN" | gsub("_"; "-")),
	where(.source), where(.destination), .csi.socket.inode] | join(" ")' "$OUT" | LC_ALL=C sort >csi.rows
expect_eq "$(grep -vc TIME-WAIT csi.rows)" 8 "sockets with addresses, the server's own too"
grep -v TIME-WAIT ss.rows >a
grep -v TIME-WAIT csi.rows >b
check "ss says otherwise" diff -u a b

run csi net -p "$PID" --json
expect_json "[.[] | select(.event.kind == \"state\")] | length > 9 and all(.process.pid == $PID)"
run csi net -p 1 --inet --listen --json
expect_exit 0
expect_json "[.[] | [.source.port, .csi.socket.owner]] == [[8080, \"process\"]]"

run csi net
expect_printable "$OUT" "$ERR"
expect_grep "^tcp    LISTEN      127.0.0.1:7001        \*:\* +$PID httpd$"
expect_grep "^tcp6   LISTEN      \[::1\]:7002            \*:\* +$PID httpd$"
