#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: isolate is interrupted while the API server answers. What had been sent by then is in the case that was
# collected first, which is closed again.
# timeout: 60
. "$CSI_TOP/tests/helpers/mock.sh"
mkdir tree && echo text >tree/file
cat >mock/exec <<'EOT'
#!/bin/sh
case $1 in date) exec date +%s ;; sh) exit 0 ;; esac
shift 3
exec "$CSI_BIN" collect --root "$MOCK/../tree" "$@" </dev/null
EOT
chmod +x mock/exec
export CSI_BIN=$CSI_TOP/out/amd64/csi
touch mock/interrupts
run plugin isolate app -o case
expect_exit 130
expect_grep 'interrupted; what was collected stays' "$ERR"
expect_grep '	0	kubectl .* create -f .*/quarantine\.yaml$' case/api-2/actions.txt
expect_grep '	interrupted	kubectl .* patch pod app ' case/api-2/actions.txt
expect_eq "$(wc -l <case/api-2/actions.txt)" 2 "what was sent"
(cd case && sha256sum --quiet --strict -c SHA256SUMS) || fail "SHA256SUMS of the case"
run host_csi verify case
expect_exit 0
check "the papers of before" test -s case/api-2/before/SHA256SUMS
