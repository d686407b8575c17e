#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SHA-256, SHA-1 and MD5 of OpenSSL, with its assembly (SHA-NI, AVX2, ARMv8), as libcsihash.a.
# Everything else stays unbuilt: a whole libcrypto takes minutes and is not needed.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

# shellcheck disable=SC2086 # FLAGS is a list
CC=$MUSL_CC AR=$AR RANLIB=$RANLIB perl ./Configure "$OPENSSL_TARGET" \
	no-shared no-pic no-dso no-engine no-module no-threads no-apps no-docs no-tests -O2 $FLAGS

case $ARCH in
amd64) asm="sha/sha1-x86_64 sha/sha256-x86_64 md5/md5-x86_64 x86_64cpuid" ;;
arm64) asm="sha/sha1-armv8 sha/sha256-armv8 md5/md5-aarch64 arm64cpuid armcap" ;;
esac
objects=()
for o in sha/sha1dgst sha/sha256 md5/md5_dgst cpuid cryptlib ctype o_str $asm; do
	case $o in
	*/*) objects+=("crypto/${o%/*}/libcrypto-lib-${o##*/}.o") ;;
	*) objects+=("crypto/libcrypto-lib-$o.o") ;;
	esac
done
make build_generated
make "${objects[@]}"
rm -f "$SYS/lib/libcsihash.a"
$AR rcsD "$SYS/lib/libcsihash.a" "${objects[@]}"
mkdir -p "$SYS/include/openssl"
cp include/openssl/*.h "$SYS/include/openssl/"
