# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The ephemeral container: found again, or injected with the most that is allowed here.

need_inject() {
	need <<-EOT
	must get pods
	must patch pods ephemeralcontainers
	must get pods exec
	must create pods exec
	EOT
}

# ---- whose user ------------------------------------------------------------------------------------

# pod_level: restricted, baseline, privileged by the namespace's label, or unknown
pod_level() {
	pl=$(k --request-timeout=30s get namespace "$NAMESPACE" -o 'jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}' 2>/dev/null </dev/null) || pl=unknown
	case $pl in restricted | baseline | privileged | unknown) echo "$pl" ;; *) echo none ;; esac
}

# image_user IMAGE-ID: UID[:GID] of the image's configuration, if a tool for images on this workstation knows it.
image_user() {
	iu_ref=${1#*://}
	matches "$iu_ref" '[a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64}' || return 1
	for iu_tool in podman docker; do
		command -v "$iu_tool" >/dev/null || continue
		iu=$("$iu_tool" image inspect --format '{{.Config.User}}' "$iu_ref" 2>/dev/null </dev/null) && is_user "$iu" && echo "$iu" && return 0
	done
	command -v skopeo >/dev/null || return 1
	iu=$(skopeo --command-timeout 20s inspect --config --format '{{.Config.User}}' "docker://$iu_ref" 2>/dev/null </dev/null) && is_user "$iu" && echo "$iu"
}

# find_user: T_UID, T_GID of TARGET: --uid, runAsUser, the container's status, the image; 1 if nobody says it.
find_user() {
	T_UID='' T_GID='' T_SAYS=''
	if [ -n "$UIDS" ]; then
		T_UID=${UIDS%%:*} T_SAYS=--uid
		case $UIDS in *:*) T_GID=${UIDS#*:} ;; esac
	fi
	fu_gid=$(spec "$TARGET" 4)
	[ -n "$fu_gid" ] || fu_gid=$(pod_fact 10)
	if [ -z "$T_UID" ]; then
		T_UID=$(spec "$TARGET" 3) T_SAYS="the container's runAsUser"
		[ -n "$T_UID" ] || { T_UID=$(pod_fact 9) && T_SAYS="the pod's runAsUser"; }
		[ -n "$T_UID" ] || { T_UID=$(state "$TARGET" 8) && T_SAYS="the container's status"; }
		[ -n "$fu_gid" ] || fu_gid=$(state "$TARGET" 9)
		T_GID=$fu_gid
	fi
	if [ -z "$T_UID" ] && fu=$(image_user "$(state "$TARGET" 7)"); then
		T_UID=${fu%%:*} T_SAYS="the image's configuration"
		case $fu in *:*) T_GID=${fu#*:} ;; esac
	fi
	is_number "$T_UID" || { T_UID='' && return 1; }
	[ -z "$T_GID" ] || is_number "$T_GID" || T_GID=''
}

# ---- which profile ---------------------------------------------------------------------------------

# profiles: those to try, best first. What a policy refuses leaves no trace in the pod.
profiles() {
	if [ "$PROFILE" != auto ]; then
		echo "$PROFILE"
		return
	fi
	case $(pod_level) in
	restricted) echo same-uid ;;
	baseline) echo baseline same-uid ;;
	*) [ -n "$UIDS" ] && echo same-uid || echo root baseline same-uid ;;
	esac
}

# custom NAME: the profile's file, filled in, in $TMP/custom.json
custom() {
	case $1 in
	same-uid)
		find_user || {
			say "namespace $NAMESPACE allows only the target's own user here, and neither runAsUser, the container's"
			say "status nor the image say which; a wrong one would be a dead container for ever. Look it up, then:"
			say "  --uid UID[:GID]"
			return "$IMPOSSIBLE"
		}
		[ "$T_UID" -ne 0 ] || {
			say "container $TARGET runs as root ($T_SAYS), which is not allowed beside it here"
			return "$IMPOSSIBLE"
		}
		[ -n "$T_GID" ] || say "the group of user $T_UID is not known here: with another one nothing can be read (--uid $T_UID:GID)"
		cu_file=same-uid${T_GID:+-gid}
		sed "s/@UID@/$T_UID/; s/@GID@/$T_GID/" "$HERE/profiles/$cu_file.json" >"$TMP/custom.json"
		;;
	*) cat "$HERE/profiles/$1.json" >"$TMP/custom.json" ;;
	esac
}

# ---- one that runs already -------------------------------------------------------------------------

# reusable: CSI, a running container of the same image beside TARGET (any, if the PID namespace is shared)
reusable() {
	CSI=''
	while IFS='|' read -r re_kind re_name re_target re_user re_caps; do
		{ [ "$re_kind" = e ] && matches "$re_name" 'csi-[0-9]+' && runs "$re_name"; } || continue
		[ "$re_target" = "$TARGET" ] || [ "$P_SHARED" = true ] || continue
		case $PROFILE in
		root) case $re_caps in *SYS_PTRACE*) ;; *) continue ;; esac ;;
		baseline) { [ "$re_user" = 0 ] && [ -z "$re_caps" ]; } || continue ;;
		same-uid) { [ -n "$re_user" ] && [ "$re_user" != 0 ]; } || continue ;;
		esac
		[ -z "$UIDS" ] || [ "$re_user" = "${UIDS%%:*}" ] || continue
		# Its target may have been started anew since: then it is beside nothing.
		later=$(printf '%s\n%s\n' "$(state "$TARGET" 3)" "$(state "$re_name" 3)" | sort | tail -n 1)
		[ "$later" = "$(state "$re_name" 3)" ] || [ "$P_SHARED" = true ] || continue
		CSI=$re_name
	done <"$TMP/pod"
	[ -n "$CSI" ]
}
next_name() {
	nn=1
	while awk -F'|' -v c="csi-$nn" '($1 == "n" || $1 == "c" || $1 == "i") && $2 == c { f = 1 } END { exit !f }' "$TMP/pod"; do nn=$((nn + 1)); done
	echo "csi-$nn"
}

