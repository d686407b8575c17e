#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images out of directories, in every form that `csi diff --image` reads.

  layers.py FORM OUT [OPTION...] DIR [DIR...]   each DIR is one layer, the lowest first

Forms: oci (tar), oci-dir, docker (as of old: NAME/layer.tar), docker-oci (as docker save writes it
today), flat (one tar: crane export; of several DIR the last wins).
Options: --pack gzip|zstd|plain (default gzip), --late (metadata last, layers in reverse order),
--arch ARCH, --break WORD (digest, diff-id, missing, cut, several, other-arch, nested, twice).

In a DIR a character device 0:0 becomes a whiteout, and a file .csi-opaque in a directory makes it
opaque, so that an overlay's upper directory can be a layer.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tarfile


def sha(data):
    return hashlib.sha256(data).hexdigest()


def xattrs(path):
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith("user.") or name == "security.capability":
            value = os.getxattr(path, name, follow_symlinks=False)
            found["SCHILY.xattr." + name] = value.decode("utf-8", "surrogateescape")
    return found


def members(top):
    """(name, path, lstat) of all below TOP, a directory before what is in it."""
    for where, dirs, files in os.walk(top):
        dirs.sort()
        for name in sorted(dirs + files):
            path = os.path.join(where, name)
            yield os.path.relpath(path, top), path, os.lstat(path)


def entry(tar, name, path, st):
    info = tar.gettarinfo(path, name)
    info.pax_headers = xattrs(path)
    if st.st_mtime_ns % 1_000_000_000:
        sec, nsec = divmod(st.st_mtime_ns, 1_000_000_000)
        info.pax_headers["mtime"] = f"{sec}.{nsec:09d}"
    return info


def whiteout(name):
    where, base = os.path.split(name)
    return os.path.join(where, ".wh." + base)


def layer(top, literal=False):
    """The tar of one directory."""
    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8",
                       errors="surrogateescape")
    for name, path, st in members(top):
        if os.path.basename(name) == ".csi-opaque" and not literal:
            tar.addfile(tarfile.TarInfo(os.path.join(os.path.dirname(name), ".wh..wh..opq")))
        elif stat.S_ISCHR(st.st_mode) and st.st_rdev == 0 and not literal:
            tar.addfile(tarfile.TarInfo(whiteout(name)))
        elif stat.S_ISREG(st.st_mode):
            info = entry(tar, name, path, st)
            with open(path, "rb") as f:
                tar.addfile(info, f if info.isreg() else None)
        elif not stat.S_ISSOCK(st.st_mode):
            tar.addfile(entry(tar, name, path, st))
    tar.close()
    return out.getvalue()


