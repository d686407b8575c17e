# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# csi in the pod, through exec: the exit code is kept, and its end is tied to ours.

# in_pod ARGS...: csi ARGS in container CSI. Its standard input is a pipe that we hold open, so that csi ends when
# this shell or kubectl does (csi --tether); with --stdin it is ours. Returns csi's code, or 12 or 14.
in_pod() {
	ip_id=$(state "$TARGET" 6)
	if [ -n "$DRY" ]; then
		show_line exec -i "$POD" -c "$CSI" -- csi --tether "$@"
		return 0
	fi
	if [ -n "$STDIN" ]; then
		{ run_exec csi "$@" 2>&1 >&3 3>&- | exec_errors; } 3>&1
	else
		hold_open
		# Each part of the pipeline is a shell of its own and drops the writing end for good: it is ours
		# alone, or it would outlive us.
		{ { exec 8>&- && tethered "$@" 2>&1 >&3 3>&-; } | { exec 8>&- && exec_errors; }; } 3>&1
		exec 8>&-
	fi
	judge_exec
}
# The pipe has a writer, us, from before kubectl reads until after it ends.
hold_open() {
	[ -p "$TMP/hold" ] || mkfifo "$TMP/hold" || leave "$FAILED"
	exec 8<>"$TMP/hold"
}
tethered() { run_exec csi --tether "$@" <"$TMP/hold"; }
run_exec() {
	k --namespace="$NAMESPACE" exec -i "$POD" -c "$CSI" -- "$@"
	echo $? >"$TMP/exec.rc"
}
# What kubectl adds to csi's standard error is kept apart: it tells csi's exit codes from kubectl's.
exec_errors() {
	: >"$TMP/exec.said"
	: >"$TMP/exec.err"
	while IFS= read -r ee_line; do
		case $ee_line in
		'command terminated with exit code '*) printf '%s\n' "$ee_line" >>"$TMP/exec.said" ;;
		*)
			printf '%s\n' "$ee_line" >>"$TMP/exec.err"
			printf '%s\n' "$ee_line" | tr -c ' -~\n\t\200-\377' '?' >&2
			;;
		esac
	done
}
# judge_exec: EXEC_CODE is what the command ended with, empty if the stream broke before it said so.
judge_exec() {
	je_rc=$FAILED
	[ ! -s "$TMP/exec.rc" ] || read -r je_rc <"$TMP/exec.rc"
	EXEC_CODE=''
	[ "$je_rc" -ne 0 ] || EXEC_CODE=0
	[ ! -s "$TMP/exec.said" ] || EXEC_CODE=$(sed -n 's/.*exit code \([0-9]*\)$/\1/p' "$TMP/exec.said" | tail -n 1)
	case $EXEC_CODE in
	[0-9]) return "$EXEC_CODE" ;;
	esac
	if target_gone "$TARGET" "$ip_id"; then return "$GONE"; fi
	if [ -n "$EXEC_CODE" ] && [ "$EXEC_CODE" -ge 128 ]; then
		say "csi was ended by signal $((EXEC_CODE - 128)) in the pod"
	elif [ -n "$EXEC_CODE" ]; then
		say "csi could not be run in $CSI (exit code $EXEC_CODE)"
		return "$FAILED"
	else
		say "the line to $CSI broke"
	fi
	return "$LOST"
}

# ---- verbs -----------------------------------------------------------------------------------------

ready_to_exec() {
	need_inject
	choose_container
	inject || leave $?
}
verb_csi() {
	ready_to_exec
	[ -z "$JSON" ] || set -- "$@" --json
	in_pod "$@"
}
verb_shell() {
	ready_to_exec
	set -- exec -i "$POD" -c "$CSI" -- csi shell "$@"
	if [ -t 0 ] && [ -t 1 ]; then
		shift
		set -- exec -t "$@"
	fi
	if [ -n "$DRY" ]; then
		show_line "$@"
		return 0
	fi
	k --namespace="$NAMESPACE" "$@"
}
