#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Any csi command in the pod: output and exit code as csi gave them, one injection for all of them, whoever the target
# runs as; nothing is sent with --dry-run; what cannot be is said with its code.
# roles: dash busybox
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
app root
app user 'securityContext: {runAsUser: 65532, runAsGroup: 65532}'
app bare 'securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}'
ready root user bare

run plugin ps root --dry-run
expect_exit 0
expect_grep '^kubectl .*--namespace=t-.* debug root -q --image=docker.io/library/csi-debug:.* --target=app -c csi-1 --attach=false --profile=general --custom='
expect_grep '"add":\["SYS_PTRACE"\]'
expect_eq "$(ephemerals root)" 0 "containers after --dry-run"
for pod in root user bare; do
	at "$pod"
	run plugin ps "$pod" --json
	expect_exit 0
	expect_json '[.[] | select(.process.pid == 1)][0].process.executable == "/app/httpd"'
	run plugin walk "$pod" --json --hash /app
	expect_exit 0
	expect_json "any(.[]; .file.path == \"/app/httpd\" and .file.hash.sha256 == \"$(sha256sum <"$MERGED/app/httpd" | cut -d' ' -f1)\")"
	expect_eq "$(ephemerals "$pod")" 1 "injections into $pod"
done
plugin dump user -p 1 >core 2>"$ERR"
expect_eq $? 0 "exit code of dump"
expect_grep 'ELF' <(head -c 4 core)

# Codes of csi's own, and ours
run plugin walk root --nonsense
expect_exit 2
run plugin ps root -p 4242
expect_exit 1
expect_grep 'process 4242' "$ERR"
run plugin frobnicate root
expect_exit 2
run plugin ps
expect_exit 2
run plugin ps absent
expect_exit 14
run plugin ps root -c other
expect_exit 2
run plugin ps root --image csi-debug:latest
expect_exit 2
run plugin ps 'ro;ot'
expect_exit 2
run plugin ps root --kubeconfig /nonexistent
expect_exit 1
run bin/sh "$PLUGIN" ps root
expect_exit 14
run bin/sh "$PLUGIN" ps root --json --namespace="$NS"
expect_exit 0

# --stdin, and options of csi's behind --
echo hello >in
run bash -c "bin/sh $PLUGIN shell root -n $NS -- -c 'cat; exit 3' <in"
expect_exit 3
expect_grep '^hello$'

# Every command that csi has, but those that make no sense in the pod, is a verb here.
host_csi --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' | grep -vxE 'verify|init|doctor|shell|collect|report' >known
while read -r command; do
	expect_grep "COMMANDS=.*[' ]${command}[' ]" "$CSI_TOP/k8s/lib/base.sh"
done <known
check "only $(wc -l <known) commands" test "$(wc -l <known)" -ge 9
expect_eq "$(sed -n 's/^VERSION=//p' "$PLUGIN")" "$VERSION" "the plugin's version"

# As kubectl finds it, through a link
ln -s "$PLUGIN" bin/kubectl-csi_debug
run env PATH="$PWD/bin:$PATH" kubectl csi-debug ps root -n "$NS"
expect_exit 0
expect_grep /app/httpd
run env PATH="$PWD/bin:$PATH" kubectl csi-debug --help
expect_exit 0
expect_grep '^usage: kubectl csi-debug'
