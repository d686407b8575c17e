#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A hostile tree: diff leaves its root in no way, reaches its end, tells every file, and moves no time.
# roles: ptrace root
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
lower=$PWD/lower
cp -a "$CSI_RUN/images/target" "$lower"
mkdir -p "$lower/srv/up" "$lower/srv/out" && echo x >"$lower/srv/up/file"
POD_IMAGE=$lower pod_up
[ "$ROOTFS" = overlay ] || { run csi diff --json; expect_exit 3; exit 0; }
sleep 1.2
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" names special links sparse hardlinks >/dev/null
# Where directories were: links that lead out of the root, and back into it.
rm -r "$MERGED/srv/up" && ln -s ../../../../../../etc "$MERGED/srv/up"
rm -r "$MERGED/srv/out" && ln -s /proc/self/root "$MERGED/srv/out"
# A directory that is changed all the time while it is looked at.
mkdir "$MERGED/tmp/busy" && printf x >"$MERGED/tmp/busy/a"
(cd "$MERGED/tmp/h" && find . -printf '/tmp/h/%P\0') | while IFS= read -r -d '' f; do f=${f%/}; printf '%s' "$f" | escape && echo; done | LC_ALL=C sort >want
harm_before

expect_within 120 csi diff --json --hash
expect_printable "$OUT" "$ERR"
jq -r 'select(.csi.diff.change? == "added") | .file.path' "$OUT" | grep '^/tmp/h' | LC_ALL=C sort >got
diff want got >files.diff
check "not every file is told as added: $(head -n 20 files.diff)" test ! -s files.diff
expect_json 'any(.[]; .file.path? == "/srv/up" and .csi.diff.change == "added" and .file.type == "symlink")'
expect_json 'all(.[] | select(.csi.diff); (.file.path | startswith("/srv/up/") or startswith("/srv/out/")) | not)'
expect_within 60 csi diff --packages --json
expect_printable "$OUT" "$ERR"
expect_json 'any(.[]; .csi.diff.change? == "unowned")'
expect_within 60 csi walk --since start --json
expect_printable "$OUT" "$ERR"
expect_no_harm
