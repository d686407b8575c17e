#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers that were given a way out: each really is given it, by its runtime configuration.
# timeout: 600
# needs: mmdebstrap ip
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
mkdir -p node run
mount -t tmpfs -o size=1m node node
trap 'umount node; finish' EXIT
# The root of a hierarchy of version 1; with version 2 alone there is no release_agent to give away.
hierarchy=$(find /sys/fs/cgroup -maxdepth 2 -name release_agent -print -quit)

caps '{"linux": {"seccomp": null}}' CAP_SYS_ADMIN >patch.json
attack_up patch.json
triage
found loose-container container
pod_down

caps '{"linux": {"seccomp": null, "maskedPaths": null, "readonlyPaths": null,
	"devices": [{"path": "/dev/sdx", "type": "b", "major": 8, "minor": 0, "fileMode": 432, "uid": 0, "gid": 0}]}}' \
	CAP_SYS_ADMIN CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_PTRACE CAP_SYS_BOOT CAP_SYSLOG CAP_NET_ADMIN CAP_DAC_READ_SEARCH >patch.json
attack_up patch.json
triage
found privileged-container container
pod_down

mkdir -p node/etc node/usr/bin node/var/lib/kubelet
echo root >node/etc/passwd
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("run/containerd.sock")'
{
	bind_json "$PWD/run/containerd.sock" /run/containerd/containerd.sock
	bind_json "$PWD/node" /host
	bind_json /etc /host-etc
	bind_json /proc /host-proc
} | mounts >patch.json
attack_up patch.json
triage
found node-mounts container
pod_down

[ -z "$hierarchy" ] || {
	caps "$(bind_json "${hierarchy%/*}" /cg | jq '{mounts: [.]}')" CAP_SYS_ADMIN >patch.json
	attack_up patch.json
	triage
	found cgroup-mount container
	pod_down
}

part() { printf '%s' "$1" | base64 -w0 | tr '+/' '-_' | tr -d =; }
mkdir sa
printf '%s.%s.%s' "$(part '{"alg":"RS256"}')" "$(part '{"sub":"system:serviceaccount:shop:web"}')" "$(part X)" >sa/token
bind_json "$PWD/sa" /var/run/secrets/kubernetes.io/serviceaccount ro |
	jq '{mounts: [.], process: {env: ["AWS_ROLE_ARN=arn:aws:iam::1:role/x"]}}' >patch.json
attack_up patch.json
nsenter -t "$TPID" -n sh -c 'ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip address add 10.9.0.1/24 dev eth0 && ip link set eth0 up &&
	ip route add default via 10.9.0.2'
triage
found cloud-pod container
pod_down

jq -n '{linux: {namespaces: {"=": (["mount", "network", "ipc", "uts", "cgroup"] | map({type: .}))}}}' >patch.json
attack_up patch.json
triage -p "$TPID"
found node-pids container
cells
