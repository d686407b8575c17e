#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zstd, static, at -O2 (at -Os it costs 1.4 times the CPU). No legacy formats, no dictionary builder.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

make -C lib libzstd.a-mt CC="$MUSL_CC" AR="$AR" CFLAGS="-O2 $FLAGS" MOREFLAGS= \
	ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DEPRECATED=0 ZSTD_LIB_DICTBUILDER=0
cp lib/libzstd.a "$SYS/lib/"
cp lib/zstd.h lib/zstd_errors.h "$SYS/include/"
