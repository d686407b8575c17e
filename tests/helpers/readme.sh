# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The command lines of README.md, for tests/readme and tests/k8s/readme.sh: as written, without the comments that line up
# behind them.
README=$CSI_TOP/README.md

# code_lines: all of them, without list items
code_lines() {
	awk '/^    / && !item { sub(/^    /, ""); sub(/ +# .*/, ""); print }
		/^[-*0-9]/ { item = 1 } /^$/ { item = 0 }' "$README"
}

# incident_lines: those of "The incident, start to end", which need a cluster
incident_lines() { awk '/^## / { on = /start to end/ } on && /^    / { sub(/^    /, ""); sub(/ +# .*/, ""); print }' "$README"; }
