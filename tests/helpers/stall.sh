# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# A collection that stands still while the case changes something: its reader stops. Sourced after
# lib.sh. What has to be under way then is a file that the pipeline and the pipes cannot swallow: STALL_MIB
# of random bytes are enough when the reader has stopped after STALL_BYTES of the stream, which are more than
# what comes before the file.
#
#   stall_file PATH        makes such a file
#   stall [-n BYTES] ARGS  `csi collect ARGS`; returns once the reader has stopped; sets CSI_PID, as the host sees it
#   go_on                  lets the reader go on; RC, $ERR, and the stream in ./b when csi has ended
#   go_away                the reader ends instead
#   ledger [FILE]          opens the bundle in ./x; its ledger becomes $OUT
#   sealed STATUS GAP...   ./b verifies, with that status; its ledger has these gaps (lib.sh, expect_gaps) and no other
#   entry PATH FILTER      exactly one ledger record is about PATH in its root, and FILTER holds for it

STALL_MIB=32
STALL_BYTES=$((4 << 20))
CSI_PID=

stall_file() { dd if=/dev/urandom of="$1" bs=1M count="$STALL_MIB" status=none && chown "$TARGET_UID:$TARGET_UID" "$1"; }

# csi_pids: of every collection in the pod, as the host sees them
csi_pids() { pgrep --ns "$TPID" --nslist pid -f '^csi collect'; }

stall() {
	local bytes=$STALL_BYTES word
	if [ "${1-}" = -n ]; then
		bytes=$2
		shift 2
	fi
	rm -f at go b
	mkfifo at go
	{
		csi collect "$@" 2>"$ERR"
		echo $? >code
	} | python3 "$HELPERS/reader.py" b "$bytes" at go &
	stalled=$!
	read -r word <./at
	expect_eq "$word" reached "the reader stopped in the middle of the stream"
	CSI_PID=$(csi_pids)
	check "no collection is under way" test -n "$CSI_PID"
}

finish_stall() {
	echo "$1" >./go
	wait "$stalled"
	RC=$(cat code)
}

go_on() { finish_stall on; }
go_away() { finish_stall leave; }

ledger() {
	rm -rf x
	mkdir x
	tar --zstd -xf "${1:-b}" -C x --no-same-owner --delay-directory-restore || fail "the bundle does not open"
	cat x/csi-*/ledger/*.jsonl >"$OUT"
}

sealed() {
	run host_csi verify b
	expect_exit 0
	expect_grep "$1"
	shift
	ledger
	expect_gaps "$@"
}

entry() {
	checks=$((checks + 1))
	jq -es --arg path "$1" '[.[] | select(.file.path? == $path and .csi.outcome?)] | length == 1 and (.[0] | '"$2"')' "$OUT" \
		>/dev/null 2>"$PWD/jq.err" || fail "record of $1 is not: $2" "$PWD/jq.err" <(jq -c --arg path "$1" 'select(.file.path? == $path)' "$OUT")
}
