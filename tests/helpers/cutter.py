#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line that breaks: cutter.py TARGET-PORT PORT-FILE COUNT LEAST MOST SEED

Passes TCP connections on to 127.0.0.1:TARGET-PORT, and COUNT times, each time after LEAST to MOST more bytes
have come from the server, resets every connection that there is. PORT-FILE gets its port; each cut is a line."""

import random
import select
import socket
import struct
import sys

port, port_file, count, least, most, seed = sys.argv[1:]
dice = random.Random(int(seed))
listener = socket.create_server(("127.0.0.1", 0))
with open(port_file, "w", encoding="ascii") as f:
    f.write(str(listener.getsockname()[1]))
peers = {}    # socket -> the other end
servers = set()
cuts, passed, total = 0, 0, 0
limit = dice.randint(int(least), int(most))


def reset(sock):
    """Without a goodbye, as when a router forgets."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def drop(sock):
    other = peers.pop(sock, None)
    servers.discard(sock)
    sock.close()
    if other is not None:
        peers.pop(other, None)
        servers.discard(other)
        other.close()


def accept():
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", int(port)))
    peers[client], peers[server] = server, client
    servers.add(server)


def forward(sock):
    """Bytes passed on that came from the server."""
    try:
        data = sock.recv(65536)
        if data:
            peers[sock].sendall(data)
            return len(data) if sock in servers else 0
    except OSError:
        pass
    drop(sock)
    return 0


while True:
    ready, _, _ = select.select([listener, *peers], [], [])
    for s in ready:
        if s is listener:
            accept()
        elif s in peers:
            passed += forward(s)
    if cuts < int(count) and passed >= limit:
        cuts, total = cuts + 1, total + passed
        passed, limit = 0, dice.randint(int(least), int(most))
        for s in list(peers):
            reset(s)
        peers.clear()
        servers.clear()
        print(f"cut {cuts} after {total} bytes", flush=True)
