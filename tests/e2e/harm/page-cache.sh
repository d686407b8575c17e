#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the target had in page cache stays there, and what it had not does not stay.
# roles: ptrace root same
# uids: 65532
# timeout: 120
# alone: others' memory use may evict pages
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
for name in hot cold; do
	dd if=/dev/urandom of="$MERGED/tmp/$name" bs=1M count=16 status=none
	sync "$MERGED/tmp/$name"
	chown 65532:65532 "$MERGED/tmp/$name"
done
python3 -c 'import os,sys; f=os.open(sys.argv[1],0); os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED)' "$MERGED/tmp/cold"
cat "$MERGED/tmp/hot" >/dev/null
# Files as the overlay keeps them: in the upper directory.
harm_args=(--cached "$UPPER/tmp/hot" --cached "$UPPER/tmp/cold")
python3 "$HELPERS/harm.py" snap before.json "${harm_args[@]}"
for command in "walk --hash --json" collect; do
	# shellcheck disable=SC2086
	run csi $command
	expect_no_harm
	[ ! -s harm.txt ] || note "after csi $command"
done
# Lists, logs and tables that are read by the line are no exception.
mkdir -p "$MERGED/var/log" "$MERGED/var/lib/dpkg/info"
for i in $(seq 20000); do printf '%032d  srv/listed/%d\n' "$i" "$i"; done >"$MERGED/var/lib/dpkg/info/many.md5sums"
for i in $(seq 20000); do printf '2026-11-01 12:00:00 status installed many:amd64 1.%d\n' "$i"; done >"$MERGED/var/log/dpkg.log"
head -c 70000 /dev/urandom | base64 -w 60 | sed 's/^/x:/' >"$MERGED/etc/passwd"
read_by_line=(var/lib/dpkg/info/many.md5sums var/log/dpkg.log etc/passwd)
for name in "${read_by_line[@]}"; do
	sync "$MERGED/$name"
	chown 65532:65532 "$MERGED/$name"
	python3 -c 'import os,sys; f=os.open(sys.argv[1],0); os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED)' "$UPPER/$name"
	harm_args+=(--cached "$UPPER/$name")
done
python3 "$HELPERS/harm.py" snap before.json "${harm_args[@]}"
for command in "diff --packages --json" "timeline --json" "scan --files --json /tmp"; do
	# shellcheck disable=SC2086
	run csi $command
	expect_no_harm
	[ ! -s harm.txt ] || note "after csi $command"
done
jq .cached before.json >"$OUT"
expect_grep '/hot": 4096' "$OUT"
