# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every recipe starts from. Sourced by image/deps/NAME.sh, which image/deps.sh runs inside the
# unpacked source with ARCH, OUT (out/ARCH, absolute) and NAME set.
set -euo pipefail

case ${ARCH:?} in
amd64) CPU=x86_64 OPENSSL_TARGET=linux-x86_64 ;;
arm64) CPU=aarch64 OPENSSL_TARGET=linux-aarch64 ;;
*) echo "unknown ARCH '$ARCH' (amd64, arm64)" >&2; exit 2 ;;
esac

# Debian installs the native tools under their prefixed names too, so native and cross are one case.
CROSS=$CPU-linux-gnu-
SYS=${OUT:?}/sysroot
MUSL_CC=$OUT/bin/musl-cc
AR=${CROSS}ar
RANLIB=${CROSS}ranlib

# No build path in any object; sections of their own, so that the linker drops what nobody calls.
FLAGS="-g0 -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables"
FLAGS="$FLAGS -fPIE -ffile-prefix-map=$PWD=/src/${NAME:?} -ffile-prefix-map=$OUT=/out"

export LC_ALL=C TZ=UTC
export CROSS SYS MUSL_CC AR RANLIB FLAGS OPENSSL_TARGET
mkdir -p "$SYS/include" "$SYS/lib" "$OUT/bin"
