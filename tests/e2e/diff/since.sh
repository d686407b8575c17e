#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `csi diff` finds is what the upper directory has: added, changed, and where something was removed.
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"

lower=$PWD/lower
cp -a "$CSI_RUN/images/target" "$lower"
for d in keep gone moved perm attr replaced parent/deep; do
	mkdir -p "$lower/srv/$d"
	echo "$d" >"$lower/srv/$d/file"
	echo "$d" >"$lower/srv/$d/other"
done
touch -d 2001-01-01 "$lower"/srv/*/file "$lower"/srv/*/other "$lower"/srv/* "$lower/srv"
POD_IMAGE=$lower pod_up
if [ "$ROOTFS" != overlay ]; then
	note "no overlay here"
	run csi diff --json
	expect_exit 3
	exit 0
fi
# What the runtime needs a second for is its own.
sleep 1.2

cd "$MERGED" || exit 1
echo new >srv/keep/new
mkdir -p srv/made/in && echo x >srv/made/in/file
echo more >>srv/keep/file
rm srv/gone/file
mv srv/moved/file srv/moved/elsewhere
chmod 0600 srv/perm/file
setfattr -n user.mark -v 1 srv/attr/file
rm -r srv/replaced && mkdir srv/replaced && echo y >srv/replaced/file
echo deep >>srv/parent/deep/file
ln srv/keep/other srv/keep/second
ln -s /etc/passwd srv/keep/link
mkfifo srv/keep/fifo
chmod 0700 srv/attr
echo back >srv/keep/back && touch -d 2005-05-05 srv/keep/back
echo old >srv/keep/1960 && touch -d 1960-05-05 srv/keep/1960
echo evil >tmp/.ICEd-unix
mkdir -p var/tmp/.x && echo evil >var/tmp/.x/kinsing && chmod +x var/tmp/.x/kinsing
echo kept >>srv/perm/other && touch -r srv/perm srv/perm/other
cd - >/dev/null || exit 1

mapfile -t points < <(awk '{ print $5 }' "/proc/$TPID/mountinfo")
"$HELPERS/upper.py" "$UPPER" "${points[@]}" >upper

run csi diff --json
expect_printable "$OUT" "$ERR"
expect_gaps
expect_exit 0
ours() { jq -r "select(.csi.diff and .csi.mount.kind == \"root\") | select($1) | .csi.diff.change + \" \" + .file.path" "$OUT" | LC_ALL=C sort; }
# Directories that the runtime made for its mount points count as its own; the rest must be told alike.
ours '.csi.diff.change == "runtime"' | cut -d' ' -f2- >runtime
grep -v '^deleted ' upper | grep -vxF -f <(sed 's/^/added /; p; s/^added/changed/' runtime) | LC_ALL=C sort >want
ours '.csi.diff.change != "runtime" and .file.path != "/"' | diff -u want - >sets.diff
check "other sets than the upper directory's: $(cat sets.diff)" test ! -s sets.diff
check "the upper directory is empty" test "$(wc -l <want)" -gt 20

# Every whiteout's directory says so, and none that had only additions.
dir_says() { expect_json "any(.[]; .file.path? == \"$1\" and (.csi.diff.what | index(\"$2\")))" "$1 does not say $2"; }
dir_says /srv/gone entry-removed
dir_says /srv/keep entry-added
dir_says /srv/parent change-within
dir_says /srv/perm change-within
dir_says /srv/attr change-within
# Renamed within one directory: the new name is as new as the directory.
dir_says /srv/moved entry-added
dir_says /srv/keep/file written
dir_says /srv/perm/file times-kept
dir_says /srv/attr/file times-kept
marked() { expect_json "any(.[]; .file.path? == \"$1\" and (.csi.diff.marks | index(\"$2\")))" "$1 lacks the mark $2"; }
marked /srv/keep/back mtime-before-birth
marked /srv/keep/1960 mtime-before-birth
expect_json 'all(.[] | select(.file.path? == "/srv/keep/1960"); .csi.diff.marks | index("future") == null)' "1960 is no future"
expect_json 'all(.[] | select(.file.path? == "/etc/hosts" or .file.path? == "/etc/resolv.conf" or .file.path? == "/etc/hostname");
	.csi.diff.change == "runtime")' "files that the runtime binds"
expect_json '[.[] | select(.file.path? == "/etc/hosts" or .file.path? == "/etc/resolv.conf" or .file.path? == "/etc/hostname")] | length == 3'
expect_json 'any(.[]; .csi.coverage.state? == "skipped" and .csi.mount.point == "/data" and .csi.mount.kind == "volume" and .csi.omit != null)'
expect_json 'any(.[]; .csi.coverage.state? == "walked" and .csi.mount.point == "/" and .csi.coverage.entries > 20)'

# A table says what it left out; --hash hashes what differs; --volumes enters the volume.
run csi diff
expect_exit 0
expect_grep '^since +added .*/var/tmp/.x/kinsing$'
expect_no_grep '/etc/hosts'
expect_grep 'not walked: /data \(volume\)' "$ERR"
expect_printable "$OUT" "$ERR"
echo in-volume >"$POD_DIR/volume/dropped"
echo evil >"$POD_DIR/shm/dropped"
run csi diff --hash --volumes --json
expect_exit 0
expect_json "any(.[]; .file.path? == \"/tmp/.ICEd-unix\" and .file.hash.sha256 == \"$(echo evil | sha256sum | cut -d' ' -f1)\")"
expect_json 'any(.[]; .file.path? == "/data/dropped" and .csi.diff.change == "added" and .csi.mount.kind == "volume")'
expect_json 'any(.[]; .file.path? == "/dev/shm/dropped" and .csi.diff.change == "added" and .csi.mount.kind == "memory")'
run csi diff --since yesterday
expect_exit 2
