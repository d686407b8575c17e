# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# doctor: can csi be injected here, with which profile, and what will it read? Changes nothing.

verb_doctor() {
	do_worst=0
	lacks=''
	do_rules
	first_pod
	fact context "${CONTEXT:-none}"
	fact pod "$NAMESPACE/$POD, phase $(pod_fact 3), node ${P_NODE:-none}"
	do_containers
	do_policy
	do_image
	do_verdict
	return "$do_worst"
}
fact() {
	if [ -n "$JSON" ]; then
		json verb doctor what "$1" is "$2"
	else
		printf '%-12s %s\n' "$1" "$(plain "$2")"
	fi
}
cannot() {
	fact cannot "$2"
	[ "$do_worst" -ne 0 ] || do_worst=$1
}

# All rules, not only those that an injection needs.
do_rules() {
	need <<-EOT
	may get pods
	may patch pods ephemeralcontainers
	may get pods exec
	may create pods exec
	EOT
	do_must=$lacks
	lacks=''
	need <<-EOT
	may get pods log
	may list events
	may get nodes
	may get namespaces
	may patch pods
	may create networkpolicies.networking.k8s.io
	EOT
	[ -z "$do_must" ] || {
		do_worst=$DENIED
		printf '%s\n' "${do_must#"$NL"}" | while IFS= read -r do_line; do fact denied "$do_line"; done
	}
	[ -z "$lacks" ] || printf '%s\n' "${lacks#"$NL"}" | while IFS= read -r do_line; do fact "not asked" "for collect or isolate this is missing: $do_line"; done
	[ -n "$do_must$lacks" ] || fact rules "all that collect and isolate ask for"
}
do_containers() {
	for dc in $(containers); do
		dc_user=$(spec "$dc" 3)
		[ -n "$dc_user" ] || dc_user=$(pod_fact 9)
		[ -n "$dc_user" ] || dc_user=$(state "$dc" 8)
		fact container "$dc, $(state_text "$dc"), user ${dc_user:-as the image says}, restarted $(state "$dc" 10) times"
	done
	TARGET=$CONTAINER
	[ -n "$TARGET" ] || TARGET=$(running_containers | head -n 1)
	if [ -z "$TARGET" ] || ! runs "$TARGET"; then
		cannot "$IMPOSSIBLE" "no running container to be beside"
		TARGET=''
	fi
	[ "$(controller | cut -d/ -f1)" != Node ] || cannot "$IMPOSSIBLE" "a static pod: the kubelet never starts an ephemeral container in it"
	[ "$(pod_fact 13)" != windows ] || cannot "$IMPOSSIBLE" "a Windows pod: PID namespaces are not shared"
	[ "$P_SHARED" != true ] || fact sharing "all containers share the PID namespace: one injection shows all of them"
	[ "$(pod_fact 7)" != true ] || fact sharing "the pod is in the node's PID namespace: every process of the node shows"
	case $(pod_fact 6) in
	false) fact "user ns" "of its own (hostUsers: false): capabilities reach this pod's processes and no further" ;;
	*) fact "user ns" "the node's" ;;
	esac
	[ "$(pod_fact 11)" != true ] || fact runAsNonRoot "true for the pod; the profile root sets it to false for csi alone"
}
do_policy() {
	do_level=$(pod_level)
	case $do_level in
	restricted | baseline | privileged) fact "pod security" "$do_level" ;;
	none) fact "pod security" "no level is enforced" ;;
	*) fact "pod security" "not known: $(rule get namespaces) is missing; a refusal leaves no trace, so it is tried" ;;
	esac
}
do_image() {
	[ -n "$P_NODE" ] || return 0
	di=$(k --request-timeout=30s get node "$P_NODE" -o 'jsonpath={range .status.images[*].names[*]}{@}{"\n"}{end}' 2>/dev/null </dev/null) || {
		fact image "$IMAGE: whether it is on the node is not known, nodes cannot be read"
		return
	}
	if printf '%s\n' "$di" | grep -qxF -- "$IMAGE" || printf '%s\n' "$di" | grep -qxF -- "docker.io/library/$IMAGE"; then
		fact image "$IMAGE is on node $P_NODE"
	elif [ "$PULL" = Never ]; then
		cannot "$IMPOSSIBLE" "$IMAGE is not on node $P_NODE (it lists the 50 largest): ctr -n k8s.io images import csi-debug-ARCH.tar there"
	else
		fact image "$IMAGE is not listed on node $P_NODE (it lists the 50 largest): it will be pulled"
	fi
}
do_verdict() {
	[ -n "$TARGET" ] && [ -z "$do_must" ] || return 0
	if reusable; then
		fact injected "$CSI runs beside $TARGET"
		fact next "kubectl csi-debug triage $POD -n $NAMESPACE -c $TARGET"
		return
	fi
	dv_profile=$(profiles)
	dv_profile=${dv_profile%% *}
	case $dv_profile in
	root) fact profile "root, SYS_PTRACE: reads everything of every process of $TARGET" ;;
	baseline) fact profile "baseline, root without SYS_PTRACE: reads everything but what a non-dumpable process of another user hides" ;;
	same-uid)
		if custom same-uid 2>"$TMP/custom.err"; then
			fact profile "same-uid ($T_UID${T_GID:+:$T_GID}, from $T_SAYS): reads what user $T_UID may read; memory only where Yama is 0"
		else
			sed 's/^csi-debug: //' "$TMP/custom.err" >&2
			cannot "$IMPOSSIBLE" "which user the target has is not known: --uid UID[:GID]"
			fact next "kubectl csi-debug doctor $POD -n $NAMESPACE -c $TARGET --uid UID:GID"
			return
		fi
		;;
	esac
	[ "$do_worst" -ne 0 ] || fact next "kubectl csi-debug triage $POD -n $NAMESPACE -c $TARGET${UIDS:+ --uid $UIDS}"
}
