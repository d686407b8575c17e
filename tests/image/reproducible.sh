#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same sources make the same bytes: csi compiled in two folders of different lengths, and the
# image's programs packed again under another umask and time zone.
# timeout: 600
# needs: jq
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/image/lib.sh"
HERE=$PWD
THERE=$PWD/some/other/and/much/longer/path

# The libraries are taken as they are: building them twice would take minutes.
mkdir -p a/out/amd64
tar -C "$CSI_TOP" -c tools image THIRD-PARTY-NOTICES | tar -C a -x
for part in bin sysroot gen busybox.links; do
	ln -s "$CSI_TOP/out/amd64/$part" "a/out/amd64/$part"
done
mkdir -p "${THERE%/*}"
cp -a a "$THERE"
for dir in a "$THERE"; do
	run make -C "$dir" -s -f tools/Makefile ARCH=amd64 csi
	expect_exit 0
done
check "csi differs" cmp a/out/amd64/csi "$THERE/out/amd64/csi"

check "the image has not one layer" image_open "$IMAGE" image
cp image/rootfs/bin/{csi,busybox} "$THERE/out/amd64/"
SOURCE_DATE_EPOCH=$(date -u -d "$(jq -r .created image/config)" +%s)
export SOURCE_DATE_EPOCH
umask 077
cd "$THERE" || exit 1
TZ=Asia/Tokyo LC_ALL=C run image/rootfs.sh
expect_exit 0
check "the image differs" cmp "$IMAGE" out/csi-debug-amd64.tar
cd "$HERE" || exit 1
