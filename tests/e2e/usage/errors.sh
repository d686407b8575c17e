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

# refused TEXT COMMAND...: a usage error whose first line says TEXT. What would be left out without a word is no option.
refused() {
	local text=$1
	shift
	usage_error "$@"
	check "csi $*: $(head -n 1 "$ERR")" grep -qF -- "csi $1: $text" <(head -n 1 "$ERR")
}
refused '--tree is a table' ps --tree --json
refused '--list looks at nothing' triage --list -p 1
refused '--list looks at nothing' triage --list --no-files
refused '--list looks at nothing' triage --list --fail-on high
refused '--all-content goes with --image' diff --all-content
refused '--all-content goes with --image' diff --packages --all-content
refused '--image-memory goes with --image or --baseline' diff --image-memory 4M
refused '--freeze-buffer goes with --freeze' dump -p 1 --freeze-buffer 1M
refused '--freeze-buffer goes with --freeze' dump -p 1 --freeze=hold --freeze-buffer 1M
for words in '--since start' --new '--name x' '--type f' '--perm 644' '--owner 0' --xdev --volumes; do
	# shellcheck disable=SC2086
	refused '--deleted shows all that is held' walk --deleted $words
done
refused 'a bodyfile has room for MD5 alone' walk --format bodyfile --hash
refused 'a bodyfile has room for MD5 alone' walk --format bodyfile-plaso --hash=md5,sha1
for words in '--ioc-hashes /fixture/x' '--ioc-names /fixture/x'; do
	# shellcheck disable=SC2086
	refused '--compile writes rules' scan --compile $words
done
for words in --exe --memory --files --volumes --json '-p 1' '--fail-on high'; do
	# shellcheck disable=SC2086
	refused '--compile scans nothing' scan --compile $words
done

# A command whose job the source cannot do.
for command in ps triage maps dump net posture; do
	refused 'unknown option --root' "$command" --root /fixture
	expect_no_grep '--root' <(csi "$command" --help)
done
refused 'this source has files but no processes' ps --source root:/fixture
refused 'this source has files but no processes' net --source root:/fixture
refused 'a root has no processes' scan --root /fixture --memory
refused 'a root has no processes' scan --source root:/fixture --exe
for command in walk diff timeline scan collect; do
	refused 'a root has no processes' "$command" --root /fixture -p 1
	expect_grep '--root DIR' <(csi "$command" --help)
done
