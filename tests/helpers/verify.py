#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is an evidence bundle whole, and what of it is proven? Written from tools/FORMAT.md alone.

  verify.py FILE [--json] [--list] [--extract-proven DIR]        FILE may be - for standard input

  --json                 the verdict as one JSON line instead of text
  --list                 one JSON line for each proven entry, in order; the verdict comes after them
                         (with --json as last line of standard output, else on standard error)
  --extract-proven DIR   writes the proven entries into DIR, which must not exist or be empty;
                         FILE is read twice. Modes and owners are not restored.

Exit: 0 sealed and every byte agrees, 3 cut (what is printed is proven), 1 altered or not a bundle
(or it cannot be read or extracted), 2 usage.

This shares no code with `csi verify`, on purpose: never look at that one to mend this one. It needs
libzstd.so.1 or, without it, the program zstd. One frame and one ledger part are held in memory at most.
"""

import argparse
import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile

DATA = b"\x28\xb5\x2f\xfd"
MARK = b"\x5c\x2a\x4d\x18"
PADDING = b"\x5d\x2a\x4d\x18"
TABLE = b"\x5e\x2a\x4d\x18"
TABLE_END = b"\xb1\xea\x92\x8f"

MAX_FRAMES = 1048576
MAX_CONTENT = 2097152
MAX_WINDOW = 2097152
MAX_FRAME = 2113536
MAX_BLOCK = 131072
MAX_CHECKPOINT = 256
SEAL_SIZE = 512
BLOCK = 65536

MAX_INT = (1 << 63) - 1
MAX_NAME = 4095
MAX_PART = 1048576
MAX_EXTENTS = 8192
LARGE = 2147483648          # a sparse file above this has csi.hash.extents instead of a line in sums
MAX_RECORD = 16384          # longest extended header record that is looked into, above any path's
PIECE = 1048576
ZEROS = bytes(PIECE)

TOP = re.compile(rb"csi-[A-Za-z0-9_][A-Za-z0-9._-]{0,63}/")
PART = re.compile(rb"(ledger)/[0-9]{6,}\.jsonl|(sums)/[0-9]{6,}\.sha256")
OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
DECIMAL = re.compile(rb"0|[1-9][0-9]{0,18}")
NUMBER = rb"(0|[1-9][0-9]{0,18})"
DIGEST = rb"([0-9a-f]{64})"
SEAL = re.compile(
    rb'(\{"csi":"seal","v":1,"seq":' + NUMBER + rb',"status":"([^"]*)","entries":' + NUMBER + rb',"bytes":' + NUMBER
    + rb',"gaps":' + NUMBER + rb',"stream_size":' + NUMBER + rb',"sha256":"' + DIGEST + rb'","table_size":' + NUMBER
    + rb',"table_sha256":"' + DIGEST + rb'"),"self":"' + DIGEST + rb'"\}( *)\n')


class Wrong(Exception):
    """The stream breaks the format at OFFSET (of the stream; None: the frame under way)."""

    verdict = "altered"

    def __init__(self, why, offset=None):
        super().__init__(why)
        self.offset = offset


class NotABundle(Wrong):
    verdict = "not a bundle"


class Cut(Wrong):
    verdict = "cut"


# Text

UNSAFE = ((0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E),
          (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF))


def escape_char(char):
    code = ord(char)
    if char == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:
        return "\\x%02x" % (code - 0xDC00)
    if any(low <= code <= high for low, high in UNSAFE):
        return "".join("\\x%02x" % byte for byte in char.encode())
    return char


def escape(raw):
    """The reversible escape of section 3, without the JSON around it."""
    return "".join(map(escape_char, bytes(raw).decode("utf-8", "surrogateescape")))


def sums_line(digest, name):
    mark = b""
    if b"\\" in name or b"\n" in name or b"\r" in name:
        mark = b"\\"
        name = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return mark + digest.encode() + b"  " + name + b"\n"


def no_twice(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def no_constant(word):
    raise ValueError(word)


def read_json(line):
    """The JSON object in LINE, or None."""
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=no_twice, parse_constant=no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def same_json(a, b):
    """Equal as JSON is: 1, 1.0 and true differ."""
    try:
        return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    except (ValueError, RecursionError):
        return False


def decimal(text, what):
    if not DECIMAL.fullmatch(text) or int(text) > MAX_INT:
        raise Wrong("%s is not a number" % what)
    return int(text)


# Decompression, with bounded output

class Library:
    def __init__(self):
        lib = ctypes.CDLL("libzstd.so.1")
        lib.ZSTD_createDCtx.restype = ctypes.c_void_p
        lib.ZSTD_decompressDCtx.restype = ctypes.c_size_t
        lib.ZSTD_decompressDCtx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
        lib.ZSTD_isError.argtypes = [ctypes.c_size_t]
        self.lib = lib
        self.context = lib.ZSTD_createDCtx()
        self.room = ctypes.create_string_buffer(MAX_CONTENT)
        if not self.context:
            raise OSError("no memory for zstd")

    def decompress(self, frame, size):
        """The content of FRAME, which must be SIZE bytes, or None."""
        got = self.lib.ZSTD_decompressDCtx(self.context, self.room, size, bytes(frame), len(frame))
        if self.lib.ZSTD_isError(got) or got != size:
            return None
        return ctypes.string_at(self.room, size)


class Program:
    def __init__(self):
        self.path = shutil.which("zstd")
        if not self.path:
            raise OSError("neither libzstd.so.1 nor the program zstd is here")

    def decompress(self, frame, size):
        with tempfile.TemporaryFile() as source:
            source.write(frame)
            source.seek(0)
            with subprocess.Popen([self.path, "-dcq", "-M4MiB"], stdin=source, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as child:
                content = child.stdout.read(size + 1)
                if len(content) > size:
                    child.kill()
        return content if child.returncode == 0 and len(content) == size else None


def decompressor():
    try:
        return Library()
    except OSError:
        return Program()


# The stream, and the structure of its frames

class Stream:
    """Reads forward and counts; DIGEST runs over every byte read, BEFORE is the digest up to the frame."""

    def __init__(self, file):
        self.file = file
        self.offset = 0
        self.digest = hashlib.sha256()
        self.begin()

    def begin(self):
        self.start = self.offset
        self.before = self.digest.copy()
        self.frame = bytearray()

    def some(self, size):
        """Up to SIZE bytes; fewer only at the end."""
        data = self.file.read(size)
        self.offset += len(data)
        self.digest.update(data)
        return data

    def take(self, size, what):
        data = self.some(size)
        self.frame += data
        if len(data) < size:
            raise Cut("the stream ends inside %s" % what, self.offset)
        return data

    def drain(self):
        while self.some(PIECE):
            pass


def frame_window(stream, descriptor):
    if descriptor & 0x20:
        return
    byte = stream.take(1, "a frame header")[0]
    base = 1 << (10 + (byte >> 3))
    if base + base // 8 * (byte & 7) > MAX_WINDOW:
        raise Wrong("the window is too large", stream.offset - 1)


def frame_content_size(stream, descriptor):
    flag = descriptor >> 6
    length = 1 << flag
    size = int.from_bytes(stream.take(length, "a frame header"), "little") + (256 if flag == 1 else 0)
    if not 1 <= size <= MAX_CONTENT:
        raise Wrong("a content size of %d" % size, stream.offset - length)
    return size


def frame_header(stream):
    """Reads what follows the magic; returns the content size."""
    descriptor = stream.take(1, "a frame header")[0]
    at = stream.offset - 1
    if descriptor & 0x18:
        raise Wrong("a reserved bit in the frame header", at)
    if descriptor & 0x03:
        raise Wrong("the frame names a dictionary", at)
    if not descriptor & 0x04:
        raise Wrong("the frame has no content checksum", at)
    if not descriptor & 0xE0:
        raise Wrong("the frame does not say its content size", at)
    frame_window(stream, descriptor)
    return frame_content_size(stream, descriptor)


def frame_block(stream):
    """Reads one block; true if it was the last one."""
    header = int.from_bytes(stream.take(3, "a block header"), "little")
    kind, size = header >> 1 & 3, header >> 3
    at = stream.offset - 3
    if kind == 3:
        raise Wrong("block type 3", at)
    if size > MAX_BLOCK:
        raise Wrong("a block of %d bytes" % size, at)
    stored = 1 if kind == 1 else size
    if len(stream.frame) + stored + 4 > MAX_FRAME:
        raise Wrong("a frame of more than %d bytes" % MAX_FRAME, at)
    stream.take(stored, "a data frame")
    return header & 1


def data_frame(stream):
    """Reads a data frame after its magic; returns the content size it says."""
    size = frame_header(stream)
    while not frame_block(stream):
        pass
    stream.take(4, "a data frame")
    return size


def mark_length(stream):
    at = stream.offset
    length = int.from_bytes(stream.take(4, "the length of a checkpoint or seal"), "little")
    if length != SEAL_SIZE and not 1 <= length <= MAX_CHECKPOINT:
        raise Wrong("a skippable frame of %d bytes" % length, at)
    return length


def padding_length(stream):
    """Reads the length of padding, which must end at a multiple of BLOCK."""
    gap = BLOCK - stream.start % BLOCK
    at = stream.offset
    length = int.from_bytes(stream.take(4, "the length of padding"), "little")
    if gap == BLOCK:
        raise Wrong("padding where none is needed", stream.start)
    if length != (gap - 8 if gap >= 8 else gap + BLOCK - 8):
        raise Wrong("padding of %d bytes, with a gap of %d" % (length, gap), at)
    return length


# The tar

class Feed:
    """The decompressed bytes, for a parser that is a generator: it yields when it wants the next frame."""

    def __init__(self):
        self.data = b""
        self.pos = 0
        self.base = 0       # tar bytes before self.data

    @property
    def offset(self):
        return self.base + self.pos

    def put(self, data):
        self.base += len(self.data)
        self.data = data
        self.pos = 0

    def pipe(self, size, use):
        """Gives the next SIZE bytes to USE, in pieces."""
        while size:
            if self.pos == len(self.data):
                yield
                continue
            piece = self.data[self.pos:self.pos + size]
            self.pos += len(piece)
            size -= len(piece)
            use(piece)

    def exactly(self, size):
        data = self.data[self.pos:self.pos + size]
        if len(data) == size:
            self.pos += size
            return data
        parts = bytearray()
        yield from self.pipe(size, parts.extend)
        return bytes(parts)


def only_zeros(piece):
    if piece.count(0) != len(piece):
        raise Wrong("padding that is not zero")


def padding(size):
    return -size % 512


def no_use(piece):
    pass


class Header:
    """One ustar header block."""

    def __init__(self, block):
        self.block = block
        if block[257:265] != b"ustar\x0000":
            raise Wrong("a tar header without ustar magic")
        if octal(block[148:156], "a header checksum") != sum(block) - sum(block[148:156]) + 8 * 32:
            raise Wrong("a wrong tar header checksum")
        self.kind = block[156:157]

    def size(self):
        return octal(self.block[124:136], "a size in a tar header")

    def path(self):
        name, prefix = c_string(self.block[:100]), c_string(self.block[345:500])
        return prefix + b"/" + name if prefix else name

    def link(self):
        return c_string(self.block[157:257])


def octal(field, what):
    match = OCTAL.fullmatch(field)
    if not match:
        raise Wrong("%s is not octal" % what)
    return int(match[1], 8)


def c_string(field):
    return field.split(b"\0", 1)[0]


class Entry:
    """One tar entry: what its headers say, then the digests of its content."""

    def __init__(self, header, records):
        self.kind = {b"0": "file", b"5": "dir", b"2": "link"}.get(header.kind)
        if not self.kind:
            raise Wrong("typeflag %s" % escape(header.kind))
        self.stored = decimal(records[b"size"], "a size") if b"size" in records else header.size()
        self.size = self.stored
        self.path = records.get(b"path", header.path())
        self.link = records.get(b"linkpath", header.link())
        self.sparse = any(key.startswith(b"GNU.sparse.") for key in records)
        self.name = self.part = self.sha256 = self.extents = None
        if self.sparse:
            self.read_sparse(records)
        if self.kind != "file" and self.stored:
            raise Wrong("a directory or link with data")

    def read_sparse(self, records):
        names = {b"major", b"minor", b"name", b"realsize"}
        if {key[11:] for key in records if key.startswith(b"GNU.sparse.")} != names or self.kind != "file":
            raise Wrong("GNU.sparse records that are not those of a sparse file")
        if records[b"GNU.sparse.major"] != b"1" or records[b"GNU.sparse.minor"] != b"0":
            raise Wrong("a sparse format other than 1.0")
        self.path = records[b"GNU.sparse.name"]
        self.size = decimal(records[b"GNU.sparse.realsize"], "GNU.sparse.realsize")

    @property
    def large(self):
        return self.sparse and self.size > LARGE

    def set_name(self, top):
        """Takes the name from the path, below TOP, and looks whether it may be one."""
        if not self.path.startswith(top):
            raise Wrong("a path outside of the top directory: %s" % escape(self.path[:200]))
        name = self.path[len(top):]
        if self.kind == "dir":
            if not name.endswith(b"/"):
                raise Wrong("a directory without / at its end: %s" % escape(name[:200]))
            name = name[:-1]
        if not 1 <= len(name) <= MAX_NAME or b"\0" in name or any(c in (b"", b".", b"..") for c in name.split(b"/")):
            raise Wrong("a bad name: %s" % escape(name[:200]))
        self.name = name
        self.set_part()

    def set_part(self):
        match = PART.fullmatch(self.name)
        first, slash, _ = self.name.partition(b"/")
        if match:
            self.part = "ledger" if match[1] else "sums"
            if self.kind != "file" or self.sparse or self.size > MAX_PART:
                raise Wrong("%s is not a regular file of at most 1 MiB" % escape(self.name))
        elif first in (b"ledger", b"sums") and (slash or self.kind != "dir"):
            raise Wrong("not a part: %s" % escape(self.name[:200]))

    def line(self):
        made = {"path": escape(self.path), "item": None if self.name is None else escape(self.name), "type": self.kind,
                "size": self.size if self.kind == "file" else 0, "sha256": self.sha256}
        if self.extents:
            made["extents"] = self.extents
        return made


class Sink:
    """Where entries go. PROVEN is called when all that have ended are proven."""

    def begin(self, entry):
        pass

    def data(self, offset, piece):
        pass

    def end(self, entry):
        pass

    def proven(self):
        pass


class Ledger:
    """What ledger and sums parts must say, from the entries so far."""

    def __init__(self):
        self.number = 1
        self.previous = "0" * 64
        self.text = bytearray()     # the next sums part
        self.large = set()          # (item, extents) that the next ledger part must have
        self.room = MAX_PART        # left in that part for them
        self.last = None            # the part that the entry before was

    def order(self, entry):
        if (self.last == "ledger") != (entry.part == "sums"):
            raise Wrong("a sums part does not directly follow its ledger part")

    def add(self, entry, content):
        """ENTRY has ended; CONTENT is its content if it is a part."""
        if entry.part:
            self.check_number(entry)
        if entry.part == "sums":
            self.check_sums(content)
        else:
            if entry.part == "ledger":
                self.check_ledger(entry, content)
            self.expect(entry)
        self.last = entry.part

    def check_number(self, entry):
        form = b"ledger/%06d.jsonl" if entry.part == "ledger" else b"sums/%06d.sha256"
        if entry.name != form % self.number:
            raise Wrong("%s where number %d should be" % (escape(entry.name[:200]), self.number))

    def check_sums(self, content):
        if content != self.text:
            raise Wrong("sums part %d does not agree with the entries" % self.number)
        self.text.clear()
        self.number += 1

    def check_ledger(self, entry, content):
        line, newline, rest = content.partition(b"\n")
        record = read_json(line) if newline else None
        if record is None or not isinstance(record.pop("@timestamp", None), str):
            raise Wrong("the first line of ledger part %d is not its record" % self.number)
        wanted = {"csi": {"schema": 1, "action": "ledger", "ledger": {"previous": self.previous, "seq": self.number}},
                  "event": {"kind": "event"}}
        if not same_json(record, wanted):
            raise Wrong("the chain of the ledger breaks at part %d" % self.number)
        self.check_large(rest)
        self.previous = entry.sha256

    def check_large(self, lines):
        for line in lines.split(b"\n") if self.large else ():
            self.large.discard(extents_record(line))
        if self.large:
            raise Wrong("a large sparse file without its csi.hash.extents in ledger part %d" % self.number)
        self.room = MAX_PART

    def expect(self, entry):
        if entry.large:
            self.large.add((escape(entry.name), entry.extents))
            self.room -= len('{"csi":{"item":"","hash":{"extents":""}}}\n') + 64 + len(entry.name)
        elif entry.kind == "file":
            self.text += sums_line(entry.sha256, entry.name)
        if len(self.text) > MAX_PART or self.room < 0:
            raise Wrong("more entries than one ledger and sums part can hold")


def extents_record(line):
    """(csi.item, csi.hash.extents) of a ledger line, or None."""
    record = read_json(line)
    csi = record.get("csi") if record else None
    if not isinstance(csi, dict) or not isinstance(csi.get("hash"), dict):
        return None
    pair = csi.get("item"), csi["hash"].get("extents")
    return pair if all(isinstance(text, str) for text in pair) else None


class Tar:
    """The parser of the tar in all data frames: put() takes the content of the next one."""

    def __init__(self, sink):
        self.sink = sink
        self.feed = Feed()
        self.ledger = Ledger()
        self.top = None
        self.entries = 0
        self.size = 0
        self.ended = False
        self.header_at = 0
        self.parser = self.parse()
        next(self.parser)

    def put(self, content):
        self.feed.put(content)
        self.size += len(content)
        try:
            next(self.parser)
        except Wrong as wrong:
            raise type(wrong)("%s (tar entry at %d)" % (wrong, self.header_at), wrong.offset) from None

    def parse(self):
        yield
        entry = yield from self.first()
        while entry:
            yield from self.body(entry)
            entry = yield from self.header()
            if entry:
                entry.set_name(self.top)
                self.ledger.order(entry)
        yield from self.feed.pipe(512, only_zeros)
        self.ended = True
        yield from self.feed.pipe(1, self.too_much)

    @staticmethod
    def too_much(piece):
        raise Wrong("data after the end of the tar")

    def first(self):
        try:
            entry = yield from self.header()
            if not entry or entry.kind != "dir" or not TOP.fullmatch(entry.path):
                raise Wrong("the first entry is not a directory csi-RUNID/")
        except Wrong as wrong:
            raise NotABundle(str(wrong)) from None
        self.top = entry.path
        return entry

    def header(self):
        """The next entry's headers, or None at a block of zeros."""
        self.header_at = self.feed.offset
        block = yield from self.feed.exactly(512)
        if not any(block):
            return None
        header, records = Header(block), {}
        if header.kind == b"x":
            size = header.size()
            records = yield from self.records(size)
            yield from self.feed.pipe(padding(size), only_zeros)
            header = Header((yield from self.feed.exactly(512)))
        return Entry(header, records)

    def records(self, left):
        """The records of an extended header of LEFT bytes that this program needs."""
        found = {}
        while left:
            digits = yield from self.record_length(left)
            length = decimal(digits, "the length of a record")
            if not len(digits) + 4 <= length <= left:
                raise Wrong("a record of %d bytes" % length)
            yield from self.record(length - len(digits) - 1, found)
            left -= length
        return found

    def record_length(self, left):
        digits = b""
        while True:
            byte = yield from self.feed.exactly(1)
            if byte == b" ":
                return digits
            digits += byte
            if len(digits) >= min(left, 20):
                raise Wrong("a record without a length")

    def record(self, size, found):
        """Reads KEY=VALUE and a newline, SIZE bytes together."""
        text = yield from self.feed.exactly(min(size, MAX_RECORD))
        key, sign, value = text.partition(b"=")
        if not key or not sign:
            raise Wrong("a record without a key")
        if size > len(text):
            yield from self.feed.pipe(size - len(text) - 1, no_use)
            value = yield from self.feed.exactly(1)
            if key in (b"path", b"size") or key.startswith(b"GNU.sparse."):
                raise Wrong("a record %s of %d bytes" % (escape(key), size))
        if not value.endswith(b"\n"):
            raise Wrong("a record without a newline")
        if key in (b"path", b"linkpath", b"size") or key.startswith(b"GNU.sparse.") and len(found) < 64:
            found[key] = value[:-1]

    def body(self, entry):
        """Everything of ENTRY after its headers."""
        self.sink.begin(entry)
        kept = bytearray()
        if entry.sparse:
            yield from self.sparse(entry)
        elif entry.kind == "file":
            yield from self.plain(entry, kept)
        yield from self.feed.pipe(padding(entry.stored), only_zeros)
        if entry.name is not None:
            self.ledger.add(entry, bytes(kept))
        self.entries += 1
        self.sink.end(entry)

    def plain(self, entry, kept):
        digest = hashlib.sha256()
        at = 0

        def use(piece):
            nonlocal at
            digest.update(piece)
            self.sink.data(at, piece)
            at += len(piece)
            if entry.part:
                kept.extend(piece)

        yield from self.feed.pipe(entry.size, use)
        entry.sha256 = digest.hexdigest()

    def sparse(self, entry):
        extents = yield from self.sparse_map(entry)
        content = Extents(self.sink) if entry.large else Content(self.sink)
        for offset, length in extents:
            content.extent(offset, length)
            yield from self.feed.pipe(length, content.use)
        content.finish(entry)

    def sparse_map(self, entry):
        lines = MapLines(self.feed, entry.stored)
        count = yield from lines.number()
        if count > MAX_EXTENTS:
            raise Wrong("a sparse map of %d extents" % count)
        extents, end, stored = [], 0, 0
        for _ in range(count):
            offset = yield from lines.number()
            length = yield from lines.number()
            if offset < end or offset + length > entry.size:
                raise Wrong("a sparse map with an extent out of order or past the size")
            extents.append((offset, length))
            end = offset + length
            stored += length
        only_zeros(lines.text)
        if lines.taken + stored != entry.stored:
            raise Wrong("the extents of a sparse file do not add up to its stored size")
        return extents


