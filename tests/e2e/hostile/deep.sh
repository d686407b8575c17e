#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tree 100,000 deep: walked to the bottom, kept whole, in bounded time.
# roles: ptrace root same
# uids: 65532
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
# In the target's own root. On a bind mount of a directory (a volume, /fixture) the kernel itself
# walks all the way up at each "..", which makes 100,000 levels a matter of minutes.
python3 "$HELPERS/hostile.py" "$MERGED/tmp/h" depth >/dev/null
sum=$(echo 'found me' | sha256sum | cut -d' ' -f1)
expect_within 60 as "$ROLE" /bin/busybox sh -c "csi walk --hash --json /tmp/h | awk '/$sum/ { bottom++ } END { print NR, bottom + 0 }'"
expect_grep '^100003 1$'
expect_within 90 csi collect --scope full
expect_exit 0
cp "$OUT" b
run host_csi verify b
expect_exit 0
run bash -c "tar --zstd -xOf b --wildcards '*/long/*' | grep -c 'found me'"
expect_grep '^1$'
