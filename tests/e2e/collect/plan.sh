#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --plan says what the collection then takes, opens no content and changes nothing.
# roles: ptrace root
# uids: 0 65532
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start maps && MAPS=$PID
start fds
intrude memfd
mkdir -p "$MERGED/tmp/d" && echo text >"$MERGED/tmp/d/file" && echo volume >"$POD_DIR/volume/file" && echo shm >"$POD_DIR/shm/file"
head -c 3000000 /dev/urandom >"$MERGED/tmp/large"
truncate -s 100M "$MERGED/tmp/sparse" && echo end >>"$MERGED/tmp/sparse"
head -c 5000000 /dev/zero >"$MERGED/tmp/zeros"
touch -a -d 2020-01-01 "$MERGED"/tmp/d/file "$POD_DIR"/{volume,shm}/file "$MERGED/tmp/d"
ln -s file "$MERGED/tmp/d/link"
touch -h -a -d 2020-01-01 "$MERGED/tmp/d/link"

# sum FIELD KIND: over what the plan takes of a kind
sum() { jq -s "map(select(.csi.plan.kind == \"$2\" and .csi.outcome == \"ok\") | .csi.plan.$1 // 0) | add // 0" plan; }

# kind NAME ERE: number of entries and bytes of content in the real one
real() { awk -v re="$1" '$2 ~ re { n++; b += $1 } END { printf "%d %d\n", n, b }' real; }

# compare EXIT FACTOR OPTION...: EXIT is the real one's; its stream is within FACTOR of what was planned
compare() {
	local want=$1 factor=$2
	shift 2
	harm_before "$(host_pid "$MAPS")"
	run csi collect --plan --json "$@"
	expect_no_harm
	expect_exit 0
	expect_gaps
	cp "$OUT" plan
	expect_eq "$(stat -c %x "$MERGED/tmp/d/link" | cut -c1-10)" 2020-01-01 "the plan read a link"
	csi collect "$@" >real.zst 2>"$ERR"
	RC=$?
	expect_exit "$want"
	touch -h -a -d 2020-01-01 "$MERGED/tmp/d/link"
	python3 - real.zst >real <<'PY'
import subprocess, sys, tarfile
p = subprocess.Popen(["zstd", "-dcq", sys.argv[1]], stdout=subprocess.PIPE)
for m in tarfile.open(fileobj=p.stdout, mode="r|", errors="surrogateescape"):
    name = m.name.split("/", 1)[1] if "/" in m.name else ""
    if name and " " not in name and "\n" not in name:
        print(m.size, name)
PY
	for row in 'files|^files/' 'executables|^exe/' 'deleted files|^deleted/'; do
		expect_eq "$(sum number "${row%|*}") $(sum content "${row%|*}")" "$(real "${row#*|}")" "${row%|*} with $*"
	done
	for row in 'tables|^[a-z.0-9]+$' 'proc text|^proc/' 'memory|^mem/'; do
		read -r n bytes < <(real "${row#*|}")
		expect_eq "$(sum number "${row%|*}")" "$n" "number of ${row%|*} with $*"
		planned=$(sum content "${row%|*}")
		check "${row%|*}: planned $planned, real $bytes with $*" test $((planned * 4)) -le $((bytes * 5 + 16384)) -a $((bytes * 4)) -le $((planned * 5 + 16384))
	done
	total=$(jq -s '.[] | select(.csi.plan.kind == "total") | .csi.plan.stream' plan)
	most=$(jq -s '.[] | select(.csi.plan.kind == "total") | .csi.plan.most' plan)
	size=$(stat -c %s real.zst)
	check "stream of $size bytes, at most $most" test "$size" -le "$most"
	check "stream of $size bytes, planned $total" test "$total" -le $((size * factor)) -a "$size" -le $((total * factor))
}

compare 0 3
compare 0 3 --scope quick
compare 0 3 --scope full --volumes
compare 0 20 --memory --scope quick # the memory of these small processes is zeros
compare 0 3 --minimise --volumes
cp plan less
compare 3 3 --max-file 4M

skipped() { jq -r 'select(.csi.outcome == "skipped") | [.csi.plan.kind, .csi.mount.kind, .csi.omit, .csi.plan.number, .csi.plan.content] | map(. // "-" | tostring) | join("|")' "$1" | LC_ALL=C sort; }
expect_eq "$(skipped plan | grep -c 'files|root|over --max-file|1|5000000')" 1 "the file over --max-file"
expect_eq "$(skipped plan | grep -c '^mounts|volume|needs --volumes|1|[1-9]')" 1 "the volume that is not entered, with what it holds"
expect_eq "$(skipped less | grep -c '^files|volume|minimise: volume content|')" 1 "what --minimise leaves out"
csi collect --plan --scope quick --json >plan
expect_eq "$(skipped plan | grep -c 'files|root|over the limit of --scope quick|')" 1 "files over the limit of quick"

run csi collect --plan --speed 1M
expect_exit 0
expect_grep '^total '
expect_grep '^time at 1\.0 MiB a second: about [0-9]+ s'
expect_printable "$OUT"
# What --max-bytes will do is told: the real one then leaves something out of the files first.
head -c 8000000 /dev/urandom >"$MERGED/tmp/more"
run csi collect --plan --max-bytes 4M --scope full
expect_exit 0
expect_grep '^--max-bytes 4\.0 MiB: about .* too little; what is left out begins with: files$'
run csi collect --plan --max-bytes 4M --scope full --json
expect_json 'any(.csi.plan.kind == "total" and .csi.plan.over > 1000000 and .csi.omit == "files")' "what is too much"
csi collect --max-bytes 4M --scope full >real.zst 2>"$ERR"
expect_eq $? 3 "exit code with --max-bytes"
check "more than --max-bytes" test "$(stat -c %s real.zst)" -le $((4 << 20))
run csi collect --plan --max-bytes 400M --scope full
expect_grep '^--max-bytes 400\.0 MiB: enough, as far as can be told$'

for wrong in "--speed 1M" --json "--plan --speed 0"; do
	# shellcheck disable=SC2086
	run csi collect $wrong
	expect_exit 2
	expect_empty "$OUT"
done

# No content is opened: bytes that are not cached stay so.
dd if=/dev/zero of="$POD_DIR/volume/cold" bs=64K count=1 conv=fsync status=none
python3 -c 'import os,sys; f=os.open(sys.argv[1],0); os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED)' "$POD_DIR/volume/cold"
harm_args=()
harm_cached "$POD_DIR/volume/cold"
python3 "$HELPERS/harm.py" snap before.json "${harm_args[@]}"
run csi collect --plan --scope full --volumes
expect_no_harm