class MapLines:
    """The decimal lines at the beginning of a sparse entry's data, taken block by block."""

    def __init__(self, feed, stored):
        self.feed = feed
        self.stored = stored
        self.text = b""
        self.taken = 0

    def number(self):
        while b"\n" not in self.text:
            if len(self.text) > 19 or self.taken + 512 > self.stored:
                raise Wrong("a sparse map without an end")
            self.text += yield from self.feed.exactly(512)
            self.taken += 512
        line, _, self.text = self.text.partition(b"\n")
        return decimal(line, "a line of a sparse map")


class Content:
    """Digest of all bytes of a sparse file, zeros in the holes."""

    def __init__(self, sink):
        self.sink = sink
        self.digest = hashlib.sha256()
        self.at = 0

    def extent(self, offset, length):
        while self.at < offset:
            size = min(PIECE, offset - self.at)
            self.digest.update(ZEROS[:size])
            self.at += size

    def use(self, piece):
        self.digest.update(piece)
        self.sink.data(self.at, piece)
        self.at += len(piece)

    def finish(self, entry):
        self.extent(entry.size, 0)
        entry.sha256 = self.digest.hexdigest()


class Extents(Content):
    """Digest of the extents only, of a large sparse file."""

    def extent(self, offset, length):
        self.at = offset
        if length:
            self.digest.update(struct.pack("<QQ", offset, length))

    def finish(self, entry):
        entry.extents = self.digest.hexdigest()


