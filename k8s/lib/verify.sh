# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# Verifying on the workstation: with csi, or in a local container, or by the digest line alone.

# find_verifier: VERIFIER is csi, podman, docker or digest; VCSI the program.
find_verifier() {
	VCSI=$(command -v csi) && VERIFIER=csi && return
	case $(uname -m) in x86_64) fv_arch=amd64 ;; aarch64 | arm64) fv_arch=arm64 ;; *) fv_arch=none ;; esac
	VCSI=$HERE/../out/$fv_arch/csi
	VERIFIER=csi
	if [ "$(uname -s)" = Linux ] && [ -x "$VCSI" ]; then return; fi
	for VERIFIER in podman docker; do
		command -v "$VERIFIER" >/dev/null && "$VERIFIER" image inspect "$IMAGE" >/dev/null 2>&1 </dev/null && return
	done
	VERIFIER=digest
}
verifier_text() {
	case $VERIFIER in
	csi) echo "csi on this workstation" ;;
	podman | docker) echo "csi in a local container ($VERIFIER, $IMAGE)" ;;
	*) echo "the digest line alone: no csi here, and no $IMAGE for podman or docker; run csi verify on the case later" ;;
	esac
}

# vcsi ARGS...: csi verify ARGS, in the case directory; $TMP/v is /v in a container. Opens with $KEY if there is one.
vcsi() {
	if [ -n "${KEY:-}" ]; then
		set -- --identity - "$@"
		run_vcsi "$@" <"$KEY"
	else
		run_vcsi "$@" </dev/null
	fi
}
run_vcsi() {
	case $VERIFIER in
	csi) (cd "$CASE" && exec "$VCSI" verify "$@") ;;
	podman) podman run --rm -i --network=none -v "$CASE:/case" -v "$TMP/v:/v" -w /case --entrypoint /bin/csi "$IMAGE" verify "$@" ;;
	docker)
		docker run --rm -i --network=none --user "$(id -u):$(id -g)" -v "$CASE:/case" -v "$TMP/v:/v" -w /case \
			--entrypoint /bin/csi "$IMAGE" verify "$@"
		;;
	esac
}
# Where vcsi sees $TMP/v.
v_path() { case $VERIFIER in csi) printf '%s\n' "$TMP/v/$1" ;; *) printf '/v/%s\n' "$1" ;; esac; }

# told_digest: does the last digest line of csi's (standard error, not the stream) agree with FILE? 2: no line came.
told_digest() {
	td=$(sed -n 's/^csi: sha256=\([0-9a-f]\{64\}\) bytes=[0-9]*$/\1/p' "$TMP/exec.err" | tail -n 1)
	[ -n "$td" ] || return 2
	[ "$(lower_sum "$1")" = "$td" ]
}

# verdict FILE: VERDICT is sealed, cut, altered or empty; STATUS what is sealed (complete, partial, failed, unknown);
# PROOF how that is known.
verdict() {
	VERDICT=cut STATUS=unknown PROOF=$VERIFIER
	[ -s "$CASE/$1" ] || { VERDICT=empty && return; }
	if [ "$VERIFIER" = digest ] || [ -n "$SEALED_ENVELOPE" ]; then
		PROOF=digest
		if told_digest "$CASE/$1"; then VERDICT=sealed; fi
		return
	fi
	vcsi "$1" >"$TMP/verdict" 2>"$TMP/verdict.err"
	ve_rc=$?
	ve_line=$(head -n 1 "$TMP/verdict")
	case $ve_rc:$ve_line in
	0:*': sealed, '*)
		VERDICT=sealed
		STATUS=${ve_line##*: sealed, }
		STATUS=${STATUS%%,*}
		told_digest "$CASE/$1"
		[ $? -ne 1 ] || VERDICT=altered
		;;
	3:*) ;;
	*) VERDICT=altered ;;
	esac
	# Of what was cut before the first frame was there, nothing can be said yet.
	case $ve_line in
	*'not a bundle'*) if [ "$(wc -c <"$CASE/$1")" -le 65536 ]; then VERDICT='cut'; fi ;;
	esac
}
