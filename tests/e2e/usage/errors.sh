#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A wrong command line ends with 2, says why on standard error, and prints nothing as data.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

usage_error() {
	run csi "$@"
	expect_exit 2
	expect_empty "$OUT"
	check "csi $* says why" test -s "$ERR"
	expect_printable "$ERR"
}

usage_error
usage_error nosuch
usage_error $'no\e[31msuch'
for command in ps triage walk diff timeline maps dump net posture scan collect verify doctor init shell; do
	usage_error "$command" --nosuch
	usage_error "$command" --timeout
done
usage_error ps --proc /proc --root /
usage_error ps --source proc:/proc --proc /proc
usage_error ps --source nosuch:/proc
usage_error ps -p 0
usage_error ps -p -1
usage_error ps -p x
usage_error ps -p 99999999999999999999
usage_error ps surplus
usage_error dump
usage_error dump -p 1 -p 2
usage_error verify
usage_error collect --scope huge
usage_error collect --max-file 1X
usage_error collect --timeout 0
usage_error walk --jobs 0
usage_error scan --compile surplus
usage_error scan --fail-on worst
usage_error scan --rules-memory 1K
# A command whose job the source cannot do.
usage_error ps --root /fixture
usage_error maps --root /fixture
usage_error dump --root /fixture -p 1
