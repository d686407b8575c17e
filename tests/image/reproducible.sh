#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same sources make the same bytes: csi compiled again in a folder of another length, and the image
# packed again there under another umask and time zone.
# timeout: 400
. "$CSI_TOP/tests/helpers/lib.sh"
THERE=$PWD/some/other/and/much/longer/path
mkdir -p "$THERE/out/amd64"
tar -C "$CSI_TOP" -c tools image THIRD-PARTY-NOTICES | tar -C "$THERE" -x
# The libraries are taken as they are; their builds are the deps' own business.
for part in bin sysroot gen busybox busybox.links; do
	ln -s "$CSI_TOP/out/amd64/$part" "$THERE/out/amd64/$part"
done
cd "$THERE" || exit 1
run make -f tools/Makefile ARCH=amd64 csi
expect_exit 0
check "csi differs" cmp "$CSI_TOP/out/amd64/csi" out/amd64/csi

epoch=$(tar --full-time -tvf "$CSI_TOP/out/csi-debug-amd64.tar" index.json | awk '{ print $4, $5 }')
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(date -u -d "$epoch" +%s)
umask 077
TZ=Asia/Tokyo LC_ALL=C run image/rootfs.sh
expect_exit 0
check "the image differs" cmp "$CSI_TOP/out/csi-debug-amd64.tar" out/csi-debug-amd64.tar
