#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which mounts a comparison went through is told by the first baseline that walked; a walk that did not end, or none,
# says nothing of them.
. "$CSI_TOP/tests/helpers/lib.sh"
lower=$PWD/lower
cp -a "$CSI_RUN/images/target" "$lower"
rm -rf "$lower/var/lib/dpkg"
python3 "$HELPERS/layers.py" flat "$PWD/flat.tar" "$lower"
POD_IMAGE=$lower pod_up
cp flat.tar "$FIXTURE/"
covered() { jq -r 'select(.csi.coverage) | .csi.coverage.state + " " + .csi.mount.point' "$OUT" | LC_ALL=C sort -u; }

# The first finds no database: it has walked nothing.
run csi diff --packages --image /fixture/flat.tar --json
expect_gaps 'ENOENT|find a package database|1|-'
covered >both
expect_grep '^walked /$' both
check "a mount is unreached that was not" test -z "$(grep '^unreached ' both)"
run csi diff --packages --json
expect_eq "$(covered)" "" "mounts of no walk"
# Stopped before it began, while the baseline gives nothing.
for baseline in image baseline; do
	mkfifo pipe
	sleep 60 >pipe &
	held=$!
	expect_within 30 exec_in "$ROLE" csi diff --$baseline - --timeout 2 --json <pipe
	kill "$held"
	rm pipe
	expect_exit 3
	expect_eq "$(covered)" "" "mounts of a walk that was stopped"
done
