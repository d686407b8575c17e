#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ./build.sh demo - the main job, on a real container: an intrusion into a distroless application is
# found, shown and carried away. Each step says what it proves; any gap record or surprise ends it
# with 1. The bundle stays in out/demo; nothing else does. Also a case of tests/run.sh.
# timeout: 120
set -u
CSI_TOP=${CSI_TOP:-$(cd "$(dirname "$0")/.." && pwd)}
alone=
if [ -z "${CSI_RUN:-}" ]; then
	alone=1
	CSI_RUN=$CSI_TOP/out/test/run.$$
	mkdir -p "$CSI_RUN/case/demo"
	cd "$CSI_RUN/case/demo" || exit 1
fi
export CSI_TOP CSI_RUN CSI_CASE=demo ROLE=only TARGET_UID=0 LC_ALL=C.UTF-8 TZ=UTC
. "$CSI_TOP/tests/helpers/lib.sh"

KEEP=$CSI_TOP/out/demo
BUNDLE=$KEEP/bundle.tar.zst
began=${EPOCHREALTIME/[.,]/}
number=0
bold='' dim='' green='' red='' off=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'
fi

end() {
	local rc=$?
	trap - EXIT
	[ "$rc" -eq 0 ] || printf '%s\n' "${red}the demo failed$off" >&2
	if [ -n "$alone" ]; then
		cd "$CSI_TOP" && python3 "$HELPERS/pod.py" sweep "$CSI_RUN"
		rmdir "$CSI_TOP/out/test" 2>/dev/null
		exit $rc
	fi
	(exit $rc)
	finish
}
trap end EXIT

step() {
	number=$((number + 1))
	printf '\n%s%d  %s%s\n' "$bold" "$number" "$1" "$off"
}
line() { printf '   %s$ %s%s\n' "$dim" "$1" "$off"; }
shown() { sed 's/^/   /' "${1:-$OUT}"; }
proves() { printf '   %s✓ %s%s\n' "$green" "$1" "$off"; }

# require TEXT CMD...: what a step rests on
require() {
	local text=$1
	shift
	checks=$((checks + 1))
	"$@" && return
	fail "$text" "$ERR" "$OUT"
	exit 1
}

quiet_jq() { jq -es "$1" "$OUT" >/dev/null; }

# csi ARGS, in the container beside the target: complete, and without one gap record
complete() {
	run csi "$@"
	require "csi $1 ends with $RC" test "$RC" -eq 0
	require "csi $1 has gaps" test -z "$(grep -a pipeline_error "$OUT" "$ERR")"
}

in_keep() { (cd "$KEEP" && "$@" </dev/null); }

start_app() {
	step "A distroless application runs: one static HTTP server, no shell, no tools"
	line "kubectl run app --image=httpd"
	pod_up
	line "kubectl exec app -- /bin/sh"
	if [ "$ENGINE" = runc ]; then
		! runc --root "$CSI_RUN/runc" exec "$TARGET_ID" /bin/sh -c true >"$OUT" 2>&1 </dev/null
		require "there is a shell in it" test $? -eq 0
		tail -n 1 "$OUT" | sed 's/.*exec failed/exec failed/' | shown /dev/stdin
	fi
	proves "there is nothing in it to look with"
}

break_in() {
	step "The intrusion: four requests to a hole in it"
	local request
	for request in drop kinsing memfd preload; do
		line "curl http://app:8080/$request"
		intrude "$request"
		[ "$request" != kinsing ] || KINSING=$PID
		[ "$request" != memfd ] || MEMFD=$PID
	done
	require "the miner left its file" test ! -e "$MERGED/tmp/kinsing"
	proves "a file is dropped, a deleted program and one that never was a file run, libraries are preloaded"
}

inject() {
	step "csi-debug starts beside it, the way kubelet starts an ephemeral container"
	line "kubectl debug app --image=csi-debug --target=app (drop ALL, add SYS_PTRACE, read-only root)"
	side "$ROLE"
	as "$ROLE" /bin/busybox grep -E '^(CapEff|Seccomp):' /proc/self/status >"$OUT"
	as "$ROLE" /bin/busybox touch /tmp/x 2>/dev/null
	require "its root is not read-only" test $? -ne 0
	shown
	require "not the one capability" grep -q '0000000000080000' "$OUT"
	proves "one capability, ${ENGINE/runc/the default seccomp filter}, nothing to write on: the target is as it was"
}

