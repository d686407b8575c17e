#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nobody reads any more, from the first byte on: 1, and nothing is left behind. The 5 seconds that csi has for it
# are measured in reader-gone.sh; here they hold the start of a process in a container as well.
# roles: ptrace root same stranger
# timeout: 60
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=64 status=none
for command in collect "collect --scope full" "walk --json /" "ps --json"; do
	# The pipe is inside, so that csi itself meets its end.
	expect_within 20 as "$ROLE" /bin/busybox sh -c "{ csi $command; echo code \$? >&2; } | dd bs=1 count=1 2>/dev/null >/dev/null"
	case $command in
	collect*) if can root; then expect_grep '^code 1$' "$ERR"; else expect_grep '^code [13]$' "$ERR"; fi ;;
	*) expect_grep '^code [013]$' "$ERR" ;; # less than a pipe holds may all have been taken
	esac
done
run as "$ROLE" /bin/busybox sh -c 'csi dump -p 1 >/dev/full; echo code $?'
expect_grep '^code 1$'
run as "$ROLE" /bin/busybox sh -c 'csi ps >/dev/full; echo code $?'
expect_grep '^code 1$'
# But the one that the container itself is.
run as "$ROLE" /bin/busybox sh -c 'for p in $(pidof csi); do tr "\0" " " </proc/$p/cmdline; echo; done'
expect_eq "$(sort -u "$OUT")" '/bin/csi init ' "what is left"
