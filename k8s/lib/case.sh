# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The case directory: what the API server knows, and the papers of the case.

open_case() {
	CASE=${OUTPUT:-csi-$POD-$(date -u +%Y%m%dT%H%M%SZ)}
	[ ! -e "$CASE" ] || die "$USAGE" "$CASE exists; evidence is never written over (--continue goes on with a case)"
	mkdir -p "$CASE/api" "$TMP/v" || die "$FAILED" "cannot make $CASE"
	CASE=$(cd "$CASE" && pwd)
	API=$CASE/api API_GAPS=0 BUNDLES=0
	printf '%s\n' "$CASE" >"$TMP/case"
	say "case directory $CASE; verified by $(verifier_text)"
}

# where: what a case is of, and what was said of it, before anything else: an interrupted one can be gone on with
where() {
	{
		echo "context	$(plain "$CONTEXT")"
		echo "namespace	$NAMESPACE"
		echo "pod	$POD"
		echo "pod uid	$P_UID"
		echo "node	$P_NODE"
		echo "plugin	$VERSION"
		echo "verified by	$(verifier_text)"
		[ -z "$CASE_ID" ] || echo "case id	$CASE_ID"
		[ -z "$OPERATOR" ] || echo "operator	$OPERATOR"
		[ -z "$AUTHORITY" ] || echo "authority	$AUTHORITY"
	} >"$API/where.txt"
}

# api FILE WHAT ARGS...: an answer of the API server's as it came; what cannot be had is a line in api/gaps.txt.
api() {
	ap_file=$API/$1 ap_what=$2
	shift 2
	if ask "$@" >"$ap_file" 2>"$TMP/api.err"; then return 0; fi
	[ -s "$ap_file" ] || rm -f "$ap_file"
	api_gap "$ap_what" "$(head -n 1 "$TMP/api.err")"
	return 1
}
api_gap() {
	API_GAPS=$((API_GAPS + 1))
	printf '%s\t%s\t%s\n' "$(now)" "$1" "$(plain "$2")" >>"$API/gaps.txt"
}

# Before anything is changed: RFC 3227, and an injection changes the pod's own text.
api_evidence() {
	api pod.yaml "the pod" get pod "$POD" -o yaml
	api events.yaml "events" get events --field-selector "involvedObject.uid=$P_UID" -o yaml
	api_logs
	api_owner
	[ -z "$P_NODE" ] || api node.yaml "the node" get node "$P_NODE" -o yaml
	api namespace.yaml "the namespace" get namespace "$NAMESPACE" -o yaml
	api networkpolicies.yaml "network policies" get networkpolicies.networking.k8s.io -o yaml
	api images.txt "image digests" get pod "$POD" -o 'jsonpath={range .status.initContainerStatuses[*]}{.name}{"\t"}{.image}{"\t"}{.imageID}{"\t"}{.containerID}{"\n"}{end}{range .status.containerStatuses[*]}{.name}{"\t"}{.image}{"\t"}{.imageID}{"\t"}{.containerID}{"\n"}{end}'
	api version.json "the server's version" get --raw /version
	if [ -n "$P_ACCOUNT" ]; then
		api serviceaccount.yaml "the service account" get serviceaccount "$P_ACCOUNT" -o yaml
		api serviceaccount-can.txt "what the service account may do" auth can-i --list --as="system:serviceaccount:$NAMESPACE:$P_ACCOUNT"
	fi
}
api_logs() {
	for al in $(containers); do
		api "log-$al.txt" "log of container $al" logs "$POD" -c "$al" --timestamps
		al_n=$(state "$al" 10)
		if [ "${al_n:-0}" != 0 ]; then
			api "log-$al-previous.txt" "previous log of container $al" logs "$POD" -c "$al" --timestamps --previous
		fi
	done
}
# The owner, and its owner: ReplicaSet and Deployment.
api_owner() {
	ao=$(controller)
	ao_n=0
	while [ -n "$ao" ] && [ "$ao_n" -lt 4 ]; do
		ao_n=$((ao_n + 1))
		ao_kind=$(printf '%s' "${ao%%/*}" | tr '[:upper:]' '[:lower:]') ao_name=${ao#*/} ao_name=${ao_name%%/*}
		api "owner-$ao_n-$ao_kind.yaml" "owner $ao_kind $ao_name" get "$ao_kind" "$ao_name" -o yaml || return
		ao=$(controller "$ao_kind" "$ao_name")
	done
}

# ---- clocks ----------------------------------------------------------------------------------------

# api_clock: the API server's Date as seconds since 1970
api_clock() {
	ask get --raw /version -v=8 2>&1 >/dev/null |
		sed -n 's/.*Date: [A-Z][a-z][a-z], \([0-9]*\) \([A-Z][a-z][a-z]\) \([0-9]*\) \([0-9]*\):\([0-9]*\):\([0-9]*\) GMT.*/\1 \2 \3 \4 \5 \6/p' |
		awk 'NR == 1 {
			m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3; y = $3; if (m <= 2) { y--; m += 12 }
			printf "%.0f\n", (365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + $1 - 1 - 719468) * 86400 + $4 * 3600 + $5 * 60 + $6
		}'
}
# skew: SKEW_US of this workstation and SKEW_NODE of the node, seconds ahead of the API server, to one second
skew() {
	SKEW_US='' SKEW_NODE=''
	sk_before=$(date +%s)
	sk_api=$(api_clock)
	is_number "$sk_api" 2>/dev/null || matches "$sk_api" '[0-9]{1,11}' || return
	SKEW_US=$((sk_before - sk_api))
	[ -n "${CSI:-}" ] || return
	sk_node=$(ask exec "$POD" -c "$CSI" -- date +%s 2>/dev/null)
	matches "$sk_node" '[0-9]{1,11}' || return
	# What passed between the two questions is told by our own clock.
	SKEW_NODE=$((sk_node - sk_api - ($(date +%s) - sk_before)))
}

