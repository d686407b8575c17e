# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# isolate: evidence first, then a quarantine policy, then out of Service and ReplicaSet. Nothing is deleted.

MARK=csi-debug/quarantine
POLICY=csi-debug-quarantine
POLICY_SPEC='[{"key":"csi-debug/quarantine","operator":"Exists"}]||["Ingress","Egress"]||'

# note KEY: one of our annotations; others' values never pass through here unchecked
note() { ask get pod "$POD" -o "jsonpath={.metadata.annotations.$(printf '%s' "$1" | sed 's/\./\\./g')}" 2>/dev/null; }
is_isolated() { [ -n "$(ask get pod "$POD" -o "jsonpath={.metadata.labels.csi-debug/quarantine}" 2>/dev/null)" ]; }

verb_isolate() {
	lacks=''
	need <<-EOT
	must get pods
	must patch pods
	must get networkpolicies.networking.k8s.io
	must create networkpolicies.networking.k8s.io
	may list networkpolicies.networking.k8s.io
	may patch pods ephemeralcontainers
	may get pods exec
	may create pods exec
	${CORDON:+must get nodes
	must patch nodes}
	EOT
	first_pod
	is_owner=$(controller)
	probes
	if is_isolated; then
		say "$POD is isolated since $(note csi-debug/since); looking at it again"
	elif [ -z "$YES" ]; then
		quick_collection
	fi
	need_policy
	is_isolated || relabel
	cordon
	[ -n "$DRY" ] || after_relabel
	what_stays_open
	from_inside
	[ -z "$JSON" ] || json verb isolate namespace "$NAMESPACE" pod "$POD" uid "$P_UID" owner "$is_owner" enforced "$ENFORCED"
}

# ---- what may go wrong ---------------------------------------------------------------------------------

PROBE_PATH='{range .spec.containers[*]}{.name}|liveness|{.livenessProbe.initialDelaySeconds}|{.livenessProbe.periodSeconds}|{.livenessProbe.timeoutSeconds}|{.livenessProbe.failureThreshold}{"\n"}{.name}|startup|{.startupProbe.initialDelaySeconds}|{.startupProbe.periodSeconds}|{.startupProbe.timeoutSeconds}|{.startupProbe.failureThreshold}{"\n"}{end}'
probes() {
	ask get pod "$POD" -o "jsonpath=$PROBE_PATH" >"$TMP/probes" 2>/dev/null
	pr_any=''
	while IFS='|' read -r pr_name pr_kind pr_delay pr_period pr_wait pr_fail; do
		{ is_number "$pr_period" && is_number "$pr_fail"; } || continue
		is_number "$pr_wait" || pr_wait=1
		is_number "$pr_delay" || pr_delay=0
		pr_any=1
		say "container $pr_name has a $pr_kind probe, every $pr_period s: after $pr_fail failures, about $((pr_period * (pr_fail - 1) + pr_wait)) s (at the start $pr_delay s more), it is restarted, and its memory and changed files are gone (restarted $(state "$pr_name" 10) times so far)"
	done <"$TMP/probes"
	[ -n "$pr_any" ] || say "no container has a liveness or startup probe: isolation alone restarts nothing"
}
# What isolation may destroy is taken before it.
quick_collection() {
	if [ -n "$DRY" ]; then
		echo "kubectl csi-debug collect $POD --scope quick"
		return
	fi
	say "collecting the quick scope first (--yes skips it)"
	[ -n "$SCOPE" ] || SCOPE=quick
	qc_json=$JSON JSON=''
	(verb_collect) >&2
	qc=$?
	JSON=$qc_json
	case $qc in
	0 | 3) ;;
	*) die "$qc" "not isolated: nothing was changed. Without evidence first: --yes" ;;
	esac
	load_pod || leave $?
}

# ---- policy, labels, node ------------------------------------------------------------------------------

