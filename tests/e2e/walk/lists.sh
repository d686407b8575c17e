#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --format hashdeep and sha256sum: the programs themselves accept a copy, and notice a change of it.
# roles: ptrace root
# uids: 65532
# timeout: 120
# needs: hashdeep script
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" names >/dev/null
printf '' >"$MERGED/tmp/h/empty"
printf x >"$MERGED/tmp/h/1,2,%%%% # comma"
chown -R 65532:65532 "$MERGED/tmp/h"
mkdir copy && cp -a "$MERGED/tmp" "$MERGED/app" copy/

escaped() { (cd copy && find . -type f "$@" -printf '/%P\0' | sort -z) | while IFS= read -r -d '' f; do printf '%s' "$f" | escape && echo; done; }

# GNU's own lines, in its own escape.
run csi walk --format sha256sum /tmp /app
expect_exit 0
expect_empty "$ERR"
cp "$OUT" sums
(cd copy && find . -type f -exec sha256sum {} +) | LC_ALL=C sort >want
LC_ALL=C sort sums >got
check "not what sha256sum prints" cmp -s want got
run bash -c 'cd copy && sha256sum --quiet --strict -c ../sums'
expect_exit 0
expect_empty "$OUT"
printf other >copy/tmp/h/empty
run bash -c 'cd copy && sha256sum --quiet --strict -c ../sums'
expect_exit 1
expect_grep '^./tmp/h/empty: FAILED$'
: >copy/tmp/h/empty

# A name with a newline, or a carriage return at its end, has no line in a list of hashdeep's.
run csi walk --format hashdeep /tmp /app
expect_exit 3
expect_printable "$ERR"
cp "$OUT" list
{ escaped -name $'*\n*'; escaped -path $'*\n*/*'; escaped -name $'*\r'; } | LC_ALL=C sort -u |
	sed 's/.*/csi: gap: EILSEQ list, pid 1 &: invalid byte sequence (csi walk --json has it)/' >want
LC_ALL=C sort "$ERR" >got
diff want got >gaps.diff
check "other gaps: $(head -n 10 gaps.diff)" test ! -s gaps.diff
check "the tree had no such name" test -s want
expect_eq "$(head -n 2 list)" $'%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename'
find copy -path $'*\n*' -delete
find copy -type f -name $'*\r' -delete
run bash -c 'cd copy && hashdeep -rlak ../list . && hashdeep -rl -c md5,sha256 .'
expect_exit 0
expect_grep '^hashdeep: Audit passed$'
grep -a '^[0-9]' "$OUT" | LC_ALL=C sort >want
grep -a '^[0-9]' list | LC_ALL=C sort >got
check "not what hashdeep prints" cmp -s want got
mv copy/tmp/h/empty copy/tmp/h/moved
run bash -c 'cd copy && hashdeep -rlak ../list .'
expect_exit 1
mv copy/tmp/h/moved copy/tmp/h/empty
printf y >"copy/tmp/h/1,2,%%%% # comma"
run bash -c 'cd copy && hashdeep -rlavk ../list .'
expect_exit 1
expect_grep 'New files found: 1$'

# What is above --max-file has no line, and says so; a file by -o; --json by its other name.
run csi walk --format sha256sum --max-file 1 -o /dev/shm/list /tmp/h/empty "/tmp/h/x (deleted)"
expect_exit 3
expect_empty "$OUT"
expect_eq "$(cut -c67- "$POD_DIR/shm/list")" ./tmp/h/empty
expect_eq "$(cat "$ERR")" "csi: gap: EFBIG hash, pid 1 /tmp/h/x (deleted): too large (--max-file SIZE)"
run csi walk --format json /tmp/h/empty
expect_json 'length == 1 and .[0].file.path == "/tmp/h/empty"'

# Raw bytes of the target never reach a terminal.
for format in hashdeep sha256sum; do
	run script -qec "$CSI_TOP/out/amd64/csi walk --root $PWD/copy --format $format" /dev/null
	expect_exit 2
	expect_grep 'not for a terminal'
done
for words in '--json --format table' '--json --format hashdeep' '--sha1 --format hashdeep' '--md5 --format sha256sum' '--format xml'; do
	# shellcheck disable=SC2086
	run host_csi walk --root copy $words
	expect_exit 2
	expect_empty "$OUT"
done

# Two roots are two lists.
[ "$ROLE" = ptrace ] || exit 0
nsenter -t "$TPID" -p unshare -m sleep 1000 &
other() { csi ps --json | jq -r 'select(.process.name == "sleep") | .process.pid'; }
has_other() { [ -n "$(other)" ]; }
wait_for 20 "another root" has_other
run csi walk --format sha256sum /etc
expect_exit 2
expect_empty "$OUT"
expect_grep "one tree, and here are 2: choose one with -p \\(1, $(other)\\)" "$ERR"
run csi walk --format sha256sum -p 1 /etc/os-release
expect_exit 0
expect_eq "$(cat "$OUT")" "$(cd "$MERGED" && sha256sum ./etc/os-release)"
