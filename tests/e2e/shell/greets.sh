#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# csi shell greets with the targets it sees and the next three commands.
# roles: ptrace root same stranger
# needs: script
. "$CSI_TOP/tests/helpers/lib.sh"
TARGET_UID=65532
pod_up
printf 'csi ps --no-signs\nexit\n' | typed csi shell
expect_grep httpd
expect_grep 'csi ps'
expect_grep 'csi collect'
