#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --format bodyfile is what mactime reads, whatever the names; -plaso is what plaso's reader takes apart.
# needs: mactime
. "$CSI_TOP/tests/helpers/lib.sh"
python3 "$HELPERS/hostile.py" h names >/dev/null
printf 1 >'h/a|b|c' && printf 2 >'h/50%7C%' && printf 3 >'h/back\x41\slash' && ln -s 'to|%41' h/link
touch -d '2019-06-01 12:30:45.25 UTC' 'h/a|b|c'

run host_csi walk --root "$PWD/h" --format bodyfile --hash=md5
expect_exit 0
expect_empty "$ERR"
cp "$OUT" body
# Each file is one line of eleven fields, and mactime finds each of them by its own name.
check "not eleven fields: $(awk -F'|' 'NF != 11' body | head -n 3 | cat -v)" test -z "$(awk -F'|' 'NF != 11' body)"
expect_eq "$(wc -l <body)" "$(find h -printf x | wc -c)"
mactime -b body -d -z UTC >events 2>mactime.err
check "mactime says: $(head -n 3 mactime.err)" test ! -s mactime.err
check "mactime has no line of 2019" grep -qE '^Sat Jun 01 2019 12:30:45,1,ma\.\.,r/rrw-r--r--,[0-9]+,[0-9]+,[0-9]+,.*/a\|b\|c' events
check "%7C was decoded" grep -qF '/50%7C%' events
check "a name with a newline is lost" grep -qF '/new%0Aline' events
check "the link's target" grep -qF '/link -> to|%41' events
expect_grep "^$(printf 1 | md5sum | cut -c-32)\\|/a%7Cb%7Cc\\|$(stat -c %i 'h/a|b|c')\\|r/rrw-r--r--\\|0\\|0\\|1\\|[0-9]+\\|1559392245\\|" body

run host_csi walk --root "$PWD/h" --format bodyfile-plaso
expect_exit 0
cp "$OUT" body
python3 - body h <<'PY' || fail "plaso's rules give other names" names.diff
# plaso/parsers/bodyfile.py: fields from the right, then \xHH, \| and \\ of the name; controls warn.
import os, re, sys
names = set()
for line in open(sys.argv[1], "rb").read().split(b"\n")[:-1]:
    md5, rest = line.split(b"|", 1)
    name, *fields = re.match(rb"(.*)" + rb"\|([^|]*)" * 9 + rb"$", rest).groups()
    assert len(fields) == 9 and md5 == b"0", line
    assert not re.search(rb"[\x00-\x1f\x7f]", name), line
    for t in fields[5:]:
        float(t)
    names.add(re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b"x" else m[1], name))
top = sys.argv[2].encode()
want = set()
for where, dirs, files in os.walk(top):
    for n in [b""] + dirs + files:
        p = os.path.join(where, n) if n else where
        inside = p[len(top):] or b"/"
        want.add(inside + (b" -> " + os.readlink(p) if os.path.islink(p) else b""))
if names != want:
    open("names.diff", "w").write(repr(sorted(names ^ want)))
    sys.exit(1)
PY
checks=$((checks + 1))
expect_grep '\|1559392245\.250000000\|' body

for format in bodyfile bodyfile-plaso; do
	run script -qec "$CSI_TOP/out/amd64/csi walk --root $PWD/h --format $format" /dev/null
	expect_exit 2
done