# ---- injecting -------------------------------------------------------------------------------------

# inject: CSI beside TARGET, running. 0, or what to end with; everything is said.
inject() {
	if reusable; then
		say "using $CSI, which runs already beside $TARGET"
		return 0
	fi
	if [ "$(controller | cut -d/ -f1)" = Node ]; then
		say "$POD is a static pod: the API server would take an ephemeral container, and the kubelet never start it"
		return "$IMPOSSIBLE"
	fi
	for in_profile in $(profiles); do
		custom "$in_profile" || return $?
		CSI=$(next_name)
		try_profile
		in_rc=$?
		[ "$in_rc" -eq 0 ] || [ "$in_rc" -eq 100 ] || return "$in_rc"
		[ "$in_rc" -ne 0 ] || break
	done
	if [ "$in_rc" -eq 100 ]; then
		say "no profile is allowed here; the policy says:"
		say "  $(head -n 5 "$TMP/debug.err")"
		return "$IMPOSSIBLE"
	fi
	if [ -n "$DRY" ]; then
		echo "n|$CSI" >>"$TMP/pod" # the next one has another name
		return 0
	fi
	wait_started
}

# try_profile: asks the API server once. 100: a policy refused it.
try_profile() {
	KUBECTL_DEBUG_CUSTOM_PROFILE=true
	export KUBECTL_DEBUG_CUSTOM_PROFILE
	tp_base=general
	[ "$in_profile" = root ] || tp_base=baseline
	[ "$in_profile" != same-uid ] || tp_base=restricted
	show_file "$TMP/custom.json"
	change debug "$POD" -q --image="$IMAGE" --image-pull-policy="$PULL" --target="$TARGET" -c "$CSI" --attach=false \
		--profile="$tp_base" --custom="$TMP/custom.json" 2>"$TMP/debug.err" && return 0
	if grep -qiE 'violates PodSecurity|admission webhook|denied the request|denied by' "$TMP/debug.err"; then
		say "profile $in_profile is refused here by policy"
		return 100
	fi
	grep -q 'NotFound' "$TMP/debug.err" && return "$GONE"
	if grep -qi 'cannot patch' "$TMP/debug.err"; then
		denied "$NL  $(rule patch pods ephemeralcontainers)"
	fi
	say "it was not injected: $(head -n 3 "$TMP/debug.err")"
	return "$IMPOSSIBLE"
}

# wait_started: until it runs. Reasons that time does not mend end it at once.
wait_started() {
	ws_id=$(state "$TARGET" 6)
	ws_end=$(($(date +%s) + TIMEOUT))
	ws_last=''
	while :; do
		load_pod || return $?
		runs "$CSI" && return 0
		ws_reason=$(state "$CSI" 5)
		case $ws_reason in
		ErrImageNeverPull | InvalidImageName | ErrImagePull | ImagePullBackOff | ImageInspectError | RegistryUnavailable | CreateContainerConfigError | CreateContainerError | RunContainerError)
			# One try of a pull is no answer yet.
			[ "$ws_reason" != ErrImagePull ] || [ "$ws_last" = "$ws_reason" ] || { ws_last=$ws_reason && nap 1 && continue; }
			not_started "$ws_reason"
			return "$IMPOSSIBLE"
			;;
		esac
		if [ -n "$(state "$CSI" 4)" ]; then
			if target_gone "$TARGET" "$ws_id"; then return "$GONE"; fi
			if [ "$(state "$CSI" 11)" = 137 ]; then
				say "$CSI was killed as soon as it ran"
				return "$LOST"
			fi
			not_started "ended at once: $(state "$CSI" 4), exit code $(state "$CSI" 11)"
			return "$IMPOSSIBLE"
		fi
		if [ "$(date +%s)" -ge "$ws_end" ]; then
			if target_gone "$TARGET" "$ws_id"; then return "$GONE"; fi
			not_started "${ws_reason:-no word from the kubelet} after $TIMEOUT s (--timeout)"
			return "$IMPOSSIBLE"
		fi
		nap 0.3
	done
}
not_started() {
	say "$CSI did not start: $1"
	ns_text=$(ask get pod "$POD" -o "jsonpath={.status.ephemeralContainerStatuses[?(@.name==\"$CSI\")].state.*.message}" 2>/dev/null)
	[ -z "$ns_text" ] || say "  $(printf '%s' "$ns_text" | head -c 500)"
	case $1 in *Image* | *Registry*)
		say "  node ${P_NODE:-?} has no $IMAGE. On that node: ctr -n k8s.io images import csi-debug-ARCH.tar; or --image FROM-YOUR-REGISTRY:VERSION"
		;;
	esac
}
