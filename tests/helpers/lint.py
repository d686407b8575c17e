#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What no other linter knows about this tree: lint.py layers|size|lib|python FILE..."""

import ast
import os
import re
import sys

# One includes only what stands lower or beside it.
LAYERS = {"base": 0, "sys": 1, "model": 2, "format": 3, "work": 4, "signs": 4, "cmd": 5, "main": 6}
THIRD_PARTY = re.compile(r"^(archive(_entry)?\.h|zstd(_errors)?\.h|zlib\.h|openssl/.*|sodium.*|yara.*|jansson.*)$")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)
PRINTS = re.compile(r"\b(?:(v?printf|puts|putchar|perror|v?warnx?|v?errx?|_?exit|_Exit|abort|quick_exit)\s*(?=\()"
                    r"|(stdout|stderr)\b)")
MAX_FUNCTION, MAX_FILE = 60, 500
problems = []


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def layer_of(path):
    parts = path.split("/")
    if parts[-1] == "main.c":
        return "main"
    return next((p for p in reversed(parts[:-1]) if p in LAYERS), None)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def layers(paths):
    users = {}
    for path in paths:
        text, own = read(path), layer_of(path)
        if own is None:
            report(path, 1, "in no layer")
            continue
        for match in INCLUDE.finditer(text):
            line = line_at(text, match.start())
            check_own(path, line, own, match[1])
            if match[2] and THIRD_PARTY.match(match[2]):
                users.setdefault(match[2], []).append((path, line))
    check_third_party(users)


def check_own(path, line, own, include):
    if not include or "/" not in include:
        return
    other = layer_of(include)
    if other is None:
        report(path, line, f"{include} is in no layer")
    elif LAYERS[other] > LAYERS[own]:
        report(path, line, f"{own} includes {include}, which is above it")


def check_third_party(users):
    for header, where in users.items():
        for path, line in where:
            if path.endswith(".h"):
                report(path, line, f"<{header}> in a header")
        if len({p for p, _ in where}) > 1:
            report(*where[1], f"<{header}> is also included by {where[0][0]}")


def without_comments(text):
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def lib(paths):
    for path in paths:
        text = without_comments(read(path))
        for match in PRINTS.finditer(text):
            report(path, line_at(text, match.start()), f"{match[1] or match[2]} in lib/")


# Functions, in the style that the tree is formatted in: braces in column 0.

def braces(lines, begins):
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and begins(line):
            start = number
        elif start is not None and line.rstrip().startswith("}"):
            yield start, number - start - 1
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno


def functions(path, text):
    if path.endswith(".py"):
        return python_functions(text)
    lines = text.split("\n")
    if path.endswith((".c", ".h")):
        return braces(lines, lambda l: l.rstrip() == "{")
    return braces(lines, lambda l: re.match(r"^[\w-]+ *\(\) *[{(]$", l))


def size(paths):
    for path in paths:
        text = read(path)
        count = text.count("\n")
        if count > MAX_FILE and not path.endswith(".py"):
            report(path, MAX_FILE, f"{count} lines, at most {MAX_FILE}")
        for line, length in functions(path, text):
            if length > MAX_FUNCTION:
                report(path, line, f"function of {length} lines, at most {MAX_FUNCTION}")


def python(paths):
    for path in paths:
        try:
            tree = ast.parse(read(path), path)
        except SyntaxError as e:
            report(path, e.lineno, e.msg)
            continue
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] not in names:
                        report(path, node.lineno, f"import {alias.name} is not used")
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                report(path, node.lineno, "bare except")


def main(argv):
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    {"layers": layers, "size": size, "lib": lib, "python": python}[argv[1]](argv[2:])
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
