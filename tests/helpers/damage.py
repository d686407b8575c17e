#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""damage.py CSI BUNDLE N [IDENTITY] - N random cuts and N random flipped bits of a whole bundle, and the cuts
around each of its checkpoints, through `csi verify`; every EVERYth of them through verify.py too, and then they must
say the same: verdict, exit code, proven bytes and entries, digest, list of entries. Never whole; proven is what lies
before the last checkpoint ahead of the damage, no less and no more; and what is listed is the whole bundle's list up
to there, digest by digest.

With IDENTITY the bundle is encrypted, and so are cuts and flips; what verify.py sees is what `age -d` still gives.
Of chunks of 65,536 bytes, each 65,552 when encrypted, those ahead of the damage count (FORMAT.md section 8).

CSI_TEST_SEED=NUMBER makes other cuts and flips."""

import hashlib
import json
import os
import random
import struct
import subprocess
import sys

sys.dont_write_bytecode = True

import verify  # noqa: E402

SKIPPABLE = b"\x5c\x2a\x4d\x18"
WORDS = {"none": "not a bundle"}
EVERY = 10
CHUNK, SEALED_CHUNK, NONCE = 65536, 65552, 16
AGE_FIRST_LINE = len(b"age-encryption.org/v1\n")
PROVEN = ("proven_bytes", "proven_entries", "proven_tar_bytes")
problems = []


def checkpoints(data):
    """(end offset, entries) of each checkpoint and the seal, by the seek table at the end."""
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


class Listed(verify.Sink):
    """The proven entries as `csi verify --list` has them."""

    def __init__(self):
        self.entries, self.waiting = [], []

    def end(self, entry):
        self.waiting.append((verify.escape(entry.path), entry.size, entry.sha256))

    def proven(self):
        self.entries += self.waiting
        self.waiting = []


def second(path):
    """verify.py's word on PATH, in this process: a thousand times Python's start would be minutes."""
    sink = Listed()
    with open(path, "rb") as file:
        said = verify.verify(file, sink)
    said["exit"] = verify.EXITS[said["verdict"]]
    return said, sink.entries


def age(path, identity):
    """What age gives of PATH until it stops, in a file of its own."""
    with open("decrypted", "wb") as file:
        subprocess.run(["age", "-d", "-i", identity, path], stdout=file, stderr=subprocess.DEVNULL, timeout=120, check=False)
    return "decrypted"


def first(command, path):
    """csi's, brought into the same words."""
    done = subprocess.run([*command, path], capture_output=True, timeout=120, check=False)
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    listed = [(r["csi"]["item"], r["file"]["size"], r["file"].get("hash", {}).get("sha256")) for r in lines]
    told = last["csi"]["verify"]
    return {"verdict": WORDS.get(told["verdict"], told["verdict"]), "status": told.get("status"), "exit": done.returncode,
            "proven_bytes": told.get("proven", 0), "proven_entries": told["entries"],
            "proven_tar_bytes": told.get("tar_bytes", 0), "bytes": last["file"]["size"],
            "sha256": last["file"]["hash"]["sha256"]}, listed


