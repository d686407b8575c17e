#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An image that was made to hurt its reader: memory, time, names and links stay within bounds, and what is
# odd is told. The image of 200,000 files has half of them in one directory, so that the walk's own memory counts too.
# timeout: 600
# needs: zstd
# alone: it measures memory
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir root && echo x >root/file
limits() { # WORDS...: as run, with the peak of its memory in RSS
	python3 "$HELPERS/hostile_image.py" peak "$OUT" "$ERR" "$PWD/peak" "$CSI_TOP/out/amd64/csi" "$@"
	RC=$?
	RSS=$(cat peak)
}
within() { # MIB WHAT
	checks=$((checks + 1))
	[ "$RSS" -le $(($1 * 1024)) ] || fail "$2: $RSS KiB, allowed $1 MiB"
}
for kind in gzip-bomb zstd-bomb sparse-bomb zstd-window pax-bomb json-bomb json-deep many-parts long-parts links deep-links \
	same-hash names dots loops layers-again; do
	python3 "$HELPERS/hostile_image.py" make "$kind" image.tar || fail "no $kind"
	limits diff --root root --image image.tar --json --timeout 20
	within 34 "$kind"
	expect_printable "$OUT" "$ERR"
	expect_exit 3
	expect_json '[.[] | select(.event.kind == "pipeline_error")] | length > 0' "$kind tells nothing"
done

# 200,000 files by standard input, packed with the largest window, within 32 MiB.
python3 "$HELPERS/hostile_image.py" make wide image.tar tree
limits diff --root tree --image - --json <image.tar
within 32 "200,000 files"
expect_exit 0
expect_json '[.[] | select(.csi.diff)] == []'
