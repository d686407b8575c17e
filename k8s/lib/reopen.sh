# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# A case that was closed is opened again: collect --continue, and what isolate did after it had collected. Nothing
# of it is written over: the earlier papers and what is new from the API server go into a directory api-2, api-3, ...

# reopen_case DIR: CASE, API, BUNDLES; what was said of the case before, unless it is said anew
reopen_case() {
	CASE=$(cd "$1" && pwd) || leave "$FAILED"
	ro_n=2 LAST_API=$CASE/api
	while [ -e "$CASE/api-$ro_n" ]; do
		LAST_API=$CASE/api-$ro_n
		ro_n=$((ro_n + 1))
	done
	API=$CASE/api-$ro_n API_GAPS=0
	mkdir "$API" "$API/before" || die "$FAILED" "cannot make $API"
	mkdir -p "$TMP/v"
	BUNDLES=$(pieces_of '.*' | grep -c .)
	[ -n "$CASE_ID" ] || CASE_ID=$(was_said "case id")
	[ -n "$OPERATOR" ] || OPERATOR=$(was_said operator)
	[ -n "$AUTHORITY" ] || AUTHORITY=$(was_said authority)
	for ro in case.json SHA256SUMS SHA256SUMS.minisig custody.txt; do
		[ ! -e "$CASE/$ro" ] || mv "$CASE/$ro" "$API/before/" || die "$FAILED" "cannot move $CASE/$ro"
	done
}
# was_said WHAT: a line of the last where.txt, if it is one that we could have written
was_said() {
	ws=$(sed -n "s/^$1	//p" "$LAST_API/where.txt" 2>/dev/null | head -n 1)
	if is_text "$ws"; then printf '%s\n' "$ws"; fi
}
# pieces_of CONTAINER [CASE]: "NUMBER NAME" of its bundles, in order, also of those that were interrupted
pieces_of() {
	# shellcheck disable=SC2012 # names of ours, and others do not match
	ls "${2:-$CASE}" | sed -n "s/^$1-\([0-9]\{1,4\}\)\.tar\.zst\(\.age\)\{0,1\}\(\.partial\)\{0,1\}\$/\1 &/p" | sort -n
}

# continue_case: reopen_case of the directory that -o names, if it is one of this pod
continue_case() {
	[ -n "$OUTPUT" ] || usage "--continue goes on with the case that -o DIR names"
	[ -z "$ENCRYPT" ] || die "$USAGE" "--continue cannot open what was encrypted: the key of that run is gone. Begin another case"
	[ -s "$OUTPUT/api/where.txt" ] || die "$USAGE" "$OUTPUT is no case of kubectl csi-debug collect"
	grep -Fqx "pod uid	$P_UID" "$OUTPUT/api/where.txt" || die "$USAGE" "$OUTPUT is the case of another pod; this one is $POD, uid $P_UID"
	if pieces_of '.*' "$OUTPUT" | grep -q '\.age'; then
		die "$USAGE" "$OUTPUT holds encrypted bundles: the key of that run is gone. Begin another case"
	fi
	reopen_case "$OUTPUT"
	say "going on with case $CASE; verified by $(verifier_text)"
}

# targets.txt says which container, by id, a run took the pieces of.
note_target() { printf '%s\t%s\n' "$TARGET" "$ID" >>"$API/targets.txt"; }
# known_target: the id that TARGET had in the last run that took some of it
known_target() {
	set +f
	cat "$CASE"/api/targets.txt "$CASE"/api-*/targets.txt 2>/dev/null | awk -F'\t' -v c="$TARGET" '$1 == c { id = $2 } END { print id }'
	set -f
}

# earlier_pieces: PIECES and ATTEMPT as they were left, one_rc. 1: nothing is missing any more; 2: it is another
# container now.
earlier_pieces() {
	: >"$TMP/exec.err" # whatever was said of their digests went with their run
	EXEC_CODE=''
	pieces_of "$TARGET" >"$TMP/earlier"
	[ -s "$TMP/earlier" ] || return 0
	[ "$(known_target)" = "$ID" ] || return 2
	while read -r ep_n ep_name; do
		ATTEMPT=$ep_n
		NAME=${ep_name%.partial}
		if [ "$NAME" = "$ep_name" ]; then
			PIECES="$PIECES $NAME"
			continue
		fi
		verdict "$ep_name"
		case $VERDICT in
		sealed | cut) keep_piece ;;
		empty) rm -f "$CASE/$ep_name" ;;
		altered) say "$ep_name is not what csi wrote, and stays as it is" ;;
		esac
	done <"$TMP/earlier"
	{ [ -n "$PIECES" ] && [ "$VERIFIER" != digest ]; } || return 0
	verdict "${PIECES##* }"
	[ "$VERDICT" = sealed ] || return 0
	PROOF="$PROOF, before"
	sealed_code
	one_rc=$?
	return 1
}

# note_isolation: what isolate did, into the case that it collected first, which is closed anew
note_isolation() {
	under_way_ended
	{ [ -s "$TMP/case" ] && [ -s "$TMP/actions.txt" ]; } || return 0
	mv "$TMP/actions.txt" "$TMP/isolated.txt" # once, also if something here fails
	find_verifier
	KEY=''
	[ ! -s "$TMP/v/throw-away.key" ] || KEY=$TMP/v/throw-away.key
	SEALED_ENVELOPE=''
	[ -z "$ENCRYPT" ] || [ -n "$KEY" ] || SEALED_ENVELOPE=1
	reopen_case "$(cat "$TMP/case")"
	cat "$TMP/isolated.txt" >"$API/actions.txt"
	write_case
	where
	say "what was changed is in $API/actions.txt; closing the case again"
	close_case >/dev/null || :
}
