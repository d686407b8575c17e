#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# csi-debug: the one entry point. ./build.sh help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
top=$PWD

# ---- packages ------------------------------------------------------------------------------------
# GROUP: the Debian packages it needs. needs() says which verb needs which groups. Names that are
# the same on Debian 12 and 13 only.
declare -A packages=(
	[fetch]="debian-archive-keyring dpkg-dev"
	[build]="gcc libc6-dev make perl bzip2 xz-utils patch"
	[build_arm64]="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	[host_libs]="libarchive-dev libzstd-dev zlib1g-dev libssl-dev libsodium-dev libyara-dev"
	[clang]="clang libclang-rt-dev"
	[lint]="clang clang-format clang-tidy shellcheck"
	[container]="runc"
	[demo]="jq zstd procps util-linux python3 golang-github-containers-common"
	[test]="jq zstd gdb python3 attr acl libcap2-bin strace hashdeep lsof procps psmisc xxd file binutils util-linux e2fsprogs bsdutils minisign libarchive-tools age sleuthkit debsums umoci yara time"
	[corpus]="mmdebstrap iproute2"
	[vm]="qemu-system-x86 cpio"
	[image_test]="podman skopeo golang-github-containers-common buildah debootstrap"
	[bench]="zstd lsof procps openssl time hashdeep b3sum gdb yara"
)

needs() {
	case $1 in
	fetch) echo fetch ;;
	tools | image) echo "fetch build" ;;
	demo) echo "fetch build container demo" ;;
	test) echo "fetch build host_libs clang lint container demo test corpus vm image_test" ;;
	lint) echo "fetch build host_libs clang lint" ;;
	bench) echo "fetch build container demo bench" ;;
	fuzz) echo "fetch build host_libs clang" ;;
	esac
}

# ---- settings ------------------------------------------------------------------------------------

ARCH=${ARCH:-amd64}
CSI_T0=${CSI_T0:-${EPOCHREALTIME/[.,]/}}
CSI_LOG=$top/out/log
CSI_LOCKED=${CSI_LOCKED:-}
# The time stamp on everything in the image. It moves with the version, not with the clock.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1795392000} # 2026-11-23
KCONFIG_NOTIMESTAMP=1
if [ -n "${CSI_SOURCES:-}" ]; then
	CSI_SOURCES=$(cd "$CSI_SOURCES" && pwd)
	export CSI_SOURCES
fi
export ARCH CSI_T0 CSI_LOG CSI_LOCKED SOURCE_DATE_EPOCH KCONFIG_NOTIMESTAMP
umask 022

help() {
	cat <<-'EOF'
		usage: ./build.sh VERB [ARGUMENT...]

		  demo     show the main job: an intrusion into a distroless container, found and carried away
		  test     every test; arguments name the ones to run
		  image    out/csi-debug-ARCH.tar, for ctr images import, podman load and docker load
		  tools    out/ARCH/csi, the program alone
		  lint     formatting, warnings of gcc and clang, clang-tidy, shellcheck, layers
		  bench    the speed and memory goals, measured against other tools in the same run
		  fuzz     the fuzzers, 60 seconds in all by default
		  fetch    the sources of the dependencies, into out/sources
		  clean    remove out/, except the sources fetched
		  help     this

		options, before the verb
		  --locked      refuse any source that is not exactly what image/deps.lock names

		environment
		  ARCH          amd64 (default)
		  CSI_SOURCES   a folder that holds the sources: builds without a network
	EOF
}

say() { echo "csi-debug: $*" >&2; }
die() {
	say "$*"
	exit 1
}

# One build at a time in this tree; a second one waits. Tests run outside the lock.
lock() {
	mkdir -p out
	exec 9> out/.lock
	flock -n 9 && return
	say "another build.sh works here; waiting for it"
	flock 9
}
unlock() { exec 9>&-; }

# ---- packages, installed -------------------------------------------------------------------------

install_packages() {
	local group list='' missing
	for group in $(needs "$1"); do
		list="$list ${packages[$group]}"
		if [ -n "${packages[${group}_$ARCH]:-}" ]; then list="$list ${packages[${group}_$ARCH]}"; fi
	done
	# shellcheck disable=SC2086
	missing=$(comm -13 \
		<(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2> /dev/null | sed -n 's/^.i  *//p' | sort -u) \
		<(printf '%s\n' $list | sort -u) | tr '\n' ' ')
	missing=${missing% }
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		say "these packages are missing; install them with"
		echo "  sudo apt-get install -y --no-install-recommends $missing" >&2
		exit 2
	fi
	image/step.sh apt "installing $missing" ./build.sh apt-install "$missing"
}

