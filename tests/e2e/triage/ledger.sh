#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What triage finds about processes, files and containers, the ledger of a bundle holds too.
# roles: ptrace
# uids: 0
. "$CSI_TOP/tests/helpers/lib.sh"
jq -n '{linux: {seccomp: null}, process: {noNewPrivileges: false}}' >patch.json
pod_up --patch patch.json
intrude kinsing
start exe /tmp/x && TMP=$PID

rules() { jq -r 'select(.event.kind == "alert" and .csi.subject != "socket") | "\(.csi.subject) \(.rule.id) \(.csi.level) \(.file.path // "")"' | LC_ALL=C sort; }
run csi triage --json
expect_exit_by_gaps
rules <"$OUT" >want
csi collect --scope quick 2>"$ERR" >b
RC=$?
expect_exit 0
tar --zstd -xOf b --wildcards '*/ledger/*' >"$OUT"
rules <"$OUT" >got
check "findings differ" diff -u want got
expect_json "any(.[]; .rule.id == \"exe-writable-dir\" and .process.pid == $TMP)"
expect_json 'any(.[]; .rule.id == "missing-confinement" and .csi.subject == "container")'
expect_json 'any(.[]; .rule.id == "file-dropped" and .file.path == "/tmp/x" and .csi.subject == "file")'