policy_text() {
	ask get networkpolicies.networking.k8s.io "$POLICY" -o 'jsonpath={.spec.podSelector.matchExpressions}|{.spec.podSelector.matchLabels}|{.spec.policyTypes}|{.spec.ingress}|{.spec.egress}' 2>/dev/null
}
need_policy() {
	show_file "$HERE/quarantine.yaml"
	if [ -z "$(policy_text)" ]; then
		change create -f "$HERE/quarantine.yaml" >"$TMP/policy" 2>&1 || {
			grep -qi forbidden "$TMP/policy" && denied "$NL  $(rule create networkpolicies.networking.k8s.io)"
			grep -q AlreadyExists "$TMP/policy" || die "$FAILED" "no quarantine policy: $(head -n 2 "$TMP/policy")"
		}
		[ -z "$DRY" ] || { cat "$TMP/policy" && return; }
	fi
	[ "$(policy_text)" = "$POLICY_SPEC" ] || die "$FAILED" "a NetworkPolicy $POLICY exists here and says something else than k8s/quarantine.yaml; nothing was changed"
	say "NetworkPolicy $POLICY denies all traffic of pods with label $MARK"
}

# labels: KEY=VALUE, one a line, all of the form that the API server accepts, but ours
labels() {
	# shellcheck disable=SC2016 # for kubectl
	ask get pod "$POD" -o 'go-template={{range $k, $v := .metadata.labels}}{{$k}}={{$v}}{{"\n"}}{{end}}' >"$TMP/labels.all" 2>/dev/null || return 1
	while IFS= read -r la; do
		{ is_label_key "${la%%=*}" && is_label_value "${la#*=}"; } || die "$FAILED" "a label that cannot be: $la"
		[ "${la%%=*}" = "$MARK" ] || printf '%s\n' "$la"
	done <"$TMP/labels.all"
}
# How evicting was allowed before: true, false or none for each of the two
evict_notes() {
	for en in 'cluster-autoscaler\.kubernetes\.io/safe-to-evict' 'karpenter\.sh/do-not-disrupt'; do
		en_v=$(ask get pod "$POD" -o "jsonpath={.metadata.annotations.$en}" 2>/dev/null)
		case $en_v in true | false) ;; *) en_v=none ;; esac
		printf '%s ' "$en_v"
	done
}
relabel() {
	labels >"$TMP/labels" || die "$FAILED" "the labels of $POD cannot be read"
	re_saved=$(paste -s -d, "$TMP/labels")
	re_nulls=$(sed 's/\(.*\)=.*/"\1":null,/' "$TMP/labels" | tr -d '\n')
	re_evict=$(evict_notes)
	sed "s|@UID@|$P_UID|; s|@LABELS@|$re_nulls|; s|@SAVED@|$re_saved|; s|@OWNER@|$is_owner|; s|@TIME@|$(now)|; s|@EVICT@|${re_evict% }|" \
		"$HERE/patches/isolate.json" >"$TMP/patch.json"
	show_file "$TMP/patch.json"
	change patch pod "$POD" --type=merge --patch-file="$TMP/patch.json" >"$TMP/patch.out" 2>&1 || die "$FAILED" "not relabelled: $(head -n 2 "$TMP/patch.out")"
	[ -z "$DRY" ] || cat "$TMP/patch.out"
	say "labels saved and taken off: ${re_saved:-none}"
}
cordon() {
	[ -n "$CORDON" ] && [ -n "$P_NODE" ] || return 0
	if [ "$(ask get node "$P_NODE" -o 'jsonpath={.spec.unschedulable}' 2>/dev/null)" = true ]; then
		say "node $P_NODE is cordoned already"
		return
	fi
	change cordon "$P_NODE" >&2 || die "$FAILED" "node $P_NODE was not cordoned"
	change annotate pod "$POD" csi-debug/cordoned=yes --overwrite >&2
	say "node $P_NODE takes no new pods; the pods on it stay. Never drain it: that deletes the evidence"
}

# ---- what became of it ---------------------------------------------------------------------------------

