#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dynamic loader itself is changed: whatever starts afterwards runs it.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up
sh_start 'loader=$(readlink -f /lib64/ld-linux-x86-64.so.2); cp "$loader" /opt/ld; echo "more" >>/opt/ld
	mv /opt/ld "$loader"; exec 3>&-; exec sleep 1000' && loader=$PID
triage
found changed-loader "$loader"
cells
