#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ordinary servers at work, each in a container of its own: csi triage has nothing above `low` to say.
#
# csi scan matches nothing of them with its own rules. What triage says is compared with expected.tsv
# (workload, sign, level): a cell too many or too few fails.
# The notes that a JIT has written code are one cell: which of the two there is depends on what it has compiled.
# A workload is clean/loads/NAME; WORKLOADS="NAME..." runs these alone.
# timeout: 1500
# needs: mmdebstrap ip unshare
. "$CSI_TOP/tests/helpers/lib.sh"
HERE=$CSI_TOP/tests/clean
ROLE=ptrace
need_runc
POD_IMAGE=$("$HELPERS/debian.sh") || exit 1
export POD_IMAGE
# cron is started first, since its job takes up to a minute to come round; it is looked at last.
ALL="nginx apache2 redis postgresql mariadb memcached haproxy node jvm python ruby php-fpm perl go mono sshd
	dropbear jemalloc cron"

jq -n --arg load "$HERE/loads" '{mounts: [{destination: "/load", type: "bind", source: $load,
	options: ["rbind", "rprivate", "ro"]}]}' >patch.json

is_apart() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
# up NAME: the container, and beside it a client with a network namespace of its own, as in another pod.
up() {
	pod_up --patch patch.json -- /bin/sh "/load/$1" serve
	unshare --net sleep 1000 &
	CLIENT=$!
	wait_for 20 "the client's namespace" is_apart "$CLIENT"
	nsenter -t "$TPID" -n ip link add eth0 type veth peer name eth0 netns "$CLIENT"
	address "$TPID" 10.9.0.1
	address "$CLIENT" 10.9.0.2
}

address() { nsenter -t "$1" -n sh -c 'ip address add "$1/24" dev eth0 && ip link set eth0 up' - "$2"; }

# work NAME [VERB SECONDS]: one question to it, with the client's network and the container's files; no process of it
# is in the container's PID namespace.
work() {
	nsenter -t "$CLIENT" -n nsenter -t "$TPID" -m -r env -i SERVER=10.9.0.1 HOME=/tmp \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout "${3:-10}" sh "/load/$1" "${2:-work}" </dev/null
}

answers() { # NAME
	local until=$((SECONDS + 90))
	while ! work "$1" >work.log 2>&1; do
		[ $SECONDS -lt $until ] && [ -e "/proc/$TPID/root/load" ] || return 1
		sleep 0.3
	done
}

# asked NAME: asks without end, and counts the answers in the file `answers`.
asked() {
	: >answers
	while :; do work "$1" >/dev/null 2>&1 && echo . >>answers; done
}

# scanned NAME: csi's own rules match neither its programs nor its memory. A server at work gives memory back, and
# ends processes, while that is read: nothing else may be missing.
scanned() {
	run csi scan --exe --memory --json
	expect_exit_by_gaps
	gaps "$OUT" | grep -vE '^(ESTALE\|scan \(it changed while it was read\)|ESRCH\|read memory)\|[0-9]+\|-$' >other.gaps
	expect_empty other.gaps
	jq -r 'select(.event.kind == "alert") | [.rule.id, .csi.scan.kind, .process.pid] | @tsv' "$OUT" >matches
	expect_empty matches
}

look() { # NAME
	local asker
	checks=$((checks + 1))
	answers "$1" || { fail "$1 does not answer" work.log "$POD_DIR/target/log" && return; }
	# A session that stays, where each new one would be other processes for a moment.
	case $1 in
	sshd | dropbear) work "$1" stay 60 >/dev/null 2>&1 & asker=$! && sleep 2 ;;
	*) asked "$1" & asker=$! && wait_for 30 "an answer of $1" test -s answers ;;
	esac
	run csi triage --json
	expect_exit 0
	cp "$OUT" triage.json
	scanned "$1"
	cp triage.json "$OUT"
	kill "$asker"
	wait "$asker" 2>/dev/null
	expect_gaps
	jq -r --arg name "$1" 'select(.event.kind == "alert") | [$name, .rule.id, .csi.level] | @tsv' "$OUT" |
		sed -E 's/	(rwx-memory|anon-exec-memory)	info$/	(code of a JIT)	info/' | LC_ALL=C sort -u >cells
	cat cells >>got.tsv
	cp "$OUT" "$1.json"
	awk -F'\t' '$3 !~ /^(info|low)$/' cells >high
	expect_empty high
	table "$1"
}

table() { printf '%-12s %s\n' "$1" "$(awk -F'\t' '{ printf("%s%s (%s)", (NR > 1 ? ", " : ""), $2, $3) }' cells)"; }

down() {
	pod_down
	kill "$CLIENT"
}

one() {
	up "$1"
	look "$1"
	down
}

read -ra chosen <<<"${WORKLOADS:-$(tr -d '\n' <<<"$ALL")}"
cron_pod=()
: >got.tsv
case " ${chosen[*]} " in *' cron '*) up cron && cron_pod=("$POD" "$POD_DIR" "$TPID" "$CLIENT") ;; esac
for name in "${chosen[@]}"; do
	[ "$name" = cron ] || one "$name"
done
if [ ${#cron_pod[@]} -gt 0 ]; then
	POD=${cron_pod[0]} POD_DIR=${cron_pod[1]} TPID=${cron_pod[2]} CLIENT=${cron_pod[3]}
	look cron && down
fi
awk -F'\t' -v names=" ${chosen[*]} " '!/^#/ && index(names, " " $1 " ")' "$HERE/expected.tsv" | LC_ALL=C sort >want.tsv
LC_ALL=C sort -o got.tsv got.tsv
checks=$((checks + 1))
diff -u want.tsv got.tsv >cells.diff || fail "the findings differ from expected.tsv" cells.diff
