#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hand-made /proc: procfix.py DIR < JSON

JSON is a list of processes; what is not given has a plain default:
  {"pid": 42, "ppid": 1, "comm": "a) R 1", "args": ["x", "y"], "environ": ["A=b"], "exe": "/bin/x (deleted)",
   "uid": 0, "start": 777, "state": "S", "maps": "...", "cgroup": "...", "mountinfo": "...", "without": ["maps"],
   "net": {"tcp": "..."}, "fd": {"3": "socket:[7]"}}
A string may hold any byte: U+DC80 to U+DCFF stand for the bytes 80 to FF (Python's surrogateescape).
"""

import json
import os
import sys

BOOT = 1_700_000_000
MAPS = "00400000-00401000 r-xp 00000000 08:01 11 /bin/x\n7ffc0000-7ffd0000 rw-p 00000000 00:00 0 [stack]\n"
MOUNTINFO = "20 1 0:20 / / rw,relatime - overlay overlay rw\n21 20 0:21 / /proc rw - proc proc rw\n"


def raw(text):
    return text.encode("utf-8", "surrogateescape")


def stat_line(p):
    fields = [p["pid"], None, p["state"], p["ppid"], p["pid"], p["pid"], 0, -1, 4194560] + [0] * 8
    fields += [20, 0, 1, 0, p["start"], 1 << 20, 100] + [0] * 28
    words = [raw(str(f)) for f in fields]
    words[1] = b"(" + raw(p["comm"]) + b")"
    return b" ".join(words) + b"\n"


def status(p):
    name = raw(p["comm"]).replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    rest = (f"Umask:\t0022\nState:\t{p['state']} (sleeping)\nTgid:\t{p['pid']}\nNgid:\t0\nPid:\t{p['pid']}\n"
            f"PPid:\t{p['ppid']}\nTracerPid:\t0\nUid:\t" + "\t".join([str(p["uid"])] * 4) + "\nGid:\t"
            + "\t".join([str(p["uid"])] * 4) + "\nFDSize:\t64\nGroups:\t\nThreads:\t1\n"
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n")
    return b"Name:\t" + name + b"\n" + rest.encode()


def joined(words):
    return b"".join(raw(w) + b"\0" for w in words)


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def link(path, target):
    os.symlink(raw(target), os.fsencode(path))


def process(top, given):
    p = {"ppid": 1, "comm": "x", "state": "S", "uid": 0, "start": 777, "args": ["x"], "environ": ["A=b"],
         "exe": "/bin/x", "maps": MAPS, "cgroup": "0::/\n", "mountinfo": MOUNTINFO, "without": [], "net": {}, "fd": {}, **given}
    where = f"{top}/{p['pid']}"
    os.makedirs(f"{where}/ns")
    os.mkdir(f"{where}/fd")
    os.makedirs(f"{where}/task/{p['pid']}")
    texts = {"stat": stat_line(p), "status": status(p), "cmdline": joined(p["args"]),
             "environ": joined(p["environ"]), "comm": raw(p["comm"]) + b"\n", "maps": raw(p["maps"]),
             "cgroup": raw(p["cgroup"]), "mountinfo": raw(p["mountinfo"])}
    for name, data in texts.items():
        if name not in p["without"]:
            put(f"{where}/{name}", data)
    for name, target in (("exe", p["exe"]), ("cwd", "/"), ("root", "/")):
        if name not in p["without"]:
            link(f"{where}/{name}", target)
    os.mkdir(f"{where}/net")
    for name, text in p["net"].items():
        put(f"{where}/net/{name}", raw(text))
    for number, target in p["fd"].items():
        link(f"{where}/fd/{number}", target)
    for name, number in (("mnt", 1), ("pid", 2), ("net", 3), ("user", 4), ("cgroup", 5), ("ipc", 6)):
        link(f"{where}/ns/{name}", f"{name}:[{4026530000 + number}]")


def main(argv):
    top = argv[1]
    os.makedirs(top, exist_ok=True)
    put(f"{top}/stat", f"cpu  0 0 0 0\nbtime {BOOT}\n".encode())
    put(f"{top}/uptime", b"1000.00 900.00\n")
    for p in json.load(sys.stdin):
        process(top, p)


if __name__ == "__main__":
    main(sys.argv)
