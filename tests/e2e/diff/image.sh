#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --image: what differs from the image is what the upper directory of the overlay says, in every form
# that an image comes in, through standard input and from a file.
# roles: ptrace root
# uids: 0 65532
# timeout: 300
# needs: zstd umoci
. "$CSI_TOP/tests/helpers/lib.sh"
lower=$CSI_RUN/images/target
images() { python3 "$HELPERS/layers.py" "$@"; }
# rows: what the last run told, as drift.py prints it; the runtime's own making is told apart
rows() {
	jq -r 'select(.csi.diff.baseline == "image" and .csi.diff.change != "runtime")
		| .csi.diff.change + " " + .file.path' "$OUT" | LC_ALL=C sort
}
same_as() { # WANT WHAT
	rows | diff -u "$1" - >rows.diff
	check "$2: other rows: $(head -n 30 rows.diff)" test ! -s rows.diff
}

pod_up
mkdir up
# The image in two layers, the upper one with a whiteout and an opaque directory of its own.
cp -a "$lower" low
mkdir -p low/etc/old/sub low/opt/gone && echo x >low/etc/old/sub/file && echo y >low/etc/removed
mkdir -p up/etc/old up/opt && mknod up/etc/removed c 0 0 && mknod up/opt/gone c 0 0 && touch up/etc/old/.csi-opaque
cp -a "$lower/etc/passwd" up/etc/
mkdir -p above && mknod above/opt c 0 0 && mkdir above/etc && mknod above/etc/old c 0 0
for dir in . etc; do touch -r "$lower/$dir" "low/$dir" "up/$dir" "above/$dir"; done
images flat flat.tar "$lower"
images oci "$FIXTURE/oci.tar" low up above
images oci --late --pack zstd late.tar low up above
images docker docker.tar low up above
images docker-oci --late docker-oci.tar low up above

if ! can root; then
	run exec_in "$ROLE" csi diff --image - <flat.tar
	expect_exit 3
	exit 0
fi
# Untouched: no row at all but the runtime's.
: >none
for tar in flat late docker docker-oci; do
	run exec_in "$ROLE" csi diff --image - --json <$tar.tar
	same_as none "$tar, untouched"
	expect_gaps
	expect_exit 0
done

python3 "$HELPERS/drift.py" make "$MERGED"
python3 "$HELPERS/drift.py" upper "$lower" "$UPPER" /etc/hosts /etc/hostname /etc/resolv.conf >want
# csi's root is no witness: umoci, a tree of the same changes and the layer that it makes of them.
images oci-dir layout low up above
umoci unpack --image layout:x bundle >/dev/null
python3 "$HELPERS/drift.py" make bundle/rootfs
# What umoci left out of the pod's tree is what the pod has of its own.
run host_csi diff --root bundle/rootfs --image layout --json
rows >got.umoci
expect_gaps
umoci repack --image layout:y bundle >/dev/null
manifest=$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "y").digest' layout/index.json)
layer=$(jq -r '.layers[-1].digest' "layout/blobs/${manifest/://}")
python3 "$HELPERS/drift.py" layer "$lower" "layout/blobs/${layer/://}" >all.umoci
# To umoci a file with one more hard link is another file.
expect_grep '^changed /etc/group$' all.umoci
grep -vx 'changed /etc/group' all.umoci >want.umoci
diff -u want.umoci got.umoci >umoci.diff
check "not what umoci says: $(head -n 30 umoci.diff)" test ! -s umoci.diff

for tar in flat late docker docker-oci; do
	run exec_in "$ROLE" csi diff --image - --json <$tar.tar
	same_as want "$tar"
	expect_gaps
	expect_exit 0
done
expect_all 'select(.csi.diff.owner)' '.csi.diff.owner | test("^sha256:[0-9a-f]{64}$")'
run csi diff --image /fixture/oci.tar --all-content --json
same_as want "a file, all content read"
expect_exit 0
expect_printable "$OUT" "$ERR"
what() { jq -r --arg p "$1" 'select(.file.path == $p and .csi.diff.change == "changed") | .csi.diff.what | join(" ")' "$OUT"; }
expect_eq "$(what /etc/nsswitch.conf)" mode
expect_eq "$(what /etc/os-release)" xattrs
expect_eq "$(what /etc/passwd)" content
expect_eq "$(what /home/nonroot)" owner
expect_eq "$(what /share)" "mtime link"
expect_eq "$(what /var/tmp)" type
expect_eq "$(what /app/httpd)" mtime
expect_json '[.[] | select(.file.path == "/etc/ssl/certs" and .csi.diff.change == "deleted")] | length == 1 and .[0].csi.diff.below == 1'
sum=$(sha256sum <"$lower/etc/passwd" | cut -d' ' -f1)
expect_json "[.[] | select(.file.path == \"/etc/passwd\")][0].csi.diff.was.sha256 == \"$sum\""

run csi diff --image /fixture/oci.tar
expect_printable "$OUT" "$ERR"
expect_grep 'changed content .* /etc/passwd$'
expect_grep 'deleted .* /usr/share/zoneinfo/UTC$'