class Trial:
    """A plain bundle."""

    def __init__(self, csi, whole):
        self.command = [csi, "verify", "--json", "--list"]
        self.verdicts, self.tried, self.compared = {}, 0, 0
        with open(whole, "rb") as file:
            self.data = file.read()
        self.prepare(whole)
        said, self.truth = first(self.command, whole)
        if said["verdict"] != "sealed" or said["exit"] != 0:
            raise SystemExit("the whole bundle does not verify")
        self.agree("the whole bundle", said, self.truth, whole)

    def prepare(self, _whole):
        self.marks = checkpoints(self.data)

    def agree(self, name, said, listed, path):
        """verify.py says so too."""
        self.compare(name, said, listed, second(path), said)

    def compare(self, name, said, listed, other, keys):
        theirs, their_list = other
        self.compared += 1
        for key in keys:
            if said[key] != theirs[key]:
                problems.append(f"{name}: {key}: csi verify {said[key]}, verify.py {theirs[key]}")
        if listed != their_list:
            problems.append(f"{name}: the lists of entries differ")

    def check(self, name, data, unhurt, verdicts):
        """DATA, of which the first UNHURT bytes are the whole bundle's."""
        with open("damaged", "wb") as file:
            file.write(data)
        said, listed = first(self.command, "damaged")
        if self.tried % EVERY == 0:
            self.agree(name, said, listed, "damaged")
        self.tried += 1
        self.verdicts[said["verdict"]] = self.verdicts.get(said["verdict"], 0) + 1
        if said["verdict"] not in verdicts or said["exit"] != (3 if said["verdict"] == "cut" else 1):
            problems.append(f"{name}: {said['verdict']}, exit code {said['exit']}")
        if (said["bytes"], said["sha256"]) != (len(data), hashlib.sha256(data).hexdigest()):
            problems.append(f"{name}: size or digest of the file are wrong")
        if (said["proven_bytes"], said["proven_entries"]) != max(m for m in self.marks if m[0] <= self.readable(unhurt)):
            problems.append(f"{name}: {said['proven_bytes']} bytes and {said['proven_entries']} entries proven")
        if listed != self.truth[:said["proven_entries"]]:
            problems.append(f"{name}: what is listed is not so in the whole bundle")

    def readable(self, unhurt):
        """Bytes of the stream that can be read when UNHURT bytes of the file are right."""
        return unhurt

    def edges(self):
        """Where in the file a checkpoint begins to count."""
        return [end for end, _ in self.marks]

    def cut(self, at):
        self.check(f"cut at {at}", self.data[:at], at, ("cut",) if at else ("not a bundle",))

    def flip(self, bit):
        data = bytearray(self.data)
        data[bit // 8] ^= 1 << bit % 8
        self.check(f"bit {bit}", bytes(data), bit // 8, ("altered", "cut", "not a bundle"))


class EncryptedTrial(Trial):
    """The same inside age."""

    def __init__(self, csi, whole, identity):
        self.identity, self.head = identity, 0
        super().__init__(csi, whole)

    def prepare(self, whole):
        self.command += ["--identity", self.identity]
        with open(age(whole, self.identity), "rb") as file:
            self.marks = checkpoints(file.read())
        self.head = self.data.index(b"\n", self.data.index(b"\n--- ") + 1) + 1

    def agree(self, name, said, listed, path):
        self.compare(name, said, listed, second(age(path, self.identity)), PROVEN)

    def readable(self, unhurt):
        return max(0, (unhurt - self.head - NONCE) // SEALED_CHUNK) * CHUNK

    def edges(self):
        chunks = [-(-end // CHUNK) for end, _ in self.marks]
        last = len(self.data) - 2
        return [0, self.head, *(min(self.head + NONCE + n * SEALED_CHUNK, last) for n in chunks)]

    def cut(self, at):
        short = ("cut", "not a bundle") if at < AGE_FIRST_LINE else ("cut",)
        self.check(f"cut at {at}", self.data[:at], at, short)

    def flip(self, bit):
        data = bytearray(self.data)
        data[bit // 8] ^= 1 << bit % 8
        words = ("altered", "encrypted", "not a bundle") if bit // 8 < self.head else ("altered", "cut")
        self.check(f"bit {bit}", bytes(data), bit // 8, words)


def main(argv):
    trial = EncryptedTrial(argv[1], argv[2], argv[4]) if argv[4:] else Trial(argv[1], argv[2])
    times, seed = int(argv[3]), int(os.environ.get("CSI_TEST_SEED", "20261123"))
    rng, size = random.Random(seed), len(trial.data)
    print(f"seed {seed}, {size} bytes, {len(trial.truth)} entries, {len(trial.marks) - 2} checkpoints", flush=True)
    for end in trial.edges():
        for at in {max(end - 1, 0), end, end + 1}:
            trial.cut(at)
    for _ in range(times):
        trial.cut(rng.randrange(size))
        trial.flip(rng.randrange(8 * size))
    counts = ", ".join(f"{count} {word}" for word, count in sorted(trial.verdicts.items()))
    print(f"{times} cuts and {times} flips: {counts}; {trial.compared} through verify.py; {len(problems)} problems")
    print("\n".join(problems[:50]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
