# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What cases share that compare a core with what gdb itself sees of the process.

# gdb_sees FILE THREADS GDB-ARGS...: registers and backtraces of all threads, sorted: ids differ between PID namespaces
gdb_sees() {
	local file=$1 threads=$2
	shift 2
	gdb -nx -batch "$@" -ex 'echo BEGIN\n' \
		-ex 'thread apply all -q info registers rip rsp rbp rbx r12 r13 fs_base eflags' \
		-ex 'thread apply all -q bt 12' >gdb.out 2>gdb.err
	sed '1,/^BEGIN/d' gdb.out | grep -E '^(r|fs_base|eflags|#)' | sed 's/ *<.*//' | sort >"$file"
	check "gdb shows the registers of $threads threads" test "$(grep -c '^rip' "$file")" -eq "$threads"
}

# gdb_agrees CORE PID EXE: on the same stopped state
gdb_agrees() {
	local threads
	threads=$(find "/proc/$2/task" -mindepth 1 -maxdepth 1 | wc -l)
	gdb_sees core.regs "$threads" "$3" -c "$1"
	gdb_sees live.regs "$threads" -p "$2"
	check "registers and backtraces differ" diff -u live.regs core.regs
}

# gdb_maps CORE: mapped files as "START END OFFSET PATH", from the core
gdb_maps() {
	gdb -nx -batch -c "$1" -ex 'info proc mappings' 2>/dev/null |
		awk '$1 ~ /^0x/ && $NF ~ /^\// { print substr($1, 3), substr($2, 3), substr($4, 3), $NF }'
}

# live_maps PID: the same from the live process
live_maps() {
	awk '$5 != 0 && $6 ~ /^\// { split($1, a, "-"); print a[1], a[2], $3, $6 }' "/proc/$1/maps"
}

# plain: numbers without leading zeros
plain() { sed -E 's/(^| )0+([0-9a-f])/\1\2/g'; }
