#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gdb opens the cores of a threaded static-pie, a dynamic and a Go program, and agrees with what it sees of the process
# itself on the same stopped state; mapped files, and bytes that the process itself told, are where they were.
# needs: gdb python3 age
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/gdb.sh"

P=
trap 'rc=$?; [ -z "$P" ] || kill -KILL "$P"; (exit "$rc"); finish' EXIT

look() { # NAME PID
	note "$1"
	kill -STOP "$2"
	rm -f core
	run host_csi dump -p "$2" --freeze --freeze-buffer 64M -o core
	expect_exit 0
	expect_grep 'were stopped before, and stay so' "$ERR"
	gdb_agrees core "$2" "/proc/$2/exe"
	gdb_maps core | plain >core.maps
	live_maps "$2" | plain >live.maps
	check "$1: mapped files differ" diff -u live.maps core.maps
	check "$1: no mapped files" test -s core.maps
}

end() {
	kill -KILL "$P"
	wait "$P" 2>/dev/null
	P=
}

# A static-pie of musl, 8 threads.
"$CSI_TOP/out/testbin/heap" run 8 8 <>/dev/zero >said &
P=$!
wait_for 30 "the program" has_line ready said
look static-pie "$P"
check "it is static-pie" sh -c 'readelf -h "$1" | grep -q "DYN" && ! readelf -lW "$1" | grep -q INTERP' - "$CSI_TOP/out/testbin/heap"
end

# A dynamic program with threads; it tells the address and the digest of 300,000 bytes of its own.
python3 - >told <<'PY' &
import ctypes, hashlib, random, sys, threading, time
data = random.Random(7).randbytes(300000)
keep = ctypes.create_string_buffer(b"CSI-KNOWN-STRING" + data, 300016)
for _ in range(5):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print(ctypes.addressof(keep), hashlib.sha256(keep.raw).hexdigest(), flush=True)
time.sleep(600)
PY
P=$!
wait_for 30 "the program" test -s told
sleep 0.3
look dynamic "$P"
read -r at digest <told
run gdb -nx -batch -c core -ex "x/s $at" -ex "dump binary memory bytes $at $at+300016"
expect_grep 'CSI-KNOWN-STRING'
expect_eq "$(sha256sum bytes | cut -d' ' -f1)" "$digest" "bytes that the process told"
end

# A Go program: age, which waits for input.
mkfifo in.fifo
age -r age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj <in.fifo >/dev/null &
P=$!
exec 8>in.fifo
sleep 0.5
look go "$P"
exec 8>&-
end