# The verifier

class Verifier:
    def __init__(self, file, sink):
        self.stream = Stream(file)
        self.sink = sink
        self.tar = Tar(sink)
        self.zstd = decompressor()
        self.pairs = bytearray()    # the seek table's, one for each frame
        self.seq = 0
        self.status = None
        self.marked = False         # the frame before is a checkpoint
        self.proven = {"proven_bytes": 0, "proven_entries": 0, "proven_tar_bytes": 0,
                       "proven_sha256": hashlib.sha256().hexdigest()}

    def run(self):
        """Reads it all; returns the Wrong that ended it, or None: sealed."""
        try:
            while self.status is None:
                self.frame()
            self.stream.begin()
            self.table()
        except Wrong as wrong:
            if wrong.offset is None:
                wrong.offset = self.stream.start
            return wrong
        return None

    def frame(self):
        self.stream.begin()
        magic = self.kind()
        self.marked = False
        if magic == DATA:
            self.data(data_frame(self.stream))
        elif magic == PADDING:
            self.padding(padding_length(self.stream))
        else:
            self.mark(mark_length(self.stream))

    def kind(self):
        """The first four bytes of the next frame, if it may stand here."""
        first = not self.pairs
        magic = self.stream.some(4)
        self.stream.frame += magic
        kinds = [DATA] if first else [DATA, MARK] + [PADDING] * self.marked
        if len(self.pairs) // 8 >= MAX_FRAMES and magic:
            raise Wrong("more than %d frames" % MAX_FRAMES)
        if not any(kind.startswith(magic) for kind in kinds):
            raise (NotABundle if first else Wrong)("no frame begins here")
        if len(magic) < 4:
            self.ends_early(magic, first)
        return magic

    def ends_early(self, magic, first):
        if magic:
            raise Cut("the stream ends inside the first bytes of a frame", self.stream.offset)
        if first:
            raise NotABundle("it is empty")
        raise Cut("the stream ends without its seal", self.stream.offset)

    def count(self, content_size):
        self.pairs += struct.pack("<II", len(self.stream.frame), content_size)

    def data(self, size):
        content = self.zstd.decompress(self.stream.frame, size)
        if content is None:
            raise Wrong("a data frame does not decompress to what it says")
        self.count(size)
        self.tar.put(content)

    def mark(self, length):
        payload = self.stream.take(length, "a seal" if length == SEAL_SIZE else "a checkpoint")
        self.count(0)
        self.seq += 1
        if length == SEAL_SIZE:
            self.seal(payload)
        else:
            self.checkpoint(payload)
        self.prove()

    def checkpoint(self, payload):
        wanted = '{"csi":"checkpoint","v":1,"seq":%d,"entries":%d,"bytes":%d,"sha256":"%s"}\n' % (
            self.seq, self.tar.entries, self.tar.size, self.stream.before.hexdigest())
        if payload != wanted.encode():
            raise Wrong("checkpoint %d does not agree with the stream before it" % self.seq)
        self.marked = True

    def padding(self, length):
        only_zeros(self.stream.take(length, "padding"))
        self.count(0)

    def prove(self):
        self.proven = {"proven_bytes": self.stream.offset, "proven_entries": self.tar.entries,
                       "proven_tar_bytes": self.tar.size, "proven_sha256": self.stream.digest.hexdigest()}
        self.sink.proven()

    def whole_table(self):
        count = len(self.pairs) // 8
        return TABLE + struct.pack("<I", 8 * count + 9) + self.pairs + struct.pack("<IB", count, 0) + TABLE_END

    def seal(self, payload):
        match = SEAL.fullmatch(payload)
        if not match:
            raise Wrong("the seal is not written as a seal is")
        head, seq, status, entries, size, gaps, stream_size, sha256, table_size, table_sha256, own, _ = match.groups()
        decimal(gaps, "gaps")
        table = self.whole_table()
        self.agree("seq", seq, self.seq)
        self.agree("entries", entries, self.tar.entries)
        self.agree("bytes", size, self.tar.size)
        self.agree("sha256", sha256, self.stream.before.hexdigest())
        self.agree("self", own, hashlib.sha256(head).hexdigest())
        if status not in (b"complete", b"partial", b"failed"):
            raise Wrong("the seal's status is none")
        if not self.tar.ended or self.tar.ledger.last != "sums":
            raise Wrong("the tar before the seal does not end, or not directly after a sums part")
        self.agree("stream_size", stream_size, self.stream.start + 8 + SEAL_SIZE + len(table))
        self.agree("table_size", table_size, len(table))
        self.agree("table_sha256", table_sha256, hashlib.sha256(table).hexdigest())
        self.status = status.decode()

    @staticmethod
    def agree(what, said, counted):
        if said != str(counted).encode():
            raise Wrong("the seal's %s does not agree" % what)

    def table(self):
        table = self.whole_table()
        for at in range(0, len(table), 65536):
            wanted = table[at:at + 65536]
            got = self.stream.some(len(wanted))
            if not wanted.startswith(got):
                bad = next(i for i, byte in enumerate(got) if byte != wanted[i])
                raise Wrong("the seek table does not agree", self.stream.start + at + bad)
            if len(got) < len(wanted):
                raise Cut("the seal is whole, the seek table after it is cut", self.stream.offset)
        at = self.stream.offset
        if self.stream.some(1):
            raise Wrong("something follows the seek table", at)

    def report(self, wrong, regular):
        """Everything about the stream, as it is printed."""
        if wrong is None or isinstance(wrong, Cut) or regular:
            self.stream.drain()
            whole = {"bytes": self.stream.offset, "sha256": self.stream.digest.hexdigest()}
        else:
            whole = {"bytes": None, "sha256": None}
        return {"verdict": wrong.verdict if wrong else "sealed", "status": self.status, **self.proven, **whole,
                "why": str(wrong) if wrong else None, "offset": wrong.offset if wrong else None}


