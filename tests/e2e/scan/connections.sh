#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Addresses among the network indicators are compared with what the processes are connected to, port and network
# included, and nothing is connected to for it.
# roles: ptrace same
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start sockets
client=$PID
printf 'rule nope { condition: false }\n' >"$FIXTURE/none.yar"
list() { printf '%s\n' "$@" >"$FIXTURE/c2.txt" && chmod -R a+rX "$FIXTURE"; }
scan() { run csi scan --memory --rules /fixture/none.yar --ioc-network /fixture/c2.txt "$@"; }
# Memory holds the words of a list that was asked about: only sockets count here.
found() { jq -r 'select(.csi.scan.kind? == "socket") | [.rule.id, .csi.level, .network.transport, .destination.ip, .destination.port, .csi.socket.owner, .process.pid] | join(" ")' "$OUT" | LC_ALL=C sort -u >got; }
only() { # LINE...
	printf '%s\n' "$@" | LC_ALL=C sort >want
	found
	check "other sockets" diff -u want got
}

list '127.0.0.1:7001;the port of C2' '127.0.0.1:7999;another port' '192.0.2.0/24;another network' 'c2.example;a name'
scan --json
expect_gaps
expect_exit 0
only "ioc_network high tcp 127.0.0.1 7001 process $client"
expect_json 'any(.[]; .csi.scan.kind? == "socket" and (.csi.rule.meta | any(.key == "comment" and .value == "the port of C2"))
	and .csi.socket.state == "ESTABLISHED" and .source.ip == "127.0.0.1" and .event.kind == "alert")' "the record"
scan --fail-on high
expect_exit 4
expect_grep "^high +ioc_network +socket +$client"
expect_grep '^ +tcp 127\.0\.0\.1 port [0-9]+ to 127\.0\.0\.1 port 7001, ESTABLISHED$'
expect_printable "$OUT" "$ERR"
scan -p 1 --json
found
expect_empty got

# A network: the server's end of the connection, and the connected UDP socket, too
list '127.0.0.0/8;a network'
scan -p "$client" --json
expect_exit 0
found
expect_eq "$(cut -d' ' -f3,4 got | sort -u | tr '\n' ',')" 'tcp 127.0.0.1,udp 127.0.0.1,' "what lies in the network"
run csi scan --files --rules /fixture/none.yar --ioc-network /fixture/c2.txt --json /fixture
found
expect_empty got
