#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A /proc elsewhere: what no kernel writes is a gap, and the rest is listed.
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
python3 "$HELPERS/procfix.py" "$FIXTURE/proc" <<'JSON'
[{"pid": 5, "comm": "\u001b[2Jsrv", "fd": {"3": "socket:[12]", "4": "socket:[99]", "5": "socket:[18446744073709551615]", "6": "socket:[x]"},
  "net": {"netlink": "sk Eth\n", "tcp": "  sl  local_address\n   0: 0100007F:1F90 00000000:0000 0A 00000001:0000000F 00:00000000 00000000  1000        0 12 1\n   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0        0 13 1\n   2: 0100007F:1F92 0100",
          "unix": "Num\n0: 00000002 00000000 00010000 0001 01 14 /run/\u001b]0;x\u0007\udcff\n"}},
 {"pid": 6, "fd": {"3": "socket:[12]"}, "without": []}]
JSON
run csi net --proc /fixture/proc --json
expect_printable "$OUT" "$ERR"
expect_exit 3
expect_gaps 'EBADMSG|parse sockets|-|   2: 0100007F:1F92 0100'
expect_json '[.[] | select(.csi.socket.inode == 12)] | length == 1 and (.[0] | .csi.socket == {"holders": [{"pid": "5", "fd": "3"}, {"pid": "6", "fd": "3"}],
	"inode": 12, "owner": "process", "receiving": 15, "sending": 1, "state": "LISTEN", "uid": 1000} and .process.name == "\\x1b[2Jsrv")'
expect_json '[.[] | select(.csi.socket.inode == 13) | .csi.socket.owner] == ["none"]'
expect_json '[.[] | select(.csi.socket.inode == 14) | .file.path] == ["/run/\\x1b]0;x\\x07\\xff"]'
run csi net --proc /fixture/proc
expect_printable "$OUT" "$ERR"
