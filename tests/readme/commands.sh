#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command of the README, run as written and in its order; every option, file and link that it names.
#
# `kubectl` is a small stand-in that does in the tests' pod what the two lines in question do in a real
# one. The table below says how each line is run; a line that is not in it fails.
# timeout: 300
# needs: jq script zstd age minisign
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/readme.sh"

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
		cp out/csi-debug-amd64.tar /var/lib/rancher/k3s/agent/images/	loads_too 'ctr .*-n k8s.io images import .*"\$IMAGE"'
		skopeo copy docker-archive:out/csi-debug-amd64.tar docker://registry.example.com/csi-debug:0.1.0	loads_too 'skopeo copy --insecure-policy "\$format:\$IMAGE"'
		kubectl exec POD -c csi-1 -- csi doctor	does httpd
		kubectl exec POD -c csi-1 -- csi triage	does deleted-exe
		kubectl exec POD -c csi-1 -- csi ps	does deleted-exe
		kubectl exec POD -c csi-1 -- csi walk --since start	does /tmp/zzz
		kubectl exec POD -c csi-1 -- csi scan --exe --memory	does '^$'
		kubectl exec POD -c csi-1 -- csi collect > case.tar.zst	collects
		csi verify case.tar.zst	does '^case.tar.zst: sealed, complete$'
		tar --zstd -xf case.tar.zst	does '^$'
		cd csi-*/ && cat sums/*.sha256 | sha256sum -c -	does '/tmp/zzz: OK$'
		csi verify --have-list have.jsonl cut1.tar.zst	lists
		kubectl exec -i POD -c csi-1 -- csi collect --have - <have.jsonl >run2.tar.zst	does '^$'
		csi verify cut1.tar.zst run2.tar.zst	does '^set: whole'
		csi verify --salvage whole.tar.zst cut1.tar.zst	salvages
		age-keygen -o age.key	does '^$'
		kubectl exec POD -c csi-1 -- csi collect --encrypt "$(age-keygen -y age.key)" > secret.tar.zst.age	does '^$'
		csi verify --identity age.key secret.tar.zst.age	does '^secret.tar.zst.age: sealed, complete$'
		age -d -i age.key secret.tar.zst.age | tar --zstd -xf -	does '^$'
		mkdir case && mv case.tar.zst case/	does '^$'
		csi verify --custody --case-id IR-7 --operator 'A. Person' --authority 'CISO, by phone' case/	does '^CUSTODY SUMMARY'
		minisign -G -p sign.pub -s sign.key	makes_key
		minisign -Sm case/SHA256SUMS -s sign.key -t "IR-7 $(date -u +%FT%TZ)"	does '^$'
		minisign -Vm case/SHA256SUMS -p sign.pub && (cd case && sha256sum -c SHA256SUMS) && csi verify case/	does '^case.tar.zst: OK$'
		csi collect --cpu 20 --rate 2M -o case.tar.zst	in_pod
		csi collect --headroom 16M -o case.tar.zst	in_pod
		csi collect --max-bytes 500M -o case.tar.zst	in_pod
		kubectl exec POD -c csi-1 -- csi collect --plan --speed 2M	does files
		kubectl exec POD -c csi-1 -- csi collect --minimise > lean.tar.zst	does '^$'
		kubectl exec -i POD -c csi-1 -- csi scan --volumes --rules - <my.yar	does ' zzz_by_name .*/tmp/zzz|/tmp/zzz.* zzz_by_name'
		csi scan --rules rules/ --fail-on high /tmp /var/www	scans_root 4 zzz_by_name
		csi scan --compile --rules rules/ -o pack.yarc	does '^$'
		csi scan --ioc-hashes hash-iocs.txt --ioc-names filename-iocs.txt --ioc-network c2-iocs.txt	scans_root 0 zzz
		kubectl exec POD -c csi-1 -- csi maps -p 7	of_first httpd
		kubectl exec POD -c csi-1 -- csi dump -p 7 > 7.core	of_first '^$'
		kubectl exec POD -c csi-1 -- csi dump -p 7 --freeze > 7.core	of_first '^$'
		docker save IMAGE | kubectl exec -i POD -c csi-1 -- csi diff --image -	does /tmp/zzz
		kubectl exec POD -c csi-1 -- csi timeline --since start	does /tmp/zzz
		kubectl logs --timestamps POD | kubectl exec -i POD -c csi-1 -- csi timeline --since 2h --logs -	does 'GET /drop'
		kubectl exec POD -c csi-1 -- csi timeline --format timesketch > case.jsonl	does '^$'
	EOT
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
		"exec -i POD -c csi-1 -- "*) exec "${prefix[@]}" "${@:7}" ;;
		"exec POD -c csi-1 -- "*) exec "${prefix[@]}" "${@:6}" </dev/null ;;
		"logs --timestamps POD") date -u '+%FT%T.000000001Z GET /drop' && exit ;;
		esac
		echo "kubectl: the stand-in does not know: $*" >&2
		exit 64
	EOT
	# The image as a flat tar, which diff takes too.
	printf '%s\n' '#!/bin/sh' '[ "$*" = "save IMAGE" ] && exec tar -C "$MERGED" --one-file-system --exclude="./tmp/*" -cf - .' >bin/docker
	chmod +x bin/kubectl bin/docker
	ln -s "$CSI_TOP/out/amd64/csi" bin/csi
	VERSION=$(cat "$CSI_TOP/tools/VERSION")
	PATH=$PWD/bin:$PATH
	export HELPERS POD POD_DIR ENGINE MERGED VERSION PATH
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

