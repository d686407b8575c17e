# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# checkpoint: the kubelet's endpoint, through the API server. The archive stays on the node.

verb_checkpoint() {
	need <<-EOT
	must get pods
	must create nodes proxy
	EOT
	choose_container
	cp_uri=/api/v1/nodes/$P_NODE/proxy/checkpoint/$NAMESPACE/$POD/$TARGET
	if [ -n "$DRY" ]; then
		show_line create --raw "$cp_uri" -f /dev/null
		if can create pods; then show_sum_pod; fi
		return 0
	fi
	say "asking the kubelet of $P_NODE; the container may stand still while it writes"
	k create --raw "$cp_uri" -f /dev/null >"$TMP/checkpoint" 2>"$TMP/checkpoint.err" </dev/null || no_checkpoint
	cp_file=$(tr -d '[:space:]' <"$TMP/checkpoint" | sed -n 's/^{"items":\["\([^"]*\)".*/\1/p')
	matches "$cp_file" '/var/lib/kubelet/checkpoints/checkpoint-[A-Za-z0-9._:+-]+\.tar' ||
		die "$FAILED" "the kubelet gave an answer that names no archive: $(head -c 300 "$TMP/checkpoint")"
	archive_sum
	if [ -n "$JSON" ]; then
		json verb checkpoint namespace "$NAMESPACE" pod "$POD" container "$TARGET" node "$P_NODE" archive "$cp_file" sha256 "$cp_sum"
	else
		echo "archive $cp_file"
		echo "node    $P_NODE"
		echo "sha256  ${cp_sum:-not known}"
	fi
	say "it holds all of the container's memory, unencrypted, and nobody removes it: fetch it, then delete it on the node"
	[ -n "$cp_sum" ] || return "$PARTIAL"
}
no_checkpoint() {
	case $(cat "$TMP/checkpoint.err") in
	*orbidden*) denied "$NL  $(rule create nodes proxy)" ;;
	*NotFound* | *'not find'* | *'404'*)
		say "no: the kubelet of $P_NODE has no checkpoint endpoint (Kubernetes 1.25 or newer with ContainerCheckpoint; on by default since 1.30)"
		;;
	*'not implemented'* | *Unimplemented*) say "no: the container runtime of $P_NODE cannot checkpoint (containerd 2.0 or newer, or CRI-O, with criu)" ;;
	*) say "no: the checkpoint failed on $P_NODE: $(head -c 600 "$TMP/checkpoint.err")" ;;
	esac
	leave "$IMPOSSIBLE"
}

sum_pod() {
	cp_pod=csi-debug-sum-$$
	sed "s|@NAME@|$cp_pod|; s|@NODE@|$P_NODE|; s|@IMAGE@|$IMAGE|; s|@PULL@|$PULL|; s|@FILE@|${cp_file##*/}|" "$HERE/checkpoint-sum.yaml" >"$TMP/sum.yaml"
}
# With --dry-run: what its name will be, the kubelet says.
show_sum_pod() {
	cp_file=ARCHIVE
	sum_pod
	show_file "$TMP/sum.yaml"
	show_line create -f "$TMP/sum.yaml"
	show_line delete pod "$cp_pod" --wait=false
}

# archive_sum: cp_sum, read on the node by a pod of our image that sees that one folder, read-only, and then ends.
archive_sum() {
	cp_sum=''
	if ! can create pods; then
		say "the archive's hash is not known: a pod on the node would read it, and this rule is missing: $(rule create pods)"
		return
	fi
	sum_pod
	ask create -f "$TMP/sum.yaml" >/dev/null 2>"$TMP/sum.err" || { say "no hash: $(head -n 2 "$TMP/sum.err")" && return; }
	cp_end=$(($(date +%s) + TIMEOUT))
	while [ "$(date +%s)" -lt "$cp_end" ]; do
		case $(ask get pod "$cp_pod" -o 'jsonpath={.status.phase}' 2>/dev/null) in Succeeded | Failed) break ;; esac
		nap 0.5
	done
	cp_sum=$(ask get pod "$cp_pod" -o 'jsonpath={.status.containerStatuses[0].state.terminated.message}' 2>/dev/null | cut -c1-64)
	matches "$cp_sum" '[0-9a-f]{64}' || { cp_sum='' && say "no hash: pod $cp_pod did not read the archive in $TIMEOUT s"; }
	ask delete pod "$cp_pod" --wait=false >/dev/null 2>&1 || say "pod $cp_pod is left; delete it"
}
