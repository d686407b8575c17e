#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --image reads what every archiver writes, name for name and byte for byte, and refuses an image that
# is cut, incomplete or not what its digests say: with half of it, half of the files would be told as new.
# timeout: 300
# needs: zstd bsdtar
. "$CSI_TOP/tests/helpers/lib.sh"
images() { python3 "$HELPERS/layers.py" "$@"; }
# no_rows WHAT: the last run compared everything and found nothing
no_rows() {
	jq -c 'select(.csi.diff)' "$OUT" >rows
	check "$1: rows: $(head -n 5 rows)" test ! -s rows
	expect_gaps
	expect_exit 0
}

# Names of all kinds, decomposed Unicode, long ones, hard links, devices, and files with holes.
python3 "$HELPERS/hostile.py" tree names hardlinks special xattrs >/dev/null
find tree -type s -delete
printf x >"tree/cafe$(printf '\314\201')"
deep=tree
for _ in {1..12}; do deep+=/$(printf 'd%.0s' {1..90}); done
mkdir -p "$deep" && echo y >"$deep/end"
truncate -s 40M tree/hole && printf a | dd of=tree/hole bs=1 seek=5000000 conv=notrunc status=none
truncate -s 10M tree/empty-hole
python3 -c 'f=open("tree/holes","wb"); [(f.seek(i*65536), f.write(b"%d" % i)) for i in range(300)]'
for form in gnu pax; do
	tar -C tree --format=$form --xattrs -cf $form.tar . && tar -C tree --format=$form --xattrs --sparse -cf $form-sparse.tar .
done
for version in 0.0 0.1 1.0; do tar -C tree --format=pax --xattrs --sparse-version=$version --sparse -cf sparse-$version.tar .; done
bsdtar -C tree --format=pax --xattrs -cf bsd.tar . 2>/dev/null
# What only pax has (xattrs, fractions of a second) is not in a tar of GNU's.
for tar in pax pax-sparse sparse-0.0 sparse-0.1 sparse-1.0; do
	run host_csi diff --root tree --image $tar.tar --json
	no_rows "$tar"
done
for tar in gnu gnu-sparse; do
	run host_csi diff --root tree --image $tar.tar --json
	expect_json '[.[] | select(.csi.diff) | select(.csi.diff.change != "changed" or (.csi.diff.what - ["mtime", "xattrs"]) != [])] == []'
	expect_gaps
done
run host_csi diff --root tree --image bsd.tar --json
expect_json '[.[] | select(.csi.diff) | select(.csi.diff.change != "changed" or (.csi.diff.what | contains(["content"])))] == []'
gzip -k pax.tar && zstd -q pax.tar
for pack in gz zst; do
	run bash -c "$CSI_TOP/out/amd64/csi diff --root tree --image - --json <pax.tar.$pack"
	no_rows "the whole archive packed: $pack"
done
# Several members, frames: one stream.
half=$(($(wc -c <pax.tar) / 2))
{ head -c $half pax.tar | gzip -c; tail -c +$((half + 1)) pax.tar | gzip -c; } >members.gz
{ head -c $half pax.tar | zstd -qc; tail -c +$((half + 1)) pax.tar | zstd -qc; } >frames.zst
for pack in members.gz frames.zst; do
	run host_csi diff --root tree --image $pack --json
	no_rows "$pack"
done

# Layouts.
mkdir -p low/etc up/etc && echo a >low/etc/a && echo b >up/etc/b && cp -a low merged && cp -a up/etc/b merged/etc/
touch -r up/etc merged/etc
for words in 'docker --break twice' 'oci --break nested' 'oci --break other-arch' 'oci-dir --pack zstd' 'docker-oci --late'; do
	rm -rf image
	# shellcheck disable=SC2086
	images $words image low up
	run host_csi diff --root merged --image image --json
	no_rows "$words"
done
refused() { # CODE WHY WORDS...: a gap, and not one row
	local gap="$1|read the image ($2)|-|-"
	shift 2
	rm -rf image
	images "$@" image low up || fail "no image"
	run host_csi diff --root merged --image image --json
	expect_gaps "$gap"
	expect_json '[.[] | select(.csi.diff)] == []'
	expect_exit 3
}
refused EBADMSG "a part does not have the digest that names it" oci --break digest
refused EBADMSG "a layer is not what its configuration says" oci --break diff-id
refused EBADMSG "a layer is not what its configuration says" docker --break diff-id
refused ENOENT "a part that its manifest names is missing" oci --break missing
refused ENOENT "a part that its manifest names is missing" oci-dir --break missing
refused EINVAL "it holds several images: save one alone" oci --break several
refused EINVAL "it holds several images: save one alone" docker --break several
refused ENOENT "it has no image for linux/amd64" oci --arch arm64
refused ENODATA "it ends before its end" oci --break cut
refused ENODATA "it ends before its end" docker --break cut --late
# A file system cut in a file, between two of them, and of its end mark alone.
sizes=$(python3 - <<-'END'
	import tarfile
	with tarfile.open("pax.tar") as tar:
	    last = tar.getmembers()[-1]
	    end = last.offset_data + (last.size + 511) // 512 * 512
	    print(last.offset_data - 100, tar.getmembers()[9].offset, end)
	END
)
for size in $sizes; do
	head -c "$size" pax.tar >cut.tar
	run host_csi diff --root tree --image cut.tar --json
	expect_gaps "ENODATA|read the image (it ends before its end)|-|-"
	expect_json '[.[] | select(.csi.diff)] == []'
	expect_exit 3
done
# A file system with the files of an archive in it is a file system.
images docker inner low
mkdir fs && tar -xf inner -C fs && mkdir -p fs/etc && echo x >fs/etc/x && tar -C fs --format=pax -cf fs.tar .
run host_csi diff --root fs --image fs.tar --json
no_rows "a file system that looks like an image"
for file in /dev/null "$CSI_TOP/README.md" low; do
	run host_csi diff --root merged --image "$file" --json
	expect_exit 3
	expect_json '[.[] | select(.csi.diff)] == [] and ([.[] | select(.event.kind == "pipeline_error")] | length == 1)'
done
run host_csi diff --root merged --image nothing-here
expect_exit 1
expect_grep 'no such file' "$ERR"
