#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a real cluster (see tests/helpers/cluster.sh), through the API server: how fast evidence leaves against a plain
# exec of the same bytes, and how long a responder waits. Called by run.sh k8s.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${BENCH_RUNS:-3}
mib=${BENCH_MIB:-512}
run=$PWD/out/bench/run.k8s.$$
missed=0 shaped=
mkdir -p "$run/bin"
tests/helpers/build.sh "$run/bin"
tests/helpers/cluster.sh up "$run"
[ ! -e "$run/cluster/skip" ] || exit 1
# shellcheck disable=SC1091
. "$run/cluster/env"
ns=bench-$$
# shellcheck disable=SC2317,SC2329
line_down() { [ -z "$shaped" ] || tc qdisc del dev lo root; }
# shellcheck disable=SC2317,SC2329
tidy() {
	line_down
	kubectl delete namespace "$ns" --wait=false >/dev/null 2>&1 || true
	kubectl -n "$ns" delete pod --all --force --grace-period=0 --wait=false >/dev/null 2>&1 || true
	tests/helpers/cluster.sh down "$run" || true
	rm -rf "$run"
}
trap tidy EXIT
kubectl create namespace "$ns" >/dev/null

pod() {
	kubectl -n "$ns" create -f - >/dev/null <<-EOT
	apiVersion: v1
	kind: Pod
	metadata: {name: "$1"}
	spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "localhost/csi-app:1", imagePullPolicy: Never}]}
	EOT
	kubectl -n "$ns" wait --for=condition=Ready --timeout=60s "pod/$1" >/dev/null
}
plugin() { dash k8s/kubectl-csi_debug "$1" -n "$ns" "${@:2}"; }
wall() { # COMMAND...: seconds
	local from=${EPOCHREALTIME/[.,]/} rc=0
	"$@" >/dev/null 2>"$run/err" || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || { cat "$run/err" >&2 && return "$rc"; }
	awk -v a="$from" -v b="${EPOCHREALTIME/[.,]/}" 'BEGIN { printf "%.2f\n", (b - a) / 1e6 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
tell() { # NAME VALUE UNIT OPERATOR GOAL
	local ok=met
	awk -v a="$2" -v b="$5" "BEGIN { exit !(a $4 b) }" || { ok=MISSED && missed=1; }
	printf '%-64s %8s %-4s goal %s %s  %s\n' "$1" "$2" "$3" "$4" "$5" "$ok"
}

# Incompressible data, all that csi may take of the CPU; raw is the same file by cat.
pod big
plugin ps big >/dev/null 2>&1
id=$(kubectl -n "$ns" get pod big -o 'jsonpath={.status.containerStatuses[0].containerID}')
pid=$(ctr tasks ls | awk -v id="${id#*://}" '$1 == id { print $2 }')
for ((i = 0; i < mib / 16; i++)); do head -c 16M /dev/urandom >"/proc/$pid/root/tmp/$i"; done
throughput() { # NAME
	local name=$1 a b raw=() ours=()
	for ((i = 0; i < runs; i++)); do
		raw+=("$(wall kubectl -n "$ns" exec big -c csi-1 -- sh -c 'cat /proc/1/root/tmp/*')")
		ours+=("$(wall kubectl -n "$ns" exec big -c csi-1 -- csi collect --cpu 0)")
	done
	a=$(printf '%s\n' "${raw[@]}" | median) b=$(printf '%s\n' "${ours[@]}" | median)
	printf '%d MiB of random files %s: plain exec %s s, csi collect through exec %s s\n' "$mib" "$name" "$a" "$b"
	tell "throughput of collect against plain exec, $name" "$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", a / b }')" '' '>=' 0.9
}
# All of it on the same processors: what csi computes, the API server and kubectl go without.
throughput "on one machine"

# A workstation of its own, as far as one machine can have it: between it and the API server is a line of $BENCH_LINE,
# which tc-htb(8) makes of the loopback for the time of the measurement.
line=${BENCH_LINE:-1gbit}
line_up() {
	local port
	port=$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
	port=${port##*:}
	tc qdisc add dev lo root handle 1: htb && shaped=1 &&
		tc class add dev lo parent 1: classid 1:1 htb rate "$line" burst 256k cburst 256k quantum 60000 &&
		tc filter add dev lo parent 1: protocol ip u32 match ip sport "${port%%/*}" 0xffff flowid 1:1
}
if line_up; then
	throughput "over a line of $line"
else
	echo "over a line of $line: not measured, this machine cannot make one"
	missed=1
fi
line_down
shaped=

triage=() bundle=()
for ((i = 0; i < runs; i++)); do
	pod "t$i"
	triage+=("$(wall plugin triage "t$i")")
	pod "c$i"
	bundle+=("$(wall plugin collect "c$i" -o "$run/case$i")")
done
tell "from triage POD to the findings, injection included" "$(printf '%s\n' "${triage[@]}" | median)" s '<' 10
tell "a verified standard bundle of a small pod, injection included" "$(printf '%s\n' "${bundle[@]}" | median)" s '<' 30
exit "$missed"
