#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --packages: what differs from the lists of dpkg, distroless and apk, against debsums and the upper directory.
# needs: debsums
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"

# A root with a database of dpkg's: merged /usr, conffiles, a diversion, an exclusion, an odd name.
lower=$PWD/lower
cp -a "$CSI_RUN/images/target" "$lower"
rm -rf "$lower/var/lib/dpkg/status.d"
info=$lower/var/lib/dpkg/info
mkdir -p "$info" "$lower"/usr/{bin,lib,share/doc/tool,share/man} "$lower"/etc/tool "$lower/etc/dpkg/dpkg.cfg.d" "$lower/srv/replaced" "$lower/opt/real"
ln -s usr/bin "$lower/bin"
ln -s usr/lib "$lower/lib"
ln -s real "$lower/opt/alias"
for f in usr/bin/tool usr/bin/other usr/lib/lib.so usr/lib/gone.so usr/lib/moved.so usr/bin/diverted.distrib etc/tool/a.conf etc/tool/b.conf \
	srv/replaced/file srv/plain opt/real/file 'usr/lib/odd\name'; do
	echo "content of $f" >"$lower/$f"
done
echo "the local one" >"$lower/usr/bin/diverted"
list() { # PACKAGE PATH...: what dpkg would have written
	local p=$1 path
	shift
	{
		printf '/.\n'
		for path; do
			while [ "$path" != / ] && [ "$path" != . ]; do
				echo "/$path"
				path=$(dirname "$path")
			done
		done
	} | sort -u >"$info/$p.list"
}
list tool bin/tool usr/bin/other usr/share/doc/tool/README usr/bin/diverted etc/tool/a.conf etc/tool/b.conf srv/replaced/file opt/alias/file 'usr/lib/odd\name'
list libtool:amd64 lib/lib.so lib/gone.so usr/lib/moved.so app/httpd etc/passwd srv/plain
sum() { (cd "$lower" && md5sum -- "$1" | sed "s#  .*#  $2#"); }
{ sum usr/bin/tool bin/tool; sum usr/bin/other usr/bin/other; sum usr/bin/diverted.distrib usr/bin/diverted; sum srv/replaced/file srv/replaced/file
	sum opt/real/file opt/alias/file; echo "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/tool/README"
	printf '\\%s  usr/lib/odd\\\\name\n' "$(md5sum <"$lower/usr/lib/odd\name" | cut -c-32)"; } >"$info/tool.md5sums"
{ sum usr/lib/lib.so lib/lib.so; sum usr/lib/gone.so lib/gone.so; sum usr/lib/moved.so usr/lib/moved.so; sum app/httpd app/httpd; sum srv/plain srv/plain; } >"$info/libtool:amd64.md5sums"
conf() { printf ' /%s %s\n' "$1" "$(md5sum <"$lower/$1" | cut -c-32)"; }
{ printf 'Package: tool\nStatus: install ok installed\nArchitecture: all\nMaintainer: x\nDescription: x\nVersion: 1\nConffiles:\n'; conf etc/tool/a.conf; conf etc/tool/b.conf
	printf ' /etc/tool/old.conf d41d8cd98f00b204e9800998ecf8427e obsolete\n'
	printf '\nPackage: libtool\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nMaintainer: x\nDescription: x\nVersion: 1\n\n'; } >"$lower/var/lib/dpkg/status"
printf '/usr/bin/diverted\n/usr/bin/diverted.distrib\nlocal\n' | sed 's/^local$/:/' >"$lower/var/lib/dpkg/diversions"
printf '# as in slim images\npath-exclude=/usr/share/doc/*\n' >"$lower/etc/dpkg/dpkg.cfg.d/docker"
touch "$lower/var/lib/dpkg/available"

rows() { jq -r 'select(.csi.diff) | select(.csi.diff.change != "source") | [.csi.diff.change, .file.path] | join(" ")' "$1" | LC_ALL=C sort; }
run host_csi diff --packages --root "$lower" --json
expect_exit 0
expect_gaps
cp "$OUT" clean.json
rows clean.json >clean
# The image itself: the excluded documentation, and nothing changed.
expect_eq "$(grep -v '^unowned ' clean)" "missing /usr/share/doc/tool/README"
expect_json 'any(.[]; .file.path? == "/usr/share/doc/tool/README" and .csi.diff.marks == ["excluded"] and .csi.diff.owner == "tool")'
check "the diverted original counts as the local one" grep -qx 'unowned /usr/bin/diverted' clean
check "a database file is the packages' own" test -z "$(grep /var/lib/dpkg/info/ clean)"
expect_json 'any(.[]; .csi.diff.change? == "source" and (.file.path | startswith("/var/lib/dpkg")) and .file.ctime != null)'

