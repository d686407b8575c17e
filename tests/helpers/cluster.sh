#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# helpers/cluster.sh up RUN | down RUN - the cluster of the cases in tests/k8s, once a run.
#
# CSI_CLUSTER names a folder with `build`, `up` (prints a KUBECONFIG path) and `down`; without it, a cluster that
# answers at KUBECONFIG is used and left as it is. RUN/cluster/env says how to reach it; RUN/cluster/skip why there
# is none. This machine must be its node: ctr imports the two images, and the cases look at a target from there.
# There is one cluster on a machine, and who started it takes it down: a second run waits for the first one's end.
set -euo pipefail
verb=$1 run=$2
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=$run/cluster
APP=localhost/csi-app:1

none() {
	echo "$*" >"$dir/skip"
	echo "cluster: $*" >&2
	exit 0
}

# The distroless application, as an archive that ctr and podman take.
app_image() {
	python3 - "$top/tests/helpers" "$run" "$dir/app.tar" "$APP" <<'PY'
import hashlib, io, json, os, sys, tarfile
helpers, run, out, name = sys.argv[1:]
sys.path.insert(0, helpers)
import image
root = os.path.join(os.path.dirname(out), "app")
image.distroless(root, os.path.join(run, "bin", "target"))
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    tar.add(root, ".")
data = layer.getvalue()
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/app/httpd"], "WorkingDir": "/"},
                     "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest()]}}).encode()
manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
with tarfile.open(out, "w") as tar:
    for path, text in (("layer.tar", data), ("config.json", config), ("manifest.json", manifest)):
        info = tarfile.TarInfo(path)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
PY
}

# The lock is held by a process of its own, until `down` or the end of the run, whose PID ends RUN: the cluster's own
# processes must not inherit it.
lock() {
	# shellcheck disable=SC2016 # for the shell that holds it
	flock "${TMPDIR:-/tmp}/csi-debug-cluster.lock" sh -c 'touch "$1/locked"
		while [ -e "$1/locked" ] && kill -0 "$2" 2>/dev/null; do sleep 1; done' - "$dir" "${run##*.}" >/dev/null 2>&1 &
	local said=
	until [ -e "$dir/locked" ]; do
		sleep 0.2
		[ -n "$said" ] || [ -e "$dir/locked" ] || echo "cluster: waiting for another run that has it" >&2
		said=1
		kill -0 $! 2>/dev/null || exit 1
	done
}

start() {
	mkdir -p "$dir"
	if [ -n "${CSI_CLUSTER:-}" ]; then
		[ "$(id -u)" -eq 0 ] || none "the cluster in $CSI_CLUSTER needs root"
		lock
		echo "cluster: building (10 minutes, once) and starting" >&2
		"$CSI_CLUSTER/build" >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log" >&2 && exit 1; }
		KUBECONFIG=$("$CSI_CLUSTER/up" 2>"$dir/up.log") || { tail -n 20 "$dir/up.log" >&2 && exit 1; }
		touch "$dir/ours"
		env=$(dirname "$(dirname "$KUBECONFIG")")/env
		cat "$env" >"$dir/env"
	elif [ -n "${KUBECONFIG:-}" ] && command -v kubectl >/dev/null && kubectl get --raw /readyz --request-timeout=5s >/dev/null 2>&1; then
		printf 'export KUBECONFIG=%q\n' "$KUBECONFIG" >"$dir/env"
	else
		none "neither CSI_CLUSTER nor a KUBECONFIG that answers"
	fi
	# shellcheck disable=SC1091
	. "$dir/env"
	command -v ctr >/dev/null || none "no ctr here: what is done to a target is done from its node"
	app_image
	for tar in "$dir/app.tar" "$top/out/csi-debug-amd64.tar"; do ctr images import "$tar" >/dev/null; done
}

case $verb in
up) start ;;
down)
	[ ! -e "$dir/ours" ] || "$CSI_CLUSTER/down" >/dev/null 2>&1 || true
	rm -f "$dir/locked"
	;;
esac
