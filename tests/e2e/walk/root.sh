#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --root DIR walks a file system without processes.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
mkdir -p "$FIXTURE/r/etc" && echo text >"$FIXTURE/r/etc/file" && ln -s /etc/shadow "$FIXTURE/r/etc/link"
run csi walk --root /fixture/r --hash --json
expect_json '[.[] | select(.file.path) | .file.path] == ["/", "/etc", "/etc/file", "/etc/link"]'
expect_json "any(.[]; .file.path == \"/etc/file\" and .file.hash.sha256 == \"$(echo text | sha256sum | cut -d' ' -f1)\")"
expect_json 'any(.[]; .file.path == "/etc/link" and .file.target_path == "/etc/shadow")'
expect_gaps
expect_exit 0
run csi walk --source root:/fixture/r/etc --json
expect_json '[.[].file.path] == ["/", "/file", "/link"]'
run csi walk --root /fixture/nosuch
expect_exit 1
