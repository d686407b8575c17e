#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""canary.py BUNDLE DIR SECRET... - prints each SECRET (Python's escapes are undone) that is somewhere in the
decompressed stream of BUNDLE or in a file below DIR: as it is, in base64 (both alphabets, any alignment), in
hexadecimal, escaped as records have it, in JSON. Ends with 0 if there is none, 1 if there is one."""

import base64
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True

import verify  # noqa: E402


def in_base64(secret):
    """What of its base64 does not depend on its neighbours, at each of the three alignments."""
    for skip in range(3):
        text = base64.b64encode(b"x" * skip + secret)
        first = -(-skip * 8 // 6)
        last = (skip + len(secret)) * 8 // 6
        yield text[first:last]
        yield text[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def forms(secret):
    escaped = verify.escape(secret)
    yield secret
    yield escaped.encode()
    yield json.dumps(escaped)[1:-1].encode()
    yield secret.hex().encode()
    yield from in_base64(secret)


def contents(bundle, top):
    yield "the stream", subprocess.run(["zstd", "-dcq", bundle], check=True, stdout=subprocess.PIPE).stdout
    for where, _, names in os.walk(top):
        for name in names:
            path = os.path.join(where, name)
            yield path, os.fsencode(os.readlink(path)) if os.path.islink(path) else open(path, "rb").read()


def main(bundle, top, *secrets):
    found = 0
    wanted = {s: set(forms(s.encode().decode("unicode_escape").encode("latin-1"))) for s in secrets}
    for where, data in contents(bundle, top):
        for secret, ways in wanted.items():
            if any(w in data for w in ways):
                print(f"{secret} is in {where}")
                found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
