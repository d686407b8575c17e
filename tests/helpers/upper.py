#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""upper.py UPPER [MOUNTPOINT...]: what an overlay's upper directory says changed, as the kernel wrote it down.

One line an entry, KIND PATH: added (only in the upper layer, an opaque directory too), changed (copied
up), deleted (a whiteout). Paths that are mount points are left out: from inside, another file stands there.
"""

import os
import stat
import sys


def xattr(path, name):
    try:
        return os.getxattr(path, "trusted.overlay." + name, follow_symlinks=False)
    except OSError:
        return None


def kind(path, st):
    if stat.S_ISCHR(st.st_mode) and st.st_rdev == 0:
        return "deleted"
    if xattr(path, "opaque") == b"y" or xattr(path, "origin") is None:
        return "added"
    return "changed"


def main():
    top, points = sys.argv[1], set(sys.argv[2:])
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(where, name)
            inside = path[len(top):]
            if inside not in points:
                print(kind(path, os.lstat(path)), inside)


main()
