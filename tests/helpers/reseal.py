#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reseal.py BUNDLE OUT NAME OLD NEW - a forged bundle: in the file that ends in NAME, OLD becomes NEW (as long),
and everything that speaks of it is made to agree again: sums, the ledger's record and chain, checkpoints, seal and
table. Written from tools/FORMAT.md alone. It shows what a seal does not prove: `csi verify` calls OUT sealed."""

import hashlib
import io
import json
import struct
import subprocess
import sys
import tarfile

PIECE = 1 << 20


def sha(data):
    return hashlib.sha256(data).hexdigest()


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def frame(data):
    """A data frame. On a file zstd writes the content size, which a pipe does not tell it."""
    return zstd(data, "--check", f"--stream-size={len(data)}", "--single-thread")


def mark(magic, payload):
    return struct.pack("<II", magic, len(payload)) + payload


def entries(tar):
    """(offset of the data, size, name below the top) of each regular file, in the archive's order."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return [(m.offset_data, m.size, m.name.split("/", 1)[1]) for m in archive if m.isreg()]


def forge(tar, name, old, new):
    """The tar with OLD as NEW, sums and ledger made to agree. Nothing changes its length."""
    tar, fresh, count = bytearray(tar), {}, 0

    def replace(offset, size, pairs):
        data = bytes(tar[offset:offset + size])
        for before, after in pairs.items():
            data = data.replace(before.encode(), after.encode())
        before, after = sha(tar[offset:offset + size]), sha(data)
        tar[offset:offset + size] = data
        if before != after:
            fresh[before] = after

    for offset, size, path in entries(bytes(tar)):
        if path.endswith(name):
            data = bytes(tar[offset:offset + size])
            count += data.count(old)
            replace(offset, size, {old.decode(): new.decode()})
        elif path.startswith(("ledger/", "sums/")):
            replace(offset, size, fresh)
    if not count or len(old) != len(new):
        raise SystemExit("reseal.py: nothing to forge")
    return bytes(tar)


def seal(tar, status, gaps):
    """A stream around TAR: frames, one checkpoint, seal, table (FORMAT.md section 1)."""
    stream, table, listed = b"", [], len(tarfile.open(fileobj=io.BytesIO(tar)).getmembers())

    def add(raw, content):
        nonlocal stream
        stream += raw
        table.append((len(raw), content))

    def numbers(kind, seq):
        return f'{{"csi":"{kind}","v":1,"seq":{seq},'

    for at in range(0, len(tar), PIECE):
        piece = tar[at:at + PIECE]
        add(frame(piece), len(piece))
    line = numbers("checkpoint", 1) + f'"entries":{listed},"bytes":{len(tar)},"sha256":"{sha(stream)}"}}\n'
    add(mark(0x184D2A5C, line.encode()), 0)
    rows = table + [(520, 0)]
    index = b"".join(struct.pack("<II", *row) for row in rows) + struct.pack("<IBI", len(rows), 0, 0x8F92EAB1)
    index = mark(0x184D2A5E, index)
    line = numbers("seal", 2) + (f'"status":"{status}","entries":{listed},"bytes":{len(tar)},"gaps":{gaps},'
                                 f'"stream_size":{len(stream) + 520 + len(index)},"sha256":"{sha(stream)}",'
                                 f'"table_size":{len(index)},"table_sha256":"{sha(index)}"')
    line += f',"self":"{sha(line.encode())}"}}'
    return stream + mark(0x184D2A5C, line.encode().ljust(511) + b"\n") + index


def old_seal(data):
    """status and gaps of the seal that the bundle has."""
    at = data.rindex(b'{"csi":"seal"')
    told = json.loads(data[at:data.index(b"}", at) + 1])
    return told["status"], told["gaps"]


def main(argv):
    bundle, out, name, old, new = argv[1:]
    with open(bundle, "rb") as file:
        data = file.read()
    tar = zstd(data, "-d")
    with open(out, "wb") as file:
        file.write(seal(forge(tar, name, old.encode(), new.encode()), *old_seal(data)))


if __name__ == "__main__":
    main(sys.argv)