POD_IMAGE=$lower pod_up
sleep 1.2
cd "$MERGED" || exit 1
echo evil >usr/bin/tool
touch -r usr/bin/other usr/bin/tool
rm usr/lib/gone.so
mv usr/lib/moved.so usr/lib/elsewhere.so
rm -r srv/replaced && mkdir srv/replaced && echo evil >srv/replaced/file
echo evil >tmp/kinsing
mkdir -p var/tmp/.x && echo evil >var/tmp/.x/miner
echo local >>etc/tool/a.conf
rm srv/plain && ln -s /etc/passwd srv/plain
chmod 0777 usr/bin/other             # seen by --since alone
setfattr -n user.x -v 1 usr/lib/lib.so
cd - >/dev/null || exit 1

run csi diff --packages --json
expect_exit 0
expect_gaps
expect_printable "$OUT" "$ERR"
rows "$OUT" | comm -13 clean - >got
# From the upper directory: what is new has no owner, what was listed and is not as listed is changed or missing.
mapfile -t points < <(awk '{ print $5 }' "/proc/$TPID/mountinfo")
"$HELPERS/upper.py" "$UPPER" "${points[@]}" >upper
{
	sed -n 's/^added /unowned /p; s/^deleted /missing /p' upper | grep -vxE 'unowned (/srv/replaced(/file)?|/srv/plain|/run|/proc|/sys|/dev)'
	echo unowned /usr/lib/elsewhere.so # copied up, and under another name
	printf 'changed %s\n' /usr/bin/tool /etc/tool/a.conf /srv/plain /srv/replaced/file
} | LC_ALL=C sort >want
diff -u want got >sets.diff
check "other sets than the upper directory's: $(cat sets.diff)" test ! -s sets.diff
what() { expect_json "any(.[]; .file.path? == \"$1\" and ($2))" "$1: $2"; }
what /usr/bin/tool '.csi.diff.what == ["content"] and .csi.diff.owner == "tool" and (.csi.diff.was.md5 | length) == 32 and .csi.diff.was.md5 != .file.hash.md5'
what /etc/tool/a.conf '.csi.diff.marks == ["configuration"]'
what /srv/plain '.csi.diff.what == ["type"]'
what /usr/lib/gone.so '.csi.diff.change == "missing" and .csi.diff.owner == "libtool"'

# debsums on the same tree: its failures are our changed files, what it misses our missing ones. It passes over links
# and expects obsolete conffiles.
debsums --root="$MERGED" -a -s >/dev/null 2>debsums.err
sed -n 's/^debsums: changed file //p; s/^debsums: missing file //p' debsums.err | sed "s# (from .*##; s#^$MERGED##" |
	sed 's#^/lib/#/usr/lib/#; s#^/bin/#/usr/bin/#' | grep -vxE '/usr/share/doc/.*|/etc/tool/old.conf' | LC_ALL=C sort -u >want
jq -r 'select(.csi.diff.change? == "changed" or (.csi.diff.change? == "missing" and .csi.diff.marks == null)) | .file.path' "$OUT" | grep -vx /srv/plain | LC_ALL=C sort -u >got
diff -u want got >debsums.diff
check "not what debsums says: $(cat debsums.diff debsums.err)" test ! -s debsums.diff

