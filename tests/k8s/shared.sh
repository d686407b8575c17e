#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With shareProcessNamespace one injection and one bundle show every container.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
two share 'shareProcessNamespace: true'
ready share
at share second
intrude drop
run plugin ps share --json
expect_exit 0
expect_json '[.[] | select(.process.executable == "/app/httpd") | .container.id] | unique | length == 2'
run plugin collect share -o case
expect_exit 0
expect_grep '^first +running +first-1\.tar\.zst +sealed, complete'
expect_grep '^second +running +with first +in the same PID namespace'
expect_eq "$(ephemerals share)" 1 "injections"
mkdir x && tar --zstd -xf case/first-1.tar.zst -C x --no-same-owner
check "the second container's file is not in it" test -n "$(find x/*/files -path '*/tmp/zzz')"
