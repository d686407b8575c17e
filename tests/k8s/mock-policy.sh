#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: Pod Security and RBAC. What a level refuses is tried no further than it must; what nobody may do is said as
# the rule that is missing, before anything is sent.
. "$CSI_TOP/tests/helpers/mock.sh"
printf '#!/bin/sh\n[ "$1" != csi ] || echo "ran $*"\n' >mock/exec
chmod +x mock/exec

# The level is not readable: the best is tried, refused without a trace, and the next fits.
printf 'general\n' >mock/refuse
run plugin ps app
expect_exit 0
expect_grep '^ran csi --tether ps$'
expect_grep 'profile root is refused here by policy' "$ERR"
expect_eq "$(calls ' debug ')" 2 "tries"
expect_no_grep SYS_PTRACE mock/custom
rm mock/injected && : >mock/calls

# Only the own user fits, and the container's status says which (Kubernetes 1.31 and newer).
printf 'general\nbaseline\n' >mock/refuse
sed -i 's/^s|app.*/s|app|2026-11-28T00:00:00Z|||containerd:\/\/aaaa||4711|815|0|/' mock/pod
run plugin ps app
expect_exit 0
expect_eq "$(jq -c '.securityContext | [.runAsUser, .runAsGroup, .runAsNonRoot, .capabilities.drop[0]]' mock/custom)" '[4711,815,true,"ALL"]' "what was asked for"
rm mock/injected && : >mock/calls

# The label says it: no try in vain.
echo restricted >mock/level
run plugin ps app
expect_exit 0
expect_eq "$(calls ' debug ')" 1 "tries with a label"
rm mock/injected

# Nothing fits.
printf 'general\nbaseline\nrestricted\n' >mock/refuse
run plugin ps app
expect_exit 11
expect_grep 'violates PodSecurity' "$ERR"
check "something was injected" test ! -e mock/injected
run plugin collect app -o refused
expect_exit 11
expect_grep '^app +running .*not collected \(exit code 11\)' "$OUT"
for file in case.json SHA256SUMS api/pod.yaml api/coverage.txt; do check "no $file" test -e "refused/$file"; done

# Nobody says who the user is: asked for before anything is sent. A policy's escape sequences do not reach the terminal.
: >mock/refuse && : >mock/calls
sed -i 's/^s|app.*/s|app|2026-11-28T00:00:00Z|||containerd:\/\/aaaa|||||0|/' mock/pod
run plugin ps app
expect_exit 11
expect_grep '--uid UID' "$ERR"
expect_eq "$(calls ' debug ')" 0 "tries without a user"

# Who reads along is shown as well as what is sent.
key=age1$(printf 'q%.0s' {1..58})
run plugin collect app --uid 4711 --dry-run --encrypt "$key" --scope quick -- --minimise
expect_exit 0
expect_grep "^kubectl .* exec -i app -c csi-1 -- csi --tether collect --scope quick --minimise --encrypt $key\$"
run plugin collect app --uid 4711 --dry-run --plan --json
expect_grep '^kubectl .* -- csi --tether collect --plan --json$'
expect_eq "$(calls ' debug ')" 0 "injections by --dry-run"

# RBAC
printf 'create pods exec\npatch pods ephemeralcontainers\n' >mock/denied
: >mock/calls
run plugin ps app
expect_exit 10
expect_grep '^  - \{apiGroups: \[""\], resources: \[pods/ephemeralcontainers\], verbs: \[patch\]\}$' "$ERR"
expect_grep '^  - \{apiGroups: \[""\], resources: \[pods/exec\], verbs: \[create\]\}$' "$ERR"
expect_eq "$(calls ' debug \| exec \| get pod app')" 0 "questions before the denial"
run plugin doctor app
expect_exit 10
printf 'create networkpolicies\n' >mock/denied
run plugin isolate app --yes
expect_exit 10
expect_grep 'networking.k8s.io.*networkpolicies.*create' "$ERR"
