#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image: a root file system of two programs and their links, and one tar that `ctr images import`,
# `podman load`, `docker load` and `skopeo copy oci-archive:` take.
#
#   out/ARCH/rootfs, out/ARCH/layer.tar    the root file system, as a tree and as a tar
#   out/csi-debug-ARCH.tar                 the image
#
# Bit for bit the same for the same programs: names sorted, owners 0:0, one time stamp. No tool but
# coreutils, tar, gzip. Called by build.sh, which sets ARCH and SOURCE_DATE_EPOCH.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C TZ=UTC
umask 022

ARCH=${ARCH:-amd64}
EPOCH=${SOURCE_DATE_EPOCH:?}
VERSION=$(cat tools/VERSION)
OUT=out/$ARCH
NAME=docker.io/library/csi-debug

# Commands of csi, from their definitions, so that no list has to be kept.
commands() { sed -n 's/^const struct command cmd_\([a-z0-9]*\) *=.*/\1/p' tools/cmd/*.c | sort -u; }

# rootfs DIR
rootfs() {
	local dir=$1 name names
	names=$(commands)
	[ -n "$names" ] || { echo "no command found in tools/cmd" >&2 && exit 1; }
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,etc,proc,root,run,sys,tmp}
	install -m 755 "$OUT/busybox" "$dir/bin/busybox"
	install -m 755 "$OUT/csi" "$dir/bin/csi"
	while read -r name; do
		ln -s busybox "$dir/bin/${name##*/}"
	done < "$OUT/busybox.links"
	for name in $names; do ln -s csi "$dir/bin/csi-$name"; done

	# Without the second line of each, a pod that runs as 65532 has no name and kubectl debug's shells no home.
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'csi:x:65532:65532:csi-debug:/:/bin/sh' > "$dir/etc/passwd"
	printf '%s\n' 'root:x:0:' 'csi:x:65532:' > "$dir/etc/group"
	cat > "$dir/etc/os-release" <<-EOF
		NAME="csi-debug"
		ID=csi-debug
		VERSION_ID=$VERSION
		PRETTY_NAME="csi-debug $VERSION"
	EOF
	install -m 644 THIRD-PARTY-NOTICES "$dir/etc/THIRD-PARTY-NOTICES"
	chmod 1777 "$dir/tmp"
	chmod 700 "$dir/root"
}

# pack TAR DIR: DIR as a reproducible tar.
pack() {
	tar --create --file "$1" --directory "$2" --format=ustar --sort=name --numeric-owner --owner=0 --group=0 \
		--mtime="@$EPOCH" .
}

sum() { sha256sum "$1" | cut -d' ' -f1; }
size() { stat -c %s "$1"; }

# blob FILE: put it among the blobs under its own digest, print the digest.
blob() {
	local digest
	digest=$(sum "$1")
	mv "$1" "$work/blobs/sha256/$digest"
	echo "$digest"
}

# What both archive formats share: the OCI layout (containerd, skopeo) and docker's manifest.json
# (docker, podman) point at the same blobs.
archive() {
	local work=$OUT/archive created diff layer layer_size config config_size manifest manifest_size
	rm -rf "$work" "$OUT/layer.tar"
	mkdir -p "$work/blobs/sha256"
	created=$(date -u -d "@$EPOCH" +%Y-%m-%dT%H:%M:%SZ)

	pack "$OUT/layer.tar" "$OUT/rootfs"
	diff=$(sum "$OUT/layer.tar")
	gzip -9 -n -c "$OUT/layer.tar" > "$work/layer"
	layer_size=$(size "$work/layer") layer=$(blob "$work/layer")

	printf '%s' '{"architecture":"'"$ARCH"'","os":"linux","created":"'"$created"'",' \
		'"config":{"User":"0:0","Env":["PATH=/bin"],"Entrypoint":["/bin/csi","init"],"WorkingDir":"/",' \
		'"Labels":{"org.opencontainers.image.title":"csi-debug","org.opencontainers.image.version":"'"$VERSION"'",' \
		'"org.opencontainers.image.licenses":"Apache-2.0 AND GPL-2.0-only"}},' \
		'"rootfs":{"type":"layers","diff_ids":["sha256:'"$diff"'"]},' \
		'"history":[{"created":"'"$created"'","created_by":"csi-debug build.sh image"}]}' > "$work/config"
	config_size=$(size "$work/config") config=$(blob "$work/config")

	printf '%s' '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' \
		'"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:'"$config"'","size":'"$config_size"'},' \
		'"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:'"$layer"'","size":'"$layer_size"'}]}' \
		> "$work/manifest"
	manifest_size=$(size "$work/manifest") manifest=$(blob "$work/manifest")

	printf '%s' '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[' \
		'{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:'"$manifest"'","size":'"$manifest_size"',' \
		'"platform":{"architecture":"'"$ARCH"'","os":"linux"},' \
		'"annotations":{"io.containerd.image.name":"'"$NAME:$VERSION"'","org.opencontainers.image.ref.name":"'"$VERSION"'"}}]}' \
		> "$work/index.json"
	printf '%s' '{"imageLayoutVersion":"1.0.0"}' > "$work/oci-layout"
	printf '%s' '[{"Config":"blobs/sha256/'"$config"'","RepoTags":["'"$NAME:$VERSION"'"],' \
		'"Layers":["blobs/sha256/'"$layer"'"]}]' > "$work/manifest.json"

	(cd "$work" && tar --create --file ../image.tar.new --format=ustar --numeric-owner --owner=0 --group=0 \
		--mtime="@$EPOCH" --mode=u=rwX,go=rX --sort=name blobs index.json manifest.json oci-layout)
	mv "$OUT/image.tar.new" "out/csi-debug-$ARCH.tar"
	echo "image: $layer_size bytes gzip, $(size "$OUT/layer.tar") unpacked, $NAME:$VERSION, config sha256:$config"
	rm -rf "$work"
}

rootfs "$OUT/rootfs"
archive
