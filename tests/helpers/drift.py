#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an intruder does to a root file system, and what of it two other witnesses tell.

  drift.py make ROOT                      changes of every kind, made in ROOT (of image.distroless)
  drift.py upper LOWER UPPER [SKIP...]    what an overlay's upper directory says against its lower one
  drift.py layer LOWER TAR                the same of a layer that a builder made of the changes

The last two print "added PATH", "changed PATH" and "deleted PATH", sorted. What lies in the upper
directory and is the same in the lower one (copied up by an open for writing, a moved atime, or a hard
link) is no change of the image's, and directories' times are nobody's.
"""

import os
import shutil
import stat
import subprocess
import sys
import tarfile


def sh(*argv):
    subprocess.run(argv, check=True)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def keep_times(path, change):
    before = os.stat(path)
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap_case(path):
    with open(path, "r+", encoding="utf-8") as f:
        text = f.read()
        f.seek(0)
        f.write(text.swapcase())


def replaced(path):
    shutil.rmtree(path)
    os.mkdir(path)


def make(root):
    os.chdir(root)
    os.chmod("etc/nsswitch.conf", 0o600)                                  # mode alone
    os.setxattr("etc/os-release", "user.note", b"\0x")                    # an xattr alone
    os.chown("home/nonroot", 1, 2)                                        # owner of a directory
    keep_times("etc/passwd", swap_case)                                   # content, size and time kept
    os.rename("usr/share/zoneinfo/UTC", "usr/share/zoneinfo/GMT")         # renamed
    os.remove("var/lib/dpkg/status.d/base-files.md5sums")                 # deleted
    replaced("etc/ssl")                                                   # a directory replaced ...
    write("etc/ssl/openssl.cnf", "# none\n")
    os.rmdir("var/tmp")                                                   # ... and by a file
    write("var/tmp", "x")
    os.remove("share")                                                    # a link that leads elsewhere
    os.symlink("/tmp", "share")
    os.utime("app/httpd", (1, 1_000_000_000))                             # mtime alone
    os.link("etc/group", "tmp/group")                                     # no change of etc/group
    shutil.rmtree("root")                                                 # a whole directory
    os.makedirs("tmp/.ICE-unix/d")
    for name in ("tmp/kinsing", "tmp/.ICE-unix/d/kdevtmpfsi", "tmp/caf\u0065\u0301", "tmp/new\nline"):
        write(name, "x\n")
    os.mkfifo("tmp/pipe")


def facts(path):
    st = os.lstat(path)
    extra = {}
    if not stat.S_ISLNK(st.st_mode):
        extra = {n: os.getxattr(path, n, follow_symlinks=False) for n in os.listxattr(path, follow_symlinks=False)
                 if n.startswith("user.") or n == "security.capability"}
    same = [st.st_mode, st.st_uid, st.st_gid, extra, st.st_rdev]
    if stat.S_ISLNK(st.st_mode):
        same += [os.readlink(path), st.st_mtime_ns]
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            same += [st.st_mtime_ns, f.read()]
    return same


def exists(path):
    return os.path.lexists(path)


def is_whiteout(st):
    return stat.S_ISCHR(st.st_mode) and st.st_rdev == 0


def is_opaque(path):
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def is_dir(path):
    return stat.S_ISDIR(os.lstat(path).st_mode)


class Upper:
    def __init__(self, lower, upper, skip):
        self.lower, self.upper, self.skip, self.said = lower, upper, set(skip), []

    def say(self, word, path):
        if path not in self.skip:
            self.said.append(f"{word} {path}")

    def gone_below(self, path, hidden):
        """Children of the lower directory PATH that do not show any more."""
        for name in os.listdir(self.lower + path):
            if not exists(f"{self.upper}{path}/{name}") and hidden:
                self.say("deleted", f"{path}/{name}")

    def walk(self, path, in_lower):
        here = self.upper + path
        opaque = path != "" and is_opaque(here)
        if in_lower:
            self.gone_below(path, opaque)
        for name in os.listdir(here):
            child, top = f"{path}/{name}", f"{here}/{name}"
            below = self.lower + child
            lower = in_lower and exists(below)
            st = os.lstat(top)
            if is_whiteout(st):
                if lower:
                    self.say("deleted", child)
                continue
            if not lower:
                self.say("added", child)
            elif facts(top) != facts(below):
                self.say("changed", child)
            if stat.S_ISDIR(st.st_mode):
                self.walk(child, lower and is_dir(below))


def upper(lower, top, skip):
    u = Upper(lower, top, skip)
    u.walk("", True)
    return u.said


def layer(lower, path):
    said = []
    with tarfile.open(path, errors="surrogateescape") as tar:
        for info in tar:
            name = "/" + info.name.strip("/").removeprefix("./")
            where, base = os.path.split(name)
            if base.startswith(".wh."):
                said.append("deleted " + os.path.join(where, base[4:]))
            elif not exists(lower + name):
                said.append("added " + name)
            elif not info.isdir() or (info.mode, info.uid, info.gid) != dir_facts(lower + name):
                said.append("changed " + name)
    return said


def dir_facts(path):
    st = os.lstat(path)
    return stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid


def main(argv):
    if argv[1] == "make":
        return make(argv[2])
    said = upper(argv[2], argv[3], argv[4:]) if argv[1] == "upper" else layer(argv[2], argv[3])
    for line in sorted(os.fsencode(s) for s in said):
        sys.stdout.buffer.write(line.replace(b"\n", b"\\x0a") + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
