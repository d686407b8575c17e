#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An attack that, 100 ms after it sees a new process, removes its file and ends: its executable is in the bundle.
# (What reacts to the runtime's own helper, which is there before any program of ours, is gone before anybody could look.)
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
# vanishes POD: the attack runs there already; collect, and its executable is in the bundle
vanishes() {
	local shy sum
	at "$1"
	start shy /tmp/attack
	shy=$(said shy)
	sum=$(sha256sum <"$MERGED/tmp/attack" | cut -d' ' -f1)
	run plugin collect "$1" -o "$1"
	check "$1: it has not seen us" test ! -e "$MERGED/tmp/attack"
	expect_grep '^app +running .*sealed' "$OUT"
	mkdir "x-$1" && tar --zstd -xf "$1/app-1.tar.zst" -C "x-$1" --no-same-owner
	expect_eq "$(sha256sum "x-$1"/*/exe/"$shy"-* 2>/dev/null | cut -d' ' -f1)" "$sum" "$1: the executable in the bundle"
}
app injected
app looked
ready injected looked
vanishes injected # what it sees is the injection: csi init holds it
plugin ps looked >/dev/null 2>&1
vanishes looked # what it sees is collect