# ---- case.json -------------------------------------------------------------------------------------

# member NAME TEXT: as csi writes strings: its escape, then JSON's
member() { [ -z "$2" ] || printf ',"%s":"%s"' "$1" "$(printf '%s' "$2" | sed 's/\\/\\\\\\\\/g; s/"/\\"/g')"; }
write_case() {
	skew
	[ -n "$OPERATOR" ] || OPERATOR=$(ask auth whoami -o 'jsonpath={.status.userInfo.username}' 2>/dev/null)
	[ -n "$OPERATOR" ] || OPERATOR=$(k config view --minify -o 'jsonpath={.contexts[0].context.user}' 2>/dev/null)
	is_text "$OPERATOR" || OPERATOR=''
	wc_cluster=$(k --request-timeout=30s get namespace kube-system -o 'jsonpath={.metadata.uid}' 2>/dev/null </dev/null)
	is_uuid "$wc_cluster" || wc_cluster=''
	{
		printf '{"case":1,"created":"%s"' "$(date -u +%Y-%m-%dT%H:%M:%S.000000000Z)"
		member case_id "$CASE_ID"
		member operator "$OPERATOR"
		member authority "$AUTHORITY"
		member cluster_uid "$wc_cluster"
		[ -z "$SKEW_NODE" ] || printf ',"skew_node_s":%d' "$SKEW_NODE"
		[ -z "$SKEW_US" ] || printf ',"skew_workstation_s":%d' "$SKEW_US"
		member namespace "$NAMESPACE"
		member pod "$POD"
		member pod_uid "$P_UID"
		member node "$P_NODE"
		printf '}\n'
	} >"$CASE/case.json"
}

# sums: SHA256SUMS as csi verify --custody writes it, where there is no csi.
sums() {
	(cd "$CASE" && set +f && find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | sort | while IFS= read -r su; do
		printf '%s  %s\n' "$(lower_sum "$su")" "$su"
	done) >"$TMP/sums" && cp "$TMP/sums" "$CASE/SHA256SUMS"
}

# close_case: nothing is written into the case after it but the signature.
close_case() {
	cc_rc=0
	if [ "$VERIFIER" = digest ] || [ "$BUNDLES" -eq 0 ]; then
		sums
		cc_why="there is no csi here"
		[ "$BUNDLES" -ne 0 ] || cc_why="there is no bundle"
		echo "CUSTODY SUMMARY: not written, $cc_why; SHA256SUMS covers all files of the case"
	else
		vcsi --custody . >"$TMP/custody" 2>"$TMP/custody.err"
		cc_rc=$?
		sed -n '/^CUSTODY/,$p' "$TMP/custody"
		if [ ! -s "$CASE/SHA256SUMS" ]; then
			plain "$(cat "$TMP/custody.err")" >&2
			sums
		fi
	fi
	[ -n "$SIGN_KEY" ] || { say "not signed: minisign -Sm $CASE/SHA256SUMS (or --sign KEY)" && return "$cc_rc"; }
	minisign -Sm "$CASE/SHA256SUMS" -s "$SIGN_KEY" -t "${CASE_ID:-csi-debug} $(now)" >&2 || {
		say "minisign did not sign"
		return "$FAILED"
	}
	return "$cc_rc"
}
