#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# yara agrees: on the same files and 1,000 rules of all kinds the same rules match the same files, with as many
# strings, the first ones at the same place. The rules take no more memory than is said.
# timeout: 400
# needs: yara yarac
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir tree
cp /bin/{bash,cat,ls,grep,tar,sed,date,dd} /usr/bin/{awk,find,sort,xargs,jq,ldd,perl} /etc/services tree/
: >tree/empty
python3 -c 'import random, sys; random.seed(1); sys.stdout.buffer.write(random.randbytes(3000000))' >tree/random
cat tree/random tree/random /bin/bash >tree/longer # several chunks, the last one not whole
printf 'MZ' >tree/short
python3 "$HELPERS/make_rules.py" 1000 7 tree/bash tree/longer >rules.yar
python3 "$HELPERS/yara_peer.py" rules.yar tree >want

run /usr/bin/time -v "$CSI_TOP/out/amd64/csi" scan --root tree --rules rules.yar --json
sed -n 's/.*Maximum resident set size (kbytes): //p' "$ERR" >rss
expect_printable "$OUT"
expect_exit_by_gaps
# What matches more than 10,000 times in a file is counted so far, and that is said: not compared.
gaps "$OUT" >limits
check "other gaps: $(grep -v '^E2BIG|count all matches' limits)" test -z "$(grep -v '^E2BIG|count all matches of a string of a rule|-|' limits)"
sed 's/.*|//' limits | sort -u >often
check "$(wc -l <often) rules match too often for a comparison" test "$(wc -l <often)" -le 20
jq -r '[.rule.id, .file.path, (.csi.scan.strings | tostring), .csi.scan.at // "-"] | join(" ")' "$OUT" | sort >all
awk 'FILENAME == "often" { skip[$1]; next } !($1 in skip)' often all >got
awk 'FILENAME == "often" { skip[$1]; next } !($1 in skip)' often want >left
mv left want
note "$(wc -l <want) matches of $(cut -d' ' -f1 want | sort -u | wc -l) rules, $(cat rss) kB"
check "too few rules match for a comparison" test "$(cut -d' ' -f1 want | sort -u | wc -l)" -gt 300
diff -u want got >rules.diff
check "yara differs: $(grep -c '^[-+]' rules.diff) lines, $(grep '^[-+][^-+]' rules.diff | head -n 10)" test ! -s rules.diff
check "$(cat rss) kB of memory" test "$(cat rss)" -le $(((32 + 64) << 10))
