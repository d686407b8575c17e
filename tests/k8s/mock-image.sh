#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: an image that is not there, a pull that hangs. The waiting reason is said within --timeout.
. "$CSI_TOP/tests/helpers/mock.sh"
waiting() { # REASON
	printf 'e|csi-1|app|0|["SYS_PTRACE"]\nn|csi-1\ns|csi-1|||%s|||||0|\n' "$1" >mock/started
	rm -f mock/injected
}
for reason in ErrImageNeverPull ImagePullBackOff InvalidImageName CreateContainerConfigError; do
	waiting "$reason"
	printf 'Back-off pulling image \033[31m"csi-debug"' >mock/message
	expect_within 15 plugin ps app --timeout 60
	expect_exit 11
	expect_grep "csi-1 did not start: $reason" "$ERR"
	expect_grep 'Back-off pulling image \?\[31m' "$ERR"
	expect_printable "$ERR"
done
expect_no_grep 'ctr -n k8s.io' "$ERR"
waiting ErrImageNeverPull
run plugin ps app
expect_grep 'node node-1 has no .*ctr -n k8s.io images import' "$ERR"
waiting ContainerCreating
expect_within 15 plugin ps app --timeout 2
expect_exit 11
expect_grep 'ContainerCreating after 2 s' "$ERR"
