#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Under the level restricted csi becomes the target's own user, from runAsUser or --uid; what nobody says is asked for
# before anything is injected.
# timeout: 900
. "$CSI_TOP/tests/helpers/k8s.sh"
kubectl label namespace "$NS" pod-security.kubernetes.io/enforce=restricted >/dev/null
# Without a token: one that is root's cannot be read without moving its atime, which is a gap.
app fits "$RESTRICTED" 'automountServiceAccountToken: false'
app podwide '' 'securityContext: {runAsNonRoot: true, runAsUser: 65532}'
app unsaid
ready fits podwide unsaid

run plugin doctor fits
expect_exit 0
expect_grep '^pod security restricted$'
expect_grep '^profile +same-uid \(65532:65532, '
expect_grep '^next +kubectl csi-debug triage fits -n t-'
expect_eq "$(ephemerals fits)" 0 "injections by doctor"
run plugin ps fits --json
expect_exit 0
expect_json 'any(.[]; .process.pid == 1 and .process.executable == "/app/httpd")'
expect_eq "$(k get pod fits -o 'jsonpath={.spec.ephemeralContainers[0].securityContext.runAsUser}/{.spec.ephemeralContainers[0].securityContext.capabilities.drop[0]}/{.spec.ephemeralContainers[0].securityContext.seccompProfile.type}')" \
	65532/ALL/RuntimeDefault "what was asked for"
run plugin collect fits -o case
expect_exit 0
expect_grep '^app .*sealed, complete'

run plugin ps podwide --json
expect_exit 0
expect_json 'any(.[]; .process.pid == 1 and .process.executable == "/app/httpd")'
expect_grep 'group of user 65532 is not known' "$ERR"

run plugin ps unsaid
expect_exit 11
expect_grep '--uid UID' "$ERR"
expect_eq "$(ephemerals unsaid)" 0 "injections without a user"
run plugin doctor unsaid
expect_exit 11
run plugin ps unsaid --uid 0
expect_exit 11
expect_eq "$(ephemerals unsaid)" 0 "injections as root"
run plugin ps unsaid --uid 65532:65532 -c app
expect_eq "$(ephemerals unsaid)" 1 "injections with --uid"
