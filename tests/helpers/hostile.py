#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trees that an intruder could leave, made at run time.

  hostile.py DIR PART...          make the parts below DIR; prints the path of each object, relative to
                                  DIR and escaped as csi escapes, one a line (depth and wide: only the top)
  hostile.py actor KIND FILE SECONDS   change FILE again and again: swap (a FIFO and back), grow,
                                  shrink, vanish; runs until the time is over or it is ended

Parts: names depth special links sparse hardlinks xattrs immutable wide modes
"""

import os
import shutil
import socket
import stat
import struct
import sys
import time

from printable import escape

DEPTH = 100_000
WIDE = 70_000
TIB = 1 << 40
NAMES = [b"new\nline", b"esc\x1b[2J\x1b]0;x\x07", "bidi\u202egnp.exe".encode(), b"invalid\xff\xfe\xc3(",
         b"long" + b"n" * 251, b"back\\slash", b"-rf", b"--checkpoint-action=exec=sh", b" leading and trailing ",
         b"tab\tcr\r", b"nul\\x00", "zero\u200bwidth".encode(), "\ufeffbom".encode(), "soft\u00adhyphen".encode(),
         b"\xed\xa0\x80surrogate", b"\xc0\xafoverlong", "tag\U000e0041".encode(), "caf\u00e9".encode(), b"'\"`$(id)`",
         b"x (deleted)", b"..."]


class Maker:
    def __init__(self, top):
        self.top = os.fsencode(os.path.abspath(top))
        os.makedirs(self.top, exist_ok=True)

    def path(self, name):
        return os.path.join(self.top, name if isinstance(name, bytes) else name.encode())

    def said(self, path):
        print(escape(os.path.relpath(path, self.top)))

    def file(self, name, data=b"x\n"):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data)
        self.said(path)
        return path

    def dir(self, name):
        path = self.path(name)
        os.mkdir(path)
        self.said(path)
        return path

    def names(self):
        """One file of each name, and the same names as directories with a file inside."""
        self.dir("dirs")
        for name in NAMES:
            self.file(name, b"content of " + name[:20])
            self.dir(b"dirs/" + name)
            self.file(b"dirs/" + name + b"/inside")

    def depth(self):
        """DEPTH directories, one in the other, and a file at the bottom."""
        top = self.dir("deep")
        here = os.open(".", os.O_RDONLY)
        os.chdir(top)
        for _ in range(DEPTH):
            os.mkdir("d")
            os.chdir("d")
        with open("bottom", "wb") as f:
            f.write(b"found me\n")
        os.fchdir(here)
        os.close(here)

    def special(self):
        os.mkfifo(self.path("fifo"))
        self.said(self.path("fifo"))
        with socket.socket(socket.AF_UNIX) as s:
            here = os.getcwd()
            os.chdir(self.top)  # a socket's path may have 107 bytes
            s.bind("socket")
            os.chdir(here)
        self.said(self.path("socket"))
        # Each can be read without an end.
        for name, minor in (("urandom", 9), ("zero", 5), ("full", 7)):
            os.mknod(self.path(name), 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            self.said(self.path(name))

    def links(self):
        for name, where in (("to-root", "/"), ("to-self-root", "/proc/self/root"), ("to-1-root", "/proc/1/root"),
                            ("up", "../../../../../../../.."), ("loop", "loop"), ("a", "b"), ("b", "a"),
                            ("here", "."), ("dangling", "/no/such/file"), ("esc", "\x1b[31m\n"),
                            ("shadow", "/etc/shadow"), ("long", "x/" * 2000)):
            os.symlink(where, self.path(f"link-{name}"))
            self.said(self.path(f"link-{name}"))

    def sparse(self):
        """1 TiB with three pages of data: at the start, in the middle, at the end."""
        path = self.file("sparse", b"start")
        with open(path, "r+b") as f:
            for at, text in ((TIB // 2, b"middle"), (TIB - 3, b"end")):
                f.seek(at)
                f.write(text)

    def hardlinks(self):
        first = self.file("hard-1", b"linked\n")
        for i in (2, 3):
            os.link(first, self.path(f"hard-{i}"))
            self.said(self.path(f"hard-{i}"))

    def xattrs(self):
        path = self.file("xattr")
        os.setxattr(path, "user.note\n\x1b[1m".encode(), b"\x00\xff\x1b")
        os.setxattr(path, "user.big", b"v" * 3000)
        # cap_net_raw,cap_sys_admin=ep, revision 2
        caps = struct.pack("<IIIII", 0x02000001, 1 << 13 | 1 << 21, 0, 0, 0)
        os.setxattr(self.file("filecaps"), "security.capability", caps)
        os.chmod(self.file("setuid"), 0o4755)

    def immutable(self):
        path = self.file("immutable")
        if shutil.which("chattr") and os.spawnlp(os.P_WAIT, "chattr", "chattr", "+i", path):
            print("hostile.py: no immutable files here", file=sys.stderr)

    def wide(self):
        top = self.dir("wide")
        fd = os.open(top, os.O_RDONLY)
        for i in range(WIDE):
            os.mknod(f"n{i:06}", 0o644 | stat.S_IFREG, dir_fd=fd)
        os.close(fd)

    def modes(self):
        os.chmod(self.file("mode-000"), 0)
        inner = self.dir("dir-000")
        self.file("dir-000/inside")
        os.chmod(inner, 0)
        os.chmod(self.file("mode-7777"), 0o7777)


# Actors

def replace(path, make):
    temporary = path + b".new"
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass
    make(temporary)
    os.rename(temporary, path)


def put(path, data=b"y" * 65536):
    with open(path, "wb") as f:
        f.write(data)


def swap(path, _):
    replace(path, os.mkfifo)
    replace(path, put)


def grow(path, _):
    with open(path, "ab") as f:
        f.write(b"g" * 65536)
    if os.path.getsize(path) > 1 << 26:
        os.truncate(path, 1 << 20)


def shrink(path, turn):
    os.truncate(path, (1 << 24) if turn % 2 else 1000)


def vanish(path, _):
    put(path)
    os.unlink(path)


def actor(kind, path, seconds):
    act = {"swap": swap, "grow": grow, "shrink": shrink, "vanish": vanish}[kind]
    until = time.monotonic() + seconds
    put(path)
    turn = 0
    while time.monotonic() < until:
        act(path, turn)
        turn += 1


def main(argv):
    if len(argv) < 3:
        raise SystemExit(__doc__)
    if argv[1] == "actor":
        actor(argv[2], os.fsencode(argv[3]), float(argv[4]))
        return
    maker = Maker(argv[1])
    for part in argv[2:]:
        getattr(maker, part)()


if __name__ == "__main__":
    main(sys.argv)
