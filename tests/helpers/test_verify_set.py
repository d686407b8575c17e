#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of verify_set.py: sets of bundles that are made here, whole and with each rule of section 9 broken."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import test_verify  # noqa: E402
import verify_set  # noqa: E402


def collected(name, content, outcome="ok", size=None):
    return {"csi": {"action": "collect file", "item": "files/r/" + name, "outcome": outcome},
            "file": {"hash": {"sha256": test_verify.sha256(content)}, "size": len(content) if size is None else size}}


def cite(run, name, content):
    return {"csi": {"action": "cite file", "cite": {"item": "files/r/" + name, "run": run}, "outcome": "skipped"},
            "file": {"hash": {"sha256": test_verify.sha256(content)}, "size": len(content)}}


def resume(run):
    return {"csi": {"action": "resume", "cite": {"run": run}, "outcome": "ok"}}


def bundle(run, files, *records, cut=None, also=()):
    """A sealed bundle of RUN with FILES, cut before its seal if CUT."""
    old, test_verify.TOP = test_verify.TOP, b"csi-" + run.encode() + b"/"
    try:
        tar = test_verify.Tar(test_verify.TOP)
        for name, content in files.items():
            tar.file(b"files/r/" + name.encode(), content)
        tar.ledger(*(also or [collected(*pair) for pair in files.items()]), *records).end()
        stream = test_verify.sealed(tar)
    finally:
        test_verify.TOP = old
    return stream.out[:stream.marks[0]] if cut else stream.out


B = {"c": b"three"}


class Sets(unittest.TestCase):
    def judge(self, verdict, *bundles, **counts):
        with tempfile.TemporaryDirectory() as place:
            paths = []
            for data in bundles:
                paths.append(os.path.join(place, str(len(paths))))
                with open(paths[-1], "wb") as file:
                    file.write(data)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                code = verify_set.main(paths)
        report = json.loads(out.getvalue())
        self.assertEqual((report["verdict"], code), (verdict, verify_set.EXITS[verdict]), report)
        for key, count in counts.items():
            self.assertEqual(report[key], count, report)

    def test_whole(self):
        self.judge("whole", bundle("1", {"a": b"one"}), bundle("2", B, cite("1", "a", b"one")), cited=1, missing=0, sealed=2)
        self.judge("whole", bundle("2", B, cite("1", "a", b"one")), bundle("1", {"a": b"one"}), cited=1)

    def test_cut(self):
        first = bundle("1", B, cut=True)
        self.judge("missing", first, sealed=0)
        self.judge("missing", first, bundle("2", {}), sealed=1)
        self.judge("whole", first, bundle("2", {}, resume("1"), cite("1", "c", b"three")), cited=1)
        chain = bundle("2", {}, resume("1"), cut=True)
        self.judge("whole", first, chain, bundle("3", {}, resume("2")))
        self.judge("missing", first, chain, bundle("3", {}, resume("4")))

    def test_cut_that_cites_does_not_count(self):
        self.judge("whole", bundle("1", {}, cite("9", "x", b""), cut=True), bundle("2", {}, resume("1")), cited=0, missing=0)

    def test_nothing_proven(self):
        self.judge("whole", bundle("1", B)[:40], bundle("2", B))

    def test_only_what_is_proven(self):
        first = bundle("1", B, cut=True)
        for size in range(1, len(first), 97):
            self.judge("missing", first[:size], bundle("2", {}, resume("1"), cite("1", "c", b"three")), cited=0, missing=1)

    def test_index_cut(self):
        self.judge("whole", bundle("1", B)[:-1], bundle("2", {}, cite("1", "c", b"three")), sealed=2, cited=1)

    def test_same_run(self):
        self.judge("missing", bundle("1", B), bundle("1", {}))

    def test_altered(self):
        good = bundle("1", B)
        bad = bytearray(good)
        bad[60] ^= 1
        self.judge("altered", good, bytes(bad))
        self.judge("altered", good, b"none")
        self.judge("altered", good, b"")

    def test_citations(self):
        first = bundle("1", B)
        self.judge("missing", first, bundle("2", {}, cite("1", "x", b"three")), missing=1)
        self.judge("missing", first, bundle("2", {}, cite("3", "c", b"three")), missing=1)
        self.judge("altered", first, bundle("2", {}, cite("1", "c", b"four")), wrong=1)
        self.judge("missing", first, bundle("2", {}, {"csi": {"action": "cite file", "cite": []}}), missing=1)

    def test_what_a_bundle_has(self):
        wants = bundle("2", {}, cite("1", "c", b"three"))
        for also in ({"csi": {}}, collected("c", b"three", "partial"), collected("c", b"four"), collected("c", b"three", size=4)):
            self.judge("missing", bundle("1", B, also=[also]), wants, missing=1)
        self.judge("whole", bundle("1", B, also=[collected("c", b"three")]), wants, cited=1)

    def test_usage(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(verify_set.main([]), 2)
            self.assertEqual(verify_set.main(["/nonexistent"]), 1)


if __name__ == "__main__":
    unittest.main()
