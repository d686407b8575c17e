#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same of a JVM: its many threads, and code that it wrote itself.
# needs: gdb java
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/gdb.sh"
P=
trap 'rc=$?; [ -z "$P" ] || kill -KILL "$P"; (exit "$rc"); finish' EXIT

# The JVM's own tool, which waits for a password; no compiler is needed.
mkfifo in.fifo
java -Xmx64m -XX:+UseSerialGC -m java.base/sun.security.tools.keytool.Main -genkeypair -keyalg RSA -keystore keys \
	-dname CN=CSI-KNOWN-IN-THE-JVM <in.fifo >said 2>&1 &
P=$!
exec 8>in.fifo
for _ in {1..600}; do
	! grep -q assword said || break
	sleep 0.1
done
kill -STOP "$P"
run host_csi dump -p "$P" --freeze --freeze-buffer 200M -o core
expect_exit 0
gdb_agrees core "$P" "/proc/$P/exe"
expect_grep 'assword' said
check "the string is in its heap, not only in its arguments" test "$(grep -ao 'CSI-KNOWN-IN-THE-JVM' core | wc -l)" -gt 1
run host_csi maps -p "$P" --json
expect_json '[.[] | select(.csi.map.marks | index("anon-exec"))] | length > 0' "code of the JVM's own"
expect_json '[.[] | select(.csi.map.marks | index("patched"))] == []' "nothing is patched"
