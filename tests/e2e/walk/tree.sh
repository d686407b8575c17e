#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every file of the target is there with its metadata, its hash, and whether it is new.
# roles: ptrace root same stranger
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude drop
start exe /tmp/tool

run csi walk --hash --json /
expect_printable "$OUT" "$ERR"
if ! can root; then
	expect_gaps "EACCES|open root|1|-" "EACCES|open root|$PID|-"
	expect_exit 3
	exit 0
fi

# What find sees from outside, without what lies on other mounts.
(cd "$MERGED" && find . -xdev -printf '/%P %y %m %U %G %s %l\n' | sort) >want
jq -r 'select(.file.path) | [.file.path, ({"file":"f","dir":"d","symlink":"l"}[.file.type] // .file.type),
	(.file.mode | sub("^0+(?=.)"; "")), .file.uid, .file.gid, (.file.size // 0), .file.target_path // ""] | join(" ")' "$OUT" |
	grep -vE '^/(proc|sys|dev|data|etc/(hosts|hostname|resolv.conf))( |/)' | sort >got
grep -vE '^/(proc|sys|dev|data|etc/(hosts|hostname|resolv.conf))( |/)' want | diff -u - got >walk.diff
check "another tree than find's: $(head -n 20 walk.diff)" test ! -s walk.diff

(cd "$MERGED" && find . -xdev -type f -size +0 -printf '/%P\0' | xargs -0 -I{} sha256sum .{}) | sed 's/  \.\//  \//' | sort >want
jq -r 'select(.file.hash.sha256) | .file.hash.sha256 + "  " + .file.path' "$OUT" |
	grep -vE '  /(data|dev|etc/(hosts|hostname|resolv.conf))' | sort >got
grep -vE '/etc/(hosts|hostname|resolv.conf)' want | diff -u - got >sums.diff
check "other hashes: $(head -n 20 sums.diff)" test ! -s sums.diff

for path in /tmp/zzz /tmp/tool; do expect_all "select(.file.path == \"$path\")" '.csi.birth == "new"'; done
for path in /app/httpd /etc/os-release; do expect_all "select(.file.path == \"$path\")" '.csi.birth == "old"'; done
expect_gaps
expect_exit 0

run csi walk --new --json
expect_json '[.[] | select(.file.type == "file") | .file.path] | sort == ["/tmp/tool", "/tmp/zzz"]' "--new lists other files"
run csi walk /tmp
expect_grep '/tmp/zzz'
expect_printable "$OUT" "$ERR"