see_processes() {
	step "Which processes are not the application's?"
	line "csi ps"
	complete ps
	shown
	complete ps --json
	require "kinsing is not marked" quiet_jq "any(.[]; .process.pid == $KINSING and any(.csi.signs[]; .id == \"deleted-exe\"))"
	require "the memfd program is not marked" quiet_jq "any(.[]; .process.pid == $MEMFD and any(.csi.signs[]; .id == \"memfd-exe\"))"
	proves "the intruder's two processes are marked, though one has no file any more and the other never had one"
}

see_files() {
	step "Which files are not the image's?"
	line "csi walk --new"
	complete walk --new
	shown
	complete walk --hash --json /
	local path
	for path in /tmp/zzz /etc/ld.so.preload; do
		require "$path is not new" quiet_jq "any(.[]; .file.path == \"$path\" and .csi.birth == \"new\")"
	done
	require "its own program is not old" quiet_jq 'any(.[]; .file.path == "/app/httpd" and .csi.birth == "old")'
	proves "what came after the container's start is told from the image, without the image"
}

see_memory() {
	step "What does the deleted program hold in memory?"
	line "csi dump -p $KINSING > kinsing.core"
	csi dump -p "$KINSING" >kinsing.core 2>"$ERR"
	RC=$?
	require "csi dump ends with $RC" test "$RC" -eq 0
	line "strings kinsing.core | grep CANARY"
	grep -aoE 'CSI-CANARY-[0-9]+-[0-9a-f]{8}' kinsing.core | sort -u >"$OUT"
	shown
	require "the string is not in the dump" grep -qx "$(canary_of "$KINSING")" "$OUT"
	proves "an ELF core of a program that is on no disk, taken without stopping it"
}

carry_away() {
	step "Everything leaves as one stream; nothing is written in the pod"
	line "kubectl exec app -c csi -- csi collect > bundle.tar.zst"
	mkdir -p "$KEEP"
	rm -f "$BUNDLE"
	csi collect >"$BUNDLE" 2>"$ERR"
	RC=$?
	require "csi collect ends with $RC" test "$RC" -eq 0
	tail -n 1 "$ERR" >"$OUT"
	shown
	line "sha256sum bundle.tar.zst"
	require "another digest arrived" grep -q "sha256=$(sha256sum "$BUNDLE" | cut -d' ' -f1) " "$OUT"
	proves "what left is what arrived"
}

check_bundle() {
	step "Is it whole? With csi, and with tools that everyone has"
	line "csi verify bundle.tar.zst"
	run in_keep "$CSI_TOP/out/amd64/csi" verify "${BUNDLE##*/}"
	require "csi verify ends with $RC" test "$RC" -eq 0
	shown
	line "tar --zstd -tf bundle.tar.zst"
	run in_keep tar --zstd -tf "${BUNDLE##*/}"
	require "tar does not read it" test "$RC" -eq 0
	require "the dropped file is not in it" grep -q 'tmp/zzz$' "$OUT"
	printf '   %d entries\n' "$(wc -l <"$OUT")"
	line "cat sums/*.sha256 | sha256sum -c"
	mkdir x && tar --zstd -xf "$BUNDLE" -C x --no-same-owner
	run bash -c 'cd x/csi-* && cat sums/*.sha256 | sha256sum --quiet --strict -c -'
	require "a sum is wrong" test "$RC" -eq 0
	require "the deleted program is not in it" test -n "$(find x/*/exe -name "$KINSING-*")"
	require "there is a gap record" test -z "$(grep -rl pipeline_error x/*/ledger)"
	proves "sealed, every byte agrees, no gap: silence means complete"
}

leave() {
	step "Nothing is left"
	csi ps --json >"$OUT" 2>"$ERR"
	require "something was left in the target" test "$(jq -s length "$OUT")" -eq 3
	require "the target's PID 1 reaped a stranger" test -z "$(ask /reaped)"
	pod_down
	require "a process was left" test ! -e "/proc/$TPID/root/app"
	proves "the containers are gone; the evidence is in ${BUNDLE#"$CSI_TOP"/}"
}

main() {
	if [ -n "$alone" ]; then
		"$HELPERS/build.sh" "$CSI_RUN/bin" && python3 "$HELPERS/pod.py" images "$CSI_RUN" || exit 1
	fi
	start_app
	break_in
	inject
	see_processes
	see_files
	see_memory
	carry_away
	check_bundle
	leave
	printf '\n%sdone in %d.%d s%s\n' "$bold" $(((${EPOCHREALTIME/[.,]/} - began) / 1000000)) \
		$(((${EPOCHREALTIME/[.,]/} - began) / 100000 % 10)) "$off"
}
main
