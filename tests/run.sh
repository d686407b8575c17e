#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/run.sh [-v] [-l] [NAME...] - runs all cases, or those whose name begins with NAME
# (lint, unit, asan, e2e, e2e/ps, hostile, image, demo, readme, ...). One line a case, the output of
# those that failed at the end, and `N passed, N failed, N skipped` as last line.
#
#   -v  prints the output of every case     -l  lists the cases and ends
#
# A case is an executable tests/{e2e,image,readme,...}/GROUP/NAME.sh. Comments at its top say how it runs:
#   # roles: ptrace root same stranger   once for each (default: once, ROLE=ptrace)
#   # uids: 0 65532                      once for each uid of the target (default 0)
#   # timeout: 120                       seconds, default 60
#   # needs: gdb                         commands without which it is skipped (see skips.txt)
#   # alone: REASON                      nothing else runs at the same time

set -u
CSI_TOP=$(cd "$(dirname "$0")/.." && pwd)
CSI_RUN=$CSI_TOP/out/test/run.$$
TESTS=$CSI_TOP/tests
export CSI_TOP CSI_RUN LC_ALL=C.UTF-8 TZ=UTC
unset CDPATH GREP_OPTIONS TARGET_UID ROLE

verbose=
list=
wanted=()
names=()    # case number -> name, and beside it how to run it
files=()
args=()
jobs=()     # pids of what runs now, by case number
passed=0 failed=0 skipped=0 shown=0
bad=()

die() {
	printf 'run.sh: %s\n' "$*" >&2
	exit 1
}

# Cases

is_wanted() {
	local w
	[ ${#wanted[@]} -eq 0 ] && return 0
	for w in "${wanted[@]}"; do
		case $1 in "$w" | "$w"/* | "$w"\[*) return 0 ;; esac
		# A prefix that is not at a border, such as e2e/ps/ro, is taken too.
		case $w in */*) case $1 in "$w"*) return 0 ;; esac ;; esac
	done
	return 1
}

add() { # NAME FILE ARG
	is_wanted "$1" || return 0
	names+=("$1")
	files+=("$2")
	args+=("${3-}")
}

header() { sed -n "1,30s/^# $1: *//p" "$2"; }

add_script() { # NAME FILE
	local roles uids role uid tag
	roles=$(header roles "$2")
	uids=$(header uids "$2")
	for uid in ${uids:-0}; do
		for role in ${roles:-ptrace}; do
			tag=${roles:+$role}${uids:+${roles:+,}$uid}
			add "$1${tag:+[$tag]}" "$2" "$role $uid"
		done
	done
}

find_scripts() {
	local file name
	for file in "$TESTS"/e2e/*/*.sh "$TESTS"/{fuzz,image,k8s,readme,attacks,clean}/*.sh "$TESTS"/{image,readme,demo}.sh; do
		[ -x "$file" ] || continue
		name=${file#"$TESTS"/}
		name=${name%.sh}
		add_script "${name/#e2e\/hostile/hostile}" "$file"
	done
}

find_cases() {
	local file step
	for step in $("$TESTS/lint.sh" --list 2>/dev/null); do
		add "lint/$step" "$TESTS/lint.sh" "$step"
	done
	for file in "$CSI_TOP"/out/{amd64,asan}/unit/test_*; do
		case $file in *\** | *.[do] | *.map) continue ;; esac
		[ -x "$file" ] || continue
		name=unit/${file##*/}
		[ "${file#*/out/asan/}" = "$file" ] || name=asan/${file##*/}
		add "$name" "$file"
	done
	find_scripts
}

# Running one case: in a subshell, in its own directory

missing_tool() {
	local tool
	for tool in $(header needs "$1"); do
		command -v "$tool" >/dev/null || { echo "$tool"; return 0; }
	done
	return 1
}

run_script() { # FILE ROLE UID
	local tool limit
	if tool=$(missing_tool "$1"); then
		echo "SKIP needs $tool"
		exit 77
	fi
	limit=$(header timeout "$1")
	ROLE=$2 TARGET_UID=$3 exec timeout -k 10 "${limit:-60}" bash "$1"
}

