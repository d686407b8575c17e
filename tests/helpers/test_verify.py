#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of verify.py: bundles made here from tools/FORMAT.md, whole, cut at every byte, flipped in
every byte, and broken in each way that the format names.

  test_verify.py [-v] [TEST...]
"""

import contextlib
import ctypes
import hashlib
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import verify  # noqa: E402

TOP = b"csi-20261123T184921Z-web-0/"
MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                      2870177450012600261)
GIB2 = 2147483648


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# A writer: zstd frames of raw blocks, with the checksum in Python, so that each byte can be chosen

def rotate(value, bits):
    return (value << bits | value >> 64 - bits) & MASK


def xxh_round(lane, word):
    return rotate((lane + word * P2) & MASK, 31) * P1 & MASK


def xxh_lanes(data):
    lanes = [P1 + P2 & MASK, P2, 0, -P1 & MASK]
    for at in range(0, len(data) // 32 * 32, 32):
        lanes = [xxh_round(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at))]
    digest = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    for lane in lanes:
        digest = ((digest ^ xxh_round(0, lane)) * P1 + P4) & MASK
    return digest


def xxh_tail(digest, tail):
    while len(tail) >= 8:
        digest = (rotate(digest ^ xxh_round(0, struct.unpack_from("<Q", tail)[0]), 27) * P1 + P4) & MASK
        tail = tail[8:]
    if len(tail) >= 4:
        digest = (rotate(digest ^ struct.unpack_from("<I", tail)[0] * P1 & MASK, 23) * P2 + P3) & MASK
        tail = tail[4:]
    for byte in tail:
        digest = rotate(digest ^ byte * P5 & MASK, 11) * P1 & MASK
    return digest


def xxh64(data):
    digest = xxh_lanes(data) if len(data) >= 32 else P5
    digest = xxh_tail((digest + len(data)) & MASK, data[len(data) // 32 * 32:])
    digest = (digest ^ digest >> 33) * P2 & MASK
    digest = (digest ^ digest >> 29) * P3 & MASK
    return digest ^ digest >> 32


def block(kind, size, last, body):
    return (last | kind << 1 | size << 3).to_bytes(3, "little") + body


def raw_frame(content, header=None, size=131072):
    header = header or b"\xa4" + struct.pack("<I", len(content))
    blocks = b"".join(block(0, len(content[at:at + size]), at + size >= len(content), content[at:at + size])
                      for at in range(0, len(content), size))
    return verify.DATA + header + blocks + struct.pack("<I", xxh64(content) & 0xFFFFFFFF)


def library_frame(content):
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_createCCtx.restype = ctypes.c_void_p
    lib.ZSTD_CCtx_setParameter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    lib.ZSTD_compress2.restype = ctypes.c_size_t
    lib.ZSTD_compress2.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    lib.ZSTD_freeCCtx.argtypes = [ctypes.c_void_p]
    context = lib.ZSTD_createCCtx()
    lib.ZSTD_CCtx_setParameter(context, 201, 1)     # checksum
    room = ctypes.create_string_buffer(len(content) + 4096)
    size = lib.ZSTD_compress2(context, room, len(room), content, len(content))
    lib.ZSTD_freeCCtx(context)
    return room.raw[:size]


def mark(payload):
    return verify.MARK + struct.pack("<I", len(payload)) + payload


class Stream:
    """The frames of a bundle. COUNT maps tar bytes to the entries complete in them."""

    def __init__(self, count):
        self.count = count
        self.out = b""
        self.pairs = []
        self.marks = []     # ends of checkpoints and seal
        self.seq = self.size = 0

    def add(self, frame, content_size=0):
        self.out += frame
        self.pairs.append(struct.pack("<II", len(frame), content_size))
        return self

    def data(self, content, frame=raw_frame):
        self.size += len(content)
        return self.add(frame(content), len(content))

    def fields(self, change):
        self.seq += 1
        return {"seq": self.seq, "entries": self.count(self.size), "bytes": self.size, "sha256": sha256(self.out), **change}

    def checkpoint(self, edit=lambda line: line, **change):
        line = json.dumps({"csi": "checkpoint", "v": 1, **self.fields(change)}, separators=(",", ":")) + "\n"
        self.add(mark(edit(line.encode())))
        self.marks.append(len(self.out))
        return self

    def padding(self, length=None, fill=b"\0"):
        gap = -len(self.out) % 65536
        if length is None:
            length = gap - 8 if gap >= 8 else gap + 65528
        return self.add(b"\x5d\x2a\x4d\x18" + struct.pack("<I", length) + fill * length)

    def table_bytes(self):
        n = len(self.pairs)
        return b"".join([b"\x5e\x2a\x4d\x18", struct.pack("<I", 8 * n + 9), *self.pairs, struct.pack("<IB", n, 0),
                         b"\xb1\xea\x92\x8f"])

    def seal(self, status="complete", own=None, edit=lambda payload: payload, **change):
        fields = self.fields({})
        self.pairs.append(struct.pack("<II", 520, 0))
        table = self.table_bytes()
        fields = {"csi": "seal", "v": 1, "seq": fields.pop("seq"), "status": status, "entries": fields["entries"],
                  "bytes": fields["bytes"], "gaps": 0, "stream_size": len(self.out) + 520 + len(table),
                  "sha256": fields["sha256"], "table_size": len(table), "table_sha256": sha256(table), **change}
        head = json.dumps(fields, separators=(",", ":"))[:-1].encode()
        payload = head + b',"self":"' + (own or sha256(head)).encode() + b'"}'
        self.out += mark(edit(payload.ljust(511) + b"\n"))
        self.marks.append(len(self.out))
        return self

    def table(self, edit=lambda table: table):
        self.out += edit(self.table_bytes())
        return self


def header(name, kind, size, link=b"", prefix=b"", magic=b"ustar\x0000", checksum=None):
    head = b"%s0000644\x000000000\x000000000\x00%s%011o\x00" % (name.ljust(100, b"\0"), b"%011o\x00" % size, 1)
    tail = kind + link.ljust(100, b"\0") + magic + bytes(80) + prefix.ljust(155, b"\0") + bytes(12)
    total = sum(head) + sum(tail) + 256 if checksum is None else checksum
    return head + b"%06o\x00 " % total + tail


def pad(data):
    return data + bytes(-len(data) % 512)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    size = len(body)
    while size != len(body) + len(str(size)):
        size = len(body) + len(str(size))
    return str(size).encode() + body


def extended(*records, size=None):
    text = b"".join(records)
    return header(b"PaxHeaders/x", b"x", len(text) if size is None else size) + pad(text)


def sums_line(content, name):
    safe = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if safe != name else b"") + sha256(content).encode() + b"  " + safe + b"\n"


class Tar:
    """A bundle's tar, entry by entry, with the sums that they call for."""

    def __init__(self, top=TOP):
        self.out = b""
        self.ends = []
        self.listed = []
        self.sums = b""
        self.number = 1
        self.previous = "0" * 64
        if top:
            self.add(header(top, b"5", 0))

    def add(self, data):
        self.out += data
        self.ends.append(len(self.out))
        return self

    def count(self, size):
        return sum(end <= size for end in self.ends)

    def file(self, name, content=b"", before=b""):
        self.sums += sums_line(content, name)
        return self.add(before + header(TOP + name, b"0", len(content)) + pad(content))

    def directory(self, name):
        return self.add(header(TOP + name, b"5", 0))

    def link(self, name, target):
        return self.add(header(TOP + name, b"2", 0, target))

    def sparse(self, name, size, extents, content=None, stored=None, text=None, change=()):
        text = text or b"".join(b"%d\n" % n for n in [len(extents), *(n for at, data in extents for n in (at, len(data)))])
        body = pad(text) + b"".join(data for _, data in extents)
        records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": TOP + name,
                   b"GNU.sparse.realsize": b"%d" % size}
        records.update(change)
        if content is not None:
            self.sums += sums_line(content, name)
        head = extended(*(record(*pair) for pair in records.items() if pair[1] is not None))
        return self.add(head + header(TOP + b"GNUSparseFile.0/x", b"0", len(body) if stored is None else stored) + pad(body))

    def ledger(self, *lines, edit=lambda content: content, name=None, pair=True, number=None, before=b"", **chain):
        first = {"@timestamp": "2026-11-23T18:49:21.000000000Z",
                 "csi": {"schema": 1, "action": "ledger", "ledger": {"previous": self.previous, "seq": self.number, **chain}},
                 "event": {"kind": "event"}}
        content = edit("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [first, *lines]).encode())
        number = number or self.number
        self.file(name or b"ledger/%06d.jsonl" % number, content, before)
        self.previous = sha256(content)
        return self.part(number) if pair else self

    def part(self, number=None, edit=lambda text: text):
        content = edit(self.sums)
        self.add(header(TOP + b"sums/%06d.sha256" % (number or self.number), b"0", len(content)) + pad(content))
        self.sums = b""
        self.number += 1
        return self

    def end(self, zeros=1024):
        self.out += bytes(zeros)
        return self


def plain_tar():
    return Tar().file(b"case.json", b'{"case":1}\n')


def whole_tar():
    return plain_tar().ledger().end()


def stream_of(tar, step=None, frame=raw_frame, marks=1):
    """A sealed stream of TAR in frames of STEP bytes, with a checkpoint after each MARKS of them."""
    stream = Stream(tar.count)
    step = step or max(len(tar.out), 1)
    for number, at in enumerate(range(0, len(tar.out), step)):
        stream.data(tar.out[at:at + step], frame)
        if marks and number % marks == marks - 1:
            stream.checkpoint()
    return stream


def sealed(tar, **how):
    return stream_of(tar, **how).seal().table()


def padded_stream(step=700):
    tar = whole_tar()
    stream = Stream(tar.count)
    for at in range(0, len(tar.out), step):
        stream.data(tar.out[at:at + step]).checkpoint().padding()
    return stream


def stream_to_gap(tar, gap):
    """TAR and a checkpoint that ends GAP bytes before a multiple of 65,536: empty blocks fill up."""
    size = len(Stream(tar.count).data(tar.out).checkpoint().out)
    more = (-size - gap) % 65536 + 65536
    blocks, rest = divmod(more, 3)
    # A window byte and a wider content size are the two that a multiple of 3 may lack.
    head = {0: b"\xa4" + struct.pack("<I", len(tar.out)), 1: b"\x84\x58" + struct.pack("<I", len(tar.out)),
            2: b"\xe4" + struct.pack("<Q", len(tar.out))}[rest]
    if rest == 2:
        blocks, rest = divmod(more - 4, 3)
        head = {0: head, 1: b"\xc4\x58" + struct.pack("<Q", len(tar.out))}[rest]
    frame = raw_frame(tar.out, head)
    at = 4 + len(head)
    return Stream(tar.count).data(tar.out, lambda content: frame[:at] + block(0, 0, 0, b"") * blocks + frame[at:]).checkpoint()


def large_extents(*extents):
    return sha256(b"".join(struct.pack("<QQ", at, len(data)) + data for at, data in extents if data))


def item_record(name, digest):
    return {"csi": {"action": "collect file", "item": name, "hash": {"extents": digest}}}


def rich_tar():
    """Every kind of entry and name, in two pairs of parts."""
    tar = plain_tar().directory(b"files/").directory(b"files/mnt-2/").link(b"files/mnt-2/l", b"/etc/passwd")
    tar.file(b"files/mnt-2/a\\b\nc", b"x").file(b"files/mnt-2/\xff\xfe \x1b[31m\r", b"y" * 513)
    long = b"files/" + b"/".join([b"d" * 200] * 12)
    tar.sums += sums_line(b"long", long)
    tar.add(extended(record(b"path", b"other"), record(b"path", TOP + long), record(b"mtime", b"1.5"),
                     record(b"SCHILY.xattr.user.n", b"\0=\n" * 30000), record(b"size", b"4"))
            + header(b"short", b"0", 0) + pad(b"long"))
    tar.sparse(b"files/s", 10000, [(0, b"ab"), (4096, b"c" * 1000), (10000, b"")], b"ab".ljust(4096, b"\0") + (b"c" * 1000).ljust(5904, b"\0"))
    tar.sparse(b"files/hole", 4096, [], bytes(4096)).ledger()
    big = [(0, b"begin"), (5, b""), (1 << 40, b"end")]
    tar.sparse(b"files/big\n", (1 << 40) + 3, big)
    return tar.ledger(item_record("files/big\\x0a", large_extents(*big))).end()


def check(data):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return verify.verify(file)


def command(data, *args):
    """Exit code, standard output and error of the command on DATA."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([sys.executable, os.path.join(HERE, "verify.py"), file.name, *args], capture_output=True)
    return done.returncode, done.stdout, done.stderr


def proven_at(stream, size):
    """What is proven of STREAM's first SIZE bytes."""
    return max([end for end in stream.marks if end <= size], default=0)


class Case(unittest.TestCase):
    def verdict(self, data, verdict, why="", proven=None):
        report = check(data)
        self.assertEqual(report["verdict"], verdict, report)
        self.assertIn(why, report["why"] or "")
        if proven is not None:
            self.assertEqual(report["proven_bytes"], proven, report)
        return report

    def altered(self, stream, why):
        data = stream if isinstance(stream, bytes) else stream.out
        return self.verdict(data, "altered", why)

    def altered_tar(self, tar, why):
        """The same whether it comes in one frame or in small ones."""
        report = self.altered(sealed(tar), why)
        self.altered(sealed(tar, step=700, marks=0), why)
        return report

    def sealed(self, stream):
        report = self.verdict(stream.out, "sealed")
        self.assertEqual(report["sha256"], sha256(stream.out))
        self.assertEqual(report["bytes"], len(stream.out))
        self.assertEqual(report["proven_bytes"], stream.marks[-1])
        self.assertEqual(report["proven_sha256"], sha256(stream.out[:stream.marks[-1]]))
        return report


class Sealed(Case):
    def test_example(self):
        report = self.sealed(sealed(whole_tar()))
        self.assertEqual((report["status"], report["proven_entries"]), ("complete", 4))
        self.assertIsNone(report["why"])

    def test_status(self):
        for status in ("partial", "failed"):
            self.assertEqual(self.sealed(stream_of(whole_tar()).seal(status, gaps=7).table())["status"], status)

    def test_every_frame_size(self):
        tar = whole_tar()
        for step in (1, 100, 511, 512, 513, 1000):
            self.sealed(sealed(tar, step=step, marks=3))

    def test_rich(self):
        for step in (None, 300, 4096):
            report = self.sealed(sealed(rich_tar(), step=step))
            self.assertEqual(report["proven_entries"], 15)

    def test_compressed(self):
        self.sealed(sealed(rich_tar(), step=2097152, frame=library_frame))

    def test_no_checkpoint(self):
        self.sealed(sealed(whole_tar(), marks=0))

    def test_padding(self):
        stream = padded_stream()
        self.assertEqual(len(stream.pairs), 3 * 7)
        self.sealed(stream.seal().table())

    def test_padding_of_every_gap(self):
        tar = whole_tar()
        for gap in (1, 2, 7, 8, 9, 100, 65535):
            stream = stream_to_gap(tar, gap)
            self.assertEqual(-len(stream.out) % 65536, gap)
            self.sealed(stream.padding().seal().table())

    def test_padding_at_the_very_end(self):
        self.sealed(padded_stream().checkpoint().padding().checkpoint().padding().seal().table())

    def test_checkpoints_follow_each_other_and_the_end(self):
        self.sealed(stream_of(whole_tar()).checkpoint().checkpoint().seal().table())

    def test_window_descriptor(self):
        tar = whole_tar()
        frame = raw_frame(tar.out, b"\x84\x58" + struct.pack("<I", len(tar.out)))     # a window of 2 MiB
        self.sealed(Stream(tar.count).data(tar.out, lambda content: frame).seal().table())

    def test_small_content_sizes(self):
        tar = whole_tar()
        stream = Stream(tar.count)
        stream.data(tar.out[:200], lambda c: raw_frame(c, b"\x24" + bytes([len(c)])))
        stream.data(tar.out[200:600], lambda c: raw_frame(c, b"\x64" + struct.pack("<H", len(c) - 256)))
        stream.data(tar.out[600:], lambda c: raw_frame(c, b"\xe4" + struct.pack("<Q", len(c))))
        self.sealed(stream.seal().table())

    def test_rle_blocks(self):
        tar = whole_tar()
        stream = Stream(tar.count).data(tar.out[:-1024])
        frame = verify.DATA + b"\x64" + struct.pack("<H", 1024 - 256) + block(1, 1024, 1, b"\0")
        stream.data(bytes(1024), lambda c: frame + struct.pack("<I", xxh64(c) & 0xFFFFFFFF))
        self.sealed(stream.seal().table())

    def test_ustar_prefix(self):
        tar = plain_tar()
        tar.sums += sums_line(b"", b"files/x")
        tar.add(header(b"files/x", b"0", 0, prefix=TOP[:-1])).ledger().end()
        self.sealed(sealed(tar))

    def test_extended_header_of_the_top(self):
        tar = Tar(None).add(extended(record(b"path", TOP)) + header(b"x", b"5", 0)).ledger().end()
        self.sealed(sealed(tar))

    def test_large_file_of_nothing(self):
        tar = plain_tar().sparse(b"files/x", GIB2 + 1, [(GIB2 + 1, b"")])
        self.sealed(sealed(tar.ledger(item_record("files/x", sha256(b""))).end()))


class Tools(Case):
    """The writer here against programs that know nothing of this format."""

    def setUp(self):
        if not all(map(shutil.which, ("tar", "zstd", "sha256sum"))):
            self.skipTest("tar, zstd or sha256sum is missing")
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def run_in(self, line, data=None):
        return subprocess.run(["sh", "-c", line], cwd=self.dir, input=data, capture_output=True, check=False)

    def test_unpack_and_check(self):
        tar = plain_tar().file(b"files/a\\b\nc", b"x")
        content = bytes(4096) + (b"c" * 1000).ljust(4904, b"\0")
        tar.sparse(b"files/s", 9000, [(4096, b"c" * 1000), (9000, b"")], content)     # GNU tar needs the empty extent
        data = sealed(tar.ledger().end(), step=1000, frame=library_frame).out
        self.assertEqual(self.run_in("zstd -dcq | tar -x --no-same-owner", data).returncode, 0)
        self.assertEqual(self.run_in("cd csi-*/ && cat sums/* | sha256sum -c -").returncode, 0)


class Cuts(Case):
    def every_cut(self, stream, step=1):
        for size in range(1, len(stream.out), step):
            report = self.verdict(stream.out[:size], "cut", proven=proven_at(stream, size))
            self.assertEqual(report["proven_sha256"], sha256(stream.out[:report["proven_bytes"]]))
            self.assertEqual(report["bytes"], size)

    def test_every_byte(self):
        self.every_cut(sealed(whole_tar(), step=1000))

    def test_every_byte_compressed(self):
        self.every_cut(sealed(rich_tar(), step=5000, frame=library_frame, marks=2))

    def test_padded(self):
        stream = padded_stream().seal().table()
        ends = [end for mark in stream.marks[:-1] for end in (*range(mark - 1, mark + 12), *range(mark - mark % 65536 + 65533, mark - mark % 65536 + 65540))]
        for size in (*ends, *range(1, len(stream.out), 9973)):
            self.verdict(stream.out[:size], "cut", proven=proven_at(stream, size))

    def test_empty(self):
        self.verdict(b"", "not a bundle", "empty", 0)

    def test_index_only(self):
        stream = stream_of(whole_tar()).seal()
        report = self.verdict(stream.out, "cut", "seek table", len(stream.out))
        self.assertEqual((report["status"], report["proven_entries"]), ("complete", 4))

    def test_cut_frame_with_damage(self):
        """The content of an incomplete frame is not looked into."""
        stream = sealed(whole_tar(), step=1000)
        data = bytearray(stream.out[:stream.marks[0] + 300])
        data[-1] ^= 1
        self.verdict(bytes(data), "cut", proven=stream.marks[0])

    def test_cut_frame_with_bad_structure(self):
        good = stream_of(whole_tar()).out
        for tail, why in ((b"\x29", "no frame"), (b"\x28\xb6", "no frame"), (verify.MARK + struct.pack("<I", 300), "skippable"),
                          (verify.MARK + bytes(4), "skippable"), (verify.DATA + b"\xac", "reserved"), (verify.DATA + b"\xa0", "checksum"),
                          (verify.DATA + b"\xa5", "dictionary"), (verify.DATA + b"\x04", "content size"),
                          (verify.DATA + b"\x84\x59", "window"), (verify.DATA + b"\xa4" + struct.pack("<I", 2097153), "content size"),
                          (verify.DATA + b"\x24\0", "content size of 0"), (verify.DATA + b"\x24\x01\x06\0\0", "block type 3"),
                          (verify.DATA + b"\x24\x01" + block(0, 131073, 1, b""), "a block of"),
                          (verify.TABLE, "no frame")):
            self.verdict(good + tail, "altered", why, len(good))

    def test_cut_frame_with_good_structure(self):
        good = stream_of(whole_tar()).out
        for tail in (b"\x28", b"\x5c\x2a", verify.MARK + b"\x2c\x01", verify.DATA + b"\x24\x01\x06"):
            self.verdict(good + tail, "cut", "", len(good))

    def test_table_with_damage(self):
        stream = sealed(whole_tar())
        data = bytearray(stream.out[:-3])
        data[-2] ^= 1
        report = self.verdict(bytes(data), "altered", "seek table", stream.marks[-1])
        self.assertEqual(report["offset"], len(data) - 2)


class Flips(Case):
    def every_byte(self, stream):
        chance = random.Random(1)
        for at in range(len(stream.out)):
            data = bytearray(stream.out)
            data[at] ^= 1 << chance.randrange(8)
            report = check(bytes(data))
            self.assertNotEqual(report["verdict"], "sealed", at)
            self.assertEqual(report["proven_bytes"], proven_at(stream, at), (at, report))

    def test_raw(self):
        self.every_byte(sealed(whole_tar(), step=1000))

    def test_compressed(self):
        self.every_byte(sealed(rich_tar(), step=3000, frame=library_frame))

    def test_noise(self):
        """Several bytes at once, moved, doubled: a verdict, never anything else."""
        chance = random.Random(2)
        good = sealed(rich_tar(), step=3000, frame=library_frame).out
        for _ in range(300):
            data = bytearray(good)
            for _ in range(chance.randrange(1, 5)):
                a, b = sorted(chance.randrange(len(data)) for _ in range(2))
                data[a:a + chance.randrange(40)] = data[b:b + chance.randrange(40)]
            if data != good:
                self.assertIn(check(bytes(data))["verdict"], ("cut", "altered", "not a bundle"))


    def test_noise_in_the_tar(self):
        """The same below frames that are right, with header checksums mended."""
        chance = random.Random(3)
        good = rich_tar()
        for _ in range(400):
            tar = bytearray(good.out)
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(len(tar) // 512) * 512 if chance.random() < 0.5 else chance.randrange(len(tar) - 512)
                tar[at + chance.randrange(512)] = chance.choice(b"\0\n 017x5/.\xff")
                self.mend(tar, at // 512 * 512)
            report = check(stream_of(good, marks=0).out if tar == good.out else self.unmarked(bytes(tar)))
            self.assertIn(report["verdict"], ("cut", "altered", "not a bundle"))

    @staticmethod
    def mend(tar, at):
        if tar[at + 257:at + 262] == b"ustar":
            tar[at + 148:at + 156] = b" " * 8
            tar[at + 148:at + 156] = b"%06o\x00 " % sum(tar[at:at + 512])

    @staticmethod
    def unmarked(tar):
        return Stream(None).data(tar).out


class Frames(Case):
    def test_not_a_bundle(self):
        tar = b"not a tar".ljust(512) + bytes(1024)
        other = header(b"csi-x/a", b"0", 0) + bytes(1024)
        for data in (b"hello", mark(b"x"), raw_frame(tar), raw_frame(other), raw_frame(bytes(1024)), b"\x5e\x2a",
                     raw_frame(header(b"csi-/", b"5", 0)), raw_frame(header(b"csi--x/", b"5", 0)),
                     raw_frame(header(b"csi-" + b"x" * 65 + b"/", b"5", 0)), raw_frame(header(b"csi-x", b"5", 0)),
                     raw_frame(extended(record(b"path", b"tmp/")) + header(TOP, b"5", 0))):
            self.verdict(data, "not a bundle", proven=0)

    def test_content_checksum(self):
        frame = bytearray(raw_frame(whole_tar().out))
        frame[-1] ^= 1
        self.altered(bytes(frame), "does not decompress")

    def test_content_size(self):
        content = whole_tar().out
        for size in (len(content) - 1, len(content) + 1):
            self.altered(raw_frame(content, b"\xa4" + struct.pack("<I", size)), "does not decompress")

    def test_no_end(self):
        """Blocks of nothing without a last one, up to the limit."""
        self.altered(verify.DATA + b"\x24\x01" + block(0, 0, 0, b"") * 800000, "a frame of more")

    def test_bomb(self):
        self.altered(verify.DATA + b"\x24\x01" + block(1, 131072, 0, b"\0") * 400000 + block(0, 0, 1, b"") + bytes(4), "does not decompress")

    def test_bad_padding(self):
        for length in (0, 1, 65535, 70000, 1 << 31):
            self.altered(stream_of(whole_tar()).padding(length).seal().table(), "padding of")
        self.altered(stream_of(whole_tar()).padding(fill=b"\1").seal().table(), "padding that is not zero")
        self.altered(stream_of(whole_tar(), marks=0).padding().seal().table(), "no frame begins here")
        self.altered(stream_of(whole_tar()).padding().padding().seal().table(), "no frame begins here")
        self.altered(padded_stream().padding(65528).seal().table(), "no frame begins here")
        self.altered(stream_to_gap(whole_tar(), 0).padding(65528).seal().table(), "padding where none is needed")
        self.altered(stream_of(whole_tar()).seal().padding().table(), "seek table")

    def test_padding_is_in_the_next_digest(self):
        stream = stream_of(whole_tar())
        self.altered(stream.padding().seal(sha256=sha256(stream.out[:stream.marks[-1]])).table(), "sha256 does not agree")

    def test_too_many_frames(self):
        before = verify.MAX_FRAMES
        self.addCleanup(setattr, verify, "MAX_FRAMES", before)
        verify.MAX_FRAMES = 3
        self.sealed(sealed(whole_tar()))
        self.altered(stream_of(whole_tar()).checkpoint().seal().table(), "more than 3 frames")

    def test_checkpoint(self):
        for change in ({"seq": 2}, {"entries": 3}, {"entries": 5}, {"bytes": 1}, {"sha256": "0" * 64}, {"v": 2}, {"more": 1}):
            self.altered(stream_of(whole_tar(), marks=0).checkpoint(**change).seal().table(), "checkpoint 1")

    def test_checkpoint_text(self):
        for edit in (lambda line: line + b"\n", lambda line: line.replace(b",", b", "), lambda line: line[:-1] + b" "):
            self.altered(stream_of(whole_tar(), marks=0).checkpoint(edit).seal().table(), "checkpoint 1")

    def test_checkpoint_proves_what_is_before(self):
        stream = stream_of(whole_tar(), step=1000)
        proven = stream.marks[-1]
        report = self.altered(stream.checkpoint(seq=9), "checkpoint")
        self.assertEqual(report["proven_bytes"], proven)

    def test_seal(self):
        for change in ("seq", "entries", "bytes", "stream_size", "table_size"):
            self.altered(stream_of(whole_tar()).seal(**{change: 9}).table(), "the seal's %s " % change)
        for change in ("sha256", "table_sha256", "own"):
            what = change.replace("own", "self")
            self.altered(stream_of(whole_tar()).seal(**{change: "0" * 64}).table(), "the seal's %s " % what)
        self.altered(stream_of(whole_tar()).seal("done").table(), "status")

    def test_seal_text(self):
        for edit in (lambda p: p[:-1] + b" ", lambda p: p[:-2] + b"x\n", lambda p: p.replace(b":1,", b":01,", 1)[:511] + b"\n",
                     lambda p: b" " + p[:-2] + b"\n", lambda p: bytes(512), lambda p: p.replace(b'"gaps":0', b'"gaps":-')):
            self.altered(stream_of(whole_tar()).seal(edit=edit).table(), "not written as a seal")
        for gaps in ("x", True, 1.5):
            self.altered(stream_of(whole_tar()).seal(gaps=gaps).table(), "not written as a seal")
        self.altered(stream_of(whole_tar()).seal(gaps=1 << 63).table(), "gaps is not a number")

    def test_seal_of_an_open_tar(self):
        for tar in (plain_tar(), plain_tar().ledger(), plain_tar().ledger().end(512), plain_tar().end(),
                    plain_tar().ledger(pair=False).end(), Tar().end()):
            self.altered(sealed(tar), "the tar before the seal")

    def test_two_seals(self):
        self.altered(stream_of(whole_tar()).seal().seal().table(), "seek table")

    def test_table(self):
        for edit in (lambda t: t[:8] + b"\0" + t[9:], lambda t: t[:-5] + b"\x80" + t[-4:], lambda t: t[:-1] + b"\0",
                     lambda t: t[:8] + t[16:], lambda t: t[:8] + t[8:16] + t[8:]):
            stream = stream_of(whole_tar()).seal().table(edit)
            report = self.altered(stream, "seek table")
            self.assertEqual(report["proven_bytes"], stream.marks[-1])

    def test_something_follows(self):
        stream = sealed(whole_tar())
        for tail in (b"\0", b"\n", stream.out):
            report = self.altered(stream.out + tail, "follows")
            self.assertEqual(report["offset"], len(stream.out))
            self.assertEqual(report["proven_bytes"], stream.marks[-1])


class Entries(Case):
    def entry(self, data):
        """A tar with the bytes DATA where an entry should be."""
        return plain_tar().add(data).ledger().end()

    def test_header(self):
        for data, why in ((header(TOP + b"x", b"0", 0, magic=b"ustar  \0"), "magic"), (header(TOP + b"x", b"0", 0, checksum=1), "checksum"),
                          (header(TOP + b"x", b"0", 0).replace(b"00000000000\0", b"\x80" + bytes(11)), "checksum")):
            self.altered_tar(self.entry(data), why)

    def test_types(self):
        for kind in (b"1", b"3", b"4", b"6", b"7", b"g", b"L", b"K", b"S", b"\0", b"X", b"\xff"):
            self.altered_tar(self.entry(header(TOP + b"x", kind, 0)), "typeflag")
        self.altered_tar(self.entry(extended() + extended() + header(TOP + b"x", b"2", 0)), "typeflag")

    def test_data_where_none_is(self):
        for kind, name in ((b"2", b"x"), (b"5", b"x/")):
            self.altered_tar(self.entry(header(TOP + name, kind, 512) + bytes(512)), "with data")

    def test_names(self):
        for name in (b"", b"/x", b"a//b", b"./x", b"a/.", b"a/..", b"../x", b"a/", b"x/../../y"):
            self.altered_tar(self.entry(header(TOP + name, b"2", 0)), "a bad name")
        for name in (b"", b"/", b"a//"):
            self.altered_tar(self.entry(header(TOP + name, b"5", 0)), "")
        self.altered_tar(self.entry(header(TOP + b"x", b"5", 0)), "without /")
        for path in (b"csi-other/x", b"/etc/passwd", b"x", TOP[:-1]):
            self.altered_tar(self.entry(header(path, b"2", 0)), "outside of the top")

    def test_extended_names(self):
        for value in (TOP + b"x\0y", TOP + b"x" * 4096, TOP + b"x" * 20000, b"", TOP + b"a/../b"):
            self.altered_tar(self.entry(extended(record(b"path", value)) + header(TOP + b"x", b"2", 0)), "")
        self.sealed(sealed(self.entry(extended(record(b"path", TOP + b"x" * 4095)) + header(TOP + b"x", b"2", 0))))

    def test_records(self):
        link = header(TOP + b"x", b"2", 0)
        for text, why in ((b"11 path=a\n ", "without a newline"), (b"x path=a\n", "a record"), (b"10 path=a\n11", "a record without a length"),
                          (b"010 path=a\n", "not a number"), (b"10 pathxxa\n", "without a key"), (b"11 path=abc\n", ""),
                          (b"4 =\n", "a record of"), (b"5 =a\n", "without a key"), (b"9" * 30, "without a length"), (b"0 a=b\n", "a record of"),
                          (b"7 size=", ""), (b" a=b\n", "")):
            self.altered_tar(self.entry(extended(text) + link), why)

    def test_big_records(self):
        link = header(TOP + b"x", b"2", 0)
        self.sealed(sealed(self.entry(extended(record(b"SCHILY.xattr.user.x", bytes(3000000))) + link), step=1000000))
        text = b"20010 a=" + b"x" * 20002
        self.altered_tar(self.entry(extended(text) + link), "without a newline")
        self.altered_tar(self.entry(extended(record(b"a" * 20000, b"x")) + link), "without a key")

    def test_size_record(self):
        for value in (b"-1", b"0x4", b"", b"04", b"9223372036854775808", b" 1", b"1.0"):
            self.altered_tar(self.entry(extended(record(b"size", value)) + header(TOP + b"x", b"0", 0)), "a size is not a number")

    def test_padding(self):
        data = header(TOP + b"x", b"0", 1) + b"a".ljust(511, b"\0") + b"b"
        self.altered_tar(self.entry(data), "padding")
        self.altered_tar(self.entry(extended(record(b"a", b"b"))[:-1] + b"x" + header(TOP + b"x", b"2", 0)), "padding")

    def test_end(self):
        tar = plain_tar().ledger()
        for tail in (bytes(1536), bytes(1024) + b"x", bytes(1024) + header(TOP + b"x", b"2", 0)):
            tar.out = tar.out[:tar.ends[-1]] + tail
            self.altered_tar(tar, "after the end of the tar")
        tar.out = tar.out[:tar.ends[-1]] + bytes(512) + header(TOP + b"x", b"2", 0)
        self.altered_tar(tar, "padding")

    def test_endless_size(self):
        tar = plain_tar().add(extended(record(b"size", b"9223372036854775807")) + header(TOP + b"x", b"0", 0)).ledger().end()
        stream = stream_of(tar, marks=0)
        self.verdict(stream.out, "cut", "without its seal")


class Sparse(Case):
    def bad(self, why, size, extents, **how):
        self.altered_tar(plain_tar().sparse(b"files/s", size, extents, bytes(size), **how).ledger().end(), why)

    def test_maps(self):
        self.bad("out of order", 10, [(4, b"ab"), (3, b"c")])
        self.bad("out of order", 10, [(4, b"ab"), (5, b"c")])
        self.bad("past the size", 10, [(9, b"ab")])
        self.bad("past the size", 10, [(11, b"")])
        self.bad("map of 8193", 10, [], text=b"8193\n")
        self.bad("add up", 10, [(0, b"a")], stored=512)
        self.bad("add up", 10, [(0, b"a")], stored=514)
        self.bad("add up", 10, [(0, b"ab")], text=b"1\n0\n1\n")
        self.bad("without an end", 10, [], text=b"1\n0\n")
        self.bad("without an end", 10, [], stored=0)
        self.bad("without an end", 10, [], text=b"1" * 600)
        self.bad("not a number", 10, [], text=b"-1\n")
        self.bad("not a number", 10, [(0, b"a")], text=b"1\n00\n1\n")
        self.bad("padding", 10, [], text=b"0\nx")

    def test_map_over_blocks(self):
        extents = [(at * 2, b"x") for at in range(8192)]
        content = b"x\0" * 8192
        self.sealed(sealed(plain_tar().sparse(b"s", 16384, extents, content).ledger().end(), step=777, marks=9))

    def test_records(self):
        name = b"GNU.sparse."
        for change in ({name + b"major": b"0"}, {name + b"minor": b"1"}, {name + b"realsize": b"x"}, {name + b"name": None},
                       {name + b"realsize": None}, {name + b"map": b"0,1"}, {name + b"name": b"/etc/passwd"}, {name + b"name": TOP + b"../x"}):
            self.bad("", 10, [(0, b"a")], change=change)

    def test_many_records(self):
        change = {b"GNU.sparse.%d" % n: b"" for n in range(200)}
        self.bad("GNU.sparse", 10, [], change=change)

    def test_not_a_file(self):
        head = extended(*(record(b"GNU.sparse." + key, value) for key, value in
                          ((b"major", b"1"), (b"minor", b"0"), (b"name", TOP + b"x"), (b"realsize", b"0"))))
        self.altered_tar(plain_tar().add(head + header(TOP + b"x", b"2", 0)).ledger().end(), "not those of a sparse file")

    def test_large(self):
        big = [(GIB2, b"x")]
        for records in ((), (item_record("files/s", sha256(b"")),), (item_record("files/t", large_extents(*big)),),
                        ({"csi": {"item": "files/s", "hash": large_extents(*big)}},), (1, [], {"csi": 1})):
            self.altered_tar(plain_tar().sparse(b"files/s", GIB2 + 1, big).ledger(*records).end(), "without its csi.hash.extents")
        good = item_record("files/s", large_extents(*big))
        self.sealed(sealed(plain_tar().sparse(b"files/s", GIB2 + 1, big).ledger(1, {"csi": 1}, good).end()))

    def test_large_record_too_late(self):
        big = [(GIB2, b"x")]
        tar = plain_tar().sparse(b"files/s", GIB2 + 1, big).ledger().ledger(item_record("files/s", large_extents(*big))).end()
        self.altered_tar(tar, "without its csi.hash.extents")

    def test_large_without_end(self):
        """What no ledger part could record is not kept."""
        tar = plain_tar()
        one = Tar(None).sparse(b"s" * 3000, GIB2 + 1, []).out
        tar.out += one * 400
        self.altered(Stream(tar.count).data(tar.out), "than one ledger")


class Parts(Case):
    def test_sums(self):
        for edit in (lambda t: t[:-1], lambda t: t + t, lambda t: b"", lambda t: t.replace(b"  case", b" *case"), lambda t: t.upper()):
            tar = plain_tar().ledger(pair=False).part(edit=edit).end()
            self.altered_tar(tar, "sums part 1 does not agree")

    def test_content_against_sums(self):
        tar = whole_tar()
        tar.out = tar.out.replace(b'{"case":1}', b'{"case":2}')
        self.altered_tar(tar, "sums part 1 does not agree")

    def test_numbers(self):
        self.altered_tar(plain_tar().ledger(number=2).end(), "where number 1")
        self.altered_tar(plain_tar().ledger(pair=False).part(2).end(), "where number 1")
        self.altered_tar(plain_tar().ledger().ledger(number=3).end(), "where number 2")
        self.altered_tar(plain_tar().ledger(name=b"ledger/0000001.jsonl").end(), "where number 1")

    def test_follow_directly(self):
        self.altered_tar(plain_tar().ledger(pair=False).file(b"x").part().end(), "directly follow")
        self.altered_tar(plain_tar().part().end(), "directly follow")
        self.altered_tar(plain_tar().ledger().part(1).end(), "directly follow")
        self.altered_tar(plain_tar().ledger(pair=False).ledger().end(), "directly follow")

    def test_chain(self):
        self.altered_tar(plain_tar().ledger(previous="1" + "0" * 63).end(), "chain")
        self.altered_tar(plain_tar().ledger().ledger(previous="0" * 64).end(), "chain")
        for seq in (2, "1", True, 1.0, None):
            self.altered_tar(plain_tar().ledger(seq=seq).end(), "chain")

    def test_first_line(self):
        for edit in (lambda c: b"", lambda c: c[:-1], lambda c: b"\n" + c, lambda c: b"\xef\xbb\xbf" + c, lambda c: b"[" * 100000 + b"\n",
                     lambda c: b"[" + c[:-1] + b"]\n", lambda c: b"{}\n" + c, lambda c: b"\xff\n", lambda c: b"9" * 9000 + b"\n",
                     lambda c: c.replace(b'"seq":1', b'"seq":1,"seq":1'), lambda c: c.replace(b'"seq":1', b'"seq":NaN'),
                     lambda c: c.replace(b"@timestamp", b"timestamp")):
            self.altered_tar(plain_tar().ledger(edit=edit).end(), "")

    def test_first_line_as_json(self):
        self.sealed(sealed(plain_tar().ledger(edit=lambda c: c.replace(b":", b" : ").replace(b"seq", b"\\u0073eq")).end()))

    def test_part_must_be_a_file(self):
        for data in (header(TOP + b"ledger/000001.jsonl", b"2", 0), header(TOP + b"sums/000001.sha256", b"2", 0), header(TOP + b"sums", b"2", 0)):
            self.altered_tar(plain_tar().add(data).ledger().end(), "")
        for name in (b"ledger/x", b"sums/1.sha256", b"sums/000001.jsonl", b"ledger/000001.jsonl.x", b"sums", b"ledger"):
            self.altered_tar(plain_tar().file(name).ledger().end(), "not a part")
        self.sealed(sealed(plain_tar().directory(b"ledger/").directory(b"sums/").ledger().end()))
        self.altered_tar(plain_tar().sparse(b"ledger/000001.jsonl", 0, [], b"").end(), "not a regular file")

    def test_large_parts(self):
        fill = {"x": "y" * (1048576 - 300)}
        self.sealed(sealed(plain_tar().ledger(fill).end(), step=1000000))
        self.altered(sealed(plain_tar().ledger(fill, fill).end(), step=1000000), "not a regular file of at most 1 MiB")

    def test_too_many_entries(self):
        tar = plain_tar()
        tar.out += header(TOP + b"x" * 60, b"0", 0) * 8500
        self.altered(stream_of(tar, step=2000000, marks=0), "than one ledger and sums part")


class Command(Case):
    def test_exits(self):
        good = sealed(whole_tar()).out
        for data, code, words in ((good, 0, b"sealed, status complete"), (good[:-1], 3, b"cut, status complete"), (good[:90], 3, b"cut\n"),
                                  (good + b"x", 1, b"altered"), (b"x", 1, b"not a bundle"), (b"", 1, b"not a bundle")):
            done = command(data)
            self.assertEqual((done[0], done[2]), (code, b""), done)
            self.assertTrue(done[1].startswith(words), done)
            self.assertEqual(json.loads(command(data, "--json")[1])["bytes"], len(data))

    def test_usage(self):
        self.assertEqual(command(b"", "--nonsense")[0], 2)
        self.assertEqual(command(b"", "two", "files")[0], 2)
        done = subprocess.run([sys.executable, os.path.join(HERE, "verify.py"), "/nonexistent"], capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (1, b"", 1))

    def test_standard_input(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "verify.py"), "-"], input=sealed(whole_tar()).out, capture_output=True)
        self.assertEqual(done.returncode, 0)

    def test_list(self):
        code, out, err = command(sealed(rich_tar()).out, "--list")
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((code, len(rows)), (0, 15))
        self.assertIn(b"sealed", err)
        self.assertEqual(rows[0], {"path": TOP.decode(), "item": None, "type": "dir", "size": 0, "sha256": None})
        self.assertEqual((rows[1]["item"], rows[1]["size"], rows[1]["sha256"]), ("case.json", 11, sha256(b'{"case":1}\n')))
        self.assertEqual(rows[5]["item"], "files/mnt-2/a\\\\b\\x0ac")
        self.assertEqual(rows[6]["item"], "files/mnt-2/\\xff\\xfe \\x1b[31m\\x0d")
        self.assertEqual((rows[12]["size"], rows[12]["sha256"]), ((1 << 40) + 3, None))
        self.assertEqual(rows[12]["extents"], large_extents((0, b"begin"), (1 << 40, b"end")))

    def test_list_only_what_is_proven(self):
        tar = rich_tar()
        stream = sealed(tar, step=700, marks=4)
        for size in range(100, len(stream.out), 9973):
            code, out, _ = command(stream.out[:size], "--list", "--json")
            *rows, last = [json.loads(line) for line in out.splitlines()]
            self.assertEqual((code, last["verdict"], len(rows)), (3, "cut", last["proven_entries"]))
            self.assertEqual(len(rows), tar.count(last["proven_tar_bytes"]))

    def extract(self, data, code):
        place = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, place)
        done = command(data, "--extract-proven", place)
        self.assertEqual(done[0], code, done)
        return place

    def test_extract(self):
        place = os.fsencode(self.extract(sealed(rich_tar(), step=5000).out, 0)) + b"/" + TOP
        with open(place + b"files/mnt-2/a\\b\nc", "rb") as file:
            self.assertEqual(file.read(), b"x")
        with open(place + b"files/s", "rb") as file:
            self.assertEqual(sha256(file.read()), sha256(b"ab".ljust(4096, b"\0") + (b"c" * 1000).ljust(5904, b"\0")))
        self.assertEqual(os.readlink(place + b"files/mnt-2/l"), b"/etc/passwd")
        self.assertEqual(os.stat(place + b"files/big\n").st_size, (1 << 40) + 3)

    def test_extract_only_what_is_proven(self):
        stream = stream_of(plain_tar().file(b"z", b"z" * 3000), step=1600)
        place = self.extract(stream.out[:stream.marks[1]] + b"x", 1)
        self.assertEqual(sorted(os.listdir(os.path.join(place, TOP.decode()))), ["case.json"])

    def test_extract_follows_no_link(self):
        with tempfile.TemporaryDirectory() as outside:
            tar = plain_tar().link(b"l", outside.encode()).file(b"l/x", b"evil").ledger().end()
            self.extract(sealed(tar).out, 1)
            self.assertEqual(os.listdir(outside), [])

    def test_memory(self):
        """512 MiB of one file pass in 96 MiB of address space."""
        frame = verify.DATA + b"\xa4" + struct.pack("<I", 2097152) + block(1, 131072, 0, b"\0") * 15 + block(1, 131072, 1, b"\0")
        frame += struct.pack("<I", xxh64(bytes(2097152)) & 0xFFFFFFFF)
        stream = Stream(plain_tar().count).data(plain_tar().out + header(TOP + b"x", b"0", 256 << 21))
        for _ in range(256):
            stream.data(bytes(2097152), lambda content: frame)
        with tempfile.NamedTemporaryFile() as file:
            file.write(stream.out)
            file.flush()
            line = "ulimit -v 98304; exec \"$@\""
            done = subprocess.run(["sh", "-c", line, "sh", sys.executable, os.path.join(HERE, "verify.py"), file.name], capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (3, b""))


