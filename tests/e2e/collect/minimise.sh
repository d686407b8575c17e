#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --minimise: secrets of environment, token and volumes are in no byte, names and claims are, and each omission is
# a record. Without it the same secrets are all found, so that the search can fail.
# roles: ptrace root
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
SA=/run/secrets/kubernetes.io/serviceaccount
ROOT=/proc/$TPID/root

start env "PASSWORD=canary-env-one-7Qk" 'ODD=can\ary "env' HOME=/ && ENV_ONE=$PID
start env "SECOND_KEY=canary-env-two-9Zw" "LD_PRELOAD=/tmp/canary-preload-4Rt.so" && ENV_TWO=$PID
start fds && FDS=$PID
FDS_HOST=$(host_pid "$FDS")
printf 'canary-deleted-3Hy' >>"/proc/$FDS_HOST/fd/$(said deleted)"
mkdir -p "$POD_DIR/volume/sub"
echo canary-volume-8Jm >"$POD_DIR/volume/file"
echo canary-subpath-2Lp >"$POD_DIR/volume/sub/conf"
ln -s canary-target-stays "$POD_DIR/volume/link"
python3 "$HELPERS/volumes.py" "$TPID" "tmpfs:$SA" tmpfs:/run/vault tmpfs:/dev/secrets bind:/data/sub/conf=/tmp/conf
echo canary-tmpfs-6Vb >"$ROOT/run/vault/key"
echo canary-below-dev-1Ns >"$ROOT/dev/secrets/key"
echo stays-in-shm >"$POD_DIR/shm/kept"
echo stays-in-tmp >"$MERGED/tmp/kept"

b64() { printf '%s' "$1" | base64 -w0 | tr '+/' '-_' | tr -d '='; }
claims='{"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:shop:till","exp":1900000000}'
token=$(b64 '{"alg":"RS256","kid":"k1"}').$(b64 "$claims").$(b64 canary-signature-5Dx-and-more)
foreign=$(b64 '{"alg":"HS256"}').$(b64 '{"sub":"canary-customer-0Gf"}').$(b64 canary-signature-foreign)
mkdir "$ROOT$SA/..2026"
printf '%s' "$token" >"$ROOT$SA/..2026/token"
ln -s ..2026 "$ROOT$SA/..data"
ln -s ..data/token "$ROOT$SA/token"
echo shop >"$ROOT$SA/..2026/namespace"
printf '%s\n' "$token" >"$ROOT/run/vault/projected"
printf '%s' "$foreign" >"$ROOT/run/vault/session"
start exe /data/tool && TOOL=$PID

secrets=(canary-env-one-7Qk 'can\\ary "env' canary-env-two-9Zw canary-preload-4Rt.so canary-deleted-3Hy canary-volume-8Jm
	canary-subpath-2Lp canary-tmpfs-6Vb canary-below-dev-1Ns canary-signature-5Dx canary-customer-0Gf
	canary-signature-foreign)

collect() { # NAME OPTION...
	local name=$1
	shift
	csi collect --volumes "$@" >"$name.zst" 2>"$ERR"
	RC=$?
	expect_exit 0
	mkdir "$name" && tar --zstd -xf "$name.zst" -C "$name" --no-same-owner --delay-directory-restore
	chmod -R u+rwX "$name"
	run host_csi verify --json "$name.zst"
	expect_exit 0
	expect_json '.[0].csi.verify.status == "complete"' "$name is complete"
}

# The search can fail: all of them are there without --minimise.
collect plain
for secret in "${secrets[@]}"; do
	run python3 "$HELPERS/canary.py" plain.zst plain "$secret"
	[ "$RC" = 1 ] || note "not there without --minimise: $secret"
	expect_exit 1
done
check "a normal bundle has minimised tables" test ! -e plain/csi-*/tokens.jsonl

collect less --minimise
run python3 "$HELPERS/canary.py" less.zst less "${secrets[@]}"
expect_exit 0
cd less/csi-* || exit 1
label=files/${CONTAINER_ID:0:12}

# What stays: names, claims, link targets, the container's own files, arguments.
expect_eq "$(tr '\0' '|' <"proc/$ENV_ONE/environ")" "PASSWORD=|ODD=|HOME=|" "names of the first"
expect_eq "$(tr '\0' '|' <"proc/$ENV_TWO/environ")" "SECOND_KEY=|LD_PRELOAD=|" "names of the second"
expect_eq "$(cat "$label/tmp/kept" "$label/dev/shm/kept" | tr '\n' ' ')" "stays-in-tmp stays-in-shm " "own files"
expect_eq "$(tr '\0' '|' <"proc/$TOOL/cmdline")" "$(tr '\0' '|' <"/proc/$(host_pid "$TOOL")/cmdline")" "arguments"
expect_eq "$(jq -r .minimised case.json)" true "case.json says so"
expect_eq "$(jq -r '.pod.KUBERNETES_SERVICE_HOST // ""' case.json)" "" "case.json has no values"
jq -r '[.file.path, .csi.token.claims, .csi.token.header] | join("|")' tokens.jsonl | LC_ALL=C sort >"$OUT"
printf '%s|%s|{"alg":"RS256","kid":"k1"}\n' "$SA/..2026/token" "$claims" /run/vault/projected "$claims" >want
check "tokens differ" diff want "$OUT"

# Every omission, and nothing else, is a record. No gap.
cat ledger/*.jsonl >"$OUT"
expect_gaps
jq -r 'select(.csi.omit) | [.csi.outcome, .csi.action, .csi.omit, (.file.path // .process.pid)] | join("|")' "$OUT" |
	grep -v '|/data/deleted-file' | LC_ALL=C sort >got
below() { (cd "$1" && find . -xdev | sed "s,^\.,$2,"); }
{
	for pid in 1 "$ENV_ONE" "$ENV_TWO" "$FDS" "$TOOL"; do
		echo "skipped|leave out values|minimise: environment values|$pid"
	done
	echo "skipped|leave out values|minimise: value in a finding|$ENV_TWO"
	echo "skipped|collect exe|minimise: volume content|/data/tool"
	{
		below "$POD_DIR/volume" /data
		for point in "$SA" /run/vault /dev/secrets; do below "$ROOT$point" "$point"; done
		printf '%s\n' /tmp/conf /etc/hosts /etc/hostname /etc/resolv.conf
	} | sed 's,^,skipped|collect file|minimise: volume content|,' |
		sed -E "s,volume content(\|($SA/..2026/token|/run/vault/projected))\$,token\1,"
} | LC_ALL=C sort >want
check "records of omissions differ" diff want got
expect_eq "$(jq -r 'select(.csi.omit and .csi.action == "collect deleted file") | .file.path' "$OUT")" "/data/deleted-file (deleted)" "the deleted file"
expect_eq "$(find deleted -path "*/$FDS-*" -type f -exec cat {} +)" "in memory" "a memfd is no volume's"
cd ../.. || exit 1

run csi collect --minimise --memory
expect_exit 2
expect_empty "$OUT"