# The tar is not its last word: what k3s does with it is containerd's import.
loads_too() { # LINE PATTERN
	loads "$(grep -oE 'out/[a-z0-9-]*\.tar' <<<"$1")" "$2"
}

# "the last line it prints" is the digest and size of what arrived.
collects() { # LINE
	does "$1" '^$'
	expect_eq "$(tail -n 1 "$ERR")" \
		"csi: sha256=$(sha256sum <work/case.tar.zst | cut -d' ' -f1) bytes=$(stat -c %s work/case.tar.zst)" "the last line"
}

# "The line was cut": here inside its last bytes.
lists() { # LINE
	head -c -20 work/case.tar.zst >work/cut1.tar.zst
	run as_written work "$1"
	expect_exit 3
	expect_grep '"item":"files/' work/have.jsonl
}

# What it leaves is verified.
salvages() { # LINE
	run as_written work "$1"
	expect_exit 3
	run csi_here verify work/whole.tar.zst
	expect_exit 0
	expect_grep 'sealed, partial'
}

# As written it asks for a password on the terminal; here the key has none.
makes_key() { # LINE
	does "$1 -W" .
	check "no key was made" test -s work/sign.key
}

# A line that is typed in the laboratory, where a target and a place for the output are: here its options are
# tried, and the output goes where the pod can write.
in_pod() { # LINE
	run bash -c "bin/kubectl exec POD -c csi-1 -- ${1/-o case.tar.zst/} >work/easy.tar.zst"
	expect_exit 0
	run csi_here verify work/easy.tar.zst
	expect_exit 0
}
# The process is another one here.
of_first() { does "${1/-p 7/-p 1}" "$2"; } # LINE PATTERN

# Typed in the laboratory too; here the root file system is beside it.
scans_root() { # LINE CODE PATTERN
	run as_written work "$1 --root '$MERGED'"
	expect_exit "$2"
	expect_grep "$3"
}

# What a reader brings.
rules_and_lists() { # DIR
	mkdir "$1/rules" "$MERGED/var/www"
	echo 'rule zzz_by_name { meta: level = "high" condition: filename == "zzz" }' | tee "$1/my.yar" >"$1/rules/zzz.yar"
	echo '(^|/)zzz$;80' >"$1/filename-iocs.txt"
	echo "$(sha256sum <"$MERGED/tmp/zzz" | cut -d' ' -f1);the dropper" >"$1/hash-iocs.txt"
	echo '192.0.2.7;nobody' >"$1/c2-iocs.txt"
}

csi_here() { bin/csi "$@"; }

run_line() { # LINE
	local how
	# tests/k8s/readme.sh runs all of these, on a cluster.
	if grep -qxF -- "$1" incident; then
		check "nobody runs $1" grep -qx 'mapfile -t lines < <(incident_lines)' "$CSI_TOP/tests/k8s/readme.sh"
		return
	fi
	how=$(table | awk -F'\t' -v line="$1" '$1 == line { print $2; exit }')
	note "README: $1"
	[ -n "$how" ] || { fail "this line of README.md is not in the table of $0" && return; }
	eval "${how%% *} \"\$1\" ${how#"${how%% *}"}"
}

# What the text names

# Every option in the table of commands is one of that command.
check_options() {
	local command option n=0
	while read -r command option; do
		run csi_here "$command" --help
		expect_grep "(^|[ ,])$option( |,|\$)"
		n=$((n + 1))
	done < <(sed -n 's/^| `csi \([a-z]*\).*/\1 &/p' "$README" |
		awk '{ name = $1; while (match($0, /--[a-z-]+/)) { print name, substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }')
	check "only $n options found" test "$n" -ge 30
}

check_commands() {
	local command
	run csi_here --help
	sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' "$OUT" | sort >commands
	sed '/^## Commands/,/^## /!d' "$README" | sed -n 's/^| \(`csi .*\)/\1/p' | cut -d'|' -f1 |
		grep -oE 'csi [a-z]+' | cut -d' ' -f2 | sort -u >listed
	run diff -u --label 'csi --help' --label README.md commands listed
	expect_exit 0
}

# Paths in backquotes (with a slash in them), and relative links.
check_paths() {
	local path n=0
	while read -r path; do
		check "README.md names $path, which does not exist" test -e "$CSI_TOP/$path"
		n=$((n + 1))
	done < <({
		sed 's/`/\n`/g' "$README" | sed -nE 's/^`([A-Za-z.][A-Za-z0-9._-]*\/[A-Za-z0-9._/-]*)$/\1/p'
		grep -oE '\]\([^)#]+' "$README" | sed 's/^](//' | grep -v ://
	} | sort -u)
	check "only $n paths found" test "$n" -ge 10
}

pod_up
intrude drop
intrude kinsing
kubectl_stand_in
mkdir work
rules_and_lists work
incident_lines >incident
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
