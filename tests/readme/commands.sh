#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command of the README, run as written and in its order; every option, file and link that it names.
#
# `kubectl` is a small stand-in that does in the tests' pod what the two lines in question do in a real
# one. The table below says how each line is run; a line that is not in it fails.
# timeout: 120
# needs: jq script zstd
. "$CSI_TOP/tests/helpers/lib.sh"
README=$CSI_TOP/README.md

# LINE as in README.md without its comment, a tab, how: a function below and its arguments
table() {
	cat <<-'EOT'
		kubectl debug POD --image=csi-debug:0.1.0 --image-pull-policy=IfNotPresent --target=app -c csi-1 --attach=false	does '^$'
		kubectl exec -it POD -c csi-1 -- csi shell	on_terminal 'csi collect'
		./build.sh demo	verb
		./build.sh test	verb
		ctr -n k8s.io images import out/csi-debug-amd64.tar	loads 'ctr .*-n k8s.io images import .*"\$IMAGE"'
		podman load -i out/csi-debug-amd64.tar	loads 'podman load -i "\$IMAGE"'
		docker load -i out/csi-debug-amd64.tar	loads 'docker-archive'
		kubectl exec POD -c csi-1 -- csi doctor	does httpd
		kubectl exec POD -c csi-1 -- csi ps	does deleted-exe
		kubectl exec POD -c csi-1 -- csi walk --new	does /tmp/zzz
		kubectl exec POD -c csi-1 -- csi collect > case.tar.zst	collects
		csi verify case.tar.zst	does '^case.tar.zst: sealed, complete$'
		csi verify --salvage whole.tar.zst case.tar.zst	salvages
		tar --zstd -xf case.tar.zst	does '^$'
		cd csi-*/ && cat sums/*.sha256 | sha256sum -c -	does '/tmp/zzz: OK$'
	EOT
}

# The indented lines, without list items, and without the comments that line up behind them.
code_lines() {
	awk '/^    / && !item { sub(/^    /, ""); sub(/ +# .*/, ""); print }
		/^[-*0-9]/ { item = 1 } /^$/ { item = 0 }' "$README"
}

kubectl_stand_in() {
	mkdir -p bin
	cat >bin/kubectl <<-'EOT'
		#!/usr/bin/env bash
		# kubectl as far as the README needs it; anything else is an error.
		set -eu
		case "$*" in
		"debug POD --image=csi-debug:$VERSION --image-pull-policy=IfNotPresent --target=app -c csi-1 --attach=false")
			exec python3 "$HELPERS/pod.py" side "$CSI_RUN" "$POD" ptrace ;;
		esac
		mapfile -t prefix <"$POD_DIR/ptrace/exec"
		case "$*" in
		"exec -it POD -c csi-1 -- "*)
			[ "$ENGINE" != runc ] || prefix=("${prefix[@]:0:4}" -t "${prefix[@]:4}")
			exec "${prefix[@]}" "${@:7}" ;;
		"exec POD -c csi-1 -- "*) exec "${prefix[@]}" "${@:6}" </dev/null ;;
		esac
		echo "kubectl: the stand-in does not know: $*" >&2
		exit 64
	EOT
	chmod +x bin/kubectl
	ln -s "$CSI_TOP/out/amd64/csi" bin/csi
	VERSION=$(cat "$CSI_TOP/tools/VERSION")
	PATH=$PWD/bin:$PATH
	export HELPERS POD POD_DIR ENGINE VERSION PATH
}

# How a line is run: each gets LINE and what the table says

# In a shell of its own, that has not this one's functions.
as_written() { (cd "$1" && bash -c "$2"); } # DIR LINE

does() { # LINE PATTERN
	run as_written work "$1"
	expect_exit 0
	[ -s "$OUT" ] || echo >"$OUT"
	expect_grep "$2"
}

on_terminal() { # LINE PATTERN
	printf 'exit\n' | timeout 20 script -qec "$1" /dev/null >"$OUT" 2>"$ERR"
	RC=$?
	expect_exit 0
	expect_grep "$2"
}

# Not run from here, that would be endless: they must be verbs that build.sh has.
verb() { # LINE
	run bash -c "cd '$CSI_TOP' && ./build.sh help"
	expect_grep "^ *${1#./build.sh } +[a-z]"
}

# Run by tests/image/loads.sh, with this file.
loads() { # LINE PATTERN
	expect_grep "$2" "$CSI_TOP/tests/image/loads.sh"
	check "there is no ${1##* }" test -s "$CSI_TOP/${1##* }"
}

# "the last line it prints" is the digest and size of what arrived.
collects() { # LINE
	does "$1" '^$'
	expect_eq "$(tail -n 1 "$ERR")" \
		"csi: sha256=$(sha256sum <work/case.tar.zst | cut -d' ' -f1) bytes=$(stat -c %s work/case.tar.zst)" "the last line"
}

# "If the stream was cut": here inside its last bytes. What it leaves is verified and opened.
salvages() { # LINE
	mkdir cut
	head -c -20 work/case.tar.zst >cut/case.tar.zst
	run as_written cut "$1"
	expect_exit 3
	run csi_here verify cut/whole.tar.zst
	expect_exit 0
	expect_grep 'sealed, partial'
}
csi_here() { bin/csi "$@"; }

run_line() { # LINE
	local how
	how=$(table | awk -F'\t' -v line="$1" '$1 == line { print $2; exit }')
	note "README: $1"
	[ -n "$how" ] || { fail "this line of README.md is not in the table of $0" && return; }
	eval "${how%% *} \"\$1\" ${how#"${how%% *}"}"
}

# What the text names

# Every option in the table of commands is one of that command.
check_options() {
	local command option
	while read -r command option; do
		run csi_here "$command" --help
		expect_grep "(^|[ ,])$option( |,|\$)"
	done < <(sed -n 's/^| `csi \([a-z]*\).*/\1 &/p' "$README" |
		awk '{ name = $1; while (match($0, /--[a-z-]+/)) { print name, substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }')
}

check_commands() {
	local command
	run csi_here --help
	sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' "$OUT" | sort >commands
	sed '/^## Commands/,/^## /!d' "$README" | sed -n 's/^| \(`csi .*\)/\1/p' | cut -d'|' -f1 |
		grep -oE 'csi [a-z]+' | cut -d' ' -f2 | sort >listed
	run diff -u --label 'csi --help' --label README.md commands listed
	expect_exit 0
}

# Paths in backquotes (with a slash in them), and relative links.
check_paths() {
	local path
	while read -r path; do
		check "README.md names $path, which does not exist" test -e "$CSI_TOP/$path"
	done < <({
		sed 's/`/\n`/g' "$README" | sed -nE 's/^`([A-Za-z.][A-Za-z0-9._-]*\/[A-Za-z0-9._/-]*)$/\1/p'
		grep -oE '\]\([^)#]+' "$README" | sed 's/^](//' | grep -v ://
	} | sort -u)
}

pod_up
intrude drop
intrude kinsing
kubectl_stand_in
mkdir work
mapfile -t lines < <(code_lines)
check "only ${#lines[@]} lines of code found" test "${#lines[@]}" -ge 10
for line in "${lines[@]}"; do
	run_line "$line"
done
while IFS=$'\t' read -r line _; do
	check "the table has a line that README.md has not: $line" grep -qxF -- "$line" <(printf '%s\n' "${lines[@]}")
done < <(table)
check_commands
check_options
check_paths
