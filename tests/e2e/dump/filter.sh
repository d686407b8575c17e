#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --filter keeps the bytes of what it names, and the list of all mappings.
# needs: readelf
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up
start maps
read -r half _ < <(said half)
read -r exec _ < <(said exec)

loads() { # FILE: "ADDRESS FILE-BYTES" of what has bytes
	python3 - "$1" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
phoff, = struct.unpack_from("<Q", data, 32)
count, = struct.unpack_from("<H", data, 56)
for i in range(count):
    t, flags, off, vaddr, paddr, filesz, memsz, align = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
    if t == 1 and filesz:
        assert paddr == vaddr
        print("%x %d" % (vaddr, filesz))
PY
}

dump() { # FILTER...
	csi dump -p "$PID" "$@" >core 2>"$ERR"
	RC=$?
	expect_exit 0
	expect_grep ' filtered out' "$ERR"
	loads core >"$OUT"
}

dump --filter anon+exec
expect_eq "$(cat "$OUT")" "$exec 4096" "anonymous code"
dump --freeze --filter anon+exec
expect_eq "$(cat "$OUT")" "$exec 4096" "anonymous code, frozen"
expect_grep 'frozen: 4096 bytes, read after: 0$' "$ERR"
dump --filter "$(printf '0x%x-0x%x' $((16#$half + 8192)) $((16#$half + 16385)))"
expect_eq "$(cat "$OUT")" "$(printf '%x 4096\n%x 4096' $((16#$half + 8192)) $((16#$half + 16384)))" "a range, whole pages"
dump --filter 'name=/memfd:pay*' --filter stack
expect_eq "$(head -n 1 "$OUT" | cut -d' ' -f2)" 4096 "the memfd"
expect_eq "$(wc -l <"$OUT")" 2 "the memfd and the stack"
run readelf -lW core
check "all mappings are listed" test "$(grep -c '^  LOAD' "$OUT")" -gt 10

run csi dump -p "$PID" --filter bogus
expect_exit 2
expect_grep '^csi dump: --filter wants kinds' "$ERR"
run csi dump -p "$PID" --freeze=melt
expect_exit 2
expect_grep '^csi dump: --freeze stands alone' "$ERR"
