#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""volumes.py HOSTPID KIND:WHERE... - mounts inside the mount namespace of HOSTPID, as kubelet would have before:
tmpfs:/run/secrets/x (an empty one), bind:/data/sub/file=/app/conf (a subPath). Missing points are made."""

import ctypes
import os
import sys

MS_BIND, CLONE_NEWNS = 4096, 0x20000
libc = ctypes.CDLL(None, use_errno=True)


def must(r):
    if r:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, where, kind, flags):
    must(libc.mount(source.encode(), where.encode(), kind, flags, None))


def main(pid, *mounts):
    must(libc.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), CLONE_NEWNS))
    for word in mounts:
        kind, where = word.split(":", 1)
        source, _, point = where.rpartition("=")
        os.makedirs(os.path.dirname(point), exist_ok=True)
        if kind == "tmpfs":
            os.makedirs(point, exist_ok=True)
            mount("tmpfs", point, b"tmpfs", 0)
        else:
            open(point, "ab").close()
            mount(source, point, None, MS_BIND)


if __name__ == "__main__":
    main(*sys.argv[1:])
