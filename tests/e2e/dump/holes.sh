#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pages that are not there are not asked for: holes in the core, and gone from no page.
# roles: ptrace root same
# uids: 65532
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start maps
harm_before "$(host_pid "$PID")"
csi dump -p "$PID" >core 2>"$ERR"
RC=$?
expect_exit 0
expect_no_harm
read -r half _ < <(said half)
read -r file _ < <(said file)
# File sizes of the segments that begin there: untouched pages take no room.
python3 - core "$half" "$file" >"$OUT" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
half, mapped = (int(x, 16) for x in sys.argv[2:4])
phoff, = struct.unpack_from("<Q", data, 32)
count, = struct.unpack_from("<H", data, 56)
segments = [struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i) for i in range(count)]
loads = [(s[3], s[5], s[6], s[2]) for s in segments if s[0] == 1]
sizes = sum(f for v, f, m, o in loads if half <= v < half + (4 << 20))
print("half", sizes)
print("file", sum(f for v, f, m, o in loads if mapped <= v < mapped + (64 << 20)))
pages = [v for v, f, m, o in loads for v in range(v, v + f, 4096) if half <= v < half + (4 << 20)]
print("right", all((v - half) // 4096 % 2 == 0 for v in pages))
texts = [data[o:o + 16] for v, f, m, o in loads if v == half and f]
print("text", texts and texts[0].startswith(b"page 0\0"))
PY
expect_grep '^half 2097152$'
expect_grep '^file 0$'
expect_grep '^right True$'
expect_grep '^text True$'
