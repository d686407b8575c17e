#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""age_vectors.py PROGRAM DIR: the public vectors in DIR against unit/test_age_peer, both ways."""

import hashlib
import os
import subprocess
import sys
import zlib

# expect: how the program ends, and with which errno (61 ENODATA, 74 EBADMSG, 126 ENOKEY).
EXPECT = {"success": [""], "no match": ["header -126 "], "HMAC failure": ["header -74 "],
          "header failure": ["header -74 ", "header -61 "], "payload failure": ["payload -74 ", "payload -61 "]}
# The nonce is read with the payload, so a file that ends in it fails a step later here.
LATER = {"stream_no_nonce": ["payload -61 "], "stream_short_nonce": ["payload -61 "]}


def parse(path):
    with open(path, "rb") as f:
        head, body = f.read().split(b"\n\n", 1)
    keys = {}
    for line in head.decode().split("\n"):
        key, value = line.split(": ", 1)
        keys.setdefault(key, []).append(value)
    return keys, zlib.decompress(body) if "compressed" in keys else body


def one(program, name, keys, body):
    with open("identities", "w", encoding="ascii") as f:
        f.write("\n".join(keys["identity"]) + "\n")
    p = subprocess.run([program, "open", "identities"], input=body, capture_output=True, check=False)
    said, expect = p.stderr.decode(), keys["expect"][0]
    ok = any(said.startswith(w) if w else p.returncode == 0 and not said for w in LATER.get(name, EXPECT[expect]))
    if "payload" in keys:
        ok = ok and hashlib.sha256(p.stdout).hexdigest() == keys["payload"][0]
    else:
        ok = ok and not p.stdout
    if not ok:
        print(f"{name}: expected {expect}, got {p.returncode}, {len(p.stdout)} bytes, {said!r}")
    return ok


def again(program, name, keys, body):
    p = subprocess.run([program, "again", keys["file key"][0]], input=body, capture_output=True, check=False)
    if p.returncode:
        print(f"{name}: not the same bytes again: {p.stderr.decode()}")
    return p.returncode == 0


def main(program, folder):
    read = wrote = bad = 0
    for name in sorted(os.listdir(folder)):
        if name == "README.md":
            continue
        keys, body = parse(os.path.join(folder, name))
        keys.setdefault("identity", ["AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"])
        bad += not one(program, name, keys, body)
        read += 1
        if keys["expect"][0] == "success":
            bad += not again(program, name, keys, body)
            wrote += 1
    print(f"{read} read, {wrote} written, {bad} bad")
    return 1 if bad or not wrote else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
