#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint.sh [STEP...] - all steps, or those named; --list names them. Needs `./build.sh tools`
# before it (a generated header).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
HERE=$PWD/tests/helpers
STEPS="format gcc clang tidy shell python layers size lib"
TIDY='-*,bugprone-*,cert-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-cert-err33-c'
TIDY+=',-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'
# It does not see __attribute__((cleanup)), so it takes every AUTO_DONE for a leak. The sanitizer sees leaks.
TIDY+=',-clang-analyzer-unix.Malloc'

files() { # PATTERN...: sources, not what is built
	local args=() pattern
	for pattern; do
		args+=(-o -name "$pattern")
	done
	find . \( -path ./out -o -path ./.git \) -prune -o -type f \( "${args[@]:1}" \) -print | LC_ALL=C sort
}

c_files() { files '*.c' | grep -E '^\./(tools|tests)/'; }

# The flags of tools/Makefile, without the writing of dependencies.
flags() {
	# shellcheck disable=SC2016
	make -s -f tools/Makefile --eval 'print-flags:;@echo $(BASE)' print-flags | sed 's/-MMD//; s/-MP//'
}

# Runs `one_STEP FILE FLAGS...` for each file, as many at once as there are processors.
each_c() { # STEP
	local all
	all=$(flags) || return 1
	HEADERS=$(files '*.h' | xargs cat tools/Makefile tests/lint.sh | sha256sum)
	export HEADERS
	# shellcheck disable=SC2086
	c_files | xargs -r -d '\n' -P "$(nproc)" -I{} tests/lint.sh --one "$1" {} $all
}

# What is banned in csi is not in the test programs, which drop ids and the like.
one() { # STEP FILE FLAGS...
	local step=$1 file=$2 all=" ${*:3} "
	case $file in ./tests/*) all=${all/ -include base\/banned.h / } ;; esac
	# shellcheck disable=SC2086
	"one_$step" "$file" $all
}

one_gcc() { gcc "${@:2}" -fsyntax-only "$1"; }
one_clang() { clang "${@:2}" -fsyntax-only "$1"; }

# Unless the file and all headers are as they were when it last passed.
one_tidy() {
	local file=$1 checks=$TIDY log sum
	# A test may use the shell: what it runs there is its own.
	case $file in ./tests/*) checks+=',-cert-env33-c' ;; esac
	mkdir -p out/tidy
	log=out/tidy/$(tr / _ <<<"${file#./}")
	sum="$HEADERS $(sha256sum <"$file")"
	[ "$(cat "$log.ok" 2>/dev/null)" = "$sum" ] && return
	if clang-tidy --quiet --checks="$checks" --warnings-as-errors='*' "$file" -- "${@:2}" >"$log" 2>/dev/null; then
		echo "$sum" >"$log.ok"
	else
		grep -vE '^[0-9]+ warnings' "$log"
		return 1
	fi
}

step_format() { files '*.c' '*.h' | xargs -r -d '\n' clang-format --style=file:tools/.clang-format --dry-run -Werror; }
step_gcc() { each_c gcc; }
step_clang() { each_c clang; }
step_tidy() { each_c tidy; }

shell_files() {
	local file
	files '*.sh'
	find . \( -path ./out -o -path ./.git \) -prune -o -type f -perm -u+x ! -name '*.*' -print |
		while read -r file; do
			! head -n 1 "$file" | grep -qE '^#!.*\b(bash|sh)\b' || echo "$file"
		done
}

# Sourced files are followed from their users, so that a variable set here and used there is seen.
# 2016, 2119, 2120: quoted programs for awk and sh, and functions that take "$@" or nothing.
step_shell() { shell_files | xargs -r -d '\n' shellcheck --external-sources --severity=style --exclude=SC1090,SC1091,SC2016,SC2119,SC2120; }

step_python() { files '*.py' | xargs -r -d '\n' python3 "$HERE/lint.py" python; }
step_layers() { files '*.c' '*.h' | grep '^\./tools/' | xargs -r -d '\n' python3 "$HERE/lint.py" layers; }
step_size() { { files '*.c' '*.h' '*.py' && shell_files; } | LC_ALL=C sort -u | xargs -r -d '\n' python3 "$HERE/lint.py" size; }
step_lib() { files '*.c' '*.h' | grep -E '^\./tools/(lib|signs)/' | xargs -r -d '\n' python3 "$HERE/lint.py" lib; }

main() {
	local step bad=0 from steps
	read -ra steps <<<"${*:-$STEPS}"
	for step in "${steps[@]}"; do
		from=$SECONDS
		if "step_$step"; then
			printf 'ok lint/%s (%d s)\n' "$step" $((SECONDS - from))
		else
			printf 'not ok lint/%s\n' "$step"
			bad=1
		fi
	done
	return $bad
}

case ${1-} in
--list) printf '%s\n' "$STEPS" ;;
--one) one "${@:2}" ;;
*) main "$@" ;;
esac
