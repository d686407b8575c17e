#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without a target it says so and names --target.
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
run unshare --pid --fork --mount-proc "$CSI_TOP/out/amd64/csi" ps
expect_empty "$OUT"
expect_grep '[-]-target' "$ERR"
