#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zlib, static.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

CC=$MUSL_CC AR=$AR RANLIB=$RANLIB CFLAGS="-Os $FLAGS" ./configure --static
make libz.a
cp libz.a "$SYS/lib/"
cp zlib.h zconf.h "$SYS/include/"
