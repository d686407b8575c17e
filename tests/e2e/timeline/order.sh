#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every time of every file, every start and what the package manager wrote, once and in order, with as
# little memory as one likes; mactime and Timesketch's importer take what is written for them.
# roles: ptrace root
# uids: 0 65532
# timeout: 300
# needs: mactime
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude drop
start exe /tmp/tool
if ! can root; then
	run csi timeline --json
	expect_exit 3
	exit 0
fi
mkdir -p "$MERGED/var/lib/dpkg/info" "$MERGED/var/log" "$MERGED/tmp/many"
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" names >/dev/null
echo /. >"$MERGED/var/lib/dpkg/info/curl:amd64.list"
touch -d 2024-05-06T07:08:09.5Z "$MERGED/var/lib/dpkg/info/curl:amd64.list"
cat >"$MERGED/var/log/dpkg.log" <<-'END'
	2024-05-06 07:08:08 startup archives unpack
	2024-05-06 07:08:08 install curl:amd64 <none> 8.1
	2024-05-06 07:08:09 status installed curl:amd64 8.1
	no line of dpkg's
	2024-13-06 07:08:09 install never:amd64 <none> 1
END
for i in {1..1000}; do : >"$MERGED/tmp/many/file-number-$i"; done
touch -d 1960-01-01 "$MERGED/tmp/many/before"
touch -d 2200-01-01 "$MERGED/tmp/many/after"
own_all
# Only these two: another run's process may just be on its way out.
timeline() { csi timeline -p 1 -p "$PID" "$@"; }
# Before csi looks, since this moves access times of directories.
python3 - "$MERGED" >want <<'END'
import os, sys
sys.path.insert(0, os.environ["CSI_TOP"] + "/tests/helpers")
from printable import escape
top = os.fsencode(sys.argv[1])
elsewhere = [b"/proc", b"/sys", b"/dev", b"/data"]
bound = [b"/etc/hosts", b"/etc/hostname", b"/etc/resolv.conf"]
def tell(path):
    st = os.lstat(path)
    name = path[len(top):] or b"/"
    for kind, ns in (("modified", st.st_mtime_ns), ("accessed", st.st_atime_ns), ("changed", st.st_ctime_ns)):
        if name not in elsewhere + bound:
            print(kind, max(ns, 0), escape(name))
for where, dirs, files in os.walk(top):
    tell(where)
    for name in files + [d for d in dirs if os.path.islink(os.path.join(where, d))]:
        tell(os.path.join(where, name))
    dirs[:] = [d for d in dirs if os.path.join(where, d)[len(top):] not in elsewhere]
END
LC_ALL=C sort -o want want
sleep 1.1 # what csi's own looking could have moved is left out: nothing of this may be
harm_before

run timeline --json
expect_printable "$OUT" "$ERR"
expect_gaps
expect_exit 0
cp "$OUT" all
expect_json 'map(.csi.timeline.time) | . == sort' "not in order"
expect_no_harm

