# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The benchmark `scan`, sourced by run.sh: csi scan beside Debian's yara, on the same files, memory and rules, and
# what each of the two does to a target's memory.

# Only what both need: yara wants a value for each external variable.
scan_externals="-d filename= -d filepath= -d extension= -d filetype= -d owner="

make_scan() {
	local dir=$work/scan
	[ -e "$dir/rules.yar" ] && return
	mkdir -p "$dir/tree"
	find /usr/bin /usr/lib -xdev -type f -size +8k -print0 | sort -z | head -z -n 120 | xargs -0 cp -t "$dir/tree" 2>/dev/null || :
	python3 tests/helpers/make_rules.py 1000 7 /bin/bash "$(command -v python3)" >"$dir/rules.yar"
	cat image/rules/*.yar >"$dir/own.yar"
}

rss_of() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# harm NAME COMMAND... : a process of 200 MiB of file and 200 MiB of anonymous memory, both untouched, and 100 MiB that
# are there; its RSS before and after
scan_harm() {
	local name=$1 pid before after
	shift
	"$work/bin/target" lazy 200 200 100 "$PWD/$work" 3>"$work/said" &
	pid=$!
	sleepers="$sleepers $pid"
	until [ -s "$work/said" ]; do sleep 0.1; done
	sleep 1
	before=$(rss_of "$pid")
	"$@" "$pid" >/dev/null 2>&1 || :
	after=$(rss_of "$pid")
	printf '  %-16s RSS of the target %7d kB before, %7d kB after\n' "$name" "$before" "$after"
	kill "$pid"
	wait "$pid" 2>/dev/null || :
	sleepers=${sleepers% "$pid"}
	scan_change=$((after > before ? after - before : before - after)) scan_before=$before
}

bench_scan() {
	local pid dir
	make_scan
	dir=$PWD/$work/scan
	tests/helpers/build.sh "$PWD/$work/bin"
	echo "# csi scan beside $(yara --version) of Debian, $(find "$dir/tree" -type f | wc -l) files, $(du -sm "$dir/tree" | cut -f1) MiB"
	compare "1,000 rules, the tree: csi scan --jobs 2 : yara -p 2 -r" 2 0.95 \
		"$csi scan --root $dir/tree --rules $dir/rules.yar --jobs 2" \
		"yara -w -p 2 -r $scan_externals $dir/rules.yar $dir/tree"
	# So few rules cost little more than the reading, which yara spares itself by mapping the files.
	compare "the rules in the program, the tree" 2 1.1 "$csi scan --root $dir/tree --jobs 2" \
		"yara -w -p 2 -r $scan_externals $dir/own.yar $dir/tree"
	python3 -c 'import sys, time
kept = [open(f, "rb").read() for f in sys.argv[1:]]
time.sleep(86400)' "$dir"/tree/[a-l]* &
	pid=$!
	sleepers="$sleepers $pid"
	sleep 3
	echo "# memory of a process of $(($(rss_of "$pid") >> 10)) MiB"
	compare "1,000 rules, the memory: csi scan --memory : yara PID" 2 0.95 \
		"$csi scan --memory -p $pid --rules $dir/rules.yar" "yara -w $scan_externals $dir/rules.yar $pid"
	kill "$pid"
	wait "$pid" 2>/dev/null || :
	sleepers=${sleepers% "$pid"}
	# shellcheck disable=SC2086
	scan_harm "yara PID" yara -w "$dir/own.yar" $scan_externals
	scan_harm "csi scan" "$csi" scan --memory -p
	printf '  %-16s %-43s' "csi scan" "change of it by $scan_change kB"
	verdict "$((scan_before + scan_change))" "$scan_before" 1.01
	echo "# peak RSS of csi scan; 96 MiB are allowed"
	peak_scan "1,000 rules, the tree" "$csi" scan --root "$dir/tree" --rules "$dir/rules.yar" --jobs 2
	peak_scan "the rules in the program" "$csi" scan --root "$dir/tree" --jobs 2
}

peak_scan() {
	local name=$1 said
	shift
	said=$(seconds "$@")
	printf '  %-34s %6.1f MiB' "$name" "$(awk -v k="$(cut -d' ' -f3 <<<"$said")" 'BEGIN { print k / 1024 }')"
	verdict "$(cut -d' ' -f3 <<<"$said")" $((96 << 10)) 1.0
}
