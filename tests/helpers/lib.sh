# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What every case sources. run.sh starts a case in a scratch directory of its own with ROLE,
# TARGET_UID, CSI_TOP (the repository), CSI_RUN (this run's directory) and CSI_CASE set.
#
#   pod_up [--patch FILE] [-- ARGS]
#                           a target of uid TARGET_UID; sets TPID (its PID 1 as the host sees it),
#                           TARGET_ID, CONTAINER_ID, MERGED, UPPER, POD_DIR, ENGINE, ROOTFS
#                           POD_IMAGE=DIR before it: DIR is its image, instead of the distroless one
#   ask PATH                an HTTP request to the target's server, prints the answer
#   start MODE ARGS...      a personality (helpers/modes.c) as child of the target's PID 1; sets PID, SAID
#   as ROLE CMD...          runs beside the target; `csi ARGS` is as "$ROLE" csi ARGS
#   $FIXTURE                a directory that is /fixture, read-only, beside the target
#   wait_for SECONDS WHAT CMD...  until CMD succeeds; everything that is waited for has a limit
#   tethered_csi            whether a csi runs in the target's PID namespace that ends with its standard input
#   run CMD...              the same with output kept: RC, $OUT and $ERR (files)
#   expect_*                one check each; a failed one is printed and the case goes on
#   skip REASON             only for a name in tests/skips.txt
#
# Nothing needs tidying up by the case: whatever pod_up started ends with it.

set -u
HELPERS=$CSI_TOP/tests/helpers
OUT=$PWD/out
ERR=$PWD/err
RC=
PODS=()
POD='' POD_DIR='' TPID='' TARGET_ID='' CONTAINER_ID='' ENGINE='' ROOTFS='' UPPER='' MERGED='' FIXTURE=''
SAID=
PID=
checks=0
FAILED=$PWD/.failed # a file: a check at the end of a pipe is in a shell of its own, and counts too

finish() {
	local rc=$?
	trap - EXIT
	for pod in ${PODS+"${PODS[@]}"}; do
		python3 "$HELPERS/pod.py" down "$CSI_RUN" "$pod"
	done
	[ "$rc" -eq 77 ] && exit 77
	[ "$rc" -ne 0 ] && echo "the case ended with $rc" && exit 1
	[ "$checks" -eq 0 ] && echo "the case checked nothing" && exit 1
	[ ! -e "$FAILED" ] || exit 1
	exit 0
}
trap finish EXIT
trap 'exit 1' INT TERM

skip() {
	echo "SKIP $*"
	exit 77
}

# need_runc: for what the fallback engine has not
need_runc() { [ "$(cat "$CSI_RUN/engine")" = runc ] || skip "needs runc"; }

note() { printf '%s\n' "$*"; }

# fail WHAT [FILE...]: a check that did not hold, and the first lines of what shows it.
fail() {
	: >"$FAILED"
	printf 'FAIL %s\n' "$1"
	shift
	local f
	for f; do
		[ -s "$f" ] || continue
		printf -- '--- %s\n' "${f##*/}"
		head -c 3000 "$f" | cat -v | head -n 30
	done
}

# check TEXT CMD...: holds when CMD succeeds.
check() {
	local text=$1
	shift
	checks=$((checks + 1))
	"$@" || fail "$text"
}

# wait_for SECONDS WHAT CMD...: until CMD succeeds; a failure that says WHAT, and 1, if it does not in that time
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	checks=$((checks + 1))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { fail "waited in vain for $what" && return 1; }
		sleep 0.05
	done
}
has_line() { grep -q "$@" 2>/dev/null; }                                       # PATTERN FILE
is_larger() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]; } # FILE BYTES

# Pods

