#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the bundles of one case together whole? Written from tools/FORMAT.md, section 9, alone.

  verify_set.py FILE...

Prints one JSON line: verdict (whole, missing, altered), why, and counts of bundles, sealed ones and
citations of sealed ones: cited (they resolve), missing, wrong. Exit: 0 whole, 3 missing, 1 altered (or a
file cannot be read), 2 usage. Like verify.py it shares no code with `csi verify`. What the bundles have
and cite is held in memory.
"""

import json
import sys

import verify

EXITS = {"whole": 0, "missing": 3, "altered": 1}


def member(record, *keys):
    """The value below KEYS, or None."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def digest_of(record):
    """The digest that a ledger record says, or None."""
    for keys in (("file", "hash", "sha256"), ("csi", "hash", "extents")):
        if isinstance(member(record, *keys), str):
            return keys[-1], member(record, *keys)
    return None


class Bundle(verify.Sink):
    """What one bundle has, cites and resumes, as far as it is proven."""

    def __init__(self, path):
        self.path = path
        self.run = None
        self.has, self.cites, self.resumes = {}, [], set()
        self.open = {}          # entries below files/ that lack their record
        self.fresh = []         # (function, arguments) that a checkpoint will prove
        self.part = None
        with open(path, "rb", buffering=verify.PIECE) as file:
            self.report = verify.verify(file, self)

    def begin(self, entry):
        self.part = bytearray() if entry.part == "ledger" else None

    def data(self, offset, piece):
        if self.part is not None:
            self.part += piece

    def end(self, entry):
        if entry.name is None:
            self.fresh.append((self.set_run, verify.escape(entry.path)[len("csi-"):-1]))
        elif entry.part == "ledger":
            for line in bytes(self.part).split(b"\n"):
                self.record(verify.read_json(line))
            self.open.clear()
        elif entry.kind == "file" and entry.name.startswith(b"files/"):
            said = ("extents", entry.extents) if entry.large else ("sha256", entry.sha256)
            self.open[verify.escape(entry.name)] = entry.size, said

    def record(self, record):
        action = member(record, "csi", "action")
        item, run = member(record, "csi", "cite", "item"), member(record, "csi", "cite", "run")
        if action == "collect file":
            self.collected(record, member(record, "csi", "item"))
        elif action == "cite file":
            self.fresh.append((self.cites.append, (run, item, digest_of(record))))
        elif action == "resume" and isinstance(run, str):
            self.fresh.append((self.resumes.add, run))

    def collected(self, record, item):
        if not isinstance(item, str) or member(record, "csi", "outcome") != "ok":
            return
        facts = member(record, "file", "size"), digest_of(record)
        if self.open.get(item) == facts and not isinstance(facts[0], bool):
            self.fresh.append((self.add, (item, facts[1])))

    def add(self, pair):
        self.has.setdefault(pair[0], set()).add(pair[1])

    def set_run(self, run):
        self.run = run

    def proven(self):
        for function, argument in self.fresh:
            function(argument)
        self.fresh.clear()

    @property
    def sealed(self):
        """A seal whose index is cut counts."""
        return self.report["verdict"] in ("sealed", "cut") and self.report["status"] is not None


def no_loss(bundles):
    """Those that are sealed, or of which nothing is proven, or that one that is no loss resumed."""
    held = [bundle for bundle in bundles if bundle.sealed or bundle.run is None]
    for bundle in held:         # grows as it goes
        held += [other for other in bundles if other not in held and other.run in bundle.resumes]
    return held


def resolve(bundles, cite):
    run, item, digest = cite
    said = [bundle.has[item] for bundle in bundles if bundle.run == run and isinstance(item, str) and item in bundle.has]
    if any(digest in digests for digests in said):
        return "cited"
    return "wrong" if said else "missing"


def judge(bundles):
    """The report on the set."""
    runs = [bundle.run for bundle in bundles if bundle.run is not None]
    held = no_loss(bundles)
    counts = {"cited": 0, "missing": 0, "wrong": 0}
    for bundle in bundles:
        for cite in bundle.cites if bundle.sealed else ():
            counts[resolve(bundles, cite)] += 1
    rules = [("altered", any(bundle.report["verdict"] in ("altered", "not a bundle") for bundle in bundles), "a bundle is altered or none"),
             ("altered", counts["wrong"], "another digest than what is cited has"),
             ("missing", len(set(runs)) < len(runs), "two bundles of one run"),
             ("missing", not any(bundle.sealed for bundle in bundles), "none is sealed"),
             ("missing", counts["missing"], "what is cited is not there"),
             ("missing", any(bundle not in held for bundle in bundles), "a cut bundle that no other resumes")]
    verdict, why = next(((verdict, why) for verdict, broken, why in rules if broken), ("whole", None))
    return {"verdict": verdict, "why": why, "bundles": len(bundles), "sealed": sum(bundle.sealed for bundle in bundles), **counts}


def main(argv):
    if not argv or argv[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        report = judge([Bundle(path) for path in argv])
    except OSError as error:
        print("verify_set.py: %s" % str(error).encode("ascii", "backslashreplace").decode(), file=sys.stderr)
        return 1
    print(json.dumps(report))
    return EXITS[report["verdict"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
