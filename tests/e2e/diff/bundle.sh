#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --baseline: a bad pod against a bundle of a good one: what the good one has differently, proven or not at all.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"

mkdir -p good/etc good/bin good/gone
for f in etc/same etc/content etc/mode etc/owner bin/type gone/a gone/b 'bin/odd|\name'; do echo "$f" >"good/$f"; done
printf 'new\nline' >"good/etc/new
line"
printf '\xff' >"good/etc/$(printf 'bad\xff')"
ln -s same good/etc/link && ln -s same good/etc/samelink && mkfifo good/bin/fifo && mknod good/bin/null c 1 3
touch -d 2020-02-02T02:02:02.123456789Z good/etc/*
cp -a good bad
tr "[:lower:]" "[:upper:]" <good/etc/content >bad/etc/content && chmod 0755 bad/etc/mode && chown 5:6 bad/etc/owner && rm bad/bin/type && mkdir bad/bin/type
rm -r bad/gone && ln -sfn /tmp bad/etc/link && echo x >bad/etc/added && rm bad/bin/null && mknod bad/bin/null c 1 5
touch -r good/etc/content bad/etc/content # the same size and time

host_csi collect --root "$PWD/good" --scope full -o golden >/dev/null 2>&1
rows() { jq -r 'select(.csi.diff) | [.csi.diff.change, .file.path, (.csi.diff.what // [] | join("+"))] | join(" ")' "$OUT" | LC_ALL=C sort; }
cat >want <<'END'
added /etc/added 
changed /bin/null device
changed /bin/type type
changed /etc/content content
changed /etc/link mtime+link
changed /etc/mode mode
changed /etc/owner owner
deleted /gone 
END
run host_csi diff --baseline golden --root "$PWD/bad" --json
expect_exit 0
expect_gaps
expect_printable "$OUT"
rows >got
diff -u want got >rows.diff
check "other differences: $(cat rows.diff)" test ! -s rows.diff
expect_json 'any(.[]; .file.path? == "/etc/content" and .csi.diff.baseline == "bundle" and (.csi.diff.was.sha256 | length) == 64 and .csi.diff.owner != null)'
run host_csi diff --baseline golden --root "$PWD/good" --json
expect_exit 0
expect_empty "$OUT"
# From standard input, through a pipe.
"$CSI_TOP/out/amd64/csi" diff --baseline - --root "$PWD/bad" --json < <(cat golden) >"$OUT"
rows >got
check "by a pipe it differs" cmp -s want got
run host_csi diff --baseline golden#root --root "$PWD/good" --json
expect_exit 0
run host_csi diff --baseline golden#other --root "$PWD/good" --json
expect_exit 3
expect_grep 'it has no files of such a root'

# A cut one counts as far as it is proven: nothing is called added, and nothing unproven is believed.
python3 - good <<'PY'
import os, sys
os.makedirs(sys.argv[1] + "/zz")
for i in range(40):
    open(sys.argv[1] + "/zz/%03d" % i, "wb").write(os.urandom(1 << 20))
PY
rm -f golden && host_csi collect --root "$PWD/good" --scope full -o golden >/dev/null 2>&1
at=$(($(stat -c %s golden) * 3 / 4))
head -c "$at" golden >cut.zst
run host_csi diff --baseline cut.zst --root "$PWD/good" --json
expect_exit 3
expect_grep 'what is new since its cut cannot be told'
expect_all 'select(.csi.diff)' '.csi.diff.change == "unknown" and (.file.path | startswith("/zz/"))'
expect_json '[.[] | select(.csi.diff)] | length > 5 and length < 40'
# Altered, of another kind, not all files: refused, and why.
cp golden altered && printf X | dd of=altered bs=1 seek="$at" conv=notrunc status=none
for bad in altered:altered want:'no bundle'; do
	run host_csi diff --baseline "${bad%%:*}" --root "$PWD/good" --json
	expect_exit 3
	expect_grep "\\(it is ${bad#*:}"
	expect_json 'all(.[]; .csi.diff == null)'
done
host_csi collect --root "$PWD/good" -o standard >/dev/null 2>&1
run host_csi diff --baseline standard --root "$PWD/good" --json
expect_exit 3
expect_grep 'collect --scope full makes a baseline'
run host_csi diff --baseline nosuch --root "$PWD/good"
expect_exit 1

# A pod against another of the same image.
pod_up
csi collect --scope full --output - >pod.bundle 2>/dev/null
echo evil >"$MERGED/tmp/kinsing" && echo x >>"$MERGED/etc/passwd"
exec_in "${ROLE:-ptrace}" csi diff --baseline - --json <pod.bundle >"$OUT"
expect_eq "$(rows)" $'added /tmp/kinsing \nchanged /etc/passwd content+size+mtime'
