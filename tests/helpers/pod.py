#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pod without Kubernetes: a distroless target, and csi-debug beside it as an ephemeral container.

  pod.py images RUN                 unpack or make the two root file systems, once a run
  pod.py up RUN NAME UID [--patch FILE] [-- ARGS]
                                    start the target; prints shell assignments. FILE is JSON that goes
                                    over its configuration
  pod.py side RUN NAME ROLE         start csi beside it in ROLE (see oci.ROLES)
  pod.py down RUN NAME              end both, unmount, remove
  pod.py sweep RUN                  down for every pod that is left, then remove RUN

Everything lies under RUN (out/test/run.PID). The containers are real ones: runc, an overlay
that we mount, kubelet's mounts, containerd's capabilities and a seccomp filter. Where runc cannot
run, plain.py starts the same processes with plain namespaces, and `up` says ENGINE=plain.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid

import image
import oci
import plain

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ARCH_OUT = os.path.join(TOP, "out", "amd64")
ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
       "KUBERNETES_SERVICE_HOST=10.96.0.1"]
CGROUP = "kubepods-csi-test"


class Pod:
    def __init__(self, run, name):
        self.run, self.name = os.path.abspath(run), name
        self.dir = os.path.join(self.run, "pods", name)
        self.state_file = os.path.join(self.dir, "state.json")
        self.state = {}
        if os.path.exists(self.state_file):
            with open(self.state_file, encoding="utf-8") as f:
                self.state = json.load(f)

    def save(self):
        with open(self.state_file, "w", encoding="utf-8") as f:
            json.dump(self.state, f)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def container(self, role):
        return f"{os.path.basename(self.run)}-{self.name}-{role}".replace(".", "-")

    def cgroup(self, role):
        cid = hashlib.sha256(self.container(role).encode()).hexdigest()
        return f"/{CGROUP}/besteffort/pod{self.state['uuid']}/{cid}"


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, **kw)


def quiet(*argv):
    return subprocess.run(argv, check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def runc(run, *argv):
    return ["runc", "--root", os.path.join(run, "runc"), *argv]


# Root file systems

def overlay(pod, role, lower):
    """Mounts LOWER under a fresh upper directory, as containerd's snapshotter does."""
    upper, work, merged = (pod.path(role, d) for d in ("upper", "work", "merged"))
    for d in (upper, work, merged):
        os.makedirs(d)
    os.chmod(upper, 0o755)
    opts = f"lowerdir={lower},upperdir={upper},workdir={work}"
    if quiet("mount", "-t", "overlay", "overlay", "-o", opts, merged) == 0:
        pod.state.setdefault("mounts", []).append(merged)
        return "overlay"
    print("pod: no overlay here, the root is a plain copy", file=sys.stderr)
    shutil.rmtree(merged)
    sh("cp", "-a", lower, merged)
    return "plain"


def make_shm(pod):
    """The sandbox's /dev/shm, which all containers of a pod share."""
    shm = pod.path("shm")
    os.makedirs(shm)
    if quiet("mount", "-t", "tmpfs", "-o", "mode=1777,size=64m,nosuid,nodev,noexec", "shm", shm) == 0:
        pod.state.setdefault("mounts", []).append(shm)
    return shm


def make_etc(pod):
    texts = {"hosts": "127.0.0.1 localhost\n", "hostname": pod.name + "\n",
             "resolv.conf": "nameserver 10.96.0.10\n"}
    for name, text in texts.items():
        image.write(pod.path("etc", name), text)
    return [oci.bind(pod.path("etc", n), f"/etc/{n}") for n in texts]


# Containers

def start(pod, role, config):
    """Starts a container. Its output goes through a pipe to a log, as with containerd's shim."""
    bundle = pod.path(role)
    with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    if pod.state["engine"] == "plain":
        return plain.start(pod, role, config)
    pid_file = os.path.join(bundle, "pid")
    with open(os.path.join(bundle, "log"), "wb") as log:
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    cmd = runc(pod.run, "run", "-d", "--pid-file", pid_file, "-b", bundle, pod.container(role))
    done = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=cat.stdin, stderr=cat.stdin, check=False)
    cat.stdin.close()
    if done.returncode:
        cat.wait()
        raise SystemExit(f"pod.py: runc failed: {read(os.path.join(bundle, 'log'))}")
    return int(read(pid_file))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def own(kinds):
    return [{"type": k} for k in kinds]


