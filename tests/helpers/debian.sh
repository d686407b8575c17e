#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# helpers/debian.sh - prints the path of a Debian root with everything that tests/clean and
# tests/attacks start, and makes it first if it is not there: from the mirror that this machine's apt
# uses, once, into out/cache. Nothing is installed on the host. The containers use it as the lower
# directory of an overlay, so that no case changes it.
set -euo pipefail

# One workload each, and what it is asked with. Names that Debian 13 has.
WORKLOADS="nginx-light apache2 redis-server postgresql mariadb-server memcached haproxy nodejs
	openjdk-21-jre-headless python3 ruby php-fpm php-cli perl caddy mono-runtime mono-mcs cron
	openssh-server openssh-client sshpass dropbear-bin libjemalloc2 libfcgi-bin curl"
# What the attacks use, and the tools that they are also tried with (bench/peers.sh).
ATTACKS="procps iproute2 net-tools binutils file unhide chkrootkit rkhunter"
SUITE=trixie

here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../../out/cache
root=$cache/debian
stamp=$(sha256sum <"$0" | cut -c1-16)

say() { printf 'debian.sh: %s\n' "$*" >&2; }

# mirror: the archive's URI of this machine's apt
mirror() {
	local found
	found=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk '$1 ~ /^(bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/ { print $2; exit }')
	echo "${found:-http://deb.debian.org/debian}"
}

proxy() {
	local proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || printf -- '--aptopt=Acquire::http::Proxy "%s"\n' "$proxy"
}

make_root() {
	local include option=()
	include=$(tr -s ' \t\n' ',' <<<"$WORKLOADS $ATTACKS")
	mapfile -t option < <(proxy)
	say "making the Debian root once, from $(mirror)"
	rm -rf --one-file-system "$root" "$root.new"
	mmdebstrap --mode=root --variant=minbase --include="${include%,}" ${option+"${option[@]}"} \
		--customize-hook='chroot "$1" useradd -m -s /bin/bash csi && echo csi:csi | chroot "$1" chpasswd' \
		--customize-hook='echo "* * * * * root date >>/var/log/csi-job" >"$1/etc/cron.d/csi-job"' \
		--customize-hook='mkdir "$1/data" "$1/load" && rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' \
		"$SUITE" "$root.new" "$(mirror)" >"$cache/debian.log" 2>&1 || {
		tail -n 20 "$cache/debian.log" >&2
		say "no Debian root: $cache/debian.log"
		return 1
	}
	echo "$stamp" >"$root.new/.made"
	mv "$root.new" "$root"
}

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
root=$cache/debian
exec 9>"$cache/debian.lock" # two cases may want it at once
flock 9
[ "$(cat "$root/.made" 2>/dev/null)" = "$stamp" ] || make_root
echo "$root"
