#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libarchive, static: all formats, filters gzip and zstd. xattr and ACL support stay on; what the
# disk half of ACLs would need (libacl) is not there and not used, csi reads the disk itself.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

CC=$MUSL_CC AR=$AR RANLIB=$RANLIB CFLAGS="-Os $FLAGS" \
	./configure --host="${CROSS%%-*}-linux-musl" PKG_CONFIG=false --disable-dependency-tracking \
	--disable-shared --enable-static \
	--disable-bsdtar --disable-bsdcat --disable-bsdcpio --disable-bsdunzip \
	--enable-xattr --enable-acl --with-zlib --with-zstd \
	--without-bz2lib --without-libb2 --without-iconv --without-lz4 --without-lzma --without-lzo2 \
	--without-cng --without-openssl --without-mbedtls --without-nettle --without-xml2 \
	--without-expat
grep -q '^#define HAVE_LIBZSTD 1' config.h
grep -q '^#define HAVE_LIBZ 1' config.h
grep -q '^#define HAVE_SYS_XATTR_H 1' config.h

# Debian's patches touch Makefile.am; the generated files they patch too are good as they are.
make ACLOCAL=: AUTOMAKE=: AUTOCONF=: AUTOHEADER=: libarchive.la
cp .libs/libarchive.a "$SYS/lib/"
cp libarchive/archive.h libarchive/archive_entry.h "$SYS/include/"
