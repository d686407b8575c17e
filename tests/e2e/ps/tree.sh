#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --tree shows each process below its parent; a /proc whose parents go in a circle loses none.
# roles: root
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start exe /tmp/x && CHILD=$PID

run csi ps --tree
expect_printable "$OUT" "$ERR"
expect_grep "^ +$CHILD +1 .*[+]- /tmp/x"
run csi ps --tree --no-signs
expect_exit 0
expect_grep "^ +$CHILD +1 .*[+]- /tmp/x"

python3 "$HELPERS/procfix.py" "$FIXTURE/proc" <<'JSON'
[{"pid": 1, "ppid": 0, "comm": "init", "args": ["/sbin/init"], "exe": "/sbin/init"},
 {"pid": 30, "ppid": 31, "comm": "a", "args": ["a"], "exe": "/a"},
 {"pid": 31, "ppid": 30, "comm": "b", "args": ["b"], "exe": "/b"},
 {"pid": 32, "ppid": 32, "comm": "c", "args": ["c"], "exe": "/c"}]
JSON
run csi ps --tree --no-signs --proc /fixture/proc
expect_exit 0
check "a row is lost or twice" [ "$(grep -cE '^ +(1|30|31|32) ' "$OUT")" = 4 ]
expect_grep '^ +31 +30 .*[+]- b$'
