#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the image holds: two hardened static programs, their links, four small files, and no more.
# needs: jq readelf
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/image/lib.sh"
check "the image has not one layer" image_open "$IMAGE" image
ROOT=$PWD/image/rootfs

in_root() { chroot "$ROOT" "$@" </dev/null; }

# Files: written down here, but for the links, which follow from what the programs say they can do.
links() {
	local name
	for name in $(in_root /bin/csi --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p'); do
		echo "lrwxrwxrwx 0/0 bin/csi-$name -> csi"
	done
	for name in $(in_root /bin/busybox --list); do
		[ "$name" = busybox ] || echo "lrwxrwxrwx 0/0 bin/$name -> busybox"
	done
}
files() {
	cat <<-EOT
		drwxr-xr-x 0/0 bin
		-rwxr-xr-x 0/0 bin/busybox
		-rwxr-xr-x 0/0 bin/csi
		drwxr-xr-x 0/0 dev
		drwxr-xr-x 0/0 etc
		-rw-r--r-- 0/0 etc/THIRD-PARTY-NOTICES
		-rw-r--r-- 0/0 etc/group
		-rw-r--r-- 0/0 etc/os-release
		-rw-r--r-- 0/0 etc/passwd
		drwxr-xr-x 0/0 proc
		drwx------ 0/0 root
		drwxr-xr-x 0/0 run
		drwxr-xr-x 0/0 sys
		drwxrwxrwt 0/0 tmp
	EOT
}
{ files && links; } | LC_ALL=C sort -k 3 >want
listing image/layer.tar >got
run diff -u want got
expect_exit 0
has_not '^[^ ]*[sS]' "a file is setuid or setgid" got
applets=$(in_root /bin/busybox --list | wc -l)
check "$applets applets, about 165 are wanted" test "$applets" -ge 150 -a "$applets" -le 190
commands=$(grep -c ' -> csi$' got)
check "only $commands links to csi" test "$commands" -ge 9
for name in ps walk maps dump scan collect verify doctor init shell; do
	run in_root "/bin/csi-$name" --help
	expect_exit 0
	expect_grep "^usage: csi $name "
done

# Programs
expect_hardened "$ROOT/bin/csi"
expect_hardened "$ROOT/bin/busybox"
run grep -rlaF -e "$CSI_TOP/" -e "out/amd64/" "$ROOT"
expect_empty "$OUT"
check "the image is older than out/amd64/csi (./build.sh image)" cmp "$CSI_TOP/out/amd64/csi" "$ROOT/bin/csi"
run in_root /bin/csi --version
expect_exit 0
expect_grep "(^| )${VERSION//./\\.}( |$)"
expect_grep "$("$CSI_TOP/image/deps.sh" state)"

# Who one may be. Without an entry of theirs, a shell and `id` of 65532 know no name.
has '^root:x:0:0:[^:]*:/root:/bin/sh$' passwd "$ROOT/etc/passwd"
has '^[a-z]+:x:65532:65532:[^:]*:/:/bin/sh$' passwd "$ROOT/etc/passwd"
has '^root:x:0:$' group "$ROOT/etc/group"
has '^[a-z]+:x:65532:$' group "$ROOT/etc/group"
expect_eq "$(in_root /bin/busybox id -un)" root "the name of 0"
expect_eq "$(chroot --userspec=65532:65532 "$ROOT" /bin/busybox id -un </dev/null)" csi "the name of 65532"

# How it starts
expect_eq "$(jq -c .config.User image/config)" '"0:0"' User
expect_eq "$(jq -c .config.Entrypoint image/config)" '["/bin/csi","init"]' Entrypoint
expect_eq "$(jq -c .config.Cmd image/config)" null Cmd
expect_eq "$(jq -c .config.Env image/config)" '["PATH=/bin"]' Env
expect_eq "$(jq -c .config.Volumes image/config)" null Volumes
expect_eq "$(jq -c .config.ExposedPorts image/config)" null ExposedPorts
expect_eq "$(jq -r '.architecture + "/" + .os' image/config)" amd64/linux platform
expect_eq "$(jq -r '.rootfs.diff_ids[0]' image/config)" "sha256:$(sha256sum <image/layer.tar | cut -d' ' -f1)" diff_id

# Sizes: 1.25 MiB as it travels, 2.75 MiB as it lies on a node
at_most() { check "$1 is $2 bytes, $3 are allowed" test "$2" -le "$3"; }
at_most "the image's file" "$(stat -c %s "$IMAGE")" 1310720
at_most "the layer, gzip" "$(gzip -9 -n -c <image/layer.tar | wc -c)" 1310720
at_most "the layer, gzip as shipped" "$(stat -c %s image/blob)" 1310720
at_most "the layer" "$(stat -c %s image/layer.tar)" 2883584
at_most "its files" "$(du -sb --apparent-size "$ROOT" | cut -f1)" 2883584
