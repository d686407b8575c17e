#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# "The incident, start to end" of the README, on the talk's intrusion: every line of it as written, in one shell, in its order.
# timeout: 900
# needs: minisign
. "$CSI_TOP/tests/helpers/k8s.sh"
. "$CSI_TOP/tests/helpers/readme.sh"
make <<-EOT
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: shop}
	spec:
	  replicas: 1
	  selector: {matchLabels: {app: shop}}
	  template:
	    metadata: {labels: {app: shop}}
	    spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "$APP", imagePullPolicy: Never}]}
EOT
k rollout status deployment/shop --timeout=60s >/dev/null || fail "no rollout"
POD=$(k get pods -l app=shop -o 'jsonpath={.items[0].metadata.name}')
at "$POD"
intrude drop
intrude kinsing
intrude memfd

# Its own kubeconfig, whose namespace is this one; the repository and the PATH of somebody who has just built it.
kubectl config view --raw --minify --flatten >conf
kubectl --kubeconfig conf config set-context --current --namespace="$NS" >/dev/null
mkdir work
cp -r "$CSI_TOP/k8s" work/
ln -s "$CSI_TOP/out/amd64/csi" bin/csi
minisign -GW -p work/sign.pub -s work/sign.key >/dev/null

# LINE and what is expected of its output; of what is not here, nothing but that it ends with 0
wants() {
	case $1 in
	*doctor*) echo '^next +kubectl csi-debug triage ' ;;
	*'isolate "$POD"'*) echo 'ReplicaSet .* has let it go' ;;
	*triage*) echo 'deleted-exe|memfd-exe|kinsing' ;;
	*' ps '*) echo deleted-exe ;;
	*shell*) echo httpd ;;
	*collect*'-o ir-7'*) echo '^app +running +app-1\.tar\.zst +sealed, complete, by csi' ;;
	'csi verify ir-7') echo 'agree with SHA256SUMS' ;;
	'minisign -V'*) echo 'app-1\.tar\.zst: OK' ;;
	*release*) echo 'kept as evidence' ;;
	*) echo ;;
	esac
}

mapfile -t lines < <(incident_lines)
check "only ${#lines[@]} lines in the section" test "${#lines[@]}" -ge 15
# One shell runs them all, as that of somebody who pastes them.
for n in "${!lines[@]}"; do
	line=${lines[n]/\/usr\/local\/bin/..\/bin}
	[ "$line" != 'kubectl csi-debug collect --dry-run POD' ] || line=${line/POD/"$POD"}
	printf '{ %s\n} >../%d.out 2>&1 </dev/null\necho $? >../%d.rc\n' "$line" "$n" "$n"
done >pasted
(cd work && PATH=$PWD/../bin:$PATH KUBECONFIG=$PWD/../conf bash ../pasted)
for n in "${!lines[@]}"; do
	note "README: ${lines[n]}"
	case ${lines[n]} in *triage*) codes='0|3|4' ;; *) codes=0 ;; esac
	checks=$((checks + 1))
	grep -qxE "$codes" "$n.rc" || fail "it ended with $(cat "$n.rc")" "$n.out"
	want=$(wants "${lines[n]}")
	[ -z "$want" ] || expect_grep "$want" "$n.out"
done
run k get pod "$POD"
expect_grep NotFound "$ERR"