pod_up() {
	local name said
	name=$(printf '%s-%d' "${CSI_CASE//[^a-z0-9]/-}" ${#PODS[@]})
	PODS+=("$name")
	said=$(python3 "$HELPERS/pod.py" up "$CSI_RUN" "$name" "${TARGET_UID:-0}" "$@") || exit 1
	eval "$said"
	FIXTURE=$POD_DIR/fixture
	[ $# -gt 0 ] || ask / >/dev/null || { fail "the target does not answer" "$POD_DIR/target/log" && exit 1; }
}

pod_down() {
	local i
	python3 "$HELPERS/pod.py" down "$CSI_RUN" "$POD"
	for i in "${!PODS[@]}"; do
		[ "${PODS[i]}" = "$POD" ] && unset "PODS[i]"
	done
}

http_get() {
	nsenter -t "$TPID" -n bash -c '
		for _ in {1..100}; do
			exec 3<>/dev/tcp/127.0.0.1/8080 && break || sleep 0.05
		done 2>/dev/null
		printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3 && cat <&3' - "$1"
}

ask() {
	local answer
	answer=$(http_get "$1" | tr -d '\r' && echo .) || return 1 # the dot keeps the last newlines
	[ "${answer%%$'\n'*}" = "HTTP/1.0 200 OK" ] || return 1
	answer=${answer#*$'\n\n'}
	printf '%s' "${answer%.}"
}

percent() {
	local LC_ALL=C s=$1 i c
	for ((i = 0; i < ${#s}; i++)); do
		c=${s:i:1}
		case $c in
		[a-zA-Z0-9/._-]) printf '%s' "$c" ;;
		*) printf '%%%02x' "'$c" ;;
		esac
	done
}

start() {
	local query=$1 arg
	shift
	for arg; do
		query+="&$(percent "$arg")"
	done
	SAID=$(ask "/run?$query") || { fail "cannot start $query" && exit 1; }
	started
}

# intruders: five of them, one of a kind
intruders() {
	intrude kinsing && KINSING=$PID
	intrude memfd && MEMFD=$PID
	start masquerade && KWORKER=$PID
	start env LD_PRELOAD=/tmp/libhide.so LANG=C && ENV=$PID
	start exe /tmp/x && TMP=$PID
}

# intrude kinsing|memfd|drop|preload: the talk's requests
intrude() {
	SAID=$(ask "/$1") || { fail "request /$1" && exit 1; }
	started
}

started() {
	PID=$(sed -n 's/^pid //p' <<<"$SAID")
	case $SAID in
	*error:*) fail "the target says: $SAID" && exit 1 ;;
	esac
}

# said NAME: what a fixture announced under this name
said() { sed -n "s/^$1 //p" <<<"$SAID"; }

# host_pid PID: a process of the pod as the host sees it
host_pid() {
	local ns dir
	ns=$(readlink "/proc/$TPID/ns/pid")
	for dir in /proc/[0-9]*; do
		[ "$(readlink "$dir/ns/pid" 2>/dev/null)" = "$ns" ] || continue
		[ "$(awk '/^NSpid:/ { print $NF }' "$dir/status" 2>/dev/null)" = "$1" ] || continue
		echo "${dir#/proc/}"
		return 0
	done
	return 1
}

# Running beside the target

side() {
	[ -e "$POD_DIR/$1/exec" ] || python3 "$HELPERS/pod.py" side "$CSI_RUN" "$POD" "$1" || exit 1
}

# exec_in ROLE CMD...: standard input as it is
exec_in() {
	local prefix role=$1
	shift
	side "$role"
	mapfile -t prefix <"$POD_DIR/$role/exec"
	"${prefix[@]}" "$@"
}

as() { exec_in "$@" </dev/null; }

# typed CMD...: beside the target in this case's role, on a terminal; standard input is what is typed there
typed() {
	local prefix role=${ROLE:-ptrace}
	side "$role"
	mapfile -t prefix <"$POD_DIR/$role/exec"
	[ "$ENGINE" != runc ] || prefix=("${prefix[@]:0:4}" -t "${prefix[@]:4}")
	timeout 20 script -qec "${prefix[*]} $*" /dev/null >"$OUT"
}

csi() { as "${ROLE:-ptrace}" csi "$@"; }

tethered_csi() { pgrep --ns "$TPID" --nslist pid -f 'csi --tether' >/dev/null; }
no_tethered_csi() { ! tethered_csi; }

run() {
	"$@" >"$OUT" 2>"$ERR"
	RC=$?
}

# host_csi ARGS: the binary on this machine, for fixtures and bundles
host_csi() { "$CSI_TOP/out/amd64/csi" "$@" </dev/null; }

# Checks on the last `run`

expect_exit() {
	checks=$((checks + 1))
	[ "$RC" = "$1" ] || fail "exit code $RC, expected $1" "$ERR" "$OUT"
}

# expect_json FILTER [WHAT]: FILTER over the array of all records is true; of one that gives several values, all of them
expect_json() {
	checks=$((checks + 1))
	jq -es "[($1)] | length > 0 and all" "$OUT" >/dev/null 2>"$PWD/jq.err" || fail "${2:-records: $1}" "$PWD/jq.err" "$OUT"
}

# expect_all SELECT CONDITION [WHAT]: there are records that SELECT lets pass, and CONDITION is true of each
expect_all() { expect_json "[.[] | $1] | length > 0 and all(.[]; $2)" "${3:-all of $1: $2}"; }

# A gap record as one line, CODE|WHAT|PID|ON, with "-" for what is absent. All that the tests know of
# the form of gap records is this line.
GAP='select(.event.kind? == "pipeline_error")
	| [.error.code, .event.action, .process.pid, .csi.on] | map(. // "-" | tostring) | join("|")'

gaps() {
	local told
	told=$(jq -r "$GAP" "$1") || return 1
	[ -z "$told" ] || LC_ALL=C sort <<<"$told"
}

# expect_gaps "CODE|WHAT|PID|ON"...: exactly these gap records, in any order; none without arguments
expect_gaps() {
	checks=$((checks + 1))
	[ $# -eq 0 ] || printf '%s\n' "$@" | LC_ALL=C sort >want.gaps
	[ $# -gt 0 ] || : >want.gaps
	gaps "$OUT" >got.gaps || fail "output is not JSON lines" "$OUT"
	diff -u --label expected --label got want.gaps got.gaps >gaps.diff || fail "gap records differ" gaps.diff
}

# can OBJECT: whether csi in this case's role may read it of this case's target (roles.tsv)
can() {
	local word
	word=$(awk -F'\t' -v u="${TARGET_UID:-0}" -v r="$ROLE" -v o="$1" \
		'$1 == u && $2 == r && $3 == o { print $5 }' "$CSI_TOP/tests/roles.tsv")
	[ "$word" = yes ]
}

# denied WHAT OBJECT PID...: the gap lines of an action that needs OBJECT, if this role has it not
denied() {
	local what=$1 object=$2 pid
	shift 2
	can "$object" && return
	for pid; do
		printf 'EACCES|%s|%s|-\n' "$what" "$pid"
	done
}

# expect_gap_lines: as expect_gaps, the list on standard input
expect_gap_lines() {
	local lines
	mapfile -t lines
	expect_gaps ${lines+"${lines[@]}"}
}

# expect_exit_by_gaps: the exit code that the last output calls for
expect_exit_by_gaps() {
	local told
	told=$(gaps "$OUT") || fail "output is not JSON lines" "$OUT"
	if [ -n "$told" ]; then expect_exit 3; else expect_exit 0; fi
}

expect_eq() {
	checks=$((checks + 1))
	[ "$1" = "$2" ] || fail "${3:-values differ}: '$1' is not '$2'"
}

expect_grep() {
	checks=$((checks + 1))
	grep -qE -- "$1" "${2:-$OUT}" || fail "no line matches $1" "${2:-$OUT}"
}

expect_no_grep() {
	checks=$((checks + 1))
	[ -e "${2:-$OUT}" ] || { fail "${2:-$OUT} is not there" && return; }
	! grep -qE -- "$1" "${2:-$OUT}" || fail "a line matches $1" "${2:-$OUT}"
}

# expect_printable FILE...: not one byte that a terminal would obey
expect_printable() {
	checks=$((checks + 1))
	python3 "$HELPERS/printable.py" "$@" >raw.txt || fail "raw bytes in output" raw.txt
}

# expect_empty FILE: a file, or what a <(command) says, of which -s is never true
expect_empty() {
	checks=$((checks + 1))
	[ -e "$1" ] || { fail "$1 is not there" && return; }
	head -c 3000 "$1" >rest
	[ ! -s rest ] || fail "$1 is not empty" rest
}

# expect_within SECONDS CMD...: as run, and not slower than that. It is there to find what hangs or does far too
# much, on a machine that does other work as well: leave generous room.
expect_within() {
	local limit=$1 from=$SECONDS
	shift
	run "$@"
	checks=$((checks + 1))
	[ $((SECONDS - from)) -le "$limit" ] || fail "took $((SECONDS - from)) s, allowed $limit"
}

# The escape of DESIGN.md section 3, to compare with: text on standard input, bytes as they come
escape() { python3 "$HELPERS/printable.py" --escape; }

canary_of() { printf 'CSI-CANARY-%d-%08x' "$1" $((($1 * 2654435761) & 0xffffffff)); }

# Do no harm: harm_before takes the snapshot, expect_no_harm compares

# harm_before [HOSTPID...]: files and upper directory of the target, memory of PID 1 and of these
harm_before() {
	harm_args=(--tree "$MERGED" --tree "$POD_DIR/volume" --tree "$POD_DIR/shm" --upper "$UPPER" --pid "$TPID")
	local pid
	for pid; do
		harm_args+=(--pid "$pid")
	done
	python3 "$HELPERS/harm.py" snap before.json "${harm_args[@]}" || fail "no snapshot"
}

# own_all: everything becomes the target's own, for a role that has O_NOATIME only of what it owns
own_all() { chown -hR "$TARGET_UID:$TARGET_UID" "$MERGED" "$POD_DIR"/{volume,shm}; }

# expect_none_reaped: the target's PID 1 answers, and has reaped no stranger's child
expect_none_reaped() {
	local told
	checks=$((checks + 1))
	told=$(ask /reaped) || { fail "the target does not say whom it reaped" && return; }
	[ -z "$told" ] || fail "PID 1 reaped a stranger: $told"
}

harm_cached() { harm_args+=(--cached "$1"); }

expect_no_harm() {
	checks=$((checks + 1))
	python3 "$HELPERS/harm.py" snap after.json "${harm_args[@]}" || fail "no snapshot"
	python3 "$HELPERS/harm.py" diff before.json after.json >harm.txt || fail "the target changed" harm.txt
}