apt_install() {
	local -a want
	read -ra want <<< "$1"
	export DEBIAN_FRONTEND=noninteractive
	local apt=(apt-get -y -q -o DPkg::Lock::Timeout=300)
	# Without lists, or with old ones that name files which the mirror has no more, read them first.
	if [ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2> /dev/null)" ] &&
		"${apt[@]}" --no-install-recommends install "${want[@]}"; then
		return 0
	fi
	"${apt[@]}" update
	"${apt[@]}" --no-install-recommends install "${want[@]}"
}

# ---- building ------------------------------------------------------------------------------------

tools_make() { make --no-print-directory -f tools/Makefile -j"$(nproc)" ARCH="$ARCH" "$@"; }

version() { cat tools/VERSION; }

# What csi --version says. Written only when it changes, so that nothing is compiled again for it.
version_header() {
	local file=out/$ARCH/gen/version.h
	mkdir -p "${file%/*}"
	cat > "$file.new" <<-EOF
		/* Written by build.sh from tools/VERSION and the state of the sources. */
		#define CSI_VERSION "$(version)"
		#define CSI_DEPS "$(image/deps.sh state)"
	EOF
	if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
	rules_header > "${file%/*}/rules.new"
	file=${file%/*}/rules.inc
	if cmp -s "${file%.inc}.new" "$file"; then rm "${file%.inc}.new"; else mv "${file%.inc}.new" "$file"; fi
}

# The rules of csi scan as data. Each byte is inverted, so that no other scanner finds in csi what csi looks for.
rules_header() {
	local f n=0
	echo "/* Written by build.sh from image/rules/. */"
	for f in image/rules/*.yar; do
		echo "static const unsigned char builtin_${n}[] = {"
		od -An -v -tu1 "$f" | awk '{ for (i = 1; i <= NF; i++) printf "%d,", 255 - $i; print "" }'
		echo "};"
		n=$((n + 1))
	done
	echo "static const struct { const char *name; const unsigned char *p; size_t n; } builtin[] = {"
	n=0
	for f in image/rules/*.yar; do
		f=${f##*/}
		echo "{ \"csi/${f%.yar}\", builtin_$n, sizeof(builtin_$n) },"
		n=$((n + 1))
	done
	echo "};"
}

build_tools() {
	image/deps.sh build
	version_header
	image/step.sh csi "building csi" ./build.sh make csi
}

build_image() {
	build_tools
	image/step.sh image "packing the image" image/rootfs.sh
}

run() {
	[ -x "$1" ] || die "$1 is not there"
	unlock
	exec "$@"
}

# ---- verbs ---------------------------------------------------------------------------------------

while :; do
	case ${1:-} in
	--locked) CSI_LOCKED=1 && shift ;;
	-h | --help) help && exit 0 ;;
	-*) say "unknown option $1; ./build.sh help" && exit 2 ;;
	*) break ;;
	esac
done
if [ $# -eq 0 ]; then
	help >&2
	exit 2
fi
verb=$1
shift

case $verb in
help) help ;;
# Two that build.sh calls itself, so that the step runner can time and log them.
apt-install) apt_install "$1" ;;
make) tools_make "$@" ;;
fetch)
	lock
	install_packages fetch
	image/deps.sh fetch
	say "the sources are in out/sources"
	;;
tools)
	lock
	install_packages tools
	build_tools
	ls -l "out/$ARCH/csi" >&2
	;;
image)
	lock
	install_packages image
	build_image
	ls -l "out/csi-debug-$ARCH.tar" >&2
	;;
demo)
	lock
	install_packages demo
	build_image
	run tests/demo.sh "$@"
	;;
test)
	lock
	install_packages test
	build_image
	image/step.sh asan "building csi with ASan and UBSan" ./build.sh make asan
	image/step.sh unit "building the unit tests" ./build.sh make unit
	run tests/run.sh "$@"
	;;
lint)
	lock
	install_packages lint
	version_header
	run tests/lint.sh "$@"
	;;
bench)
	lock
	install_packages bench
	build_image
	run tests/bench/run.sh "$@"
	;;
fuzz)
	lock
	install_packages fuzz
	build_tools # real bundles as seeds
	image/step.sh fuzz "building the fuzzers" ./build.sh make fuzz
	run tests/fuzz/run.sh "$@"
	;;
clean)
	lock
	find out -mindepth 1 -maxdepth 1 ! -name sources ! -name .lock -exec rm -rf {} +
	;;
*)
	say "unknown verb '$verb'; ./build.sh help"
	exit 2
	;;
esac
