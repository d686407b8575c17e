#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The catalogue is printed from the table that judges: each row with level, subject, techniques.
# roles: root
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

run csi triage --list --json
expect_exit 0
expect_empty "$ERR"
expect_json 'length >= 60 and ([.[].rule.id] | length == (unique | length))' "ids are few or not unique"
expect_json 'all(.[]; .rule.name and .csi.next and .event.severity and (.threat.technique.id | length > 0) and all(.threat.technique.id[]; test("^T[0-9]{4}(\\.[0-9]{3})?$")))'
expect_json '[.[].csi.subject] | unique | . - ["process", "file", "socket", "container"] == []'
expect_json 'any(.[]; .csi.subject == "process") and any(.[]; .csi.subject == "file")'
run csi triage --list
expect_exit 0
expect_grep '^high +deleted-exe +process +T1070.004 '
run csi triage --fail-on loud
expect_exit 2
run csi triage x
expect_exit 2
