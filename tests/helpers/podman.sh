# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# podman as it works inside a container too: crun refuses some kernels' cgroups, and the default limits want a
# capability that root in a container has not. Everything of it is below the case's directory.
cat >containers.conf <<-'EOT'
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
	[engine]
	runtime = "runc"
	cgroup_manager = "cgroupfs"
	events_logger = "file"
EOT
export CONTAINERS_CONF=$PWD/containers.conf
PODMAN_OPTIONS=(--root "$PWD/store" --runroot "$PWD/run" --tmpdir "$PWD/tmp" --storage-driver vfs)
podman() { command podman "${PODMAN_OPTIONS[@]}" "$@" </dev/null; }
