#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both verifiers agree on every cut and every flipped bit: never whole, and what is claimed proven is so.
# timeout: 900
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
intrude kinsing
dd if=/dev/urandom of="$MERGED/tmp/large" bs=1M count=24 status=none
csi collect --scope full >whole 2>"$ERR"
run python3 "$HELPERS/damage.py" "$CSI_TOP/out/amd64/csi" "$HELPERS/verify.py" whole "${CSI_TEST_DAMAGE:-500}"
expect_exit 0
note "$(tail -n 3 "$OUT")"
