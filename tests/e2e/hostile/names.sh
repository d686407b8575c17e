#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names with any bytes: all listed, none raw; the bundle keeps them byte by byte.
# roles: ptrace root same stranger
# uids: 65532
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" names links hardlinks special >names.txt
python3 "$HELPERS/hostile.py" "$FIXTURE/h" names >/dev/null
chown -R 65532:65532 "$MERGED/tmp/h"

# As a root of its own every role may read it.
run csi walk --root /fixture/h --hash --json
expect_printable "$OUT" "$ERR"
grep -vE '^(link-.*|hard-.|fifo|socket|urandom|zero|full)$' names.txt | sort >want
jq -r '.file.path // empty | select(. != "/") | ltrimstr("/")' "$OUT" | sort >got
diff want got >names.diff
check "other names: $(head -n 10 names.diff)" test ! -s names.diff
expect_gaps
run csi walk --root /fixture/h
expect_printable "$OUT" "$ERR"

can root || exit 0
run csi walk --hash --json /tmp/h
expect_printable "$OUT" "$ERR"
sort names.txt >want
jq -r '.file.path // empty | select(startswith("/tmp/h/")) | ltrimstr("/tmp/h/")' "$OUT" | sort >got
diff want got >names.diff
check "other names: $(head -n 10 names.diff)" test ! -s names.diff
expect_all 'select(.file.type == "symlink")' '.file.target_path != null'
expect_json '[.[] | select(.file.type == "fifo")] | length == 1'
expect_json '[.[] | select(.file.type == "socket")] | length == 1'
expect_json '[.[] | select(.file.type == "char")] | length == 3'
expect_gaps

expect_within 60 csi collect
expect_exit 0
cp "$OUT" b
run host_csi verify b
expect_exit 0
mkdir x && tar --zstd -xf b -C x --no-same-owner
run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
expect_exit 0
(cd "$MERGED/tmp/h" && find . -type f -printf '%P\0' | sort -z) >want
(cd x/csi-*/files/"${CONTAINER_ID:0:12}"/tmp/h && find . -type f -printf '%P\0' | sort -z) >got
check "other names in the bundle" cmp want got
expect_empty <(tar --zstd -tvf b | grep '^[pcbsh]')