# What is done with entries

class Lines(Sink):
    """Prints an entry once it is proven."""

    def __init__(self):
        self.waiting = tempfile.SpooledTemporaryFile(max_size=PIECE)

    def end(self, entry):
        self.waiting.write(json.dumps(entry.line()).encode() + b"\n")

    def proven(self):
        self.waiting.seek(0)
        shutil.copyfileobj(self.waiting, sys.stdout.buffer, PIECE)
        self.waiting.seek(0)
        self.waiting.truncate()


class Enough(Exception):
    pass


class Extract(Sink):
    """Writes the first COUNT entries below DIRECTORY, following no link of theirs."""

    def __init__(self, directory, count):
        self.left = count
        self.file = None
        os.makedirs(directory, exist_ok=True)
        if os.listdir(directory):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), directory)
        self.root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)

    def begin(self, entry):
        if not self.left:
            raise Enough
        self.left -= 1
        *parents, last = entry.path.rstrip(b"/").split(b"/")
        parent = self.descend(parents)
        try:
            self.make(entry, last, parent)
        finally:
            os.close(parent)

    def descend(self, parents):
        """A descriptor of the directory PARENTS, made where it is missing."""
        here = os.dup(self.root)
        for name in parents:
            try:
                self.make_directory(name, here)
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            finally:
                os.close(here)
            here = below
        return here

    @staticmethod
    def make_directory(name, parent):
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            pass

    def make(self, entry, name, parent):
        if entry.kind == "dir":
            self.make_directory(name, parent)
        elif entry.kind == "link":
            os.symlink(entry.link, name, dir_fd=parent)
        else:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=parent)
            self.file = os.fdopen(fd, "wb")

    def data(self, offset, piece):
        self.file.seek(offset)
        self.file.write(piece)

    def end(self, entry):
        if self.file:
            self.file.truncate(entry.size)
            self.file.close()
            self.file = None


