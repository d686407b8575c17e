# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the image's cases share. Sourced after helpers/lib.sh.
IMAGE=$CSI_TOP/out/csi-debug-amd64.tar
VERSION=$(cat "$CSI_TOP/tools/VERSION")
NAME=docker.io/library/csi-debug:$VERSION

# image_open TAR DIR: the configuration as DIR/config, its one layer uncompressed as DIR/layer.tar, and
# DIR/rootfs. By docker's manifest, which `docker load` and `podman load` go by.
image_open() {
	local manifest blob
	mkdir -p "$2/rootfs"
	manifest=$(tar -xOf "$1" manifest.json) || return
	tar -xOf "$1" "$(jq -r '.[0].Config' <<<"$manifest")" >"$2/config" || return
	[ "$(jq '.[0].Layers | length' <<<"$manifest")" = 1 ] || return
	blob=$(jq -r '.[0].Layers[0]' <<<"$manifest")
	tar -xOf "$1" "$blob" >"$2/blob" || return
	gzip -dc <"$2/blob" >"$2/layer.tar" 2>/dev/null || cp "$2/blob" "$2/layer.tar"
	tar -xf "$2/layer.tar" -C "$2/rootfs"
}

# listing LAYER: mode, owner, name and link of each file, sorted. The root directory is named or not, as
# each tool likes.
listing() {
	tar --numeric-owner -tvf "$1" |
		awk '{ sub(/^\.?\//, "", $6); sub(/\/$/, "", $6)
			if ($6 != "") print $1, $2, $6 ($7 == "" ? "" : " " $7 " " $8) }' | LC_ALL=C sort -k 3
}

# has PATTERN WHAT FILE
has() { check "$2: nothing matches $1 in ${3##*/}" grep -qE -- "$1" "$3"; }
has_not() { check "$2: $1 matches in ${3##*/}" lacks "$1" "$3"; }
lacks() { ! grep -qE -- "$1" "$2"; }

# expect_hardened FILE: static, position-independent, not one writable page that can run, no table
# that can be rewritten, and nothing in it that is not needed to run.
expect_hardened() {
	local what=${1##*/}
	readelf -hldSW "$1" >elf 2>elf.err || fail "$what is no ELF file" elf.err
	expect_empty elf.err
	has '^ *Type: +DYN ' "$what is position-independent" elf
	has_not '^ +INTERP ' "$what asks for no interpreter" elf
	has_not '\((NEEDED|RPATH|RUNPATH|TEXTREL)\)' "$what asks for no library" elf
	has '\(FLAGS_1\).*\bPIE\b' "$what is static-pie" elf
	has '^ +GNU_STACK .* RW +0x' "$what has a stack that cannot run" elf
	has_not '^ +(LOAD|GNU_STACK) .* (RWE|WE) ' "$what has no page to write and run" elf
	has '^ +GNU_RELRO ' "$what has RELRO" elf
	has '\(FLAGS(_1)?\).*(BIND_NOW|\bNOW\b)' "$what binds at the start" elf
	has_not '\] \.(symtab|debug_info|note\.gnu\.build-id) ' "$what is stripped" elf
}
