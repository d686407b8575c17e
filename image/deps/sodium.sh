#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What age needs of libsodium, as libcsisodium.a: X25519, ChaCha20-Poly1305, HMAC-SHA-256. Debian's
# source has no configure script, and the rest is not needed: these files are compiled as they are.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"
cd src/libsodium

# sodium_init() of the whole library pulls in every algorithm that has variants to choose from. This
# one chooses for what is used here; a call for anything else does not link.
cat > sodium/core.c <<'EOF'
#include <pthread.h>
#include <stdlib.h>

#include "core.h"
#include "crypto_onetimeauth.h"
#include "crypto_scalarmult.h"
#include "crypto_stream_chacha20.h"
#include "private/implementations.h"
#include "runtime.h"

static void choose(void)
{
	(void)_sodium_runtime_get_cpu_features();
	(void)_crypto_onetimeauth_poly1305_pick_best_implementation();
	(void)_crypto_scalarmult_curve25519_pick_best_implementation();
	(void)_crypto_stream_chacha20_pick_best_implementation();
}

int sodium_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	return pthread_once(&once, choose) == 0 ? 0 : -1;
}

void sodium_misuse(void)
{
	abort();
}
EOF

sed -e 's/@VERSION@/1.0.18/' -e 's/@SODIUM_LIBRARY_VERSION_MAJOR@/10/' -e 's/@SODIUM_LIBRARY_VERSION_MINOR@/3/' \
	-e '/@SODIUM_LIBRARY_MINIMAL_DEF@/d' include/sodium/version.h.in > include/sodium/version.h
grep -q '^AC_INIT(\[libsodium\],\[1\.0\.18\]' ../../configure.ac

sources=(
	sodium/core.c
	sodium/runtime.c
	sodium/utils.c
	crypto_aead/chacha20poly1305/sodium/aead_chacha20poly1305.c
	crypto_auth/hmacsha256/auth_hmacsha256.c
	crypto_core/ed25519/ref10/ed25519_ref10.c
	crypto_hash/sha256/cp/hash_sha256_cp.c
	crypto_onetimeauth/poly1305/donna/poly1305_donna.c
	crypto_onetimeauth/poly1305/onetimeauth_poly1305.c
	crypto_scalarmult/curve25519/ref10/x25519_ref10.c
	crypto_scalarmult/curve25519/scalarmult_curve25519.c
	crypto_stream/chacha20/ref/chacha20_ref.c
	crypto_stream/chacha20/stream_chacha20.c
	crypto_verify/sodium/verify.c
)
# What configure would find out with this C library and compiler. The headers of intrinsics have the
# right target pragma at each use; which of them runs is chosen at run time.
defines="-DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1 -DHAVE_WEAK_SYMBOLS=1 -DHAVE_EXPLICIT_BZERO=1"
defines="$defines -DHAVE_INLINE_ASM=1 -D_GNU_SOURCE"
if [ "$ARCH" = amd64 ]; then
	defines="$defines -DHAVE_CPUID=1 -DHAVE_MMINTRIN_H=1 -DHAVE_EMMINTRIN_H=1 -DHAVE_TMMINTRIN_H=1"
	defines="$defines -DHAVE_SMMINTRIN_H=1 -DHAVE_AVXINTRIN_H=1 -DHAVE_AVX2INTRIN_H=1"
	sources+=(
		crypto_onetimeauth/poly1305/sse2/poly1305_sse2.c
		crypto_stream/chacha20/dolbeau/chacha20_dolbeau-avx2.c
		crypto_stream/chacha20/dolbeau/chacha20_dolbeau-ssse3.c
	)
fi

objects=()
for c in "${sources[@]}"; do
	o=${c##*/}
	o=${o%.c}.o
	# shellcheck disable=SC2086 # lists
	$MUSL_CC -std=gnu11 -O2 -fno-strict-aliasing -fwrapv -fstack-protector-strong $FLAGS $defines \
		-Iinclude -Iinclude/sodium -Iinclude/sodium/private -c "$c" -o "$o"
	objects+=("$o")
done
rm -f "$SYS/lib/libcsisodium.a"
$AR rcsD "$SYS/lib/libcsisodium.a" "${objects[@]}"
mkdir -p "$SYS/include/sodium"
cp include/sodium.h "$SYS/include/"
cp include/sodium/*.h "$SYS/include/sodium/"