class Pieces(unittest.TestCase):
    def test_escape(self):
        for raw, text in ((b"a\nb", "a\\x0ab"), (b"\\", "\\\\"), (b"\xff", "\\xff"), ("ü€😀".encode(), "ü€😀"),
                          ("\u200b".encode(), "\\xe2\\x80\\x8b"),
                          ("\u202e".encode(), "\\xe2\\x80\\xae"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80"), (b"\x7f", "\\x7f"),
                          (b"\xc2\x85", "\\xc2\\x85"),
                          ("\U000e0fff\U000e1000".encode(), "\\xf3\\xa0\\xbf\\xbf\U000e1000"), (b"\xc3", "\\xc3")):
            self.assertEqual(verify.escape(raw), text)

    def test_sums_line(self):
        self.assertEqual(verify.sums_line("0" * 64, b"a\\b\nc\rd"), b"\\" + b"0" * 64 + b"  a\\\\b\\nc\\rd\n")

    def test_xxh64(self):
        self.assertEqual(xxh64(b""), 0xEF46DB3751D8E999)
        self.assertEqual(xxh64(b"abc"), 0x44BC2CF5AD770999)

    def test_program(self):
        if not shutil.which("zstd"):
            self.skipTest("zstd is missing")
        zstd = verify.Program()
        frame = raw_frame(b"hello")
        self.assertEqual(zstd.decompress(frame, 5), b"hello")
        self.assertIsNone(zstd.decompress(frame, 4))
        self.assertIsNone(zstd.decompress(frame, 6))
        self.assertIsNone(zstd.decompress(frame[:-1] + b"x", 5))

    def test_help(self):
        with contextlib.redirect_stdout(io.StringIO()) as out, self.assertRaises(SystemExit) as ended:
            verify.main(["--help"])
        self.assertEqual(ended.exception.code, 0)
        self.assertIn("Exit: 0 sealed", out.getvalue())


if __name__ == "__main__":
    unittest.main()
