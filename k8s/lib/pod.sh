# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# Facts of the pod, as lines "KIND|FIELD|..." in $TMP/pod: p the pod, c and i its containers, e ephemeral containers
# of our image, n names of all ephemeral ones, s states. Only fields that the API server or the kubelet checks.

STATUS_PATH='s|{.name}|{.state.running.startedAt}|{.state.terminated.reason}|{.state.waiting.reason}|{.containerID}|{.imageID}|{.user.linux.uid}|{.user.linux.gid}|{.restartCount}|{.state.terminated.exitCode}{"\n"}'
SPEC_PATH='|{.name}|{.securityContext.runAsUser}|{.securityContext.runAsGroup}|{.securityContext.runAsNonRoot}|{.restartPolicy}{"\n"}'
pod_path() {
	printf '%s' 'p|{.metadata.uid}|{.status.phase}|{.spec.nodeName}|{.spec.shareProcessNamespace}|{.spec.hostUsers}|{.spec.hostPID}|{.spec.hostNetwork}|{.spec.securityContext.runAsUser}|{.spec.securityContext.runAsGroup}|{.spec.securityContext.runAsNonRoot}|{.spec.serviceAccountName}|{.spec.os.name}|{.metadata.deletionTimestamp}|{.status.podIP}{"\n"}'
	printf '%s' "{range .spec.initContainers[*]}i$SPEC_PATH{end}{range .spec.containers[*]}c$SPEC_PATH{end}"
	printf '%s' "{range .spec.ephemeralContainers[?(@.image==\"$IMAGE\")]}e|{.name}|{.targetContainerName}|{.securityContext.runAsUser}|{.securityContext.capabilities.add}{\"\\n\"}{end}"
	printf '%s' "{range .spec.ephemeralContainers[*]}n|{.name}{\"\\n\"}{end}"
	for pp_list in initContainerStatuses containerStatuses ephemeralContainerStatuses; do
		printf '%s' "{range .status.${pp_list}[*]}$STATUS_PATH{end}"
	done
}

# load_pod: reads them; ends with 14 if the pod is not there, or is another one than before.
load_pod() {
	ask get pod "$POD" -o "jsonpath=$(pod_path)" >"$TMP/pod" 2>"$TMP/pod.err"
	lp_rc=$?
	if [ "$lp_rc" -ne 0 ]; then
		grep -q 'NotFound' "$TMP/pod.err" && return "$GONE"
		grep -qi 'forbidden' "$TMP/pod.err" && denied "$NL  $(rule get pods)"
		say "$(head -n 3 "$TMP/pod.err")"
		return "$FAILED"
	fi
	lp_uid=$(pod_fact 2)
	must is_uuid "$lp_uid" "uid of the pod"
	[ "${P_UID:-$lp_uid}" = "$lp_uid" ] || return "$GONE"
	P_UID=$lp_uid
}
# The first time: what is wrong ends everything.
first_pod() {
	load_pod
	case $? in
	0) ;;
	"$GONE") die "$GONE" "there is no pod $POD in namespace $NAMESPACE (context '$CONTEXT')" ;;
	*) die "$FAILED" "the pod cannot be read" ;;
	esac
	P_NODE=$(pod_fact 4)
	[ -z "$P_NODE" ] || must is_name "$P_NODE" "name of a node"
	P_SHARED=$(pod_fact 5)
	P_ACCOUNT=$(pod_fact 12)
	[ -z "$P_ACCOUNT" ] || must is_name "$P_ACCOUNT" "service account"
	for fp_name in $(containers) $(awk -F'|' '$1 == "n" { print $2 }' "$TMP/pod"); do
		must is_label "$fp_name" "name of a container"
	done
	if [ -n "$CONTAINER" ]; then
		word_in "$CONTAINER" "$(containers | tr '\n' ' ')" ||
			die "$USAGE" "pod $POD has no container '$CONTAINER'; it has: $(containers | tr '\n' ' ')"
	fi
}
pod_fact() { awk -F'|' -v n="$1" '$1 == "p" { print $n; exit }' "$TMP/pod"; }
# Names of containers, sidecars among the init containers too.
containers() { awk -F'|' '$1 == "c" || $1 == "i" { print $2 }' "$TMP/pod"; }
# spec NAME FIELD; state NAME FIELD: one field, empty if there is none
spec() { awk -F'|' -v c="$1" -v n="$2" '($1 == "c" || $1 == "i") && $2 == c { print $n; exit }' "$TMP/pod"; }
state() { awk -F'|' -v c="$1" -v n="$2" '$1 == "s" && $2 == c { print $n; exit }' "$TMP/pod"; }
runs() { [ -n "$(state "$1" 3)" ]; }
state_text() {
	if runs "$1"; then
		echo running
	elif [ -n "$(state "$1" 4)" ]; then
		echo "ended: $(state "$1" 4)"
	else
		st=$(state "$1" 5)
		echo "waiting: ${st:-unknown}"
	fi
}
running_containers() {
	for rc_name in $(containers); do
		if runs "$rc_name"; then echo "$rc_name"; fi
	done
}

# choose_container: TARGET, the one asked for or the first that runs; it must run.
choose_container() {
	first_pod
	TARGET=$CONTAINER
	if [ -z "$TARGET" ]; then
		TARGET=$(running_containers | head -n 1)
		[ -n "$TARGET" ] || not_running
		cc_all=$(containers | tr '\n' ' ')
		case ${cc_all% } in *' '*) say "looking at container $TARGET; the pod has: $cc_all(-c NAME chooses)" ;; esac
	fi
	runs "$TARGET" || not_running
}
not_running() {
	say "nothing to be beside in pod $POD (phase $(pod_fact 3)):"
	for nr_name in $(containers); do
		say "  container $nr_name is $(state_text "$nr_name"), restarted $(state "$nr_name" 10) times"
	done
	say "what the API server still has: kubectl csi-debug collect $POD; kubectl logs $POD --previous"
	leave "$IMPOSSIBLE"
}

# target_gone CONTAINER ID: is the container with this id not there any more? Says so.
target_gone() {
	load_pod
	case $? in
	0) ;;
	"$GONE")
		say "pod $POD is gone"
		return 0
		;;
	*) return 1 ;;
	esac
	if [ "$(state "$1" 6)" != "$2" ] || ! runs "$1"; then
		say "container $1 ended: it is $(state_text "$1") now, restarted $(state "$1" 10) times"
		return 0
	fi
	return 1
}
# controller [KIND NAME]: KIND/NAME/UID of the owner in charge of it, of the pod by default, or nothing. One line of that
# form, or it is not believed.
controller() {
	co=$(ask get "${1:-pod}" "${2:-$POD}" -o 'jsonpath={range .metadata.ownerReferences[?(@.controller==true)]}{.kind}/{.name}/{.uid}{end}' 2>/dev/null)
	if matches "$co" '[A-Za-z]+/[a-z0-9.-]+/[0-9a-f-]+'; then printf '%s\n' "$co"; fi
}
