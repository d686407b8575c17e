# SPDX-License-Identifier: Apache-2.0
"""OCI runtime configurations, the way containerd's CRI plugin writes them for kubelet."""

import json
import os

SECCOMP_PROFILES = ("/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json")

# containerd's default set: a80425fb.
DEFAULT_CAPS = """CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID
CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL
CAP_AUDIT_WRITE""".split()

MASKED = """/proc/asound /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list
/proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware""".split()
READ_ONLY = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger".split()

# What `kubectl debug` leads to. "same" and "stranger" are the restricted profile.
ROLES = {
    "ptrace": {"caps": DEFAULT_CAPS + ["CAP_SYS_PTRACE"]},
    "root": {"caps": DEFAULT_CAPS},
    "same": {"caps": [], "user": "target", "no_new_privs": True},
    "stranger": {"caps": [], "user": (4242, 4242), "no_new_privs": True},
    # `--custom` with drop ALL, add SYS_PTRACE: the demo's.
    "only": {"caps": ["CAP_SYS_PTRACE"]},
}


def mount(where, kind, source, options):
    return {"destination": where, "type": kind, "source": source, "options": options}


def bind(source, where, *more):
    return mount(where, "bind", source, ["rbind", "rprivate", *(more or ("rw",))])


def base_mounts(shm):
    flags = ["nosuid", "noexec", "nodev"]
    return [
        mount("/proc", "proc", "proc", flags),
        mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", "devpts",
              ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        mount("/dev/mqueue", "mqueue", "mqueue", flags),
        mount("/sys", "sysfs", "sysfs", flags + ["ro"]),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", flags + ["relatime", "ro"]),
        bind(shm, "/dev/shm"),
    ]


def applies(rule, caps):
    inc, exc = rule.get("includes") or {}, rule.get("excludes") or {}
    if "arches" in inc and "amd64" not in inc["arches"]:
        return False
    if not set(inc.get("caps", [])) <= set(caps):
        return False
    return not set(exc.get("caps", [])) & set(caps)


def oci_rule(rule):
    out = {"names": rule["names"], "action": rule["action"]}
    if rule.get("args"):
        out["args"] = rule["args"]
    if rule.get("errnoRet") is not None:
        out["errnoRet"] = rule["errnoRet"]
    return out


def seccomp(caps):
    """The distribution's container profile as OCI linux.seccomp for a process with CAPS."""
    path = next((p for p in SECCOMP_PROFILES if os.path.exists(p)), None)
    if not path:
        raise SystemExit("pod.py: no seccomp.json (package golang-github-containers-common)")
    with open(path, encoding="utf-8") as f:
        profile = json.load(f)
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile.get("defaultErrnoRet", 38),
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [oci_rule(r) for r in profile["syscalls"] if applies(r, caps)],
    }


def capabilities(caps):
    # No inheritable and no ambient set, as containerd since 1.5.11.
    return {"bounding": caps, "effective": caps, "permitted": caps}


def config(*, root, args, user, caps, mounts, namespaces, cgroup, hostname, env,
           read_only=False, no_new_privs=False):
    uid, gid = user
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": uid, "gid": gid},
            "args": args,
            "env": env,
            "cwd": "/",
            "capabilities": capabilities(caps),
            "noNewPrivileges": no_new_privs,
        },
        "root": {"path": root, "readonly": read_only},
        "mounts": mounts,
        **({"hostname": hostname} if hostname else {}),
        "linux": {
            "cgroupsPath": cgroup,
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": namespaces,
            "seccomp": seccomp(caps),
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
        },
    }
