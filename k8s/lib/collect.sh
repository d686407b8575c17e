# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# collect: a verified bundle of every running container, resumed where the line was cut.

need_collect() {
	lacks=''
	need <<-EOT
	must get pods
	must patch pods ephemeralcontainers
	must get pods exec
	must create pods exec
	may get pods log
	may list events
	may get nodes
	may get namespaces
	may list networkpolicies.networking.k8s.io
	may get serviceaccounts
	may get replicasets.apps
	EOT
	[ -z "$lacks" ] || say "evidence that will be missing for want of these rules:$(printf '%s' "$lacks" | tr '\n' ' ')"
}

# worse CODE: the exit code of the whole, by gravity; one that is not known here is a failure
worse() {
	case $1 in
	"$UNPROVEN" | "$GONE" | "$LOST" | "$DENIED" | "$IMPOSSIBLE" | [0-3]) ;;
	*) set -- "$FAILED" ;;
	esac
	for wo in "$UNPROVEN" "$GONE" "$LOST" "$DENIED" "$IMPOSSIBLE" 2 1 3 0; do
		[ "$RESULT" -ne "$wo" ] || return 0
		[ "$1" -ne "$wo" ] || { RESULT=$1 && return 0; }
	done
}

verb_collect() {
	need_collect
	first_pod
	SEALED_ENVELOPE='' KEY='' RESULT=0 TARGET=''
	co_targets=$(running_containers)
	[ -z "$CONTAINER" ] || co_targets=$CONTAINER
	co_one=$(printf '%s\n' "$co_targets" | head -n 1)
	[ "$P_SHARED" != true ] || co_targets=$co_one
	if [ -n "$PLAN" ] || [ -n "$DRY" ]; then
		each_plan "$@"
		return
	fi
	find_verifier
	if [ -n "$CONTINUE" ]; then continue_case; else open_case; fi
	where
	make_key
	api_evidence
	printf 'container\tstate\tbundle\tverdict\n' >"$TMP/coverage"
	for TARGET in $co_targets; do collect_one "$@"; done
	[ -n "$co_targets" ] || {
		say "no container runs: there is only what the API server has"
		RESULT=$IMPOSSIBLE
	}
	coverage_rest
	finish_collect
}
each_plan() {
	if [ -n "$PLAN" ]; then
		set -- --plan "$@" ${JSON:+--json}
	else
		# The public half of the key that a run makes for itself is not known before.
		for ep_key in $ENCRYPT; do set -- "$@" --encrypt "$ep_key"; done
	fi
	for TARGET in $co_targets; do
		runs "$TARGET" || not_running
		inject || leave $?
		in_pod collect ${SCOPE:+--scope "$SCOPE"} "$@"
		worse $?
	done
	return "$RESULT"
}

# The throw-away key: its public half goes along, so that what arrives can be opened here and now.
make_key() {
	[ -n "$ENCRYPT" ] || return 0
	SUFFIX=.age
	if [ -z "$BLIND" ] && [ "$VERIFIER" != digest ]; then
		mk=$(run_vcsi --new-identity "$(v_path throw-away.key)" </dev/null)
		is_recipient "$mk" || die "$FAILED" "no key could be made for this run (--blind does without)"
		KEY=$TMP/v/throw-away.key
		ENCRYPT="$ENCRYPT $mk"
		return 0
	fi
	SEALED_ENVELOPE=1
	[ -n "$BLIND" ] || say "no csi here: what arrives cannot be opened, and a cut not be resumed"
	say "arrival is checked by the digest line alone"
}

# ---- one container -------------------------------------------------------------------------------------

row() { printf '%s\t%s\t%s\t%s\n' "$TARGET" "$(state_text "$TARGET")" "$1" "$2" >>"$TMP/coverage"; }