def pack(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Archive:
    """Files by name, in the order in which they are written."""

    def __init__(self, late):
        self.meta, self.blobs, self.links, self.late = {}, {}, {}, late

    def blob(self, data):
        digest = sha(data)
        self.blobs["blobs/sha256/" + digest] = data
        return "sha256:" + digest

    def files(self):
        blobs = dict(reversed(self.blobs.items())) if self.late else self.blobs
        parts = [blobs, self.meta] if self.late else [self.meta, blobs]
        return {name: data for part in parts for name, data in part.items()}

    def write_tar(self, out):
        with tarfile.open(fileobj=out, mode="w|") as tar:
            for name, data in self.files().items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            for name, to in self.links.items():
                info = tarfile.TarInfo(name)
                info.type, info.linkname = tarfile.SYMTYPE, to
                tar.addfile(info)

    def write_dir(self, where):
        for name, data in self.files().items():
            os.makedirs(os.path.dirname(os.path.join(where, name)), exist_ok=True)
            with open(os.path.join(where, name), "wb") as f:
                f.write(data)


def dumps(value):
    return json.dumps(value).encode()


def config_of(layers, args):
    ids = ["sha256:" + sha(data) for data in layers]
    if args.broken == "diff-id":
        ids[-1] = "sha256:" + "0" * 64
    return dumps({"architecture": args.arch, "os": "linux", "config": {},
                  "rootfs": {"type": "layers", "diff_ids": ids}})


def oci_manifest(archive, layers, args):
    kind = "application/vnd.oci.image"
    config = config_of(layers, args)
    blobs = [pack(data, args.pack) for data in layers]
    parts = [{"mediaType": f"{kind}.layer.v1.tar+{args.pack}", "digest": archive.blob(b), "size": len(b)}
             for b in blobs]
    manifest = dumps({"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json", "layers": parts,
                      "config": {"mediaType": f"{kind}.config.v1+json", "digest": archive.blob(config),
                                 "size": len(config)}})
    return {"mediaType": f"{kind}.manifest.v1+json", "digest": archive.blob(manifest), "size": len(manifest),
            "annotations": {"org.opencontainers.image.ref.name": "x"},
            "platform": {"os": "linux", "architecture": args.arch}}


def damage(archive, args):
    last = list(archive.blobs)[0]
    if args.broken == "digest":
        archive.blobs[last] = archive.blobs[last] + b"\0"
    elif args.broken == "missing":
        del archive.blobs[last]


def oci(layers, args):
    archive = Archive(args.late)
    listed = [oci_manifest(archive, layers, args)]
    if args.broken == "several":
        listed += [dict(oci_manifest(archive, layers[:1], args))]
    if args.broken in ("other-arch", "nested"):
        other = argparse.Namespace(**{**vars(args), "arch": "s390x"})
        listed.insert(0, oci_manifest(archive, layers[:1], other))
        listed.append({**listed[0], "platform": {"os": "unknown", "architecture": "unknown"}})
    index = dumps({"schemaVersion": 2, "manifests": listed})
    if args.broken == "nested":
        kind = "application/vnd.oci.image.index.v1+json"
        index = dumps({"schemaVersion": 2, "manifests": [{"mediaType": kind, "digest": archive.blob(index),
                                                          "size": len(index)}]})
    archive.meta = {"oci-layout": dumps({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    damage(archive, args)
    return archive


def docker_oci(layers, args):
    args.pack = "plain"
    archive = oci(layers, args)
    names = [f"blobs/sha256/{sha(data)}" for data in layers]
    config = config_of(layers, args)
    archive.meta["manifest.json"] = dumps([{"Config": f"blobs/sha256/{sha(config)}", "RepoTags": ["x:1"],
                                            "Layers": names}])
    return archive


def docker(layers, args):
    archive = Archive(args.late)
    config, seen, names = config_of(layers, args), {}, []
    for i, data in enumerate(layers):
        ident = sha(b"%d" % i + data)
        if data in seen:  # as docker did for a layer that is there already
            archive.links[f"{ident}/layer.tar"] = f"../{seen[data]}/layer.tar"
        else:
            seen[data] = ident
            archive.blobs[f"{ident}/VERSION"] = b"1.0"
            archive.blobs[f"{ident}/json"] = dumps({"id": ident})
            archive.blobs[f"{ident}/layer.tar"] = data
        names.append(f"{ident}/layer.tar")
    one = {"Config": sha(config) + ".json", "RepoTags": ["x:1"], "Layers": names}
    archive.meta = {sha(config) + ".json": config, "repositories": dumps({"x": {"1": "0"}}),
                    "manifest.json": dumps([one] * (2 if args.broken == "several" else 1))}
    return archive


def main(argv):
    p = argparse.ArgumentParser()
    p.add_argument("form", choices=["oci", "oci-dir", "docker", "docker-oci", "flat"])
    p.add_argument("out")
    p.add_argument("--pack", default="gzip")
    p.add_argument("--late", action="store_true")
    p.add_argument("--arch", default="amd64")
    p.add_argument("--break", dest="broken", default="")
    p.add_argument("dirs", nargs="+")
    args = p.parse_args(argv[1:])
    layers = [layer(d, args.form == "flat") for d in args.dirs]
    if args.broken == "twice":
        layers.append(layers[0])
    out = io.BytesIO()
    if args.form == "flat":
        out.write(layers[-1])
    else:
        build = {"oci": oci, "oci-dir": oci, "docker": docker, "docker-oci": docker_oci}[args.form]
        archive = build(layers, args)
        if args.form == "oci-dir":
            archive.write_dir(args.out)
            return
        archive.write_tar(out)
    data = out.getvalue()
    if args.broken == "cut":
        data = data[:len(data) * 2 // 3]
    with sys.stdout.buffer if args.out == "-" else open(args.out, "wb") as f:
        f.write(data)


if __name__ == "__main__":
    main(sys.argv)
