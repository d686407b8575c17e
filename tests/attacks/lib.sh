# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What the attacks share. Sourced after helpers/lib.sh.
#
#   attack_up [PATCH-FILE]   (APP=pause before it: PID 1 has the name of a pod's sandbox) a container with a Debian root, the server with the hole as its PID 1
#   sh_start TEXT            a shell in it that runs TEXT and goes on with its last command; sets PID
#   triage ARGS...           what csi says of it, into $OUT
#   found ATTACK SUBJECT     the signs of SUBJECT (a PID, a path, "container", "socket:PORT") are exactly those
#                            that expected.tsv has for ATTACK
#   cells                    prints the table of what was found
. "$HELPERS/patches.sh"
HERE=$CSI_TOP/tests/attacks
EXPECTED=$HERE/expected.tsv
CELLS=$PWD/cells.txt
ROLE=ptrace
: >"$CELLS"

# The application lies in a layer of its own over Debian's, as an image has it.
app_layer() {
	mkdir -p app/app
	cp "$CSI_RUN/bin/target" app/app/httpd
	cp "$CSI_RUN/bin/target" app/app/pause
	cp /bin/true app/app/below
	echo "$PWD/app:$DEBIAN"
}

attack_up() { # [PATCH-FILE]
	need_runc
	DEBIAN=${DEBIAN:-$("$HELPERS/debian.sh")} || exit 1
	export POD_IMAGE
	POD_IMAGE=$(app_layer)
	pod_up ${1+--patch "$1"} -- "/app/${APP:-httpd}"
	ask / >/dev/null || { fail "the target does not answer" "$POD_DIR/target/log" && exit 1; }
}

sh_start() { start sh "$1"; }

# do_sh TEXT: the same, to its end (the server waits until descriptor 3 is closed)
do_sh() { sh_start "$1"; }

triage() { run csi triage --json "$@"; }

# The signs of a subject, "SIGN LEVEL TECHNIQUES" a line. Without the notes that a JIT has written code, which come
# and go with what it has compiled.
signs_of() {
	local subject=$1 filter
	case $subject in
	container) filter='.csi.subject == "container"' ;;
	socket:*) filter=".csi.subject == \"socket\" and any(.csi.evidence[]; .field == \"source.port\" and .value == \"${subject#*:}\")" ;;
	/*) filter=".csi.subject == \"file\" and .file.path == \$s" ;;
	*) filter='.csi.subject == "process" and .process.pid == ($s | tonumber)' ;;
	esac
	jq -r --arg s "$subject" "select(.event.kind == \"alert\") | select($filter)
		| [.rule.id, .csi.level, (.threat.technique.id | join(\" \"))] | @tsv" "$OUT" |
		grep -vE '^(rwx-memory|anon-exec-memory)	info	' | LC_ALL=C sort -u
}

found() { # ATTACK SUBJECT
	checks=$((checks + 1))
	awk -F'\t' -v OFS='\t' -v a="$1" '$1 == a { print $2, $3, $4 }' "$EXPECTED" | LC_ALL=C sort >want.signs
	signs_of "$2" >got.signs
	awk -F'\t' -v a="$1" '{ cell = cell (NR > 1 ? ", " : "") $1 " (" $2 ")" } END { printf("%-18s %s\n", a, cell) }' \
		got.signs >>"$CELLS"
	[ -s want.signs ] || fail "expected.tsv has no attack $1"
	diff -u --label expected --label got want.signs got.signs >signs.diff || fail "attack $1: other signs" signs.diff
}

cells() { cat "$CELLS"; }
