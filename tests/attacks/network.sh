#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A listener that no process has: its descriptor is under way between two ends of a socket pair.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up
start orphan 31337
triage
found unowned-beside socket:31337
pod_down

# With the sandbox as PID 1 the whole pod is seen: it is nobody else's.
APP=pause attack_up
start orphan 31337
triage
found unowned-listener socket:31337
cells
