#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""yara_peer.py RULES TREE: what Debian's yara finds, one line a rule and file: RULE /PATH STRINGS FIRST.

STRINGS are the matches of strings, FIRST where the first one of the first string is, "-" without one.
"""

import os
import re
import subprocess
import sys

LINE = re.compile(rb"^0x([0-9a-f]+):(\$[A-Za-z0-9_]*): ")
EXTERNALS = ["filename", "filepath", "extension", "filetype", "owner"]


def scan(rules, path, name):
    """The rules need the externals of this file, so each is a run of its own."""
    base = name.lower()
    dot = base.rfind(".")
    values = {"filename": base, "filepath": "/" + base, "extension": base[dot:] if dot > 0 else "",
              "filetype": filetype(path), "owner": ""}
    args = ["yara", "-C", "-w", "-s", "-p", "1"]
    for key in EXTERNALS:
        args += ["-d", f"{key}={values[key]}"]
    out = subprocess.run(args + [rules, path], stdout=subprocess.PIPE, check=True).stdout
    rule = None
    for line in out.split(b"\n"):
        match = LINE.match(line)
        if match and rule:
            rule[2] += 1
            rule[3] = rule[3] or "0x" + match[1].decode()
        elif line.endswith(b" " + path.encode()):
            if rule:
                yield rule
            rule = [line.split(b" ")[0].decode(), "/" + name, 0, None]
    if rule:
        yield rule


def filetype(path):
    with open(path, "rb") as f:
        head = f.read(16)
    for magic, name in ((b"\x7fELF", "elf"), (b"MZ", "exe"), (b"PK\x03\x04", "zip"), (b"#!", "script")):
        if head.startswith(magic):
            return name
    return "unknown"


def main():
    rules, tree = sys.argv[1:]
    compiled = rules + ".c"
    args = ["yarac", "-w"]
    for key in EXTERNALS:
        args += ["-d", f"{key}="]
    subprocess.run(args + [rules, compiled], check=True)
    found = []
    for name in sorted(os.listdir(tree)):
        found += scan(compiled, os.path.join(tree, name), name)
    print("\n".join(sorted(f"{r} {p} {n} {a or '-'}" for r, p, n, a in found)))


if __name__ == "__main__":
    main()