collect_one() {
	runs "$TARGET" || {
		row - "not collected: it does not run"
		worse "$IMPOSSIBLE"
		return
	}
	VERDICT='' STATUS='' WATCHER='' NAME=''
	PIECES='' KILLED=0 ATTEMPT=0 ID=$(state "$TARGET" 6)
	if [ -n "$CONTINUE" ]; then
		earlier_pieces
		case $? in
		1)
			finish_one
			worse "$one_rc"
			return
			;;
		2)
			row - "not gone on with: the container was started anew since"
			worse "$GONE"
			return
			;;
		esac
	fi
	note_target
	co_wait=1
	LAST_TRY=$((ATTEMPT + RETRIES))
	while [ "$ATTEMPT" -le "$LAST_TRY" ]; do
		ATTEMPT=$((ATTEMPT + 1))
		inject
		one_rc=$?
		if [ "$one_rc" -eq "$LOST" ]; then
			KILLED=$((KILLED + 1))
			continue
		fi
		[ "$one_rc" -eq 0 ] || break
		# A restarted target is another one: what is asked for is gone.
		[ "$(state "$TARGET" 6)" = "$ID" ] || { one_rc=$GONE && say "container $TARGET was started anew meanwhile" && break; }
		one_attempt "$@"
		one_rc=$?
		case $one_rc in "$LOST") ;; *) break ;; esac
		# The kubelet tells seconds later that a container has ended, and a line that broke may be back by then.
		[ "$ATTEMPT" -gt "$LAST_TRY" ] || nap "$co_wait"
		[ "$co_wait" -ge 8 ] || co_wait=$((co_wait * 2))
		if target_gone "$TARGET" "$ID"; then
			one_rc=$GONE
			break
		fi
	done
	report_killed
	finish_one
	worse "$one_rc"
}

# one_attempt: 12 when another one may help
one_attempt() {
	NAME=$TARGET-$ATTEMPT.tar.zst${SUFFIX:-}
	set -- ${SCOPE:+--scope "$SCOPE"} "$@"
	for at_key in $ENCRYPT; do set -- "$@" --encrypt "$at_key"; done
	at_feeder=''
	if have_list; then set -- "$@" --have -; fi
	hold_open
	if [ -s "$TMP/v/have" ]; then
		cat "$TMP/v/have" >&8 &
		at_feeder=$!
	fi
	{ { exec 8>&- && tethered collect "$@" 2>&1 >&3 3>&-; } | { exec 8>&- && exec_errors; }; } 3>"$CASE/$NAME.partial"
	exec 8>&-
	[ -z "$at_feeder" ] || kill "$at_feeder" 2>/dev/null
	note_action "$(cat "$TMP/exec.rc")" exec -i "$POD" -c "$CSI" -- csi --tether collect "$@"
	ip_id=$ID
	judge_exec
	judge_piece $?
}
# judge_piece CODE: what arrived, whatever exec said
judge_piece() {
	verdict "$NAME.partial"
	case $VERDICT in
	sealed)
		keep_piece
		sealed_code
		return
		;;
	altered)
		say "what arrived is not what csi wrote: $NAME.partial stays as it is"
		say "$(head -n 2 "$TMP/verdict" "$TMP/verdict.err" 2>/dev/null)"
		return "$UNPROVEN"
		;;
	empty) rm -f "$CASE/$NAME.partial" ;;
	cut) keep_piece ;;
	esac
	case $EXEC_CODE in
	1 | 2 | 126 | 127) [ "$VERDICT" != empty ] || return "$EXEC_CODE" ;;
	137 | 9) KILLED=$((KILLED + 1)) ;;
	esac
	[ "$1" -ne "$GONE" ] || return "$GONE"
	if ! runs "$CSI"; then
		say "the csi container itself ended: $(state_text "$CSI"), exit code $(state "$CSI" 11)"
		KILLED=$((KILLED + 1))
	fi
	jp_size=0
	[ ! -e "$CASE/$NAME" ] || jp_size=$(wc -c <"$CASE/$NAME")
	[ "$ATTEMPT" -gt "$LAST_TRY" ] || say "cut after $((jp_size)) bytes; going on ($((ATTEMPT + RETRIES - LAST_TRY)) of $RETRIES)"
	return "$LOST"
}
# sealed_code: csi's own verdict in the seal, else the code of exec
sealed_code() {
	case $STATUS:${EXEC_CODE:-0} in
	partial:* | unknown:3) return "$PARTIAL" ;;
	failed:*) return "$FAILED" ;;
	esac
}
keep_piece() {
	mv "$CASE/$NAME.partial" "$CASE/$NAME"
	PIECES="$PIECES $NAME" BUNDLES=$((BUNDLES + 1))
}
# have_list: what the pieces prove, for csi to leave out. Not where nothing can be opened.
have_list() {
	rm -f "$TMP/v/have"
	[ -n "$PIECES" ] && [ "$VERIFIER" != digest ] && [ -z "$SEALED_ENVELOPE" ] || return 1
	# shellcheck disable=SC2086 # names of ours
	vcsi -q --have-list "$(v_path have)" $PIECES >/dev/null 2>&1
	[ -s "$TMP/v/have" ]
}

