#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A workstation without csi: what arrives is verified in a local container, else by the digest line alone, and the
# summary says which. A cut is gone on with as far as each can.
# timeout: 900
# needs: podman runc
. "$CSI_TOP/tests/helpers/k8s.sh"
cp -r "$CSI_TOP/k8s" elsewhere
PLUGIN=$PWD/elsewhere/kubectl-csi_debug
app web
ready web

# A PATH of links: all that the plugin may need, and no csi, podman or docker
mkdir only
for tool in sh kubectl sed awk grep tr cut sort head tail cat date mktemp mkfifo mkdir rm mv cp sleep sha256sum find paste uname wc dirname id ls readlink dash ps; do
	ln -s "$(command -v "$tool")" only/
done
bare() { env PATH="$PWD/only" "$PWD/bin/sh" "$PLUGIN" "$@" -n "$NS"; }
run bare collect web -o digest
expect_exit 0
expect_grep '^app +running +app-1\.tar\.zst +sealed, unknown, by digest'
expect_grep 'verified by the digest line alone: no csi here' "$ERR"
expect_grep '^verified by.the digest line alone' digest/api/where.txt
(cd digest && sha256sum --quiet --strict -c SHA256SUMS) || fail "SHA256SUMS of the digest case"
run host_csi verify digest
expect_exit 0
run bare ps web
expect_exit 0

# podman
. "$HELPERS/podman.sh"
cat >only/podman <<-EOT
	#!/bin/sh
	export PATH=$PATH
	exec $(type -P podman)$(printf ' %q' "${PODMAN_OPTIONS[@]}") "\$@"
EOT
chmod +x only/podman
only/podman load -i "$CSI_TOP/out/csi-debug-amd64.tar" >/dev/null 2>"$ERR" || fail "podman load" "$ERR"
run bare collect web -o local
expect_exit 0
expect_grep '^app +running +app-1\.tar\.zst +sealed, complete, by podman'
expect_grep '^CUSTODY SUMMARY'
expect_grep 'verified by csi in a local container \(podman' "$ERR"
run host_csi verify local
expect_exit 0
age-keygen -o age.key 2>/dev/null
run bare collect web -o sealed --encrypt "$(age-keygen -y age.key)"
expect_exit 0
expect_grep '^app +running +app-1\.tar\.zst\.age +sealed, complete, by podman'
run host_csi verify --identity age.key sealed/app-1.tar.zst.age
expect_exit 0
expect_eq "$(grep -rl AGE-SECRET sealed | wc -l)" 0 "secret keys in the case"
