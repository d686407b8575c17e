#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tree that wants to hang, kill, fool or deface: every file is scanned or a gap, nothing raw reaches the output.
# roles: ptrace same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" names links hardlinks special sparse >names.txt
chown -hR 65532:65532 "$MERGED/tmp/h"
cat >"$FIXTURE/all.yar" <<'EOT'
rule every { condition: true }
EOT
cat >"$FIXTURE/esc.yar" <<'EOT'
rule esc { meta: description = "\x1b[31mred" strings: $a = { 1b 5d 30 3b [0-64] 07 } $b = "needle" condition: any of them }
EOT

# Names: each regular file once, and with several names under each that matched.
expect_within 60 csi scan --files --rules /fixture/all.yar --json /tmp/h
expect_printable "$OUT" "$ERR"
(cd "$MERGED/tmp/h" && find . -type f -printf '%P\0') | while IFS= read -r -d '' name; do
	printf '%s' "$name" | escape
	echo
done | sort >want
jq -r 'select(.rule) | .file.path | ltrimstr("/tmp/h/")' "$OUT" | sort >got
diff want got >names.diff
check "other files: $(head -n 10 names.diff)" test ! -s names.diff
run csi scan --files --rules /fixture/all.yar /tmp/h
expect_printable "$OUT" "$ERR"

# What a file holds is escaped, and so is what a rule says.
printf 'x\033]0;owned\007y' >"$MERGED/tmp/title"
run csi scan --files --rules /fixture/esc.yar /tmp/title
expect_printable "$OUT" "$ERR"
expect_grep '\$a at 0x1: \\x1b\]0;owned\\x07$'

# Large files: a limit is a gap; 1 TiB of holes is scanned where there is data, and the holes are told.
dd if=/dev/zero of="$MERGED/tmp/big" bs=1M count=3 status=none
printf 'needle' >>"$MERGED/tmp/big"
run csi scan --files --rules /fixture/esc.yar --json --max-file 1M /tmp/big
expect_gaps 'EFBIG|scan|-|/tmp/big'
expect_exit 3
mkdir "$MERGED/tmp/s"
truncate -s 1T "$MERGED/tmp/s/holes"
printf 'needle' | dd of="$MERGED/tmp/s/holes" bs=1 seek=$((700 << 30)) conv=notrunc status=none
expect_within 60 csi scan --files --rules /fixture/esc.yar --json /tmp/s
expect_json "any(.[]; .rule.id == \"esc\" and .csi.scan.at == \"0xaf00000000\")" "found in 1 TiB"
expect_gaps 'EFBIG|scan (its holes are left out)|-|/tmp/s/holes'

# Files that are cut and grow while they are read: no SIGBUS, and it is said.
head -c 30000000 /dev/urandom >"$MERGED/tmp/s/moving"
rm "$MERGED/tmp/s/holes"
python3 - "$MERGED/tmp/s/moving" <<'PY' &
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
while os.path.exists(sys.argv[1]):
    os.ftruncate(fd, 4096)
    os.ftruncate(fd, 30000000)
PY
mover=$!
told=0
for i in 1 2 3 4 5 6; do
	expect_within 60 csi scan --files --rules /fixture/esc.yar --json /tmp/s
	check "it ended with $RC" test "$RC" -eq 0 -o "$RC" -eq 3
	[ "$(gaps "$OUT")" != 'ESTALE|scan (it changed while it was read)|-|/tmp/s/moving' ] || told=$((told + 1))
done
check "it was said $told times of 6" test "$told" -ge 1
rm "$MERGED/tmp/s/moving"
wait "$mover"

# A name that is a file, a FIFO, a device and a link in turn, faster than anybody can look.
python3 - "$MERGED/tmp/s" <<'PY' &
import os, sys
os.chdir(sys.argv[1])
n = 0
while not os.path.exists("end"):
    n += 1
    for make in (lambda: os.mkfifo("new"), lambda: os.symlink("/etc/passwd", "new"),
                 lambda: open("new", "w").write("needle"), lambda: os.mknod("new", 0o20666, os.makedev(1, 5))):
        make()
        os.rename("new", "x")
PY
mover=$!
: >matches
for ((i = 0; i < 20 || (i < 200 && $(wc -l <matches) == 0); i++)); do
	expect_within 20 csi scan --files --rules /fixture/esc.yar --json /tmp/s
	check "it ended with $RC" test "$RC" -eq 0 -o "$RC" -eq 3
	jq -c 'select(.rule)' "$OUT" >>matches
done
cp matches "$OUT"
expect_all . '(.file.path == "/tmp/s/x" or .file.path == "/tmp/s/new") and .file.size == 6' "something else was scanned"
touch "$MERGED/tmp/s/end"
wait "$mover"
