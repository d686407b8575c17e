#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Dockerfile builds, from a minimal trixie, the image that ./build.sh image makes.
#
# The base comes from the mirror that this machine's apt uses, by debootstrap: it is what
# debian:trixie-slim is, and needs no registry. It is made once and kept in out/cache.
# timeout: 900
# alone: it compiles for minutes on every processor, and others' time limits would suffer
# needs: buildah debootstrap podman jq readelf
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/image/lib.sh"

CACHE=$CSI_TOP/out/cache
BASE=$CACHE/trixie-slim.tar
# vfs needs nothing of the kernel, so that this also runs where the root is an overlay already, and
# leaves no mount behind if it is ended half way.
STORE=(--root "$PWD/store" --runroot "$PWD/run" --storage-driver vfs)

# mirror TYPE: the archive's URI, or that of the security suites
mirror() {
	local found
	found=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v type="$1" '
			type == "archive" && $1 ~ /^(bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/ ||
			type == "security" && $1 ~ /-security$/ { print $2; exit }')
	case $found,$1 in
	,archive) found=http://deb.debian.org/debian ;;
	,security) found=http://deb.debian.org/debian-security ;;
	esac
	echo "${found%/}"
}

# As the official image's: two sources, no lists, no archives.
finish_base() { # DIR ARCHIVE SECURITY
	rm -f "$1/etc/apt/sources.list"
	{
		printf 'Types: deb\nURIs: %s\nSuites: trixie trixie-updates\n' "$2"
		printf 'Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n'
		printf 'Types: deb\nURIs: %s\nSuites: trixie-security\n' "$3"
		printf 'Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
	} >"$1/etc/apt/sources.list.d/debian.sources"
	find "$1/var/lib/apt/lists" "$1/var/cache/apt" -type f -delete
}

make_base() {
	local archive security more=()
	[ ! -s "$BASE" ] || return 0
	archive=$(mirror archive) security=$(mirror security)
	case $archive$security in *https:*) more=(--include=ca-certificates) ;; esac
	note "making the base once, from $archive"
	debootstrap --variant=minbase ${more+"${more[@]}"} trixie base "$archive" >debootstrap.log 2>&1 || {
		fail "no base" debootstrap.log base/debootstrap/debootstrap.log
		exit 1
	}
	finish_base base "$archive" "$security"
	mkdir -p "$CACHE"
	# By another name first: half a base is none.
	tar -C base --numeric-owner --one-file-system -c . >"$BASE.$$" && mv "$BASE.$$" "$BASE"
	rm -rf --one-file-system base
}

# The tree as a checkout has it, and the sources that are here already: nothing is fetched twice, and
# nobody's edit during the build shows.
make_context() {
	mkdir -p context/out
	tar -C "$CSI_TOP" --exclude=./out --exclude=./.git -c . | tar -C context -x
	cp -a "${CSI_SOURCES:-$CSI_TOP/out/sources}" context/out/sources
}

# apt's proxy, if it has one, for debootstrap and, through buildah, for the apt in the build.
use_proxy() {
	local proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || export http_proxy=$proxy
}

run_build() {
	buildah "${STORE[@]}" bud --isolation=chroot --pull-never --network=host --layers=false \
		-t csi-built context >build.log 2>&1 && return
	tail -n 30 build.log >build.end
	fail "buildah bud" build.end
	exit 1
}

release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

use_proxy
make_base
make_context
checks=$((checks + 1))
podman "${STORE[@]}" import "$BASE" docker.io/library/debian:trixie-slim >import.log 2>&1 ||
	{ fail "the base cannot be imported" import.log && exit 1; }
run_build
run buildah "${STORE[@]}" push csi-built "docker-archive:$PWD/built.tar:csi-built:latest"
expect_exit 0
rm -rf store

check "the built image has not one layer" image_open built.tar built
check "the image has not one layer" image_open "$IMAGE" ours
listing built/layer.tar >built.files
listing ours/layer.tar >our.files
run diff -u our.files built.files
expect_exit 0
for key in .config.User .config.Entrypoint .config.Env .config.Cmd .architecture .os; do
	expect_eq "$(jq -c "$key" built/config)" "$(jq -c "$key" ours/config)" "$key"
done
for program in busybox csi; do
	expect_hardened "built/rootfs/bin/$program"
	has_not /csi-debug/ "$program holds the path of its build" "built/rootfs/bin/$program"
done
run diff -r -x busybox -x csi --no-dereference ours/rootfs built/rootfs
expect_exit 0
expect_eq "$(chroot built/rootfs /bin/csi --version)" "$(chroot ours/rootfs /bin/csi --version)" "csi --version"
# The same compiler makes the same bytes.
if [ "$(release)" = trixie ]; then
	check "csi differs" cmp ours/rootfs/bin/csi built/rootfs/bin/csi
	check "busybox differs" cmp ours/rootfs/bin/busybox built/rootfs/bin/busybox
fi
