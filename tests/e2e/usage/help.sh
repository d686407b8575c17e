#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Help goes to standard output with 0, lists only what works, and has an example; csi-X is csi X.
# roles: ptrace root same stranger
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

for command in ps triage walk diff timeline maps dump net posture scan collect verify doctor init shell; do
	run csi "$command" --help
	expect_exit 0
	expect_empty "$ERR"
	expect_grep '^example:'
	expect_grep '^usage: csi '
	expect_no_grep 'image:|checkpoint:'
	cp "$OUT" long
	run as "$ROLE" "csi-$command" -h
	expect_exit 0
	check "csi-$command -h differs" cmp -s "$OUT" long
done
run csi --help
expect_exit 0
for command in ps triage walk diff timeline maps dump net posture scan collect verify doctor init shell; do
	expect_grep "^ +$command "
done
run csi --version
expect_exit 0
expect_grep '^csi [0-9]+\.[0-9]+'

# What the README says of all commands: which take -p, --json, another /proc, a root.
have() { # OPTION COMMAND...: these and no others have it
	local option=$1
	shift
	for command in ps triage walk diff timeline maps dump net posture scan collect verify doctor init shell; do
		if [[ " $* " = *" $command "* ]]; then
			expect_grep "^ +(-., )?$option( |$)" <(csi "$command" --help)
		else
			expect_no_grep "^ +(-., )?$option( |$)" <(csi "$command" --help)
		fi
	done
}
have --pid ps triage walk diff timeline maps dump net posture scan collect doctor
have --json ps triage walk diff timeline maps net posture scan collect doctor verify
have --proc ps triage walk diff timeline maps dump net posture scan collect
have --root walk diff timeline scan collect
