#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# isolate, wait for the replacement, release: the evidence pod is still there. Out of Service and ReplicaSet, its labels
# saved and given back; the policy is there before the label; twice is as once; a pod is given up only when asked.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
make <<-EOT
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: web}
	spec:
	  replicas: 1
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web, tier.example.com/name: front_end}, annotations: {karpenter.sh/do-not-disrupt: "false"}}
	    spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "$APP", imagePullPolicy: Never}]}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: web}
	spec: {selector: {app: web}, ports: [{port: 80}]}
EOT
k rollout status deployment/web --timeout=60s >/dev/null || fail "no rollout"
evidence=$(k get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')
uid=$(k get pod "$evidence" -o 'jsonpath={.metadata.uid}')
labels=$(k get pod "$evidence" -o 'jsonpath={.metadata.labels}')
endpoints() { k get endpoints web -o 'jsonpath={.subsets[*].addresses[*].targetRef.name}'; }
still_there() { expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.uid}/{.status.phase}/{.metadata.deletionTimestamp}')" "$uid/Running/" "the evidence pod $1"; }

run plugin isolate "$evidence" --dry-run --yes
expect_exit 0
expect_grep 'patch pod'
expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.labels}')" "$labels" "labels after --dry-run"
expect_none networkpolicies -o name

mkdir w
run bash -c "cd w && ../bin/sh $PLUGIN isolate $evidence -n $NS --json"
expect_exit 0
expect_json 'length == 1 and .[0].verb == "isolate"'
expect_grep 'no container has a liveness or startup probe' "$ERR"
expect_grep 'ReplicaSet web-[0-9a-z]+ has let it go' "$ERR"
expect_grep 'is a NetworkPolicy enforced here\? no sign of it' "$ERR"
expect_grep 'from inside: connections' "$ERR"
run host_csi verify w/csi-*
expect_exit 0
for done in 'create -f .*/quarantine.yaml' 'patch pod '; do
	check "not noted in the case: $done" grep -qE "	0	kubectl .*$done" w/csi-*/api-2/actions.txt
done
(cd w/csi-* && sha256sum --quiet --strict -c SHA256SUMS) || fail "SHA256SUMS after isolate"
check "no quick scope" grep -q 'scope quick' w/csi-*/custody.txt
still_there "after isolate"
k rollout status deployment/web --timeout=60s >/dev/null || fail "no replacement"
expect_eq "$(k get pods -l app=web -o name | wc -l)" 1 "pods of the Deployment"
check "the evidence pod is its replacement" test "$(k get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')" != "$evidence"
check "the Service still has it" test "$(endpoints)" != "$evidence"
expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.labels}')" '{"csi-debug/quarantine":"yes"}' "labels"
expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.annotations.cluster-autoscaler\.kubernetes\.io/safe-to-evict}/{.metadata.annotations.karpenter\.sh/do-not-disrupt}')" false/true "annotations"
expect_eq "$(k get networkpolicy csi-debug-quarantine -o 'jsonpath={.spec.ingress}{.spec.egress}{.spec.policyTypes}')" '["Ingress","Egress"]' "the policy"
run plugin isolate "$evidence" --yes
expect_exit 0
expect_grep 'is isolated since' "$ERR"

run plugin release "$evidence"
expect_exit 1
expect_grep 'has 1 of 1 pods' "$ERR"
still_there "after a refused release"
run plugin release "$evidence" --dry-run
expect_exit 1
sleep 3
still_there "some time later"
run plugin collect "$evidence" -o late
expect_exit 0

# With room for one more it is adopted, and everything is as it was.
k scale deployment/web --replicas=2 >/dev/null
k rollout status deployment/web --timeout=60s >/dev/null
k scale deployment/web --replicas=3 >/dev/null
rs=$(k get rs -o 'jsonpath={.items[0].metadata.name}')
for _ in {1..50}; do
	[ "$(k get rs "$rs" -o 'jsonpath={.status.replicas}')" = 3 ] && break
	sleep 0.2
done
run plugin release "$evidence"
expect_exit 1
run plugin release "$evidence" --give-up-pod
expect_exit 0
expect_none networkpolicies -o name
# The owner deletes one of four, and of ready ones the youngest: this one stays.
expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.labels}')" "$labels" "labels given back"
expect_eq "$(k get pod "$evidence" -o 'jsonpath={.metadata.annotations.karpenter\.sh/do-not-disrupt}')" false "annotation given back"

# A pod alone: cordon, and back; a changed annotation is not believed.
app alone
ready alone
node=$(k get pod alone -o 'jsonpath={.spec.nodeName}')
run plugin isolate alone --yes --cordon
expect_exit 0
expect_eq "$(kubectl get node "$node" -o 'jsonpath={.spec.unschedulable}')" true "cordoned"
k annotate pod alone --overwrite 'csi-debug/labels=app=alone","x":"y' >/dev/null
run plugin release alone
expect_exit 1
expect_grep 'was changed' "$ERR"
k annotate pod alone --overwrite 'csi-debug/labels=app=alone' >/dev/null
run plugin release alone
expect_exit 0
expect_none node "$node" -o 'jsonpath={.spec.unschedulable}'
expect_eq "$(k get pod alone -o 'jsonpath={.metadata.labels}')" '{"app":"alone"}' "labels"
run plugin release alone
expect_exit 0

# A policy of that name that allows something is not ours.
make <<-EOT
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: csi-debug-quarantine}
	spec: {podSelector: {matchExpressions: [{key: csi-debug/quarantine, operator: Exists}]}, policyTypes: [Ingress, Egress], egress: [{}]}
EOT
run plugin isolate alone --yes
expect_exit 1
expect_eq "$(k get pod alone -o 'jsonpath={.metadata.labels}')" '{"app":"alone"}' "labels after a refusal"
