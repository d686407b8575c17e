# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# release: undoes isolate, unless the owner would then delete a pod, which may be the evidence.

verb_release() {
	need <<-EOT
	must get pods
	must list pods
	must patch pods
	must delete networkpolicies.networking.k8s.io
	EOT
	first_pod
	is_isolated || {
		say "$POD is not isolated: nothing to do"
		return 0
	}
	rl_owner=$(note csi-debug/owner)
	[ -z "$rl_owner" ] || matches "$rl_owner" '[A-Za-z]+/[a-z0-9.-]+/[0-9a-f-]+' || die "$FAILED" "annotation csi-debug/owner was changed: '$rl_owner'"
	[ -n "$GIVE_UP" ] || owner_has_room
	saved_labels
	sed "s|@UID@|$P_UID|; s|@LABELS@|$rl_labels|; s|@SAFE@|$(evict_word 1)|; s|@DISRUPT@|$(evict_word 2)|" "$HERE/patches/release.json" >"$TMP/patch.json"
	show_file "$TMP/patch.json"
	rl_cordoned=$(note csi-debug/cordoned)
	change patch pod "$POD" --type=merge --patch-file="$TMP/patch.json" >"$TMP/patch.out" 2>&1 || die "$FAILED" "not released: $(head -n 2 "$TMP/patch.out")"
	[ -z "$DRY" ] || cat "$TMP/patch.out"
	say "the labels are back"
	if [ "$rl_cordoned" = yes ] && [ -n "$P_NODE" ]; then
		change uncordon "$P_NODE" >&2 || say "node $P_NODE is still cordoned: kubectl uncordon $P_NODE"
	fi
	if [ -z "$(ask get pods -l csi-debug/quarantine -o name 2>/dev/null)" ] || [ -n "$DRY" ]; then
		change delete networkpolicies.networking.k8s.io csi-debug-quarantine --ignore-not-found >&2 || say "NetworkPolicy csi-debug-quarantine is still there"
	fi
	[ -z "$JSON" ] || json verb release namespace "$NAMESPACE" pod "$POD" uid "$P_UID" owner "$rl_owner"
}

# With its labels back the owner adopts the pod; one that has all it wants then deletes one of its pods.
owner_has_room() {
	[ -n "$rl_owner" ] || return 0
	oh_kind=$(printf '%s' "${rl_owner%%/*}" | tr '[:upper:]' '[:lower:]')
	oh_name=${rl_owner#*/} oh_name=${oh_name%%/*}
	case $oh_kind in
	replicaset | replicationcontroller | statefulset) oh_path='{.metadata.uid}|{.spec.replicas}|{.status.replicas}' ;;
	daemonset) oh_path='{.metadata.uid}|{.status.desiredNumberScheduled}|{.status.currentNumberScheduled}' ;;
	*) oh_path='' ;;
	esac
	oh=''
	[ -z "$oh_path" ] || oh=$(ask get "$oh_kind" "$oh_name" -o "jsonpath=$oh_path" 2>"$TMP/owner.err")
	# Gone, or another one of that name: nobody adopts it.
	if [ -z "$oh" ] && grep -q NotFound "$TMP/owner.err" 2>/dev/null; then return 0; fi
	oh_want=$(printf '%s' "$oh" | cut -d'|' -f2)
	oh_have=$(printf '%s' "$oh" | cut -d'|' -f3)
	if is_number "$oh_want"; then
		is_number "$oh_have" || oh_have=0
		[ "$oh_have" -ge "$oh_want" ] || return 0
		say "not released: $oh_kind $oh_name has $oh_have of $oh_want pods. It would adopt this pod and delete one, perhaps this one"
	else
		say "not released: whether $oh_kind $oh_name would delete a pod cannot be told from here"
	fi
	say "to lift the quarantine and give the pod up: --give-up-pod. To keep the evidence, leave it isolated"
	leave "$FAILED"
}
# rl_labels: as a patch wants them
saved_labels() {
	rl_labels=''
	sl=$(note csi-debug/labels)
	[ -n "$sl" ] || return 0
	printf '%s\n' "$sl" | tr ',' '\n' >"$TMP/saved"
	while IFS= read -r sl_one; do
		case $sl_one in *=*) ;; *) die "$FAILED" "annotation csi-debug/labels was changed: '$sl'" ;; esac
		{ is_label_key "${sl_one%%=*}" && is_label_value "${sl_one#*=}"; } || die "$FAILED" "annotation csi-debug/labels was changed: '$sl'"
		rl_labels="$rl_labels\"${sl_one%%=*}\":\"${sl_one#*=}\","
	done <"$TMP/saved"
}
# evict_word N: what the N-th eviction annotation was, as JSON
evict_word() {
	case $(note csi-debug/evict | cut -d' ' -f"$1") in
	true) echo '"true"' ;;
	false) echo '"false"' ;;
	*) echo null ;;
	esac
}
