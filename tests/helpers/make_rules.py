#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_rules.py N SEED FILE...: N YARA rules of all kinds, with strings cut from the files so that many match.

Only what YARA 4.2 and later knows; no anonymous, private or too frequent strings, so that matches can be counted.
"""

import random
import re
import sys

WORDS = re.compile(rb"[A-Za-z][A-Za-z0-9_./-]{5,23}")


def quoted(data):
    return "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\x{c:02x}" for c in data)


def escaped(data):
    return "".join(chr(c) if chr(c).isalnum() else f"\\x{c:02x}" for c in data)


class Maker:
    def __init__(self, seed, files):
        self.rng = random.Random(seed)
        self.data = [open(f, "rb").read() for f in files]
        self.words = sorted({w for d in self.data for w in WORDS.findall(d)})

    def cut(self, low, high):
        """Bytes of one of the files that are not all the same, so that they are not everywhere."""
        while True:
            data = self.rng.choice(self.data)
            at = self.rng.randrange(len(data) - high)
            piece = data[at:at + self.rng.randint(low, high)]
            if len(set(piece[:6])) >= 5 and piece.count(0) <= len(piece) // 6:
                return piece

    def word(self):
        return self.rng.choice(self.words)

    def text(self):
        mods = self.rng.choice(["", "", "nocase", "wide ascii", "fullword", "nocase fullword", "ascii wide nocase"])
        return f'"{quoted(self.word())}" {mods}'

    def xored(self):
        return f'"{quoted(self.word()[:12])}" xor(1-{self.rng.randint(2, 255)})'

    def based(self):
        return f'"{quoted(self.word()[:12])}" base64'

    def hexes(self):
        out = [f"{b:02X}" for b in self.cut(10, 24)]
        for i in range(6, len(out) - 2):
            kind = self.rng.random()
            if kind < 0.1:
                out[i] = "??"
            elif kind < 0.15:
                out[i] = out[i][0] + "?"
            elif kind < 0.2:
                out[i] = f"( {out[i]} | {self.rng.randrange(256):02X} )"
            elif kind < 0.25:
                out[i] = f"[{self.rng.randint(0, 1)}-{self.rng.randint(2, 12)}]"
        return "{ " + " ".join(out) + " }"

    def chained(self):
        a, b = self.cut(8, 12), self.cut(8, 12)
        return "{ " + a.hex(" ") + " [0-600] " + b.hex(" ") + " }"

    def regex(self):
        w = self.word()
        cut = self.rng.randint(3, len(w) - 1)
        tail = self.rng.choice([r"[a-z]{1,8}", r"\w+", r".{0,16}", r"[^\x00]{1,32}", r"(\x00|\n)", escaped(w[cut:])])
        return f"/{escaped(w[:cut])}{tail}/" + self.rng.choice(["", "i", "s", " nocase wide ascii"])

    def strings(self):
        kinds = [self.text, self.text, self.hexes, self.regex, self.regex, self.xored, self.based, self.chained]
        return [(f"$s{i}", self.rng.choice(kinds)()) for i in range(self.rng.randint(1, 4))]

    def condition(self, names):
        first = names[0]
        bare = first[1:]
        return self.rng.choice([
            "any of them", "any of them", "all of them", f"{first}",
            f"#{bare} > 1", f"{first} in (0..filesize \\ 2)", f"@{bare}[1] > 1000",
            f"!{bare}[1] >= 4", f"{first} and filesize > 20KB", "uint32(0) == 0x464c457f and any of them",
            f"for any i in (1..#{bare}) : (@{bare}[i] % 2 == 0)",
            f"for all of them : (# < 100)", f"any of them and not uint16(0) == 0x5a4d",
            f'any of them and filetype == "elf"', f'any of them or filename matches /^(bash|grep|{self.rng.choice("abcdef")}).*/',
            f'elf.number_of_sections > {self.rng.randint(20, 30)} and any of them', "elf.type == elf.ET_DYN and any of them",
            f"math.entropy(0, filesize) > {self.rng.uniform(5, 7):.2f} and any of them",
            f'hash.md5(0, 4096) != "0" and {first}', f"for any s in elf.sections : (s.size > 100000) and {first}",
            f"any of them and entrypoint > 0", "pe.is_pe or any of them",
        ])

    def rule(self, n):
        strings = self.strings()
        tags = self.rng.choice(["", "", " : tag", " : one two"])
        meta = f'\n\tmeta:\n\t\tscore = {self.rng.randint(1, 100)}\n\t\tauthor = "test"' if n % 3 == 0 else ""
        body = "".join(f"\n\t\t{name} = {value}" for name, value in strings)
        names = [name for name, _ in strings]
        condition = self.condition(names)
        used = condition + (" and" if "them" in condition else "")
        missing = [x for x in names if x not in used and "#" + x[1:] not in used and "@" + x[1:] not in used
                   and "!" + x[1:] not in used] if "them" not in condition else []
        if missing:
            condition = f"({condition}) or " + " or ".join(missing)
        return f"rule r{n}{tags}\n{{{meta}\n\tstrings:{body}\n\tcondition:\n\t\t{condition}\n}}\n"


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    maker = Maker(seed, sys.argv[3:])
    print('import "pe"\nimport "elf"\nimport "math"\nimport "hash"\n')
    print(f'rule wordless {{ condition: filesize > 0 and owner == "" }}')
    print(f'rule nothing {{ condition: filesize == 0 }}')
    for n in range(count - 2):
        print(maker.rule(n))


if __name__ == "__main__":
    main()
