# SPDX-License-Identifier: Apache-2.0
"""Root file systems for the tests: the csi-debug image unpacked, a stand-in for it, a distroless app."""

import hashlib
import io
import json
import os
import shutil
import tarfile

PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
GROUP = "root:x:0:\nnonroot:x:65532:\n"
OS_RELEASE = 'PRETTY_NAME="Distroless"\nNAME="Debian GNU/Linux"\nID="debian"\nVERSION_ID="13"\n'
STATUS = "Package: base-files\nVersion: 13.8\nArchitecture: amd64\nMaintainer: tests\nStatus: install ok\n"
OLD = 1_700_000_000  # what lies in the image is older than any test run


class Image:
    """The two layouts that `ctr images import`, `podman load` and `docker load` take."""

    def __init__(self, path):
        self.tar = tarfile.open(path)
        names = self.tar.getnames()
        self.config, self.layers = self._docker() if "manifest.json" in names else self._oci()

    def _json(self, name):
        return json.load(self.tar.extractfile(name))

    def _docker(self):
        first = self._json("manifest.json")[0]
        return self._json(first["Config"]), first["Layers"]

    def _oci(self):
        def blob(descriptor):
            return "blobs/" + descriptor["digest"].replace(":", "/")

        manifest = self._json(blob(self._json("index.json")["manifests"][0]))
        return self._json(blob(manifest["config"])), [blob(d) for d in manifest["layers"]]

    def unpack(self, where):
        for layer in self.layers:
            data = io.BytesIO(self.tar.extractfile(layer).read())
            with tarfile.open(fileobj=data) as tar:
                tar.extractall(where)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def install(source, path, mode=0o755):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copyfile(source, path)
    os.chmod(path, mode)


def md5_of(path):
    with open(path, "rb") as f:
        return hashlib.md5(f.read()).hexdigest()


def age(top):
    """Old times everywhere, atime before mtime: under relatime any careless read moves an atime."""
    for where, _, files in os.walk(top, topdown=False):
        for name in files:
            os.utime(os.path.join(where, name), (OLD - 1000, OLD), follow_symlinks=False)
        os.utime(where, (OLD - 1000, OLD))


def distroless(where, server):
    """A distroless application: one static program and the few files such an image has. No shell."""
    for d in ("etc", "app", "tmp", "root", "home/nonroot", "var/tmp", "var/lib/dpkg/status.d",
              "usr/share/zoneinfo", "data", "proc", "sys", "dev", "run"):
        os.makedirs(f"{where}/{d}", exist_ok=True)
    install(server, f"{where}/app/httpd")
    write(f"{where}/etc/passwd", PASSWD)
    write(f"{where}/etc/group", GROUP)
    write(f"{where}/etc/nsswitch.conf", "hosts: files dns\n")
    write(f"{where}/etc/os-release", OS_RELEASE)
    write(f"{where}/etc/ssl/certs/ca-certificates.crt", "# none\n")
    write(f"{where}/usr/share/zoneinfo/UTC", "TZif2\n")
    write(f"{where}/var/lib/dpkg/status.d/base-files", STATUS)
    sums = [f"{md5_of(f'{where}/{p}')}  {p}\n" for p in ("etc/os-release", "etc/nsswitch.conf")]
    write(f"{where}/var/lib/dpkg/status.d/base-files.md5sums", "".join(sums))
    os.symlink("usr/share", f"{where}/share")
    os.chmod(f"{where}/tmp", 0o1777)
    os.chmod(f"{where}/var/tmp", 0o1777)
    os.chown(f"{where}/home/nonroot", 65532, 65532)
    age(where)


def stand_in(where, busybox, csi):
    """Until the image is built: BusyBox, and csi if there is one."""
    install(busybox, f"{where}/bin/busybox")
    for applet in os.popen(f"{busybox} --list").read().split():
        if applet != "busybox":
            os.symlink("busybox", f"{where}/bin/{applet}")
    for d in ("usr/bin", "proc", "sys", "dev", "tmp", "root"):
        os.makedirs(f"{where}/{d}", exist_ok=True)
    write(f"{where}/etc/passwd", PASSWD)
    write(f"{where}/etc/group", GROUP)
    if os.path.exists(csi):
        install(csi, f"{where}/usr/bin/csi")
        entry = ["/usr/bin/csi", "init"]
    else:
        write(f"{where}/usr/bin/csi", "#!/bin/sh\necho 'csi: not built yet' >&2\nexit 127\n", 0o755)
        entry = ["/bin/busybox", "sleep", "3600"]
    return {"config": {"Entrypoint": entry, "Env": ["PATH=/usr/bin:/bin"]}}


def csi_image(where, image_tar, busybox, csi):
    """Unpacks the image, or makes the stand-in. Returns the image configuration."""
    if not os.path.exists(image_tar):
        return stand_in(where, busybox, csi)
    image = Image(image_tar)
    image.unpack(where)
    return image.config