report_killed() {
	[ "$KILLED" -gt 0 ] || return 0
	rk=$(ask exec "$POD" -c "$CSI" -- sh -c 'cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null' 2>/dev/null |
		awk '$1 == "oom_kill" { n += $2 } END { print n + 0 }')
	if [ "${rk:-0}" -gt 0 ]; then
		WATCHER="csi was killed $KILLED times; the kernel did it $rk times for want of memory"
	else
		WATCHER="csi was killed $KILLED times by SIGKILL, and not for want of memory: something in the pod watches for it"
	fi
	say "$TARGET: $WATCHER"
	api_gap "collect $TARGET" "$WATCHER"
}

# finish_one: all pieces of the container as one set
finish_one() {
	if [ "$VERDICT" = sealed ] && [ "$VERIFIER" != digest ] && [ -z "$SEALED_ENVELOPE" ] && [ "$PIECES" != " $NAME" ]; then
		# shellcheck disable=SC2086
		vcsi $PIECES >"$TMP/set" 2>&1
		case $(tail -n 1 "$TMP/set") in
		'set: whole'*) ;;
		*)
			say "the pieces are no whole: $(tail -n 3 "$TMP/set")"
			one_rc=$UNPROVEN
			;;
		esac
	fi
	case ${VERDICT:-none}:$one_rc in
	sealed:*) fi_text="sealed, $STATUS, by $PROOF" ;;
	*:"$GONE") fi_text="the target is gone; what came before is kept" ;;
	cut:*) fi_text="cut: $ATTEMPT tries" ;;
	*) fi_text="not collected (exit code $one_rc)" ;;
	esac
	row "${PIECES:--}" "$fi_text${WATCHER:+; $WATCHER}"
}

# The others: they share what was collected, or do not run.
coverage_rest() {
	co_first=$TARGET
	for TARGET in $(containers); do
		cut -f1 "$TMP/coverage" | grep -qx "$TARGET" && continue
		if [ "$P_SHARED" = true ] && runs "$TARGET"; then
			row "with $co_first" "in the same PID namespace, one bundle for all"
		elif runs "$TARGET"; then
			row - "not asked for (-c $CONTAINER)"
		else
			row - "log only"
		fi
	done
}

finish_collect() {
	[ "$API_GAPS" -eq 0 ] || {
		worse "$PARTIAL"
		say "$API_GAPS gaps in what the API server gave: $API/gaps.txt"
	}
	cp "$TMP/coverage" "$API/coverage.txt"
	write_case
	close_case >"$TMP/page"
	fc_rc=$?
	if [ -n "$JSON" ]; then
		tail -n +2 "$TMP/coverage" | while IFS='	' read -r fc_c fc_s fc_b fc_v; do
			json verb collect container "$fc_c" state "$fc_s" bundle "${fc_b# }" verdict "$fc_v" case "$CASE" verifier "$VERIFIER"
		done
	else
		awk -F'\t' '{ printf "%-20s %-22s %-32s %s\n", $1, $2, $3, $4 }' "$TMP/coverage"
		echo
		tr -c ' -~\n\200-\377' '?' <"$TMP/page"
		say "the case is $CASE; verified by $(verifier_text)"
	fi
	# A set that is no whole because its target is gone, or that cannot be opened, has been told already.
	if [ "$fc_rc" -eq 1 ] && [ -z "$SEALED_ENVELOPE" ]; then worse "$UNPROVEN"; fi
	return "$RESULT"
}