def joined(kinds, pid):
    proc = {"network": "net"}
    return [{"type": k, "path": f"/proc/{pid}/ns/{proc.get(k, k)}"} for k in kinds]


def target_config(pod, uid, args):
    mounts = oci.base_mounts(make_shm(pod)) + make_etc(pod)
    mounts.append(oci.bind(make_volume(pod, uid), "/data"))
    return oci.config(
        root=pod.path("target", "merged"), args=args, user=(uid, uid), caps=oci.DEFAULT_CAPS,
        mounts=mounts, namespaces=own(["mount", "pid", "network", "ipc", "uts", "cgroup"]),
        cgroup=pod.cgroup("target"), hostname=pod.name, env=ENV + [f"HOSTNAME={pod.name}"])


def make_volume(pod, uid):
    """An emptyDir."""
    volume = pod.path("volume")
    os.makedirs(volume)
    os.chown(volume, uid, uid)
    return volume


def side_config(pod, role, img):
    spec = oci.ROLES[role]
    target, conf = pod.state["pid"], img.get("config") or {}
    uid = pod.state["uid"]
    user = spec.get("user", (0, 0))
    mounts = oci.base_mounts(pod.path("shm"))
    mounts += [oci.bind(pod.path("etc", n), f"/etc/{n}", "ro") for n in ("hosts", "resolv.conf")]
    mounts.append(oci.bind(os.path.join(pod.run, "bin"), "/helpers", "ro"))
    mounts.append(oci.bind(pod.path("fixture"), "/fixture", "ro"))
    return oci.config(
        root=pod.path(role, "merged"), user=(uid, uid) if user == "target" else user,
        args=(conf.get("Entrypoint") or []) + (conf.get("Cmd") or []), caps=spec["caps"],
        mounts=mounts, cgroup=pod.cgroup(role), hostname=None, env=(conf.get("Env") or ENV),
        namespaces=own(["mount", "cgroup"]) + joined(["pid", "network", "ipc", "uts"], target),
        read_only=True, no_new_privs=spec.get("no_new_privs", False))


# Verbs

