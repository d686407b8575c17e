#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dependencies: get the sources that image/deps.lock pins, check them, build them.
#
#   deps.sh fetch           every source package into out/sources, verified (all, whether built or not)
#   deps.sh build           what is not built yet, with its sources fetched first
#   deps.sh state           "locked", or "unlocked: NAME VERSION, ..." for csi --version
#
# Called by build.sh, which sets:
#   ARCH          amd64 or arm64
#   CSI_LOCKED    1: refuse whatever is not exactly what deps.lock names
#   CSI_SOURCES   take the files from this folder and use no network
set -euo pipefail
cd "$(dirname "$0")/.."

top=$PWD
lock=image/deps.lock
sources=out/sources
ARCH=${ARCH:-amd64}
OUT=$top/out/$ARCH
export ARCH OUT CSI_LOG=${CSI_LOG:-$top/out/log}

say() { echo "csi-debug: $*" >&2; }
die() {
	say "$*"
	exit 1
}

# ---- the lock file and what stands in for one of its entries -------------------------------------

names() { awk '$1 == "dep" { print $2 }' "$lock"; }

# An entry as it holds now: the pinned one, or the newer revision that fetch had to take.
entry() {
	if [ -z "${CSI_SOURCES:-}" ] && [ -z "${CSI_LOCKED:-}" ] && [ -e "$sources/$1.unlocked" ] &&
		grep -qxF "instead $(pinned "$1" | awk '$1 == "source"')" "$sources/$1.unlocked"; then
		cat "$sources/$1.unlocked"
	else
		pinned "$1"
	fi
}

pinned() { awk -v n="$1" '$1 == "dep" { on = $2 == n } on && NF && $1 !~ /^#/' "$lock"; }
field() { entry "$1" | awk -v f="$2" '$1 == f { $1 = ""; print substr($0, 2) }'; }
package() { field "$1" source | cut -d' ' -f1; }
version() { field "$1" source | cut -d' ' -f2; }
folder() { echo "${CSI_SOURCES:-$sources}"; }

# files_good NAME DIR: every file of NAME is in DIR with the right sum.
files_good() { field "$1" file | awk '{ print $2 "  " $1 }' | (cd "$2" && sha256sum --quiet --strict -c) > /dev/null 2>&1; }

unlocked() {
	local n
	for n in $(names); do
		if entry "$n" | grep -q '^instead '; then echo "$n"; fi
	done
}

state() {
	local n list=
	for n in $(unlocked); do list="$list, $n $(version "$n")"; done
	if [ -z "$list" ]; then echo locked; else echo "unlocked: ${list#, }"; fi
}

# ---- fetch ---------------------------------------------------------------------------------------

