#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each way out that a container was given is found from its own /proc, with its technique; nothing is touched.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/patches.sh"
need_runc

# alerts: "SIGN LEVEL" of what the last run found
alerts() { jq -r 'select(.event.kind == "alert") | "\(.rule.id) \(.csi.level)"' "$OUT" | LC_ALL=C sort; }

expect_alerts() {
	checks=$((checks + 1))
	printf '%s\n' "$@" | LC_ALL=C sort >want.alerts
	alerts >got.alerts
	diff -u --label expected --label got want.alerts got.alerts >alerts.diff || fail "other risks" alerts.diff
}

# Rights
caps '{"process": {"noNewPrivileges": true}, "linux": {"seccomp": null}}' CAP_SYS_PTRACE CAP_SYS_ADMIN >patch.json
pod_up --patch patch.json -- /app/httpd
run csi posture --json
expect_exit 0
expect_gaps
expect_alerts 'dangerous-caps high' 'missing-confinement low'
expect_json 'any(.[]; .rule.id == "dangerous-caps" and .threat.technique.id == ["T1611"] and .process.pid == 1 and
	any(.csi.evidence[]; .value == "SYS_PTRACE SYS_ADMIN"))'
expect_json 'any(.[]; .csi.posture.no_new_privs == 1 and .csi.posture.seccomp == 0 and (.csi.posture.caps | index("SYS_ADMIN")))'
run csi triage --json --fail-on high
expect_exit 4
expect_json 'any(.[]; .rule.id == "dangerous-caps" and .csi.subject == "container")'
pod_down

# What `privileged: true` leads to, as far as this machine has it to give
python3 - >patch.json <<'PY'
import json
caps = "SYS_ADMIN SYS_MODULE SYS_RAWIO SYS_PTRACE SYS_BOOT SYSLOG NET_ADMIN DAC_READ_SEARCH IPC_LOCK SYS_NICE".split()
caps = ["CAP_" + c for c in caps]
print(json.dumps({"process": {"capabilities": {k: caps for k in ("bounding", "effective", "permitted")}},
                  "linux": {"seccomp": None, "maskedPaths": None, "readonlyPaths": None,
                            "devices": [{"path": "/dev/sdx", "type": "b", "major": 8, "minor": 0, "fileMode": 432, "uid": 0, "gid": 0}]}}))
PY
pod_up --patch patch.json -- /app/httpd
run csi posture --json
expect_exit 0
expect_alerts 'privileged high' 'missing-confinement low' 'kernel-file-writable high' 'node-device high'
expect_json 'any(.[]; .csi.posture.risk == "kernel file" and .file.path == "/proc/sys/kernel/core_pattern" and .csi.posture.writable)'
expect_json 'any(.[]; .csi.posture.risk == "device" and .file.path == "/dev/sdx" and .csi.mount.source == "b 8:0")'
pod_down

# Mounts
mkdir -p node run
mount -t tmpfs -o size=1m node node
trap 'umount node; finish' EXIT
mkdir -p node/etc node/usr/bin node/var/lib/kubelet
echo root >node/etc/passwd
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("run/containerd.sock")'
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("run/docker.sock")'
{
	bind_json "$PWD/run/docker.sock" /var/run/docker.sock ro
	bind_json "$PWD/run" /host/run
	bind_json "$PWD/node" /host/root
	bind_json /etc /host/etc ro
	bind_json /home /host/home
	bind_json /proc /host/proc
} | mounts >patch.json
pod_up --patch patch.json -- /app/httpd
run csi posture --json
expect_exit 0
expect_gaps
expect_alerts 'runtime-socket high' 'host-root high' 'host-path high' 'second-proc high'
expect_json '[.[] | select(.csi.posture.risk == "runtime socket") | .file.path] | sort == ["/host/run/docker.sock", "/run/docker.sock", "/var/run/docker.sock"] or sort == ["/host/run/docker.sock", "/var/run/docker.sock"] or sort == ["/host/run/docker.sock", "/run/docker.sock"]'
expect_json '[.[] | select(.csi.posture.risk == "path of the node") | [.file.path, .csi.posture.writable]] | sort == [["/host/etc", false], ["/host/home", true]]'
expect_json 'any(.[]; .csi.posture.risk == "node'\''s root" and .file.path == "/host/root")'
run csi posture
expect_printable "$OUT" "$ERR"
expect_grep '^high   risk +1 Socket of a container runtime is in the container$'
pod_down

