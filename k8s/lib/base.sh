# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# What every part uses: exit codes, messages, checks of values, scratch files.

# csi's commands that run in the pod as they are. verify is for the workstation, init is the container itself.
COMMANDS='ps net walk maps dump diff scan posture triage timeline'

FAILED=1 USAGE=2 PARTIAL=3 DENIED=10 IMPOSSIBLE=11 LOST=12 UNPROVEN=13 GONE=14
NL='
'
TMP=''

# plain TEXT: what may be shown on a terminal; everything else becomes '?'.
plain() { printf '%s' "$1" | tr -c ' -~' '?'; }
say() { printf 'csi-debug: %s\n' "$(plain "$*")" >&2; }

# die CODE TEXT...: the end, said.
die() {
	code=$1
	shift
	say "$*"
	leave "$code"
}
usage() {
	say "$*"
	echo 'csi-debug: kubectl csi-debug --help' >&2
	exit "$USAGE"
}

scratch() {
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/csi-debug.XXXXXX") || exit "$FAILED"
	exec 9>&2 # a trap begins with the redirections of what it came into
	trap 'interrupted' HUP INT TERM
	trap 'rm -rf "$TMP"' EXIT
}
# Also from the middle of isolate: what was changed by then is noted in its case.
leave() {
	if [ "$VERB" = isolate ]; then note_isolation; fi
	exit "$1"
}
interrupted() {
	trap - HUP INT TERM
	exec 2>&9
	say "interrupted; what was collected stays"
	under_way_ended
	leave 130
}

# ---- checks ----------------------------------------------------------------------------------------

# matches TEXT PATTERN: the whole text, one line of it.
matches() {
	case $1 in *"$NL"*) return 1 ;; esac
	printf '%s\n' "$1" | grep -Eqx -- "$2"
}
is_number() { case $1 in '' | *[!0-9]* | ??????????*) return 1 ;; esac; }
is_label() { [ "${#1}" -le 63 ] && matches "$1" '[a-z0-9]([a-z0-9-]*[a-z0-9])?'; }
is_name() { [ "${#1}" -le 253 ] && matches "$1" '[a-z0-9]([a-z0-9.-]*[a-z0-9])?'; }
is_uuid() { matches "$1" '[0-9a-fA-F-]{1,64}'; }
is_user() { matches "$1" '[0-9]{1,10}(:[0-9]{1,10})?'; }
# A name with a tag or a digest.
is_image() { [ "${#1}" -le 400 ] && matches "$1" '[a-zA-Z0-9][a-zA-Z0-9._/:-]*[:@][a-zA-Z0-9][a-zA-Z0-9._:-]*'; }
is_label_key() { [ "${#1}" -le 317 ] && matches "$1" '([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?'; }
is_label_value() { [ "${#1}" -le 63 ] && matches "$1" '([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?'; }
is_recipient() { matches "$1" 'age1[0-9a-z]{58}'; }
# Printable text for case.json: no control characters, one line.
is_text() {
	[ "${#1}" -le 256 ] || return 1
	case $1 in *"$NL"*) return 1 ;; esac
	[ "$(printf '%s' "$1" | tr -d '\000-\037\177')" = "$1" ]
}

# must CHECK VALUE WHAT: a value of the API server's that we cannot do without.
must() { "$1" "$2" || die "$FAILED" "the API server gave no usable $3: '$2'"; }
word_in() { case " $2 " in *" $1 "*) return 0 ;; esac; return 1; }

check_options() {
	[ -n "$POD" ] || usage "$VERB wants a POD"
	is_name "$POD" || usage "'$(plain "$POD")' is no name of a pod"
	[ -z "$NAMESPACE" ] || is_label "$NAMESPACE" || usage "'$(plain "$NAMESPACE")' is no namespace"
	[ -z "$CONTAINER" ] || is_label "$CONTAINER" || usage "'$(plain "$CONTAINER")' is no name of a container"
	is_number "$TIMEOUT" || usage "--timeout wants seconds"
	is_number "$RETRIES" || usage "--retries wants a number"
	[ -z "$UIDS" ] || is_user "$UIDS" || usage "--uid wants UID or UID:GID"
	case $IMAGE in *:latest) usage "--image wants a version: what :latest was when cannot be proven" ;; esac
	is_image "$IMAGE" || usage "--image wants NAME:VERSION or NAME@DIGEST"
	case ${IMAGE##*/} in *:* | *@*) ;; *) usage "--image wants NAME:VERSION or NAME@DIGEST" ;; esac
	case $PULL in IfNotPresent | Never) ;; *) usage "--pull-policy is IfNotPresent or Never" ;; esac
	case $SCOPE in '' | quick | standard | full) ;; *) usage "--scope is quick, standard or full" ;; esac
	case $PROFILE in auto | root | baseline | same-uid) ;; *) usage "--profile is auto, root, baseline or same-uid" ;; esac
	for key in $ENCRYPT; do
		is_recipient "$key" || usage "--encrypt wants a public key, age1..."
	done
	for text in "$CASE_ID" "$OPERATOR" "$AUTHORITY"; do
		is_text "$text" || usage "--case-id, --operator and --authority want one line of text, at most 256 bytes"
	done
	if [ -n "$SIGN_KEY" ]; then
		[ -r "$SIGN_KEY" ] || usage "--sign: there is no $(plain "$SIGN_KEY")"
		command -v minisign >/dev/null || usage "--sign wants minisign on the PATH"
	fi
}

# ---- output ----------------------------------------------------------------------------------------

# quoted WORD...: as one could type it.
quoted() {
	q_sep=''
	for q_word; do
		case $q_word in
		'' | *[!A-Za-z0-9_@%+=:,./-]*) printf "%s'%s'" "$q_sep" "$(printf '%s' "$q_word" | sed "s/'/'\\\\''/g")" ;;
		*) printf '%s%s' "$q_sep" "$q_word" ;;
		esac
		q_sep=' '
	done
}
# json NAME VALUE...: one line of JSON, all strings.
json() {
	printf '{'
	j_sep=''
	while [ $# -gt 1 ]; do
		printf '%s"%s":"%s"' "$j_sep" "$1" "$(plain "$2" | sed 's/[\\"]/\\&/g')"
		j_sep=,
		shift 2
	done
	printf '}\n'
}
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
lower_sum() {
	if command -v sha256sum >/dev/null; then
		sha256sum <"$1" | cut -d' ' -f1
	else
		shasum -a 256 <"$1" | cut -d' ' -f1
	fi
}