one() { # NUMBER
	local n=$1 scratch=$CSI_RUN/case/$1
	local file=${files[n]}
	mkdir -p "$scratch" && cd "$scratch" || exit 1
	export CSI_CASE=${names[n]}
	case ${names[n]} in
	lint/*) exec timeout -k 10 900 "$file" "${args[n]}" ;;
	# The sanitizer reserves 16 TiB, which a test that looks at its own child has to look through.
	unit/* | asan/*) exec timeout -k 10 900 bash "$TESTS/helpers/tap.sh" "$file" ;;
	*) # shellcheck disable=SC2086
		run_script "$file" ${args[n]} ;;
	esac
}

# The cluster of tests/k8s, before the first case that needs it: other cases need not run beside one. Where it
# does not start, those cases fail, and the others go on.
need_cluster() { # NUMBER
	case ${names[$1]} in
	k8s/mock-*) return ;;
	k8s/*) ;;
	*) return ;;
	esac
	[ ! -d "$CSI_RUN/cluster" ] || return
	"$TESTS/helpers/cluster.sh" up "$CSI_RUN" && return
	mkdir -p "$CSI_RUN/cluster"
	touch "$CSI_RUN/cluster/failed"
}

# Every case becomes a `timeout`, which passes a signal on to its whole group.
start_case() {
	mkdir -p "$CSI_RUN/log"
	need_cluster "$1"
	(
		trap - INT TERM EXIT
		one "$1"
	) >"$CSI_RUN/log/$1" 2>&1 </dev/null &
	jobs[$1]=$!
}

# Results

allowed_skip() { grep -qE "^$(sed 's/[][\.*^$/]/\\&/g' <<<"${1%%\[*}")(\[[^]]*\])?	." "$TESTS/skips.txt" 2>/dev/null; }

result() { # NUMBER CODE
	local name=${names[$1]} log=$CSI_RUN/log/$1 word=ok more=
	shown=$((shown + 1))
	if [ "$2" -eq 77 ]; then
		more=" # $(grep -m1 '^SKIP' "$log")"
		if allowed_skip "$name"; then
			skipped=$((skipped + 1)) word=skip
		else
			more+=" (not in skips.txt)" word='not ok'
		fi
	elif [ "$2" -ne 0 ]; then
		word='not ok'
		[ "$2" -ne 124 ] || more=' # out of time'
	else
		passed=$((passed + 1))
	fi
	[ "$word" != 'not ok' ] || { failed=$((failed + 1)) && bad+=("$1"); }
	printf '%s %d %s%s\n' "$word" "$shown" "$name" "$more"
	[ -z "$verbose" ] || sed 's/^/    /' "$log"
	rm -rf --one-file-system "$CSI_RUN/case/$1"
}

collect_one() {
	local pid n rc
	wait -n -p pid "${jobs[@]}"
	rc=$?
	for n in "${!jobs[@]}"; do
		[ "${jobs[n]}" = "$pid" ] || continue
		unset "jobs[n]"
		result "$n" "$rc"
		return
	done
}

is_alone() { case ${names[$1]} in lint/* | unit/* | asan/*) return 1 ;; esac; grep -q '^# alone:' "${files[$1]}"; }

run_all() {
	local n width later=()
	width=$(nproc)
	for n in "${!names[@]}"; do
		if is_alone "$n"; then
			later+=("$n")
			continue
		fi
		while [ ${#jobs[@]} -ge "$width" ]; do collect_one; done
		start_case "$n"
	done
	while [ ${#jobs[@]} -gt 0 ]; do collect_one; done
	for n in ${later+"${later[@]}"}; do
		start_case "$n"
		collect_one
	done
}

report() {
	local n
	for n in ${bad+"${bad[@]}"}; do
		printf '\n--- %s\n' "${names[n]}"
		head -c 20000 "$CSI_RUN/log/$n" | cat -v | head -n 120
	done
	[ ${#bad[@]} -eq 0 ] || echo
}

# Leaves nothing behind, whatever ended it.
tidy() {
	local pid
	trap - EXIT
	trap '' INT TERM
	for pid in ${jobs+"${jobs[@]}"}; do
		kill -TERM "$pid" 2>/dev/null
	done
	[ ${#jobs[@]} -eq 0 ] || wait
	[ ! -d "$CSI_RUN/cluster" ] || "$TESTS/helpers/cluster.sh" down "$CSI_RUN"
	[ ! -d "$CSI_RUN" ] || python3 "$TESTS/helpers/pod.py" sweep "$CSI_RUN"
	rmdir "$CSI_TOP/out/test" 2>/dev/null
}

# What earlier runs left that could not tidy up (kill -9, power).
sweep_stale() {
	local dir
	for dir in "$CSI_TOP"/out/test/run.*; do
		[ -d "$dir" ] || continue
		kill -0 "${dir##*.}" 2>/dev/null || python3 "$TESTS/helpers/pod.py" sweep "$dir"
	done
}

prepare() {
	mkdir -p "$CSI_RUN/case"
	"$TESTS/helpers/build.sh" "$CSI_RUN/bin" || die "the test programs do not build"
	python3 "$TESTS/helpers/pod.py" images "$CSI_RUN" || die "no root file systems"
}

while getopts vl option; do
	case $option in
	v) verbose=1 ;;
	l) list=1 ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
wanted=("$@")
find_cases
[ -z "$list" ] || { printf '%s\n' ${names+"${names[@]}"} && exit 0; }
trap 'exit 130' INT TERM
trap tidy EXIT
if [ ${#names[@]} -gt 0 ]; then
	sweep_stale
	prepare
	run_all
	report
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