after_relabel() {
	[ -n "$is_owner" ] || { say "no owner: nothing replaces it" && return; }
	ar_kind=${is_owner%%/*}
	case $ar_kind in
	StatefulSet) say "a StatefulSet cannot replace it while this pod has the name" ;;
	Job) say "a Job counts it out and starts another one" ;;
	esac
	ar_end=$(($(date +%s) + 30))
	while [ -n "$(controller)" ]; do
		[ "$(date +%s)" -lt "$ar_end" ] || { say "$ar_kind still holds the pod after 30 s" && return; }
		nap 0.5
	done
	ar_name=${is_owner#*/}
	say "$ar_kind ${ar_name%%/*} has let it go: it is not deleted with it any more, and gets a replacement, which may have the same hole"
}

# ---- what it does not stop -------------------------------------------------------------------------------

ENFORCED=unknown
enforcer() {
	en_apis=$(k --request-timeout=30s api-versions 2>/dev/null </dev/null)
	case $en_apis in
	*cilium.io/*) ENFORCED="seems so: Cilium is here; it ends established connections too" ;;
	*crd.projectcalico.org/* | *projectcalico.org/*) ENFORCED="seems so: Calico is here; established connections may go on" ;;
	*crd.antrea.io/*) ENFORCED="seems so: Antrea is here; established connections may go on" ;;
	*kubeovn.io/* | *k8s.ovn.org/*) ENFORCED="seems so: OVN is here; established connections may go on" ;;
	'') ENFORCED=unknown ;;
	*) ENFORCED="no sign of it: no network plugin that is known to enforce policies shows itself" ;;
	esac
}
what_stays_open() {
	enforcer
	say "is a NetworkPolicy enforced here? $ENFORCED"
	say "never stopped by it: traffic with the node itself, localhost in the pod, exec and logs; often not: connections that were open, the cloud's metadata address"
	[ "$(pod_fact 8)" != true ] || say "this pod has the node's network (hostNetwork): NO policy reaches it. Use the node's firewall"
	# A policy that selects this pod without its labels allows what it allows.
	# shellcheck disable=SC2016
	ask get networkpolicies.networking.k8s.io -o 'jsonpath={range .items[*]}{.metadata.name}|{.spec.podSelector}|{.spec.ingress}{.spec.egress}{"\n"}{end}' 2>/dev/null |
		while IFS='|' read -r wo_name wo_selector wo_rules; do
			{ [ "$wo_name" != "$POLICY" ] && [ -n "$wo_rules" ]; } || continue
			case $wo_selector in
			'{}' | 'map[]') say "NetworkPolicy $wo_name selects every pod, this one too, and still allows what it allows" ;;
			*NotIn* | *DoesNotExist*) say "NetworkPolicy $wo_name may select this pod too: $wo_selector" ;;
			esac
		done
	say "its service account's token still works${P_ACCOUNT:+ ($P_ACCOUNT)}: take its RoleBindings away"
}
# from_inside: what is connected now, and whether something new connects, seen from the pod
from_inside() {
	[ "$(pod_fact 3)" = Running ] || return 0
	TARGET=$(running_containers | head -n 1)
	[ -n "$CONTAINER" ] && TARGET=$CONTAINER
	[ -n "$TARGET" ] && runs "$TARGET" || return 0
	if [ -n "$lacks" ] && printf '%s' "$lacks" | grep -qE 'ephemeral|exec'; then
		say "not looked at from inside: rules for it are missing:$lacks"
		return 0
	fi
	inject || { say "not looked at from inside: no csi container" && return 0; }
	[ -z "$DRY" ] || return 0
	say "from inside: connections that are open now"
	in_pod net >&2 || [ "$EXEC_CODE" != 2 ] || ask exec "$POD" -c "$CSI" -- netstat -ant >&2
	# shellcheck disable=SC2016 # the pod's shell
	fi_out=$(ask exec "$POD" -c "$CSI" -- sh -c '[ -n "$KUBERNETES_SERVICE_HOST" ] || exit 9; nc -w 3 "$KUBERNETES_SERVICE_HOST" "${KUBERNETES_SERVICE_PORT:-443}" </dev/null >/dev/null 2>&1; echo $?' 2>/dev/null)
	case $fi_out in
	0) say "from inside: a NEW connection to the API server works: the quarantine does not hold" ;;
	'') ;;
	*) say "from inside: a new connection to the API server does not come about" ;;
	esac
}
