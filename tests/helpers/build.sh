#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# helpers/build.sh DIR - the static test programs into DIR, with the project's own musl if that is
# built. Kept in out/testbin between runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../out
kept=$out/testbin
cc=$out/amd64/bin/musl-cc
[ -x "$cc" ] || cc=${CC:-gcc}

build() { # NAME SOURCE...
	local name=$1
	shift
	[ -z "$(find "$@" ./*.h ../attacks/src/*.h build.sh -newer "$kept/$name" 2>&1)" ] && return
	# shellcheck disable=SC2086
	"$cc" ${STATIC:--static} -O1 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -o "$kept/$name.$$" "$@" -lpthread
	mv "$kept/$name.$$" "$kept/$name"
}

mkdir -p "$1" "$kept"
cd "$here"
build target target.c httpd.c modes.c fixtures.c watchers.c sockets.c ../attacks/src/*.c
build probe probe.c
build nsexec nsexec.c
build latency latency.c
STATIC="-static-pie -fPIE" build heap heap.c
cp "$kept"/{target,probe,nsexec,latency,heap} "$1"
