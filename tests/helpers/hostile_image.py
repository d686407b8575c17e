#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images that hurt a careless reader, and a measure of what one costs.

  hostile_image.py make KIND OUT [TREE]        KIND is a method of Maker; `wide` makes TREE as well
  hostile_image.py peak OUT ERR RSS CMD...     run CMD, its output into files, its peak RSS in KiB into RSS
"""

import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import zlib

WIDE = 200_000
MIB = 1 << 20


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Layer:
    def __init__(self):
        self.out = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.out, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, data=b"", kind=tarfile.REGTYPE, link="", **pax):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size, info.pax_headers = kind, link, len(data), pax
        self.tar.addfile(info, io.BytesIO(data))

    def done(self):
        self.tar.close()
        return self.out.getvalue()


def archive(layers, listed=None, extra=()):
    """An OCI layout of ready layers: (as stored, unpacked)."""
    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w")

    def add(name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

    def blob(data):
        add("blobs/sha256/" + sha(data), data)
        return {"digest": "sha256:" + sha(data), "size": len(data)}

    for name, data in extra:
        add(name, data)
    listed = listed or layers
    for stored in {id(stored): stored for stored, _ in layers}.values():
        blob(stored)
    config = json.dumps({"rootfs": {"diff_ids": ["sha256:" + diff for _, diff in listed]}}).encode()
    manifest = json.dumps({"config": blob(config),
                           "layers": [{"digest": "sha256:" + sha(s)} for s, _ in listed]}).encode()
    add("index.json", json.dumps({"manifests": [blob(manifest)]}).encode())
    tar.close()
    return out.getvalue()


def plain(data):
    return data, sha(data)


def gzip_zeros(mib):
    """A layer of one file of MIB MiB of zeros, packed piece by piece; what it unpacks to is not kept."""
    size = mib * MIB
    info = tarfile.TarInfo("bomb")
    info.size = size
    packer, digest = zlib.compressobj(9, zlib.DEFLATED, 31), hashlib.sha256()
    first = info.tobuf(tarfile.GNU_FORMAT)
    out = [packer.compress(first)]
    digest.update(first)
    piece = bytes(16 * MIB)
    for _ in range(size // len(piece)):
        out.append(packer.compress(piece))
    return b"".join(out) + packer.flush(), digest.hexdigest()


class Maker:
    @staticmethod
    def gzip_bomb():
        return archive([gzip_zeros(256)])

    @staticmethod
    def zstd_bomb():
        zeros = subprocess.run(["sh", "-c", "head -c 256M /dev/zero | zstd -q -c"], stdout=subprocess.PIPE, check=True)
        return archive([(zeros.stdout, "0" * 64)])

    @staticmethod
    def zstd_window():
        """A window of 128 MiB, which its reader would have to keep."""
        layer = Layer()
        layer.add("f", os.urandom(MIB))
        packed = subprocess.run(["zstd", "-q", "-c", "--long=27", "-1"], input=layer.done(),
                                stdout=subprocess.PIPE, check=True).stdout
        return archive([(packed, "0" * 64)])

    @staticmethod
    def sparse_bomb():
        layer = Layer()
        layer.add("s", b"x", **{"GNU.sparse.map": "0,1", "GNU.sparse.size": str((1 << 62)), "GNU.sparse.name": "s"})
        return archive([plain(layer.done())])

    @staticmethod
    def pax_bomb():
        layer = Layer()
        layer.add("f", **{"SCHILY.xattr.user.x": "x" * (2 * MIB)})
        return archive([plain(layer.done())])

    @staticmethod
    def json_bomb():
        big = b"[" + b"0," * (8 * MIB) + b"0]"
        return archive([plain(b"")], extra=[("index.json", big)] * 2)[:-10240] + bytes(10240)

    @staticmethod
    def json_deep():
        layer = Layer()
        layer.add("f")
        good = archive([plain(layer.done())])
        out = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(good)) as old, tarfile.open(fileobj=out, mode="w") as new:
            for info in old:
                data = old.extractfile(info).read()
                if info.name == "index.json":
                    data = b"[" * MIB + b"]" * MIB
                    info.size = len(data)
                new.addfile(info, io.BytesIO(data))
        return out.getvalue()

    @staticmethod
    def many_parts():
        layer = Layer()
        layer.add("f")
        extra = [("blobs/sha256/" + sha(b"%d" % i), b"{}") for i in range(6000)]
        return archive([plain(layer.done())], extra=extra)

    @staticmethod
    def long_parts():
        layer = Layer()
        layer.add("f")
        extra = [("blobs/sha256/" + "a" * 900_000 + str(i), b"{}") for i in range(150)]
        return archive([plain(layer.done())], extra=extra)

    @staticmethod
    def links():
        """Each link doubles the way to the next."""
        layer = Layer()
        layer.add("l0", kind=tarfile.SYMTYPE, link=".")
        for i in range(1, 60):
            layer.add(f"l{i}", kind=tarfile.SYMTYPE, link=f"l{i - 1}/l{i - 1}")
        layer.add("l59/file", b"x")
        return archive([plain(layer.done())])

    @staticmethod
    def deep_links():
        layer = Layer()
        for i in range(300):
            layer.add("a/" * i + "s", kind=tarfile.SYMTYPE, link="../" * 1000 + "a/" * 1300)
            layer.add("a/" * i + "s/f", b"x")
        layer.add("x/" * 4000, b"x")
        return archive([plain(layer.done())])

    @staticmethod
    def same_hash():
        """20,000 names that differ in little, in one directory and one below the other."""
        layer = Layer()
        for i in range(20_000):
            layer.add(f"{i:08d}".replace("0", "\u0430"), b"")
        layer.add("../out", b"x")
        return archive([plain(layer.done())])

    @staticmethod
    def names():
        layer = Layer()
        for name in ("esc\x1b[2J", "new\nline", "bidi\u202egnp", "n" * 256, "..", ".wh.", ".wh...", "a/../../b"):
            layer.add(name, b"x")
        return archive([plain(layer.done())])

    @staticmethod
    def dots():
        layer = Layer()
        layer.add("../../../../etc/passwd", b"x")
        layer.add("/abs", b"x")
        layer.add("l", kind=tarfile.SYMTYPE, link="../../../..")
        layer.add("l/etc/shadow", b"x")
        layer.add("h", kind=tarfile.LNKTYPE, link="../../etc/group")
        return archive([plain(layer.done())])

    @staticmethod
    def loops():
        layer = Layer()
        layer.add("a", kind=tarfile.SYMTYPE, link="b")
        layer.add("b", kind=tarfile.SYMTYPE, link="a")
        layer.add("a/x", b"x")
        layer.add("h1", kind=tarfile.LNKTYPE, link="h2")
        layer.add("h2", kind=tarfile.LNKTYPE, link="h1")
        return archive([plain(layer.done())])

    @staticmethod
    def layers_again():
        """One layer of many files, 600 times over."""
        layer = Layer()
        for i in range(2_000):
            layer.add(f"d{i % 100}/f{i}")
        return archive([plain(layer.done())], listed=[plain(layer.done())] * 600)


def wide(out, tree):
    """WIDE files in one directory and in many; the image of it, in zstd's window of 8 MiB."""
    layer = Layer()
    for i in range(WIDE):
        where = f"opt/app/node_modules/package{i % 500}" if i % 2 else "srv/all-in-one-directory"
        name = f"{where}/a-module-{i}.js"
        os.makedirs(os.path.join(tree, where), exist_ok=True)
        path = os.path.join(tree, name)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
        os.utime(path, (0, 0))
        layer.add(name)
    data = layer.done()
    packed = subprocess.run(["zstd", "-q", "-1", "--long=23", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    with open(out, "wb") as f:
        f.write(archive([(packed, sha(data))]))


def peak(out, err, rss, cmd):
    with open(out, "wb") as o, open(err, "wb") as e:
        code = subprocess.run(cmd, stdout=o, stderr=e, check=False).returncode
    with open(rss, "w", encoding="utf-8") as f:
        f.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
    return code


def main(argv):
    if argv[1] == "peak":
        return peak(argv[2], argv[3], argv[4], argv[5:])
    if argv[2] == "wide":
        wide(argv[3], argv[4])
        return 0
    with open(argv[3], "wb") as f:
        f.write(getattr(Maker, argv[2].replace("-", "_"))())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
