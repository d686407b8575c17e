#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The escape of csi's output, written a second time.

  printable.py FILE...    exit 1, and say where, if a file holds a byte that csi may never print raw
  printable.py --escape   standard input to standard output, escaped (a newline too)
"""

import sys

RAW = [(0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F),
       (0x2028, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
       (0xE0000, 0xE0FFF)]


def forbidden(char):
    return any(low <= ord(char) <= high for low, high in RAW)


def hexed(data):
    return "".join(f"\\x{b:02x}" for b in data)


def escape_char(char):
    if char == "\\":
        return "\\\\"
    if "\udc80" <= char <= "\udcff" or forbidden(char):
        return hexed(char.encode("utf-8", "surrogateescape"))
    return char


def escape(data):
    return "".join(escape_char(c) for c in data.decode("utf-8", "surrogateescape"))


def check(path):
    with open(path, "rb") as f:
        lines = f.read().split(b"\n")
    bad = 0
    for number, line in enumerate(lines, 1):
        text = line.decode("utf-8", "surrogateescape")
        for char in text:
            if "\udc80" <= char <= "\udcff" or forbidden(char):
                print(f"{path}:{number}: {escape_char(char)} in {escape(line)[:200]}")
                bad = 1
                break
    return bad


def main(argv):
    if argv[1:] == ["--escape"]:
        sys.stdout.write(escape(sys.stdin.buffer.read()))
        return 0
    return max(check(p) for p in argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv))