def extract(path, directory, count):
    sink = Extract(directory, count)
    with open(path, "rb") as file:
        try:
            Verifier(file, sink).run()
        except Enough:
            pass
    if sink.left:
        raise OSError(errno.EIO, "it changed while it was read", path)


# The command

EXITS = {"sealed": 0, "cut": 3, "altered": 1, "not a bundle": 1}


def text(report):
    """The verdict in words."""
    lines = ["%s%s" % (report["verdict"], ", status %s" % report["status"] if report["status"] else "")]
    if report["why"]:
        lines.append("why: %s, at offset %d" % (report["why"], report["offset"]))
    lines.append("proven: %(proven_bytes)d bytes of the stream, %(proven_entries)d entries, %(proven_tar_bytes)d bytes of tar" % report)
    if report["sha256"]:
        lines.append("sha256=%(sha256)s bytes=%(bytes)d" % report)
    return "\n".join(lines)


def verify(file, sink=None):
    """The report on FILE, an open binary file."""
    verifier = Verifier(file, sink or Sink())
    wrong = verifier.run()
    return verifier.report(wrong, stat.S_ISREG(os.fstat(file.fileno()).st_mode))


def open_input(path):
    return open(sys.stdin.fileno() if path == "-" else path, "rb", buffering=PIECE, closefd=path != "-")


def options(argv):
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--extract-proven", metavar="DIR")
    args = parser.parse_args(argv)
    if args.extract_proven and args.file == "-":
        parser.error("--extract-proven reads FILE twice, so it cannot be standard input")
    return args


def run(args):
    with open_input(args.file) as file:
        report = verify(file, Lines() if args.list else None)
    if args.extract_proven:
        extract(args.file, args.extract_proven, report["proven_entries"])
    words = json.dumps(report) if args.json else text(report)
    sys.stdout.flush()
    print(words, file=sys.stderr if args.list and not args.json else sys.stdout, flush=True)
    return EXITS[report["verdict"]]


def main(argv=None):
    args = options(argv)
    try:
        return run(args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError) as error:
        print("verify.py: %s" % str(error).encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
