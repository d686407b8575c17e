#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lists of indicators, in the formats of signature-base: digests, file names, names and addresses. What is not of the
# format is named with its line, and the rest is used.
# roles: ptrace same
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
mkdir -p "$MERGED/tmp/i/.x"
printf 'one\n' >"$MERGED/tmp/i/one"
printf 'two\n' >"$MERGED/tmp/i/two"
printf 'three\n' >"$MERGED/tmp/i/three"
printf 'visit http://Bad.Example.org/x now, not notbad.example.org' >"$MERGED/tmp/i/log"
printf 'b\0a\0d\0.\0e\0x\0a\0m\0p\0l\0e\0.\0o\0r\0g\0' >"$MERGED/tmp/i/wide"
: >"$MERGED/tmp/i/.x/kinsing"
: >"$MERGED/tmp/i/kinsing.md"
printf 'nothing' >"$MERGED/tmp/i/clean"
chown -hR 65532:65532 "$MERGED/tmp/i"
{
	printf '# a list\n\n%s;the first; with a semicolon\n' "$(sha256sum "$MERGED/tmp/i/one" | cut -d' ' -f1)"
	printf '%s ; second\r\n' "$(sha1sum "$MERGED/tmp/i/two" | cut -d' ' -f1 | tr a-f A-F)"
	printf '%s\n' "$(md5sum "$MERGED/tmp/i/three" | cut -d' ' -f1)"
	printf '12345;too short\n%064d;a digest of nothing\n%s;no hexadecimal\n' 0 "$(printf 'g%.0s' {1..32})"
} >"$FIXTURE/hashes.txt"
printf '%s\n' '# names' '/\.x/[^/]{1,20}$;80' 'kinsing;60;\.md$' '(;50' 'nothing here' >"$FIXTURE/names.txt"
printf '%s\n' 'bad.example.org;C2' 'a b;no name' 'x;too short' >"$FIXTURE/c2.txt"
chmod -R a+rX "$FIXTURE"

scan() { run csi scan --files --rules /fixture/none.yar --json "$@" /tmp/i; }
printf 'rule nope { condition: false }\n' >"$FIXTURE/none.yar"
found() { jq -r 'select(.rule) | [.rule.id, .csi.level, .file.path] | join(" ")' "$OUT" | sort >got; }

scan --ioc-hashes /fixture/hashes.txt
found
printf 'ioc_hash high /tmp/i/%s\n' one three two | diff - got >differ
check "other digests: $(cat differ)" test ! -s differ
expect_gaps 'EINVAL|compile rules|-|/fixture/hashes.txt:6: not an MD5, SHA-1 or SHA-256' \
	'EINVAL|compile rules|-|/fixture/hashes.txt:8: not an MD5, SHA-1 or SHA-256'
expect_exit 3
expect_json 'any(.[]; .file.path? == "/tmp/i/one" and (.csi.rule.meta | any(.key == "comment" and .value == "the first; with a semicolon"))
	and (.file.hash.sha256 | length == 64))' "the comment and the digest"

scan --ioc-names /fixture/names.txt
found
printf 'ioc_file_name %s\n' 'high /tmp/i/.x/kinsing' 'medium /tmp/i/.x/kinsing' | diff - got >differ
check "other names: $(cat differ)" test ! -s differ
gaps "$OUT" >g
expect_grep '^EINVAL\|compile rules\|-\|/fixture/names\.txt:4' g
expect_grep '^EINVAL\|compile rules\|-\|/fixture/names\.txt:5: not REGEX;SCORE' g
expect_eq "$(wc -l <g)" 2 "gaps"

scan --ioc-network /fixture/c2.txt
found
printf 'ioc_network high /tmp/i/%s\n' log wide | diff - got >differ
check "other addresses: $(cat differ)" test ! -s differ
expect_gaps 'EINVAL|compile rules|-|/fixture/c2.txt:2: not a name or address' \
	'EINVAL|compile rules|-|/fixture/c2.txt:3: not a name or address'
expect_json 'any(.[]; .file.path? == "/tmp/i/log" and .csi.scan.strings == 1 and .csi.scan.at == "0xd")' "a whole word only"
expect_printable "$OUT" "$ERR"

# A name that is more than an expression of the list can do is a gap of that path, and the walk goes on.
long=$MERGED/tmp/i/a/x$(printf 'a%.0s' {1..240})
mkdir "$MERGED/tmp/i/a" && : >"$long"
chown -hR 65532:65532 "$MERGED/tmp/i/a"
printf '%s\n' 'x(a|aa|aaa){1,200}(a|aa){1,200}z;80' 'one$;80' >"$FIXTURE/names.txt"
scan --ioc-names /fixture/names.txt
found
expect_eq "$(cat got)" 'ioc_file_name high /tmp/i/one'
expect_gaps "E2BIG|compare the path with --ioc-names|-|${long#"$MERGED"}"
expect_exit 3
