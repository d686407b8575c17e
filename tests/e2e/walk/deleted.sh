#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that have no name any more and are held: by an executable, a descriptor, a map alone; memfds. Each once,
# whole, holes as holes, in walk --deleted and in collect.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
pod_up

cat >holder.py <<'PY'
import ctypes, mmap, os, sys, time
where = sys.argv[1]
def make(name, data, size=0):
    path = os.path.join(where, name)
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.write(fd, data)
    if size:
        os.ftruncate(fd, size)
    return path, fd
path, fd = make("lib.so", b"library" * 4000)
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
assert libc.mmap(None, 28000, 1 | 4, 2, fd, 0) > 0 # readable and executable, private; mmap.mmap() would keep a descriptor
os.close(fd); os.unlink(path)
path, fd = make("open", b"held open", 300 << 20)   # sparse
os.unlink(path); os.dup(fd)                      # twice the same file
m = os.memfd_create("pay load", 0)
os.write(m, b"in memory")
other = mmap.mmap(-1, 4096)                      # shared memory without a name is no file
print("ready", flush=True)
time.sleep(1000)
PY
mkdir -p hold && nsenter -t "$TPID" -p python3 holder.py "$PWD/hold" >ready &
wait_for 20 "the holder" test -s ready
hpid=$(pgrep -f "holder.py $PWD/hold" | tail -n 1)
inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$hpid/status")
sha() { printf '%s' "$1" | sha256sum | cut -c-64; }

# With everything: map_files opens.
run host_csi walk --deleted -p "$hpid" --hash --json
expect_exit 0
expect_gaps
expect_printable "$OUT"
expect_json 'length == 3'
expect_json "any(.[]; (.csi.deleted.hold | startswith(\"map 0x\")) and (.file.path | endswith(\"/hold/lib.so (deleted)\")) and .file.size == 28000
	and .file.hash.sha256 == \"$(python3 -c 'print("library" * 4000, end="")' | sha256sum | cut -c-64)\")"
expect_json "any(.[]; .file.path == \"/memfd:pay load (deleted)\" and .file.hash.sha256 == \"$(sha 'in memory')\")"
expect_json "any(.[]; (.csi.deleted.hold | test(\"^fd [0-9]+$\")) and .file.size == 314572800 and .csi.file.allocated <= 4096
	and .file.hash.sha256 == \"$({ printf 'held open'; head -c $(((300 << 20) - 9)) /dev/zero; } | sha256sum | cut -c-64)\")"
run host_csi walk --deleted -p "$hpid"
expect_exit 0
expect_grep "^ *$hpid +map 0x.* +28000 .*/hold/lib.so \\(deleted\\)$"

# collect has them too, the sparse one with its holes, and the executable that was deleted.
cp "$(command -v sleep)" hold/evil && nsenter -t "$TPID" -p ./hold/evil 1000 &
is_evil() { evil=$(pgrep -f '^./hold/evil 1000' | tail -n 1) && [ -n "$evil" ] && [ "$(readlink "/proc/$evil/exe")" = "$PWD/hold/evil" ]; }
wait_for 20 "the program that is deleted" is_evil
rm hold/evil
host_csi collect --scope quick -p "$hpid" -p "$evil" -o bundle >/dev/null 2>&1
mkdir x && zstd -dc bundle | tar -xf - -C x
expect_eq "$(cat x/*/deleted/*/map-*)" "$(python3 -c 'print("library" * 4000, end="")')" "the library in the bundle"
check "the deleted executable in the bundle" cmp -s x/*/exe/"$evil"-* "$(command -v sleep)"
run host_csi walk --deleted -p "$evil" --json
expect_json 'length == 1 and .[0].csi.deleted.hold == "exe" and (.[0].file.path | endswith("/hold/evil (deleted)"))'

# Where map_files is refused, what a map alone holds is a gap; the rest is there.
run csi walk --deleted -p "$inner" --json
expect_json '[.[] | select(.csi.deleted)] | length == 2'
expect_gaps "EPERM|open deleted map|$inner|$(printf '%s' "$PWD/hold/lib.so (deleted)")"
expect_exit 3
for words in "--deleted /etc" "--deleted --format hashdeep" "--deleted --root hold"; do
	# shellcheck disable=SC2086
	run host_csi walk $words
	expect_exit 2
done
kill "$hpid" "$evil"
wait