# Both together, in one run, each by its name; a list that was written since the start says so.
cp "$info/tool.md5sums" x && sed -i "s/^[0-9a-f]*  bin\/tool/$(md5sum <"$MERGED/usr/bin/tool" | cut -c-32)  bin\/tool/" x && cat x >"$MERGED/var/lib/dpkg/info/tool.md5sums"
run csi diff --since start --packages --json
expect_exit 0
expect_json 'any(.[]; .csi.diff.baseline? == "since" and .file.path == "/usr/bin/other" and .csi.diff.what == ["times-kept"])'
expect_json 'any(.[]; .csi.diff.baseline? == "since" and .file.path == "/usr/bin/tool")'
expect_json 'all(.[] | select(.csi.diff.baseline? == "packages"); .file.path != "/usr/bin/tool")' "the forged list is believed, as it must be"
expect_json 'any(.[]; .csi.diff.change? == "source" and .file.path == "/var/lib/dpkg/info/tool.md5sums" and (.csi.diff.marks | index("after-start")))'
run csi diff --packages
expect_grep '^packages +source .* after-start .*/var/lib/dpkg/info/tool.md5sums$'
expect_grep '1 files are missing and excluded by dpkg.cfg' "$ERR"
pod_down

# Distroless: digests alone, so links and directories say nothing.
pod_up
run csi diff --packages --json
expect_exit 0
cp "$OUT" before.json
echo x >>"$MERGED/etc/os-release"
echo x >"$MERGED/tmp/dropped"
run csi diff --packages --json
rows before.json >clean
expect_eq "$(rows "$OUT" | comm -13 clean -)" "changed /etc/os-release"$'\n'"unowned /tmp/dropped"
expect_all 'select(.csi.diff.change? == "unowned")' '.file.type == "file"'

# apk: SHA-1, links by their target, directories.
mkdir -p apk/lib/apk/db apk/bin apk/etc
printf busybox >apk/bin/busybox && ln -s /bin/busybox apk/bin/sh && ln -s /bin/busybox apk/bin/ls && printf x >apk/etc/conf && printf n >apk/bin/new
q1() { printf 'Q1%s' "$(openssl dgst -sha1 -binary | base64)"; }
{ printf 'C:Q1x=\nP:busybox\nV:1\nF:bin\nR:busybox\na:0:0:755\nZ:%s\nR:sh\na:0:0:777\nZ:%s\nR:ls\nZ:%s\nR:gone\nZ:%s\nF:etc\nR:conf\nZ:%s\n' \
	"$(printf busybox | q1)" "$(printf /bin/busybox | q1)" "$(printf /bin/other | q1)" "$(printf z | q1)" "$(printf y | q1)"
	printf '\nP:db\nF:lib\nF:lib/apk\nF:lib/apk/db\nR:installed\n\n'; } >apk/lib/apk/db/installed
run host_csi diff --packages --root apk --json
expect_exit 0
expect_eq "$(rows "$OUT")" $'changed /bin/ls\nchanged /etc/conf\nmissing /bin/gone\nunowned /bin/new'

# No database at all, and one that is not read here, are gaps.
mkdir -p none/var/lib/rpm && : >none/var/lib/rpm/rpmdb.sqlite
run host_csi diff --packages --root none --json
expect_exit 3
expect_gaps "EOPNOTSUPP|read rpm's database|-|/var/lib/rpm/rpmdb.sqlite" "ENOENT|find a package database|-|-"
# Hostile lists: endless lines, nothing but NULs, paths that lead out, a list that is a device.
h=hostile/var/lib/dpkg/info
mkdir -p "$h" hostile/etc && echo s >hostile/etc/shadow
head -c 300000 /dev/zero | tr '\0' 'a' >"$h/long.list"
head -c 300000 /dev/zero >"$h/nul.md5sums"
printf '%s  ../../../../etc/passwd\n%s  etc/../etc/shadow\n' "$(md5sum </etc/passwd | cut -c-32)" "$(md5sum <hostile/etc/shadow | cut -c-32)" >"$h/out.md5sums"
ln -s /dev/zero "$h/zero.list" && mkfifo "$h/fifo.list" && ln -s ../../../../../../../../etc/passwd "$h/link.list"
run host_csi diff --packages --root hostile --json
expect_exit 3
expect_printable "$OUT"
expect_all 'select(.csi.diff.change? == "missing")' '.csi.diff.owner == "out"'
expect_gaps 'ENAMETOOLONG|read package list|-|/var/lib/dpkg/info/long.list' 'ENAMETOOLONG|read package list|-|/var/lib/dpkg/info/nul.md5sums' \
	EINVAL\|read\ package\ list\|-\|/var/lib/dpkg/info/{fifo,link,zero}.list