def images(run):
    """RUN/images/{target,csi} and csi.json. The helpers in RUN/bin are built before this."""
    top = os.path.join(run, "images")
    os.makedirs(top)
    os.makedirs(os.path.join(run, "pods"))
    image.distroless(os.path.join(top, "target"), os.path.join(run, "bin", "target"))
    csi_dir = os.path.join(top, "csi")
    os.makedirs(csi_dir)
    config = image.csi_image(csi_dir, os.path.join(TOP, "out", "csi-debug-amd64.tar"),
                             shutil.which("busybox"), os.path.join(ARCH_OUT, "csi"))
    for d in ("helpers", "fixture", "proc", "sys", "dev", "etc"):
        os.makedirs(os.path.join(csi_dir, d), exist_ok=True)
    with open(os.path.join(top, "csi.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    choose_engine(run)


def patched(config, patch):
    """Objects merge, lists grow, null takes a key away, {"=": X} is X in the place of what was there."""
    if isinstance(patch, dict) and "=" in patch:
        return patch["="]
    if isinstance(config, list):
        return config + patch
    if not isinstance(config, dict):
        return patch
    merged = {k: patched(config[k], v) if k in config else v for k, v in patch.items() if v is not None}
    return {k: v for k, v in {**config, **merged}.items() if patch.get(k, v) is not None}


def up_options(argv):
    """[--patch FILE] [-- ARGS]"""
    at = argv.index("--") if "--" in argv else len(argv)
    parser = argparse.ArgumentParser()
    parser.add_argument("--patch")
    options = parser.parse_args(argv[:at])
    options.args = argv[at + 1:] or ["/app/httpd"]
    return options


def up(run, name, uid, options):
    pod = Pod(run, name)
    os.makedirs(pod.path("fixture"))
    pod.state = {"uuid": str(uuid.uuid4()), "uid": uid, "engine": engine(run), "roles": {}}
    pod.save()
    # A case may bring its own image, as a directory.
    lower = os.environ.get("POD_IMAGE") or os.path.join(run, "images", "target")
    kind = overlay(pod, "target", lower)
    pod.save()
    config = target_config(pod, uid, options.args)
    if options.patch:
        config = patched(config, json.loads(read(options.patch)))
    pod.state["pid"] = start(pod, "target", config)
    pod.save()
    print(f"POD={name} POD_DIR={pod.dir} TPID={pod.state['pid']} ENGINE={pod.state['engine']} "
          f"ROOTFS={kind} UPPER={pod.path('target', 'upper')} MERGED={pod.path('target', 'merged')} "
          f"TARGET_ID={pod.container('target')} CONTAINER_ID={pod.cgroup('target').split('/')[-1]}")


def side(run, name, role):
    pod = Pod(run, name)
    pod.state["roles"][role] = 0  # known to `down` before it exists
    overlay(pod, role, os.path.join(run, "images", "csi"))
    pod.save()
    with open(os.path.join(run, "images", "csi.json"), encoding="utf-8") as f:
        config = side_config(pod, role, json.load(f))
    pod.state["roles"][role] = start(pod, role, config)
    pod.save()
    prefix = runc(run, "exec", pod.container(role))
    if pod.state["engine"] == "plain":
        prefix = plain.prefix(pod, role, config)
    image.write(pod.path(role, "exec"), "\n".join(prefix) + "\n")


def engine(run):
    return read(os.path.join(run, "engine")).strip()


def choose_engine(run):
    """runc if it can start anything at all here; CSI_TEST_ENGINE=plain forces the fallback."""
    choice = os.environ.get("CSI_TEST_ENGINE") or ("runc" if runc_works(run) else "plain")
    image.write(os.path.join(run, "engine"), choice + "\n")
    if choice == "plain":
        print("pod: runc cannot run here; plain namespaces, no seccomp filter", file=sys.stderr)


def runc_works(run):
    if not shutil.which("runc"):
        return False
    where = os.path.join(run, "try-runc")
    os.makedirs(where)
    conf = oci.config(root=os.path.join(run, "images", "target"), args=["/app/httpd", "true"], user=(0, 0),
                      caps=[], mounts=[oci.mount("/proc", "proc", "proc", [])], cgroup=f"/{CGROUP}/try",
                      namespaces=own(["mount", "pid"]), hostname=None, env=ENV, read_only=True)
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        json.dump(conf, f)
    return quiet(*runc(run, "run", "-b", where, os.path.basename(run).replace(".", "-") + "-try")) == 0


def down(run, name):
    pod = Pod(run, name)
    if not pod.state:
        remove_tree(pod.dir)
        return
    for role in [*pod.state["roles"], "target"]:
        if pod.state["engine"] == "plain":
            plain.kill(pod, role)
        else:
            quiet(*runc(run, "delete", "-f", pod.container(role)))
    for where in reversed(pod.state.get("mounts", [])):
        unmount(where)
    remove_cgroups(pod.state["uuid"])
    remove_tree(pod.dir)


def unmount(where):
    for _ in range(50):
        if quiet("umount", where) == 0:
            return
        time.sleep(0.02)
    quiet("umount", "-l", where)


def remove_tree(path):
    # rm copes with what hostile trees hold: depth, immutable files, odd names.
    if quiet("rm", "-rf", "--one-file-system", path):
        quiet("chattr", "-R", "-i", path)
        quiet("rm", "-rf", "--one-file-system", path)


def remove_cgroups(pod_uuid):
    for top, dirs, _ in list(os.walk("/sys/fs/cgroup"))[:1]:
        for d in [*dirs, "."]:
            for leaf in (f"{CGROUP}/besteffort/pod{pod_uuid}", f"{CGROUP}/besteffort", CGROUP):
                try:
                    os.rmdir(os.path.join(top, d, leaf))
                except OSError:
                    pass


def sweep(run):
    if not os.path.basename(run).startswith("run"):
        raise SystemExit(f"pod.py: {run} is no directory of a test run")
    pods = os.path.join(run, "pods")
    for name in os.listdir(pods) if os.path.isdir(pods) else []:
        down(run, name)
    remove_tree(run)


def main(argv):
    verb, run = argv[1], os.path.abspath(argv[2])
    if verb == "images":
        images(run)
    elif verb == "up":
        up(run, argv[3], int(argv[4]), up_options(argv[5:]))
    elif verb == "side":
        side(run, argv[3], argv[4])
    elif verb == "down":
        down(run, argv[3])
    elif verb == "sweep":
        sweep(run)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
