#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# BusyBox with exactly the options of image/busybox.config: allnoconfig plus those lines.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"
config=$(cd "$(dirname "$0")/.." && pwd)/busybox.config

# allnoconfig writes the Config.in files; then every option of theirs that the list does not name is off.
# (KCONFIG_ALLCONFIG would be the way, but this kconfig's allnoconfig forgets it in its second pass.)
make allnoconfig
known() { find . -name Config.in -exec sed -n 's/^config \([A-Za-z0-9_]*\)$/\1/p' {} + | sort -u; }
listed() { sed -n 's/^CONFIG_\([A-Za-z0-9_]*\)=.*/\1/p' "$config"; }
{
	grep '^CONFIG_' "$config"
	known | grep -vxFf <(listed) | sed 's/.*/# CONFIG_& is not set/'
} > .config
make oldconfig < <(yes '' || true)

# An option that vanished, was renamed or pulls in another one is an error, not a surprise. Numbers and
# strings that belong to something switched off are there all the time and say nothing.
wanted() { grep '^CONFIG_' "$config" | LC_ALL=C sort; }
got() { { grep '^CONFIG_.*=y$' .config; grep '^CONFIG_' .config | grep -Fxf <(wanted); } | LC_ALL=C sort -u; }
if ! diff <(wanted) <(got) > config.diff; then
	echo "image/busybox.config is not what this BusyBox makes of it (< wanted, > got):"
	cat config.diff
	exit 1
fi

# -static-pie goes to the last link only: ld -r refuses it.
make CROSS_COMPILE="$CROSS" CC="$MUSL_CC" HOSTCC=gcc SKIP_STRIP=y \
	CONFIG_EXTRA_CFLAGS="-Os $FLAGS -fstack-protector-strong" \
	CFLAGS_busybox="-static-pie -Wl,-z,relro,-z,now -Wl,--build-id=none" busybox busybox.links
cp busybox.links "$OUT/busybox.links"
"${CROSS}strip" -o "$OUT/busybox.new" busybox
mv "$OUT/busybox.new" "$OUT/busybox"