# machine_sources: "URI SUITE KEYRING" of each Debian source that this machine's apt has, from both
# file formats. KEYRING is - when none is named.
machine_sources() {
	local dir list
	eval "$(apt-config shell dir Dir::Etc::sourceparts/d list Dir::Etc::sourcelist/f)"
	# shellcheck disable=SC2154
	cat /dev/null "$list" "${dir%/}"/*.list 2> /dev/null | awk '
		$1 == "deb" || $1 == "deb-src" {
			key = "-"
			line = $0
			if (match(line, /\[[^]]*\]/)) {
				opts = substr(line, RSTART + 1, RLENGTH - 2)
				line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
				n = split(opts, o, " ")
				for (i = 1; i <= n; i++) if (o[i] ~ /^signed-by=/) key = substr(o[i], 11)
			}
			split(line, f, " ")
			print f[2], f[3], key
		}' || true
	# Paragraphs; a field may go on in lines that begin with a blank.
	cat /dev/null "${dir%/}"/*.sources 2> /dev/null | awk '
		function flush(    u, s, i, j, nu, ns, k) {
			if (v["enabled"] !~ /^ *(no|false)/ && v["types"] ~ /deb/) {
				k = v["signed-by"]; gsub(/^ +| +$/, "", k)
				if (k !~ /^\/[^ ]*$/) k = "-"
				nu = split(v["uris"], u, " "); ns = split(v["suites"], s, " ")
				for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++) print u[i], s[j], k
			}
			delete v
		}
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		/^[ \t]/ { v[last] = v[last] " " $0; next }
		{ i = index($0, ":"); last = tolower(substr($0, 1, i - 1)); v[last] = substr($0, i + 1) }
		END { flush() }' || true
}

# own_apt SUITE: an apt of our own below out/apt that knows the source index of this suite, through the
# mirrors, proxies and keys that the machine uses. The machine's own lists are not touched.
own_apt() {
	local suite=$1 like found uri key keyring dir=$top/out/apt
	for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg} -; do
		if [ -e "$keyring" ]; then break; fi
	done
	mkdir -p "$dir/sources.d" "$dir/lists/partial" "$dir/cache/archives/partial"
	# The machine may be on another release; its security suites live on a tree of their own.
	like='^(bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)$'
	case $suite in *-security) like='^[a-z]+-security$' ;; esac
	found=$(machine_sources | awk -v re="$like" '$2 ~ re && !n++ { print $1, $3 }')
	case $found,$suite in
	,*-security) found="http://deb.debian.org/debian-security -" ;;
	,*) found="http://deb.debian.org/debian -" ;;
	esac
	uri=${found% *} key=${found#* }
	[ "$key" = - ] && key=$keyring
	{
		echo "Types: deb-src"
		echo "URIs: $uri"
		echo "Suites: $suite"
		echo "Components: main"
		if [ "$key" != - ]; then echo "Signed-By: $key"; fi
	} > "$dir/sources.d/csi.sources"
	cat > "$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$dir/sources.d";
		Dir::State::lists "$dir/lists";
		Dir::Cache "$dir/cache";
		APT::Sandbox::User "$(id -un)";
		Acquire::AllowInsecureRepositories "false";
		Acquire::AllowDowngradeToInsecureRepositories "false";
		APT::Get::AllowUnauthenticated "false";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
	apt_get -q update || {
		say "the source index of $suite could not be read, or its signature not be checked" \
			"(an old debian-archive-keyring lacks the newer keys)"
		return 1
	}
}

apt_get() { apt-get -c "$top/out/apt/apt.conf" "$@"; }

# download DIR PACKAGE=VERSION...: apt checks each file against the signed index.
download() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && apt_get -q source --download-only --only-source "$@")
}

# newer_revisions NAME: "VERSION SUITE" of the same upstream version with a newer Debian revision, newest first.
newer_revisions() {
	local n=$1 pin suite v
	pin=$(pinned "$n" | awk '$1 == "source" { print $3 }')
	for suite in $(field "$n" suite); do
		own_apt "$suite" > /dev/null || continue
		apt-cache -c "$top/out/apt/apt.conf" showsrc --only-source "$(package "$n")" 2> /dev/null |
			awk -v p="$(package "$n")" '$1 == "Package:" { on = $2 == p } on && $1 == "Version:" { print $2 }' |
			while read -r v; do
				if [ "${v%-*}" = "${pin%-*}" ] && dpkg --compare-versions "$v" gt "$pin"; then
					echo "$v $suite"
				fi
			done
	done | sort -V -r
}

# take NAME PARTIAL: move verified files of the entry to out/sources, or fail.
take() {
	local f
	files_good "$1" "$2" || return 1
	for f in $(field "$1" file | cut -d' ' -f1); do mv "$2/$f" "$sources/"; done
}

# The pinned revision is not to be had: take a newer one of the same upstream version, and say so.
fetch_unlocked() {
	local n=$1 pin v suite dir=$sources/.partial/$1 f
	pin=$(version "$n")
	while read -r v suite; do
		own_apt "$suite" || continue
		rm -rf "$dir"
		download "$dir" "$(package "$n")=$v" || continue
		{
			echo "dep $n"
			echo "source $(package "$n") $v"
			echo "instead $(pinned "$n" | awk '$1 == "source"')"
			for f in "$dir"/*; do
				f=${f##*/}
				echo "file $f $(sha256sum < "$dir/$f" | cut -d' ' -f1)"
			done
		} > "$sources/$n.unlocked.new"
		mv "$dir"/* "$sources/"
		mv "$sources/$n.unlocked.new" "$sources/$n.unlocked"
		say "$n: the pinned version $pin is gone from the mirror; taken instead: $v"
		return 0
	done < <(newer_revisions "$n")
	return 1
}

# fetch_network NAME...: all from the first suite in one go, what that lacks from the next, and so on.
fetch_network() {
	local n suite left=$* want dir=$sources/.partial
	mkdir -p "$sources"
	for n in $left; do rm -f "$sources/$n.unlocked"; done
	# shellcheck disable=SC2013
	for suite in $(for n in $left; do field "$n" suite | tr ' ' '\n'; done | awk '!seen[$0]++'); do
		own_apt "$suite" || continue
		rm -rf "$dir"
		want=()
		for n in $left; do want+=("$(package "$n")=$(version "$n")"); done
		# One missing file fails the call; what came is looked at, and the rest asked for one by one.
		download "$dir" "${want[@]}" || for n in "${want[@]}"; do download "$dir" "$n" || true; done
		left=$(for n in $left; do take "$n" "$dir" || echo "$n"; done)
		[ -n "$left" ] || break
	done
	for n in $left; do
		[ -z "${CSI_LOCKED:-}" ] ||
			die "$n: $(package "$n") $(version "$n") as pinned is not on the mirror, and --locked takes no other"
		fetch_unlocked "$n" ||
			die "$n: neither $(package "$n") $(version "$n") as pinned nor a newer revision of it is on" \
				"the mirror; CSI_SOURCES=DIR builds from a folder that holds it"
	done
	rm -rf "$dir"
}

# fetch NAME...: what is not there yet.
fetch() {
	local n missing=()
	for n; do
		if files_good "$n" "$(folder)"; then continue; fi
		[ -z "${CSI_SOURCES:-}" ] ||
			die "$n: $CSI_SOURCES lacks a file of $(package "$n") $(version "$n"), or one differs from $lock"
		missing+=("$n")
	done
	[ ${#missing[@]} -eq 0 ] ||
		image/step.sh fetch "fetching the sources of ${missing[*]}" image/deps.sh network "${missing[@]}"
}

# ---- build ---------------------------------------------------------------------------------------

# A key names everything that a build depends on; the file changes only when one of it does.
key() {
	entry "$1"
	cat "image/deps/$1.sh" image/deps/env.sh
	if [ "$1" = busybox ]; then cat image/busybox.config; fi
	case $ARCH in amd64) x86_64-linux-gnu-gcc --version ;; arm64) aarch64-linux-gnu-gcc --version ;; esac
	echo "$OUT"
}

keys() {
	local n k
	mkdir -p "$OUT/stamp"
	for n; do
		k=$(key "$n" | sha256sum)
		[ "$(cat "$OUT/stamp/$n.key" 2> /dev/null)" = "$k" ] || echo "$k" > "$OUT/stamp/$n.key"
	done
}

deps_make() { make --no-print-directory -f image/deps.mk OUT="$OUT" "$@"; }

stale() {
	local n
	for n in $(names); do
		deps_make -q "$OUT/stamp/$n" > /dev/null 2>&1 || echo "$n"
	done
}

# Said on every build, not only on the one that took it.
warn_unlocked() {
	local n
	for n in $(unlocked); do
		say "WARNING: $n is $(package "$n") $(version "$n") instead of the pinned version, same upstream"
		say "WARNING: version, trusted as far as Debian's archive signature goes. csi --version says"
		say "WARNING: 'unlocked'; --locked refuses this."
	done
}

build() {
	local todo
	# shellcheck disable=SC2046
	keys $(names)
	todo=$(stale)
	[ -n "$todo" ] || return 0
	# shellcheck disable=SC2086
	fetch $todo
	# shellcheck disable=SC2046
	keys $(names) # fetch may have taken another revision
	deps_make -j"$(nproc)" all
}

unpack() {
	local n=$1 dsc
	dsc=$(field "$n" file | awk '$1 ~ /\.dsc$/ { print $1 }')
	files_good "$n" "$(folder)" || die "$n: a source file is missing or differs from $lock"
	rm -rf "$OUT/src/$n"
	mkdir -p "$OUT/src" "$CSI_LOG"
	# The sums above are the check; the maintainer's key need not be on this machine.
	dpkg-source --no-check -x "$(folder)/$dsc" "$OUT/src/$n" > "$CSI_LOG/unpack-$n.log" 2>&1 ||
		die "$n: unpacking failed, see $CSI_LOG/unpack-$n.log"
	mkdir -p "$OUT/copyright"
	cp "$OUT/src/$n/debian/copyright" "$OUT/copyright/$n"
}

recipe() {
	# What an earlier, failed run left behind is not built upon.
	if [ ! -d "$OUT/src/$1" ] || [ -e "$OUT/src/$1.used" ]; then unpack "$1"; fi
	touch "$OUT/src/$1.used"
	(cd "$OUT/src/$1" && NAME=$1 "$top/image/deps/$1.sh")
	rm -rf "$OUT/src/$1" "$OUT/src/$1.used"
}

case ${1:-} in
fetch)
	# shellcheck disable=SC2046
	fetch $(names)
	warn_unlocked
	;;
network) shift && fetch_network "$@" ;;
build)
	build
	warn_unlocked
	;;
state) state ;;
unpack) unpack "$2" ;;
recipe) recipe "$2" ;;
*) die "usage: deps.sh fetch|build|state" ;;
esac
