# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# A kubectl that replays answers, for what the test cluster cannot do. Sourced by tests/k8s/mock-*.sh; the answers are
# those of Kubernetes 1.32 and 1.36, as far as the plugin reads them.
#
#   $MOCK/pod         the lines of k8s/lib/pod.sh; after an injection $MOCK/started is added
#   $MOCK/level       pod-security enforce label      $MOCK/refuse   profiles that Pod Security refuses
#   $MOCK/denied      "VERB RESOURCE[ SUBRESOURCE]" that can-i denies
#   $MOCK/message     message of a waiting container  $MOCK/checkpoint, $MOCK/checkpoint.err   of create --raw
#   $MOCK/exec        a script for exec: gets the words after --
#   $MOCK/calls       every call, one a line
. "$CSI_TOP/tests/helpers/lib.sh"
MOCK=$PWD/mock
VERSION=$(cat "$CSI_TOP/tools/VERSION")
PLUGIN=$CSI_TOP/k8s/kubectl-csi_debug
mkdir -p mock bin
RUNNING='2026-11-28T00:00:00Z'
cat >mock/pod <<EOT
p|0f3c2f9e-0000-4000-8000-000000000001|Running|node-1||||||||default|||10.0.0.7
c|app||||
s|app|$RUNNING|||containerd://aaaa|reg.example.com/app@sha256:$(printf %064d 7)|||0|
EOT
cat >mock/started <<EOT
e|csi-1|app|0|["SYS_PTRACE"]
n|csi-1
s|csi-1|2026-11-28T00:00:09Z|||containerd://bbbb||||0|
EOT
: >mock/refuse
: >mock/denied
: >mock/calls
cat >bin/kubectl <<'EOT'
#!/usr/bin/env bash
echo "$*" >>"$MOCK/calls"
all=" $* "
resource() { # can-i VERB WHAT [--subresource=S]
	local verb=$1 what=${2%%/*} sub=${3#--subresource=}
	echo "$verb ${what%%.*}${sub:+ $sub}"
}
case $all in
*' config current-context '*) echo mock ;;
*' config view '*) ;;
*' auth can-i --list '*) echo 'Resources' ;;
*' auth can-i '*)
	words=(${all#* can-i })
	grep -qxF "$(resource "${words[@]}")" "$MOCK/denied" && echo no && exit 1
	echo yes
	;;
*'p|{.metadata.uid}'*)
	cat "$MOCK/pod"
	[ ! -e "$MOCK/injected" ] || cat "$MOCK/started"
	;;
*' get networkpolicies.networking.k8s.io csi-debug-quarantine '*) cat "$MOCK/policy" 2>/dev/null ;;
*' create -f '*/quarantine.yaml*) printf '%s' '[{"key":"csi-debug/quarantine","operator":"Exists"}]||["Ingress","Egress"]||' >"$MOCK/policy" ;;
*' patch pod '*) [ ! -e "$MOCK/interrupts" ] || { kill -TERM "$PPID" && sleep 0.3; } ;;
*enforce*) cat "$MOCK/level" 2>/dev/null ;;
*' debug '*)
	profile=$(sed -n 's/.* --profile=\([a-z]*\).*/\1/p' <<<"$all")
	if grep -qx "$profile" "$MOCK/refuse"; then
		echo 'Error from server (Forbidden): pods "app" is forbidden: violates PodSecurity "restricted:latest": unrestricted capabilities (container "csi-1" must not include "SYS_PTRACE" in securityContext.capabilities.add), runAsNonRoot != true (container "csi-1" must not set securityContext.runAsNonRoot=false)' >&2
		exit 1
	fi
	cp "${all##*--custom=}" "$MOCK/custom" 2>/dev/null || cp "$(sed 's/.*--custom=\([^ ]*\).*/\1/' <<<"$all")" "$MOCK/custom"
	touch "$MOCK/injected"
	;;
*' get pod csi-debug-sum-'*phase*) echo Succeeded ;;
*' get pod csi-debug-sum-'*) printf '%064d' 5 ;;
*.message*) cat "$MOCK/message" 2>/dev/null ;;
*' create --raw '*)
	[ ! -e "$MOCK/checkpoint.err" ] || { cat "$MOCK/checkpoint.err" >&2 && exit 1; }
	cat "$MOCK/checkpoint"
	;;
*' exec '*)
	while [ "$1" != -- ]; do shift; done
	shift
	exec "$MOCK/exec" "$@"
	;;
esac
exit 0
EOT
chmod +x bin/kubectl
export MOCK
PATH=$PWD/bin:$PATH
plugin() { dash "$PLUGIN" "$@"; }
calls() { grep -c -- "$1" mock/calls; }
