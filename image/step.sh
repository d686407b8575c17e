#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# step.sh NAME WHAT COMMAND...: runs one long step. Says what begins and how long it took, keeps the
# output in $CSI_LOG/NAME.log and shows its end only when the step fails.
set -euo pipefail
name=$1 what=$2
shift 2

# Seconds since build.sh began; nested calls share its clock.
stamp() {
	local us=$((${EPOCHREALTIME/[.,]/} - ${CSI_T0:-${EPOCHREALTIME/[.,]/}}))
	printf '[%3d.%ds] ' $((us / 1000000)) $((us / 100000 % 10))
}

log=${CSI_LOG:?}/$name.log
mkdir -p "$CSI_LOG"
echo "$(stamp)$what" >&2
begin=${EPOCHREALTIME/[.,]/}
rc=0
"$@" > "$log" 2>&1 < /dev/null || rc=$?
took=$(((${EPOCHREALTIME/[.,]/} - begin) / 100000))
if [ $rc -ne 0 ]; then
	tail -n 40 "$log" >&2
	echo "$(stamp)FAILED (exit $rc): $what; all of it is in $log" >&2
	exit $rc
fi
echo "$(stamp)$what: done in $((took / 10)).$((took % 10)) s" >&2
