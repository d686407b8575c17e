#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A /proc in which files are missing, empty, cut, of another type or without end: records, and no finding of it.
# roles: ptrace same
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
P=$FIXTURE/proc
python3 "$HELPERS/procfix.py" "$P" <<'JSON'
[{"pid": 1, "ppid": 0, "comm": "init", "args": ["/sbin/init"], "exe": "/sbin/init"},
 {"pid": 41, "comm": "a", "args": ["a"], "exe": "/bin/a"},
 {"pid": 42, "comm": "b", "args": ["b"], "exe": "/bin/b"},
 {"pid": 43, "comm": "c", "args": ["c"], "exe": "/bin/c"},
 {"pid": 44, "comm": "d", "args": ["d"], "exe": "/bin/d"},
 {"pid": 45, "comm": "[kworker/0:1]", "args": ["[kworker/0:1]"], "exe": "/tmp/k"}]
JSON
# 41: nothing but its stat. 42: empty files. 43: bytes that are no such file. 44: directories in their place.
for file in "$P"/41/*; do
	case $file in */stat) ;; *) rm -rf "$file" ;; esac
done
for name in status maps cmdline environ mountinfo cgroup; do
	rm -rf "$P"/4[234]/$name
	: >"$P/42/$name"
	head -c 3000 /dev/urandom >"$P/43/$name"
	mkdir "$P/44/$name"
done
chmod -R a+rX "$P"
run csi triage --proc /fixture/proc --json
check "exit code $RC" test "$RC" -eq 3 -o "$RC" -eq 0
expect_printable "$OUT" "$ERR"
expect_json 'any(.[]; .rule.id? == "kthread-masquerade" and .process.pid == 45)' "the one that is whole"
expect_json '[.[] | select(.event.kind == "alert" and .process.pid >= 41 and .process.pid <= 44 and (.csi.level | IN("medium", "high", "critical")))]
	| length == 0' "a finding made of what cannot be read"
expect_json 'any(.[]; .event.kind == "pipeline_error" and .process.pid == 43)' "43 is said to be whole"
expect_json 'any(.[]; .event.kind == "pipeline_error" and .process.pid == 44)' "44 is said to be whole"
