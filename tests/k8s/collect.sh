#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The talk's intrusion in the second container of a pod: a case directory with what the API server knows and a verified
# bundle of each container, the intruder's programs in it; quick enough. Nothing is written over, and what was asked for is checked.
# roles: dash busybox
# timeout: 900
# needs: jq zstd minisign age
. "$CSI_TOP/tests/helpers/k8s.sh"
two pair
app three
ready pair three
at pair second
intrude drop
intrude kinsing
KINSING=$PID
intrude memfd
MEMFD=$PID

minisign -GW -p sign.pub -s sign.key >/dev/null
run plugin collect pair -o case --case-id 'IR-7 "x\y"' --operator 'A. Persön' --authority 'CISO, by phone' --sign sign.key
expect_exit 0
expect_grep '^first +running +first-1\.tar\.zst +sealed, complete, by csi'
expect_grep '^second +running +second-1\.tar\.zst +sealed, complete, by csi'
expect_grep '^CUSTODY SUMMARY'
expect_grep '^Operator +A\. Persön'
expect_printable "$OUT" "$ERR"
expect_eq "$(ephemerals pair)" 2 "injections: one for each PID namespace"
run host_csi verify case
expect_exit 0
run minisign -Vm case/SHA256SUMS -p sign.pub
expect_exit 0
(cd case && sha256sum --quiet --strict -c SHA256SUMS) || fail "SHA256SUMS"
expect_eq "$(jq -r '"\(.case_id)|\(.operator)|\(.authority)|\(.cluster_uid)"' case/case.json)" \
	"IR-7 \"x\\\\y\"|A. Persön|CISO, by phone|$(kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}')" case.json
expect_eq "$(jq -r '"\(.namespace)|\(.pod)|\(.pod_uid)"' case/case.json)" \
	"$(k get pod pair -o 'jsonpath={.metadata.namespace}|{.metadata.name}|{.metadata.uid}')" "the pod in case.json"
expect_grep '^Pod +pair$' case/custody.txt
for file in pod.yaml events.yaml log-first.txt log-second.txt node.yaml namespace.yaml networkpolicies.yaml images.txt version.json \
	serviceaccount.yaml serviceaccount-can.txt coverage.txt actions.txt where.txt; do
	check "no api/$file" test -e "case/api/$file"
done
check "gaps of the API server's" test ! -e case/api/gaps.txt
expect_grep "uid: $(k get pod pair -o 'jsonpath={.metadata.uid}')" case/api/pod.yaml
expect_no_grep 'ephemeralContainers' case/api/pod.yaml
expect_eq "$(grep -c $'\t0\tkubectl ' case/api/actions.txt)" 4 "actions noted: two injections, two collections"

mkdir x
for name in first second; do tar --zstd -xf "case/$name-1.tar.zst" -C x --no-same-owner; done
check "the deleted program is not in it" test -n "$(find x/*/exe -name "$KINSING-*")"
check "the memfd program is not in it" test -n "$(find x/*/exe -name "$MEMFD-*")"
check "the dropped file is not in it" test -n "$(find x/*/files -path '*/tmp/zzz')"
expect_eq "$(find x/*/exe -name '1-*' | wc -l)" 2 "PID 1 of each container"
case_words=$(cat x/*/case.json)
expect_no_grep 'IR-7|CISO|Pers' <(printf '%s\n' "$case_words")

run plugin collect pair -o case
expect_exit 2
run plugin collect pair -c second --scope quick -o quick --json -- --max-file 1M
expect_exit 0
expect_json 'length == 2 and .[0].container == "second" and .[0].bundle == "second-1.tar.zst" and (.[0].verdict | startswith("sealed, complete"))'
expect_json '.[1].container == "first" and .[1].bundle == "-"'
expect_eq "$(ephemerals pair)" 2 "injections after the second collection"
run plugin collect pair --plan -c second --json
expect_exit 0
expect_json 'length > 0'
run plugin collect three --dry-run -o none
expect_exit 0
expect_eq "$(ephemerals three)" 0 "injections by --dry-run"
check "a directory by --dry-run" test ! -e none
run plugin collect three -o bad -- --no-such-option
expect_exit 2
run plugin collect three -o bad2 --encrypt age1short
expect_exit 2
run plugin collect three -o bad3 --case-id $'a\nb'
expect_exit 2

# Encrypted to somebody else: what arrives is opened here with a key made for this run, which then is gone.
age-keygen -o age.key 2>/dev/null
recipient=$(age-keygen -y age.key)
run plugin collect three -o secret --encrypt "$recipient"
expect_exit 0
expect_grep '^app +running +app-1\.tar\.zst\.age +sealed, complete, by csi'
run host_csi verify --identity age.key secret/app-1.tar.zst.age
expect_exit 0
expect_eq "$(head -c 2000 secret/app-1.tar.zst.age | grep -ac '^-> X25519')" 2 "recipients"
expect_eq "$(grep -rl AGE-SECRET secret | wc -l)" 0 "secret keys in the case"
run plugin collect three -o blind --encrypt "$recipient" --blind
expect_exit 0
expect_grep '^app .* app-1\.tar\.zst\.age +sealed, unknown, by digest'
expect_eq "$(head -c 2000 blind/app-1.tar.zst.age | grep -ac '^-> X25519')" 1 "recipients of a blind one"
run host_csi verify --identity age.key blind/app-1.tar.zst.age
expect_exit 0
