#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: the kubelet's checkpoint endpoint, which this cluster has not: an archive with its place and hash, and the
# ways to say no.
. "$CSI_TOP/tests/helpers/mock.sh"
archive=/var/lib/kubelet/checkpoints/checkpoint-app_default-app-2026-11-28T01:02:03Z.tar
echo "{\"items\":[\"$archive\"]}" >mock/checkpoint
run plugin checkpoint app
expect_exit 0
expect_grep "^archive $archive$"
expect_grep "^sha256  $(printf %064d 5)$"
expect_grep '/api/v1/nodes/node-1/proxy/checkpoint/default/app/app' mock/calls
expect_eq "$(calls ' delete pod csi-debug-sum-')" 1 "the pod that read it is removed"
run plugin checkpoint app --json
expect_exit 0
expect_json "length == 1 and .[0].archive == \"$archive\""

# Nothing is sent with --dry-run, and both requests are shown; without the rule for the pod the kubelet's alone.
: >mock/calls
run plugin checkpoint app --dry-run
expect_exit 0
expect_grep '^kubectl .* create --raw /api/v1/nodes/node-1/proxy/checkpoint/default/app/app -f /dev/null$'
expect_grep '^kubectl .* create -f [^ ]*/sum\.yaml$'
expect_grep '^ +nodeName: "node-1"$'
expect_grep '^kubectl .* delete pod csi-debug-sum-[0-9]+ --wait=false$'
expect_eq "$(calls ' create -\| delete ')" 0 "changes by --dry-run"
echo 'create pods' >mock/denied
run plugin checkpoint app --dry-run
expect_exit 0
expect_eq "$(grep -c '^kubectl' "$OUT")" 1 "requests without the rule"
: >mock/denied

# shellcheck disable=SC2016
echo '{"items":["/var/lib/kubelet/checkpoints/checkpoint-$(reboot).tar"]}' >mock/checkpoint
run plugin checkpoint app
expect_exit 1

says() { # TEXT CODE PATTERN
	echo "$1" >mock/checkpoint.err
	run plugin checkpoint app
	expect_exit "$2"
	expect_grep "$3" "$ERR"
}
says 'Error from server (NotFound): the server could not find the requested resource' 11 'has no checkpoint endpoint'
says 'Error from server (InternalError): checkpointing of default/app/app failed (rpc error: code = Unimplemented desc = method CheckpointContainer not implemented)' 11 'cannot checkpoint'
says 'Error from server (InternalError): checkpointing of default/app/app failed (criu: Connected TCP socket)' 11 'the checkpoint failed on node-1'
says 'Error from server (Forbidden): nodes "node-1" is forbidden: User "jane" cannot create resource "nodes/proxy"' 10 'nodes/proxy'
echo 'create nodes proxy' >mock/denied
run plugin checkpoint app
expect_exit 10
