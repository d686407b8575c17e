#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# musl, the compiler wrapper that uses it, and the kernel's own headers.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

CC=${CROSS}gcc CROSS_COMPILE=$CROSS CFLAGS="-O2 -g0 -ffile-prefix-map=$PWD=/src/musl" \
	./configure --prefix="$SYS" --syslibdir="$SYS/lib" --target="${CROSS%-}" \
	--disable-shared --enable-wrapper=no
make
make install

# The specs of musl's own gcc wrapper. With Debian's static-pie patch in them -static-pie links
# rcrt1.o and names no interpreter; musl-gcc of Debian 12 quietly makes a dynamic program instead.
sh tools/musl-gcc.specs.sh "$SYS/include" "$SYS/lib" "/lib/ld-musl-${CROSS%%-*}.so.1" \
	> "$SYS/lib/musl-gcc.specs"
cat > "$MUSL_CC.new" <<EOF
#!/bin/sh
exec ${CROSS}gcc "\$@" -specs "$SYS/lib/musl-gcc.specs"
EOF
chmod 755 "$MUSL_CC.new"
mv "$MUSL_CC.new" "$MUSL_CC"

# linux/*.h of the build host: the same for glibc and musl.
host=/usr/include
[ -d "/usr/${CROSS%-}/include/linux" ] && host=/usr/${CROSS%-}/include
cp -aL "$host/linux" "$host/asm-generic" "$host/mtd" "$SYS/include/"
if [ -d "$host/asm" ]; then cp -aL "$host/asm" "$SYS/include/"; else
	cp -aL "$host/${CROSS%-}/asm" "$SYS/include/"
fi