# A service account's token, as kubelet projects it
part() { printf '%s' "$1" | base64 -w0 | tr '+/' '-_' | tr -d =; }
mkdir -p sa/..2026_11_28
printf '%s.%s.%s' "$(part '{"alg":"RS256"}')" "$(part '{"sub":"system:serviceaccount:shop:web","exp":1}')" "$(part SIGNATURE-OF-IT)" >sa/..2026_11_28/token
ln -s ..2026_11_28 sa/..data
ln -s ..data/token sa/token
bind_json "$PWD/sa" /var/run/secrets/kubernetes.io/serviceaccount ro | mounts >patch.json
pod_up --patch patch.json -- /app/httpd
before=$(stat -c '%X %Y %Z' sa/..2026_11_28/token)
run csi posture --json
expect_exit 0
expect_alerts 'service-account-token info'
expect_json 'any(.[]; .csi.posture.fact == "token" and (.csi.token.claims | fromjson | .sub == "system:serviceaccount:shop:web"))'
expect_no_grep "SIGNATURE|$(part SIGNATURE-OF-IT)"
expect_eq "$(stat -c '%X %Y %Z' sa/..2026_11_28/token)" "$before" "times of the token"
pod_down

# Whose file it is, not what its name is like: the second of two tokens, held by a process that opened it
mkdir -p cloud/..2026_11_28
printf '%s.%s.%s' "$(part '{"alg":"RS256"}')" "$(part '{"sub":"cloud"}')" "$(part X)" >cloud/..2026_11_28/azure-identity-token
ln -s ..2026_11_28 cloud/..data
{
	bind_json "$PWD/sa" /var/run/secrets/kubernetes.io/serviceaccount ro
	bind_json "$PWD/cloud" /var/run/secrets/azure/tokens ro
} | mounts >patch.json
pod_up --patch patch.json -- /app/httpd
held=/var/run/secrets/azure/tokens/..data/azure-identity-token
python3 - "$TPID" "$held" "$PWD/holds" <<'PY' &
import ctypes, os, sys, time
spaces = [os.open(f"/proc/{sys.argv[1]}/ns/{kind}", os.O_RDONLY) for kind in ("pid", "mnt")]
ready = open(sys.argv[3] + ".new", "w")
here = os.open(os.path.dirname(sys.argv[3]), os.O_RDONLY)
for space in spaces:
    if ctypes.CDLL(None).setns(space, 0) != 0:
        sys.exit("setns")
child = os.fork()
if child == 0:
    token = open(sys.argv[2])
    os.rename("holds.new", "holds", src_dir_fd=here, dst_dir_fd=here)
    time.sleep(300)
os.waitpid(child, 0)
PY
wait_for 20 "who holds the token" test -e holds
run csi posture --json
expect_exit 0
expect_gaps
expect_json '[.[] | select(.csi.posture.fact == "token") | [.file.path, (.process.pid // 0) > 1]] | sort == [["'$held'", true],
	["/var/run/secrets/kubernetes.io/serviceaccount/..data/token", false]]'
expect_json 'any(.[]; .rule.id == "service-account-token" and .csi.level == "low" and .csi.evidence[0].value == "'$held'")'
csi collect >b.tar.zst 2>"$ERR" || fail "collect" "$ERR"
tar --zstd -xf b.tar.zst --wildcards '*/posture.jsonl' '*/ledger/*'
cat csi-*/posture.jsonl csi-*/ledger/*.jsonl >"$OUT"
expect_json 'any(.[]; .csi.posture.fact == "rights") and any(.[]; .rule.id == "service-account-token")'
