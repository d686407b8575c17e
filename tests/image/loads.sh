#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One tar for everybody: podman loads and runs it, read-only, as root and as 65532; skopeo, which knows
# both of its formats, reads it as docker's and as OCI's.
#
# `ctr images import` is run where containerd is installed. It is not installed for this: 100 MB for one
# line of the README, and what ctr reads of the tar is the OCI layout that skopeo checks here anyway.
# timeout: 120
# needs: podman runc skopeo jq
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/image/lib.sh"
tar -xOf "$IMAGE" manifest.json >manifest
tar -xOf "$IMAGE" "$(jq -r '.[0].Config' manifest)" >config

# skopeo: the same image in both formats, every digest checked on the way
for format in docker-archive oci-archive; do
	run skopeo inspect --config "$format:$IMAGE"
	expect_exit 0
	expect_eq "$(jq -cS '.config, .rootfs' "$OUT")" "$(jq -cS '.config, .rootfs' config)" "the configuration by $format"
	run skopeo copy --insecure-policy "$format:$IMAGE" "oci:$PWD/$format:x"
	expect_exit 0
done
expect_eq "$(jq -c '.[0].RepoTags' manifest)" "[\"$NAME\"]" "docker's name"
tar -xOf "$IMAGE" index.json >index
expect_eq "$(jq -r '.manifests[0].annotations["io.containerd.image.name"]' index)" "$NAME" "containerd's name"

# podman
. "$HELPERS/podman.sh"
run podman load -i "$IMAGE"
expect_exit 0
expect_grep "Loaded image.*$NAME"

# Beside an application: BusyBox of the same image in a container of its own.
beside() { # USER ARGS...
	podman run --rm --read-only --network=none --pid=container:app --user "$1" --entrypoint /bin/csi "$NAME" "${@:2}"
}
for user in 0:0 65532:65532; do
	run podman run -d --read-only --network=none --name app --user "$user" --entrypoint /bin/busybox "$NAME" sleep 1000
	expect_exit 0
	run beside "$user" --version
	expect_exit 0
	expect_grep "$VERSION"
	run beside "$user" ps --json
	expect_exit 0
	expect_json '[.[] | select(.process)] | length == 1 and .[0].process.args == ["/bin/busybox", "sleep", "1000"]'
	run beside "$user" walk --hash --json /etc
	expect_exit 0
	expect_json "any(.[]; .file.path == \"/etc/group\" and .file.hash.sha256 == \"$(sha256sum <"$CSI_TOP/out/amd64/rootfs/etc/group" | cut -d' ' -f1)\")"
	run podman rm -f -t 0 app
	expect_exit 0
	# The entry point as it is: a sleeper, that ends by itself.
	run podman run --rm --read-only --network=none --user "$user" "$NAME" --ttl 1
	expect_exit 0
	expect_empty "$OUT"
	expect_grep '^csi init: .*--ttl' "$ERR"
done
run podman run -d --read-only --network=none --name sleeper "$NAME"
expect_exit 0
run podman exec sleeper csi-ps --help
expect_exit 0
run podman exec sleeper sh -c 'for i in ps ls awk; do command -v $i; done && id -un'
expect_exit 0
expect_grep '^root$'
expect_within 8 podman stop -t 5 sleeper
expect_exit 0
run podman rm -f sleeper
run podman rmi "$NAME"
expect_exit 0

# containerd: one of our own, without the parts that Kubernetes needs
import_with_ctr() {
	local pid
	printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >containerd.toml
	containerd --config containerd.toml --root "$PWD/ctr" --state "$PWD/ctr-state" --address "$PWD/ctr.sock" >containerd.log 2>&1 &
	pid=$!
	for _ in {1..100}; do
		ctr -a "$PWD/ctr.sock" version >/dev/null 2>&1 && break
		sleep 0.1
	done
	run ctr -a "$PWD/ctr.sock" -n k8s.io images import --snapshotter native "$IMAGE"
	expect_exit 0
	run ctr -a "$PWD/ctr.sock" -n k8s.io images list
	expect_grep "^${NAME//./\\.} .*linux/amd64"
	expect_eq "$(awk 'NR > 1 { print $1 }' "$OUT" | wc -l)" 1 "names in containerd"
	kill "$pid" && wait "$pid"
}
if command -v containerd >/dev/null && command -v ctr >/dev/null; then
	import_with_ctr
else
	note "no containerd here: its layout was read by skopeo"
fi
