#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --proc DIR reads a /proc elsewhere, nothing live: same records, same escapes.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/procfix.py" "$FIXTURE/proc" <<'JSON'
[{"pid": 1, "ppid": 0, "comm": "init", "args": ["/sbin/init"], "exe": "/sbin/init"},
 {"pid": 42, "comm": ") R 1 0 0", "args": ["evil", "a b", "\u001b[2J", "\udcff\udcfe", "back\\slash", "new\nline"],
  "exe": "/tmp/x (deleted)"},
 {"pid": 43, "comm": "[kworker/0:1]", "args": ["[kworker/0:1]"], "exe": "/tmp/k"},
 {"pid": 4194303, "comm": "", "args": [], "uid": 4294967294}]
JSON
run csi ps --proc /fixture/proc --json
expect_printable "$OUT" "$ERR"
expect_json '[.[] | select(.event.kind == "state") | .process.pid] == [1, 42, 43, 4194303]'
expect_json '.[] | select(.process.pid == 42 and .event.kind == "state") | .process.name == ") R 1 0 0" and .process.parent.pid == 1'
expect_json '.[] | select(.process.pid == 42 and .event.kind == "state") | .process.args == ["evil", "a b", "\\x1b[2J", "\\xff\\xfe", "back\\\\slash", "new\\x0aline"]'
expect_json '.[] | select(.process.pid == 4194303 and .event.kind == "state") | .process.user.id == "4294967294"'
run csi ps --source proc:/fixture/proc
expect_printable "$OUT" "$ERR"
