#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reader at the other end of the pipe that stops when it is told to.

  reader.py FILE BYTES AT GO   copies BYTES of standard input to FILE, writes "reached" to the FIFO AT
                               ("ended" if there were fewer), and reads nothing until a word comes
                               through the FIFO GO: "on" copies the rest, "leave" ends at once
"""

import os
import sys

CHUNK = 1 << 16


def copy(out, left):
    """Copies at most LEFT bytes; False at the end of the input."""
    while left > 0:
        data = os.read(0, min(CHUNK, left))
        if not data:
            return False
        out.write(data)
        left -= len(data)
    return True


def main(argv):
    with open(argv[1], "wb") as out:
        more = copy(out, int(argv[2]))
        out.flush()
        with open(argv[3], "w", encoding="ascii") as at:
            print("reached" if more else "ended", file=at)
        with open(argv[4], encoding="ascii") as go:
            word = go.readline().strip()
        while word == "on" and copy(out, 1 << 30):
            pass


if __name__ == "__main__":
    main(sys.argv)
