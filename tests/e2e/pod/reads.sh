#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kernel lets each role read exactly the cells of roles.tsv: the table is true here.
# roles: ptrace root same stranger only
# uids: 0 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

want() { awk -F'\t' -v u="$TARGET_UID" -v r="$ROLE" -v c="$1" '$1 == u && $2 == r { print $3, $c }' "$CSI_TOP/tests/roles.tsv" | sort; }

as "$ROLE" /helpers/probe 1 | sort >plain
want 4 | diff -u - plain >diff.txt
check "plain opens differ from roles.tsv: $(cat diff.txt)" test ! -s diff.txt
check "the probe answered" test -s plain

as "$ROLE" /helpers/probe 1 "$TARGET_UID:$TARGET_UID" | sort >switched
want 5 | diff -u - switched >diff.txt
check "opens with the target's ids differ from roles.tsv: $(cat diff.txt)" test ! -s diff.txt
