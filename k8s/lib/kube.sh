# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# kubectl: always with the context and the namespace of the start.

k() { command kubectl ${KUBE_FILE:+--kubeconfig="$KUBE_FILE"} ${CONTEXT:+--context="$CONTEXT"} "$@"; }
# ask ARGS: a question to the API server, which has half a minute to answer.
ask() { k --namespace="$NAMESPACE" --request-timeout=30s "$@" </dev/null; }
# The same line as one would type it.
line_of() { quoted kubectl ${KUBE_FILE:+--kubeconfig="$KUBE_FILE"} ${CONTEXT:+--context="$CONTEXT"} --namespace="$NAMESPACE" "$@"; }
show_line() {
	line_of "$@"
	echo
}

# change ARGS: what is done to the cluster: printed instead with --dry-run, noted in the case.
change() {
	if [ -n "$DRY" ]; then
		show_line "$@"
		return 0
	fi
	# An interruption comes between the answer and its note: what was sent by then stands in under-way.
	printf '%s\tinterrupted\t%s\n' "$(now)" "$(line_of "$@")" >"$TMP/under-way"
	ask "$@"
	c_rc=$?
	note_action "$c_rc" "$@"
	rm -f "$TMP/under-way"
	return "$c_rc"
}
under_way_ended() {
	[ -s "$TMP/under-way" ] || return 0
	cat "$TMP/under-way" >>"${API:-$TMP}/actions.txt"
	rm -f "$TMP/under-way"
}
# show_file FILE: with --dry-run, what a file holds that would be sent.
show_file() { [ -z "$DRY" ] || sed 's/^/    /' "$1"; }
note_action() {
	na_rc=$1
	shift
	printf '%s\t%s\t%s\n' "$(now)" "$na_rc" "$(line_of "$@")" >>"${API:-$TMP}/actions.txt"
}

pin() {
	command -v kubectl >/dev/null || die "$FAILED" "there is no kubectl on the PATH"
	if [ -z "$CONTEXT" ]; then
		CONTEXT=$(k config current-context 2>/dev/null) || CONTEXT=''
	fi
	if [ -z "$NAMESPACE" ]; then
		NAMESPACE=$(k config view --minify -o 'jsonpath={..namespace}' 2>/dev/null) || NAMESPACE=''
		[ -n "$NAMESPACE" ] || NAMESPACE=default
		is_label "$NAMESPACE" || die "$FAILED" "the kubeconfig names no usable namespace"
	fi
}

# ---- what one may do --------------------------------------------------------------------------------

# can VERB RESOURCE[.GROUP] [SUBRESOURCE]: 0 yes, 1 no, 2 no answer.
can() {
	can_what=$2
	case $1:$2:${3-} in
	list:* | create:pods:) ;;
	*:pods:*) can_what=$2/$POD ;;
	get:networkpolicies* | delete:networkpolicies*) can_what=$2/csi-debug-quarantine ;;
	esac
	case $(ask auth can-i "$1" "$can_what" ${3:+--subresource="$3"} 2>/dev/null) in
	yes*) return 0 ;;
	no*) return 1 ;;
	esac
	return 2
}
# rule VERB RESOURCE[.GROUP] [SUBRESOURCE]: as RBAC has it.
rule() {
	r_group=''
	case $2 in *.*) r_group=${2#*.} ;; esac
	printf -- '- {apiGroups: ["%s"], resources: [%s], verbs: [%s]}' "$r_group" "${2%%.*}${3:+/$3}" "$1"
}

# need: reads lines VERB RESOURCE SUBRESOURCE, asks for all at once; the rules missing are printed, and it ends.
# A line that begins with "may" is wished for: printed, and the rest goes on.
need() {
	n=0
	while read -r n_must n_verb n_resource n_sub; do
		n=$((n + 1))
		printf '%s %s %s %s\n' "$n_must" "$n_verb" "$n_resource" "$n_sub" >"$TMP/need.$n"
		(
			can "$n_verb" "$n_resource" "$n_sub"
			echo $? >"$TMP/can.$n"
		) &
	done
	wait
	missing=''
	i=0
	while [ "$i" -lt "$n" ]; do
		i=$((i + 1))
		read -r n_must n_verb n_resource n_sub <"$TMP/need.$i"
		read -r n_rc <"$TMP/can.$i"
		[ "$n_rc" -ne 2 ] || die "$FAILED" "the API server of context '$CONTEXT' does not answer"
		[ "$n_rc" -ne 0 ] || continue
		n_rule=$(rule "$n_verb" "$n_resource" "$n_sub")
		if [ "$n_must" = must ]; then
			missing="$missing$NL  $n_rule"
		else
			lacks="${lacks:-}$NL  $n_rule"
		fi
	done
	[ -z "$missing" ] || denied "$missing"
}
denied() {
	say "denied in namespace $NAMESPACE; whoever may grant it adds these rules to a role of yours (k8s/rbac has them):"
	printf '%s\n' "${1#"$NL"}" >&2
	leave "$DENIED"
}