# All times that lstat sees, and no others.
python3 - all >got <<'END'
import calendar, json, sys, time
skip = ("/data", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
for r in map(json.loads, open(sys.argv[1], encoding="utf-8")):
    t, path = r["csi"]["timeline"], r.get("file", {}).get("path", "")
    if t["source"] != "file" or any(path == s or path.startswith(s + "/") for s in skip):
        continue
    sec = calendar.timegm(time.strptime(t["time"][:19], "%Y-%m-%dT%H:%M:%S"))
    for what in t["what"]:
        if what in ("modified", "accessed", "changed"):
            print(what, sec * 10**9 + int(t["time"][20:29]), path)
END
LC_ALL=C sort -o got got
diff -u want got >times.diff
check "other times than lstat's: $(head -n 20 times.diff)" test ! -s times.diff

pick() { jq -c "select($1)" all; }
expect_eq "$(pick '.file.path == "/tmp/many/before" and (.csi.timeline.what | contains(["modified"]))' | jq -r '.csi.timeline.time, (.csi.timeline.what | join(" "))')" \
	$'1970-01-01T00:00:00.000000000Z\nmodified accessed out-of-range'
expect_eq "$(tail -n 1 all | jq -r '.csi.timeline.time + " " + .file.path')" "2200-01-01T00:00:00.000000000Z /tmp/many/after"
expect_eq "$(pick '.csi.timeline.source == "package"' | jq -r '.csi.timeline.time + " " + .message')" \
	$'2024-05-06T07:08:08.000000000Z install curl:amd64 <none> 8.1\n2024-05-06T07:08:09.500000000Z installed curl:amd64'
starts=$(csi ps --no-signs --json -p 1 -p "$PID" | jq -r '[.process.pid, .process.start[:19]] | @tsv' | sort)
expect_eq "$(pick '.csi.timeline.source == "process"' | jq -r '[.process.pid, .csi.timeline.time[:19]] | @tsv' | sort)" "$starts"
expect_eq "$(pick '.file.path == "/tmp/tool" and (.csi.timeline.what | contains(["born"]))' | wc -l)" 1

# Many passes, the same events. What only these runs moved, if anything, would show.
run timeline --json --memory 64K -v
expect_grep 'events, [0-9]+ passes' "$ERR"
check "one pass only" test "$(sed -n 's/.*events, \([0-9]*\) passes.*/\1/p' "$ERR")" -gt 5
# The boot, and with it a start, is known to some nanoseconds only.
plain='del(."@timestamp") | if .csi.timeline.source == "process" then .csi.timeline.time |= .[:19] else . end'
jq -c "$plain" all >all.want
jq -c "$plain" "$OUT" | diff all.want - >passes.diff
check "other events: $(head -n 5 passes.diff)" test ! -s passes.diff

# What is new since the start, and between two times.
run timeline --json --since start
expect_json 'length > 300 and all(.[]; .csi.timeline.time > "2025")'
expect_json '[.[] | select(.file.path == "/tmp/zzz" and (.csi.timeline.what | contains(["born"])))] | length == 1'
run timeline --json --since 2024-01-01 --until 2024-06-01T00:00Z
expect_json 'map(.csi.timeline.source) | sort | unique == ["file", "package"]'
for words in '--since never' '--until start' '--json --format bodyfile' '--format xml' 'word'; do
	# shellcheck disable=SC2086
	run csi timeline $words
	expect_exit 2
	expect_empty "$OUT"
done

# mactime makes the same of it: by second, letter and name. It has no time before 1970.
run timeline --format bodyfile
cp "$OUT" body
expect_exit 0
mactime -y -d -z UTC -b body >mactime.csv
python3 - all mactime.csv >mactime.diff <<'END'
import json, os, sys
sys.path.insert(0, os.environ["CSI_TOP"] + "/tests/helpers")
from printable import escape
want, got = set(), set()
letters = {"modified": "m", "accessed": "a", "changed": "c", "born": "b"}
with open(sys.argv[1], encoding="utf-8") as f:
    for r in map(json.loads, f):
        t = r["csi"]["timeline"]
        name = r["message"].replace("new\\x0aline", "new%0Aline")
        for what in t["what"]:
            # What is no file has its one time in all four places.
            for letter in letters.get(what, "macb" if what in ("started", "package") else ""):
                if t["time"] > "1970-01-01T00:00:01":
                    want.add((t["time"][:19], letter, name))
with open(sys.argv[2], encoding="utf-8", errors="surrogateescape", newline="") as f:
    next(f)
    # A newline in a name is shown as %0A; a carriage return is one.
    for line in f.read().rstrip("\n").split("\n"):
        date, size, kind, mode, uid, gid, meta, name = line.rstrip("\n").split(",", 7)
        name = name.strip('"').replace('""', '"')
        for letter in kind.replace(".", "") if date > "0001" else "":
            got.add((date[:19].rstrip("Z"), letter, escape(os.fsencode(name))))
for what, rows in (("missing", want - got), ("more", got - want)):
    for row in sorted(rows)[:20]:
        print(what, *row)
END
check "not what mactime shows: $(head -n 10 mactime.diff)" test ! -s mactime.diff

# Timesketch: what its importer requires of each line, and times in order.
run timeline --format timesketch
expect_exit 0
expect_printable "$OUT"
expect_json 'length > 300 and all(.[]; (.message | type == "string" and length > 0) and (.timestamp_desc | type == "string" and length > 0)
	and (.datetime | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z$")) and (.timestamp | type == "number"))'
expect_json 'map(.timestamp) | . == sort'
expect_eq "$(wc -l <"$OUT")" "$(wc -l <all)"
