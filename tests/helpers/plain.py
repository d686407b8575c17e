# SPDX-License-Identifier: Apache-2.0
"""The fallback engine: the containers of pod.py with plain namespaces (nsexec.c), for machines where
runc cannot run. No seccomp filter, no cgroups, no shared /dev/shm; the four roles hold all the same."""

import os
import signal
import subprocess
import time

CAP_BITS = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5,
            "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10,
            "CAP_NET_RAW": 13, "CAP_SYS_CHROOT": 18, "CAP_SYS_PTRACE": 19, "CAP_MKNOD": 27,
            "CAP_AUDIT_WRITE": 29, "CAP_SETFCAP": 31}


def rights(config):
    """UID GID CAPS NNP, as nsexec takes them."""
    process = config["process"]
    mask = sum(1 << CAP_BITS[c] for c in process["capabilities"]["bounding"])
    user = process["user"]
    return [str(user["uid"]), str(user["gid"]), f"{mask:x}", "1" if process["noNewPrivileges"] else "0"]


def nsexec(pod):
    return os.path.join(pod.run, "bin", "nsexec")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def bind_extras(pod, role, root):
    """In place of the bind mounts that runc would make."""
    extras = [(pod.path("volume"), "data")]
    if role != "target":
        extras = [(os.path.join(pod.run, "bin"), "helpers"), (pod.path("fixture"), "fixture")]
    for source, name in extras:
        where = os.path.join(root, name)
        if subprocess.run(["mount", "--bind", source, where], check=False).returncode == 0:
            pod.state.setdefault("mounts", []).append(where)


def start(pod, role, config):
    """Returns the PID, as the host sees it, of the container's first process."""
    root = config["root"]["path"]
    bind_extras(pod, role, root)
    verb = ["new"]
    if role != "target":
        verb = ["beside", str(pod.state["pid"])]
    cmd = [nsexec(pod), *verb, root, *rights(config), *config["process"]["args"]]
    with open(pod.path(role, "log"), "wb") as log:
        keeper = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    pod.state.setdefault("keepers", {})[role] = keeper.pid
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = children(keeper.pid) if keeper.poll() is None else []
        if found and exec_done(found[0], config):
            return found[0]
        time.sleep(0.01)
    raise SystemExit(f"pod.py: {role} does not start: {open(pod.path(role, 'log'), encoding='utf-8').read()}")


def exec_done(pid, config):
    """The command is running: it is no longer nsexec."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().split(b"\0")[0] == config["process"]["args"][0].encode()
    except FileNotFoundError:
        return False


def prefix(pod, role, config):
    return [nsexec(pod), "into", str(pod.state["roles"][role]), *rights(config)]


def kill(pod, role):
    """Ends the keeper, which takes the container's first process along, and waits for it."""
    pid = pod.state.get("keepers", {}).get(role)
    if not pid:
        return
    try:
        os.kill(pid, signal.SIGKILL)
        while os.path.exists(f"/proc/{pid}/root/"):
            time.sleep(0.01)
    except (ProcessLookupError, PermissionError):
        pass
