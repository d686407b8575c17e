#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every manifest is taken by a real API server, and the roles are enough and no more: with them and nothing else the plugin
# works; without, it names the rule and sends nothing. The checkpoint endpoint, which this cluster has not, is a clear no.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
K8S=$CSI_TOP/k8s
for file in quarantine.yaml rbac/collect.yaml rbac/isolate.yaml rbac/checkpoint.yaml; do
	run k apply --dry-run=server -f "$K8S/$file"
	expect_exit 0
done
run k apply -k "$K8S" --dry-run=server
expect_exit 0
sed "s|@NAME@|sum|; s|@NODE@|$(kubectl get nodes -o 'jsonpath={.items[0].metadata.name}')|; s|@IMAGE@|$IMAGE|; s|@PULL@|Never|; s|@FILE@|x.tar|" \
	"$K8S/checkpoint-sum.yaml" | k create --dry-run=server -f - >"$OUT" 2>"$ERR"
expect_eq $? 0 "checkpoint-sum.yaml"
for file in "$K8S"/profiles/*.json "$K8S"/patches/*.json; do
	check "$file is no JSON" jq -e . <(sed 's/@LABELS@//; s/:@[A-Z]*@/:1/g' "$file")
done >/dev/null

k apply -k "$K8S" >/dev/null || fail "the roles"
app web
ready web
user_kubeconfig nobody nobody.conf
user_kubeconfig collector collector.conf csi-debug-collect
user_kubeconfig isolator isolator.conf csi-debug-collect csi-debug-isolate

run plugin ps web --kubeconfig nobody.conf
expect_exit 10
for rule in 'pods\], verbs: \[get\]' 'pods/ephemeralcontainers\], verbs: \[patch\]' 'pods/exec\], verbs: \[get\]' 'pods/exec\], verbs: \[create\]'; do
	expect_grep "^  - .*$rule" "$ERR"
done
expect_eq "$(ephemerals web)" 0 "injections by nobody"
run plugin doctor web --kubeconfig nobody.conf
expect_exit 10
run plugin isolate web --kubeconfig collector.conf --yes
expect_exit 10
expect_grep 'pods\], verbs: \[patch\]' "$ERR"
expect_grep 'networkpolicies\], verbs: \[create\]' "$ERR"
expect_none networkpolicies -o name
run plugin checkpoint web --kubeconfig isolator.conf
expect_exit 10
expect_grep 'nodes/proxy\], verbs: \[create\]' "$ERR"

# What lies outside of the namespace is missing, and said; the rest is there.
run plugin collect web -o case --kubeconfig collector.conf
expect_exit 3
expect_grep '^app .*sealed, complete, by csi'
expect_eq "$(cut -f2 case/api/gaps.txt | sort | tr '\n' ',')" 'the namespace,the node,what the service account may do,' "gaps"
expect_grep 'resources: \[nodes\], verbs: \[get\]' "$ERR"
run plugin isolate web --kubeconfig isolator.conf --yes
expect_exit 0
run plugin release web --kubeconfig isolator.conf
expect_exit 0

run plugin checkpoint web
expect_exit 11
expect_grep 'no: the kubelet of .* has no checkpoint endpoint' "$ERR"

# An image that the node has not, and that may not be pulled
run plugin ps web --image localhost/not-there:1 --pull-policy Never
expect_exit 11
expect_grep 'csi-[0-9] did not start: ErrImageNeverPull' "$ERR"
run plugin doctor web --image localhost/not-there:1 --pull-policy Never
expect_exit 11
expect_grep '^cannot +localhost/not-there:1 is not on node'
