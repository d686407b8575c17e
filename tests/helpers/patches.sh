# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Pieces of a runtime configuration, for pod_up --patch.

# bind_json SOURCE WHERE [ro]: a bind mount
bind_json() {
	jq -n --arg s "$1" --arg d "$2" --arg m "${3:-rw}" '{destination: $d, type: "bind", source: $s, options: ["rbind", "rprivate", $m]}'
}
# mounts: the patch of all mounts on standard input
mounts() { jq -s '{mounts: .}'; }
# caps REST CAP...: the patch REST (JSON), and these capabilities for the first process
caps() {
	local rest=$1
	shift
	jq -n --argjson rest "$rest" '$ARGS.positional as $c | {process: {capabilities: {bounding: $c, effective: $c, permitted: $c}}} * $rest' --args "$@"
}
