#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Did looking change the patient? Snapshots from the host, and what differs between two.

  harm.py snap FILE --pid HOSTPID... [--tree DIR]... [--upper DIR]... [--cached FILE]...
  harm.py diff BEFORE AFTER       prints each difference, exit 1 if there is one

  --tree    times of every regular file and directory below (symbolic links: the issue allows atime)
  --upper   the whole listing: what was added, removed or changed in the container's upper directory
  --pid     present pages of every mapping, RSS, children and zombies (host pids)
  --cached  pages in page cache; one that has fewer afterwards was evicted, more is reported too

Nothing here moves an atime: directories and files are opened with O_NOATIME.
"""

import argparse
import ctypes
import json
import os
import stat
import struct
import sys

PAGE = os.sysconf("SC_PAGESIZE")
PRESENT_OR_SWAPPED = 3 << 62
SYS_CACHESTAT = 451
libc = ctypes.CDLL(None, use_errno=True)


def times(st):
    return [st.st_atime_ns, st.st_mtime_ns, st.st_ctime_ns]


def walk(top):
    """Yields (path, lstat) of everything below TOP on its file system, moving no atime."""
    device = os.lstat(top).st_dev
    todo = [top]
    while todo:
        path = todo.pop()
        st = os.lstat(path)
        yield os.path.relpath(path, top), st
        if not stat.S_ISDIR(st.st_mode) or st.st_dev != device:
            continue
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME)
        try:
            with os.scandir(fd) as entries:
                todo += sorted(os.path.join(path, e.name) for e in entries)
        finally:
            os.close(fd)


def tree_times(top):
    return {p: times(st) for p, st in walk(top) if stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode)}


def listing(top):
    return {p: [oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink,
                st.st_size if not stat.S_ISDIR(st.st_mode) else 0] for p, st in walk(top)}


# Memory

def maps(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as f:
        for line in f:
            span, _, _, _, _, *name = line.split(maxsplit=5)
            start, end = (int(x, 16) for x in span.split("-"))
            if start < 1 << 63:
                yield span, start, end


def present(fd, start, end):
    data = os.pread(fd, (end - start) // PAGE * 8, start // PAGE * 8)
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    return [i for i, w in enumerate(words) if w & PRESENT_OR_SWAPPED]


def runs(numbers):
    """[0,1,2,7] as "0-2,7": small enough to keep for every mapping."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in out)


def pages(pid):
    fd = os.open(f"/proc/{pid}/pagemap", os.O_RDONLY)
    try:
        return {span: runs(present(fd, start, end)) for span, start, end in maps(pid)}
    finally:
        os.close(fd)


def status(pid, *fields):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    return {k: lines[k].strip() for k in fields if k in lines}


def children(pid):
    found = {}
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        for child in f.read().split():
            try:
                found[child] = status(child, "Name", "State")
            except FileNotFoundError:
                pass
    return found


def process(pid):
    return {"pages": pages(pid), "rss": status(pid, "RssAnon", "RssFile", "RssShmem", "VmSwap"),
            "state": status(pid, "TracerPid", "Threads"), "children": children(pid)}


# Page cache

class Range(ctypes.Structure):
    _fields_ = [("off", ctypes.c_uint64), ("len", ctypes.c_uint64)]


class Stat(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("cache", "dirty", "writeback", "evicted", "recent")]


def cachestat(fd):
    where, ret = Range(0, 0), Stat()
    if libc.syscall(SYS_CACHESTAT, fd, ctypes.byref(where), ctypes.byref(ret), 0):
        return None
    return ret.cache


def mincore(fd):
    size = os.fstat(fd).st_size
    if not size:
        return 0
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    at = libc.mmap(None, size, 1, 1, fd, 0)
    vector = (ctypes.c_ubyte * -(-size // PAGE))()
    libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(size), vector)
    libc.munmap(ctypes.c_void_p(at), ctypes.c_size_t(size))
    return sum(b & 1 for b in vector)


def cached(path):
    fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
    try:
        n = cachestat(fd)
        return mincore(fd) if n is None else n
    finally:
        os.close(fd)


# Verbs

def snap(args):
    return {
        "times": {t: tree_times(t) for t in args.tree},
        "upper": {t: listing(t) for t in args.upper},
        "process": {str(p): process(p) for p in args.pid},
        "cached": {f: cached(f) for f in args.cached},
    }


def differences(a, b, where=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            yield from differences(a.get(key, "nothing"), b.get(key, "nothing"), f"{where} {key}")
    elif a != b:
        yield f"{where.strip()}: {a} -> {b}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["snap", "diff"])
    parser.add_argument("files", nargs="+")
    for name in ("tree", "upper", "cached"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--pid", action="append", default=[], type=int)
    args = parser.parse_args()
    if args.verb == "snap":
        with open(args.files[0], "w", encoding="utf-8") as f:
            json.dump(snap(args), f)
        return 0
    before, after = (json.load(open(p, encoding="utf-8")) for p in args.files)
    found = list(differences(before, after))
    print("\n".join(found[:200]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
