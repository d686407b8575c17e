#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A cut stream gives a clean bundle of what is proven.
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=40 status=none
echo small >"$MERGED/tmp/a-small"
csi collect --scope full >whole 2>"$ERR"
size=$(stat -c %s whole)
head -c $((size * 3 / 4)) whole >cut.zst
run host_csi verify cut.zst
expect_exit 3
run host_csi verify --salvage saved cut.zst
expect_exit 3
run host_csi verify saved
expect_exit 0
expect_grep partial
run tar --zstd -tf saved
expect_exit 0
run python3 "$HELPERS/verify.py" saved
expect_exit 0
mkdir x && tar --zstd -xf saved -C x --no-same-owner
run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
expect_exit 0
check "the small file is not in it" test -n "$(find x -name a-small)"
run host_csi verify --salvage saved cut.zst
expect_exit 1
: >empty
run host_csi verify empty
expect_exit 1
run host_csi verify /bin/sh
expect_exit 1
run host_csi verify whole cut.zst
expect_exit 3
run bash -c "cat whole | '$CSI_TOP/out/amd64/csi' verify -"
expect_exit 0
