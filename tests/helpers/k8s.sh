# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What every case of tests/k8s sources: the plugin, on the real cluster that helpers/cluster.sh has started.
#
#   plugin VERB ARGS...      kubectl csi-debug, under dash, or BusyBox's sh in the role `busybox`
#   $NS                      a namespace of this case, deleted at its end
#   app NAME [SPEC [POD]]    a pod of the distroless application; SPEC: more fields of its container, POD: of the pod (YAML flow)
#   two NAME [POD]           containers `first`, that sleeps, and `second`, the application
#   ready NAME...            waits for them
#   at NAME [CONTAINER]      from now on ask, start and intrude of lib.sh go to this container; sets TPID, MERGED
#   ephemerals NAME          how many ephemeral containers it has
#   user_kubeconfig NAME FILE ROLE...   a kubeconfig of a service account that has these roles and no more
. "$CSI_TOP/tests/helpers/lib.sh"
[ ! -e "$CSI_RUN/cluster/skip" ] || skip "$(cat "$CSI_RUN/cluster/skip")"
[ ! -e "$CSI_RUN/cluster/failed" ] || { fail "the cluster did not start" "$CSI_RUN"/cluster/*.log && exit 1; }
[ -e "$CSI_RUN/cluster/env" ] || skip "no cluster was started (run.sh starts one)"
. "$CSI_RUN/cluster/env"
APP=localhost/csi-app:1
VERSION=$(cat "$CSI_TOP/tools/VERSION")
IMAGE=docker.io/library/csi-debug:$VERSION
NS=t-$(tr -cd 'a-z0-9' <<<"${CSI_CASE#k8s/}" | cut -c1-40)-$$
mkdir -p bin
case ${ROLE:-} in
busybox)
	ln -sf "$CSI_TOP/out/amd64/busybox" bin/sh
	;;
*) ln -sf "$(command -v dash)" bin/sh ;;
esac
kubectl create namespace "$NS" >/dev/null || { fail "no namespace" && exit 1; }
k() { kubectl -n "$NS" "$@"; }

k8s_end() {
	local rc=$?
	trap - EXIT
	kubectl delete namespace "$NS" --wait=false >/dev/null 2>&1
	k delete pod --all --force --grace-period=0 --wait=false >/dev/null 2>&1
	(exit $rc)
	finish
}
trap k8s_end EXIT

PLUGIN=$CSI_TOP/k8s/kubectl-csi_debug
plugin() { local verb=$1 && shift && bin/sh "$PLUGIN" "$verb" -n "$NS" "$@"; }

make() { k create -f - >/dev/null || fail "the pod was not made"; }
app() { # NAME [CONTAINER-FIELDS [POD-FIELDS]]
	make <<-EOT
	apiVersion: v1
	kind: Pod
	metadata: {name: $1, labels: {app: $1}}
	spec:
	  terminationGracePeriodSeconds: 1
	  containers: [{name: app, image: "$APP", imagePullPolicy: Never${2:+, $2}}]
	${3:+  $3}
	EOT
}
two() { # NAME [POD-FIELDS]
	make <<-EOT
	apiVersion: v1
	kind: Pod
	metadata: {name: $1, labels: {app: $1}}
	spec:
	  terminationGracePeriodSeconds: 1
	  containers:
	    - {name: first, image: "$APP", imagePullPolicy: Never, args: [standin]}
	    - {name: second, image: "$APP", imagePullPolicy: Never}
	${2:+  $2}
	EOT
}
RESTRICTED='securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}'
ready() { k wait --for=condition=Ready --timeout=60s "${@/#/pod/}" >/dev/null || fail "not ready: $*"; }
at() {
	local id
	POD=$1
	id=$(k get pod "$1" -o "jsonpath={.status.containerStatuses[?(@.name==\"${2:-app}\")].containerID}")
	TPID=$(ctr tasks ls | awk -v id="${id#*://}" '$1 == id { print $2 }')
	MERGED=/proc/$TPID/root
	check "no process of $1" test -n "$TPID"
}
ephemerals() {
	local names
	names=$(k get pod "$1" -o 'jsonpath={.spec.ephemeralContainers[*].name}') || { echo "no answer" && return; }
	wc -w <<<"$names"
}
# expect_none ARGS...: kubectl get ARGS succeeds, and there is nothing
expect_none() {
	run k get "$@"
	expect_exit 0
	expect_empty "$OUT"
}
user_kubeconfig() { # NAME FILE ROLE...
	local name=$1 file=$2 role token
	shift 2
	k create serviceaccount "$name" >/dev/null
	for role; do k create rolebinding "$name-$role" --role="$role" --serviceaccount="$NS:$name" >/dev/null; done
	for _ in {1..50}; do
		token=$(k get secrets -o "jsonpath={.items[?(@.metadata.annotations.kubernetes\.io/service-account\.name==\"$name\")].data.token}" | base64 -d)
		[ -z "$token" ] || break
		sleep 0.2
	done
	check "no token for $name" test -n "$token"
	kubectl config view --raw --minify --flatten >"$file"
	kubectl --kubeconfig "$file" config set-credentials "$name" --token="$token" >/dev/null
	kubectl --kubeconfig "$file" config set-context --current --user="$name" >/dev/null
}
