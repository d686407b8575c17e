#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The harm checker sees what it is there for: a careless read, a page made present, a file dropped.
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

echo text >"$POD_DIR/volume/file"
cp "$POD_DIR/volume/file" "$MERGED/tmp/upper-file"
touch -a -d 2020-01-01 "$POD_DIR/volume/file" "$MERGED/tmp/upper-file"
start maps
HPID=$(host_pid "$PID")

harm_before "$HPID"
expect_no_harm

# expect_harm REGEX CMD...: after CMD the checker names it
expect_harm() {
	local regex=$1
	shift
	harm_before "$HPID"
	"$@" >/dev/null
	python3 "$HELPERS/harm.py" snap after.json "${harm_args[@]}"
	python3 "$HELPERS/harm.py" diff before.json after.json >"$OUT"
	expect_eq $? 1 "no harm seen by: $*"
	expect_grep "$regex"
}

expect_harm 'volume file: ' as ptrace /bin/busybox cat /proc/1/root/data/file
expect_harm 'merged tmp/upper-file: ' as ptrace /bin/busybox cat /proc/1/root/tmp/upper-file
expect_harm 'upper tmp/new: nothing' ask /run?exe\&/tmp/new
expect_harm "process $HPID pages" python3 - "$HPID" "$(said half)" <<'PY'
import sys
address = int(sys.argv[2].split()[0], 16) + 4096
with open(f"/proc/{sys.argv[1]}/mem", "rb") as f:
    f.seek(address)
    f.read(1)
PY
start zombies 2
expect_harm "process $TPID children" ask /run?zombies\&1

cat "$POD_DIR/volume/file" >/dev/null
sync "$POD_DIR/volume/file"
harm_args=(--cached "$POD_DIR/volume/file")
python3 "$HELPERS/harm.py" snap before.json "${harm_args[@]}"
python3 -c 'import os,sys; f=os.open(sys.argv[1],0); os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED)' "$POD_DIR/volume/file"
python3 "$HELPERS/harm.py" snap after.json "${harm_args[@]}"
python3 "$HELPERS/harm.py" diff before.json after.json >"$OUT"
expect_grep 'cached .*volume/file: 1 -> 0'
