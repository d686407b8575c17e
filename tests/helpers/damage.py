#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""damage.py CSI VERIFY_PY BUNDLE N - N random cuts and N random flipped bits of a whole bundle, each
through both verifiers. Both must give the same exit code, never 0, and what they list as proven must be
entries of the whole bundle, with their digests; a cut keeps all entries before the last checkpoint."""

import json
import os
import random
import struct
import subprocess
import sys

SKIPPABLE = b"\x5c\x2a\x4d\x18"
problems = []


def checkpoints(data):
    """(end offset, entries) of each checkpoint and the seal, by walking the frames' own lengths."""
    at, found = 0, [(0, 0)]
    index = data.rfind(b"\xb1\xea\x92\x8f")
    count, = struct.unpack_from("<I", data, index - 5)
    table = index + 4 - 9 - 8 * count
    for i in range(count):
        size, _ = struct.unpack_from("<II", data, table + 8 * i)
        if data[at:at + 4] == SKIPPABLE:
            found.append((at + size, json.loads(data[at + 8:at + size])["entries"]))
        at += size
    return found


def run(argv):
    done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout


def entries(argv):
    """Exit code and the proven entries: path -> digest."""
    code, out = run(argv)
    listed = {}
    for line in out.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.get("csi", {}).get("item") and record.get("file", {}).get("hash"):
            listed[record["csi"]["item"]] = record["file"]["hash"]["sha256"]
    return code, listed


class Trial:
    def __init__(self, csi, second, whole):
        self.csi, self.second = csi, second
        with open(whole, "rb") as f:
            self.data = f.read()
        self.marks = checkpoints(self.data)
        code, self.truth = entries([csi, "verify", "--json", "-v", whole])
        if code != 0 or run([sys.executable, second, whole])[0] != 0:
            raise SystemExit("the whole bundle does not verify")

    def check(self, name, data, allowed):
        with open("damaged", "wb") as f:
            f.write(data)
        ours, listed = entries([self.csi, "verify", "--json", "-v", "damaged"])
        theirs, _ = run([sys.executable, self.second, "damaged"])
        if ours != theirs:
            problems.append(f"{name}: csi verify {ours}, verify.py {theirs}")
        if ours not in allowed:
            problems.append(f"{name}: exit {ours}, allowed {allowed}")
        for item, digest in listed.items():
            if self.truth.get(item) != digest:
                problems.append(f"{name}: {item} is not so in the whole bundle")
        return listed

    def cut(self, at):
        proven = max(e for end, e in self.marks if end <= at)
        listed = self.check(f"cut at {at}", self.data[:at], (3,) if at > 3 else (1, 3))
        if listed and len(listed) > proven:
            problems.append(f"cut at {at}: {len(listed)} files of {proven} proven entries")

    def flip(self, bit):
        data = bytearray(self.data)
        data[bit // 8] ^= 1 << bit % 8
        self.check(f"bit {bit}", bytes(data), (1, 3))


def main(argv):
    trial = Trial(argv[1], argv[2], argv[3])
    times, rng = int(argv[4]), random.Random(int(os.environ.get("CSI_TEST_SEED", "20261123")))
    for _ in range(times):
        trial.cut(rng.randrange(len(trial.data)))
        trial.flip(rng.randrange(8 * len(trial.data)))
    print(f"{times} cuts and {times} flips of {len(trial.data)} bytes, {len(problems)} problems")
    print("\n".join(problems[:50]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
