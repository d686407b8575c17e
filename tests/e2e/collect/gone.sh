#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files, directories and mounts that go away under the walk: each is one record, and the rest is whole.
# roles: ptrace root same
# uids: 65532
# timeout: 180
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
pod_up

tree() {
	rm -rf "$MERGED/tmp/h" && mkdir -p "$MERGED/tmp/h/a" "$MERGED/tmp/h/b"
	stall_file "$MERGED/tmp/h/a/large"
	for name in a/next b/one b/two c d; do echo "$name" >"$MERGED/tmp/h/$name"; done
	ln -s c "$MERGED/tmp/h/e"
	chown -hR 65532:65532 "$MERGED/tmp/h"
}

# What csi has listed but not reached.
tree
stall
rm -r "$MERGED/tmp/h/b" "$MERGED/tmp/h/c" "$MERGED/tmp/h/e"
go_on
expect_exit 3
run host_csi verify b
expect_exit 0
ledger
expect_gaps "ENOENT|walk|-|/tmp/h/b" "ENOENT|walk|-|/tmp/h/c" "ENOENT|walk|-|/tmp/h/e"
for path in a a/large a/next d; do entry /tmp/h/$path '.csi.outcome == "ok"'; done
expect_json 'all(.[]; .file.path? | . != "/tmp/h/c" and . != "/tmp/h/b/one")' "what was gone is no item"

# The directory that csi is in, with all above it, and what it reads in it. That a directory is no longer where
# it was found is said of each on the way back: the paths below it were right when they were told.
tree
cp "$MERGED/tmp/h/a/large" before
stall
rm -r "$MERGED/tmp/h"
go_on
expect_exit 3
run host_csi verify b
expect_exit 0
ledger
expect_gaps "ESTALE|collect file|-|/tmp/h/a/large" "ENOENT|walk|-|/tmp/h/a/next" \
	"ENOENT|walk|-|/tmp/h/b" "ENOENT|walk|-|/tmp/h/c" "ENOENT|walk|-|/tmp/h/d" "ENOENT|walk|-|/tmp/h/e" \
	"ESTALE|walk|-|/tmp/h/a" "ESTALE|walk|-|/tmp/h"
check "what was open is whole" cmp -s "$(find x -path '*/tmp/h/a/large')" before
