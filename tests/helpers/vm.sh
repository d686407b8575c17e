# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Another kernel: Debian's own, in a virtual machine, with the image's root file system as its initial
# one. Sourced after lib.sh by cases that need what the kernel of this machine has not, or lacks what
# it has. Its only hierarchy of cgroups is the unified one.
#
#   vm_run [PARAMETER...] <SCRIPT   runs SCRIPT there as root (BusyBox sh; csi on PATH; kernel
#                                   parameters as given). What it leaves in /result is in $PWD/result
#                                   afterwards. Fails if the script did.
#
# The kernel's package is fetched once into out/kernel, by apt, without being installed.

VM_MEMORY=512M
VM_SECONDS=700

vm_kernel() {
	local dir=$CSI_TOP/out/kernel package
	if [ ! -e "$dir/vmlinuz" ]; then
		(
			mkdir -p "$dir" && cd "$dir" || exit 1
			exec 9>.lock && flock 9
			[ ! -e vmlinuz ] || exit 0
			package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
			[ -n "$package" ] && apt-get -q download "$package" >fetch.log 2>&1 || { cat fetch.log >&2 && exit 1; }
			dpkg-deb -x ./*.deb tree && cp tree/boot/vmlinuz-* new && rm -rf tree ./*.deb && mv new vmlinuz
		) || return 1
	fi
	printf '%s\n' "$dir/vmlinuz"
}

# DIR: an initial root: the image's, the script, and an init that runs it and hands over /result.
vm_root() {
	mkdir "$1"
	cp -a "$CSI_TOP/out/amd64/rootfs/." "$1"
	cat >"$1/script"
	cat >"$1/init" <<-'END'
		#!/bin/busybox sh
		export PATH=/bin
		busybox mount -t proc proc /proc
		busybox mount -t sysfs sysfs /sys
		busybox mount -t devtmpfs devtmpfs /dev
		busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
		busybox mount -t tmpfs tmpfs /tmp
		busybox mkdir /result
		cd /tmp
		busybox sh -eu /script >/result/log 2>&1
		echo $? >/result/code
		busybox tar -cf /dev/nvme0n1 -C /result .
		busybox sync
		# The end of the first process is a panic, and that the end of the machine.
	END
	chmod 755 "$1/init"
	(cd "$1" && find . | cpio -o -H newc --quiet | gzip -1) >"$1.cpio.gz"
}

vm_run() {
	local kernel
	kernel=$(vm_kernel) || { fail "no kernel" && return 1; }
	rm -rf vm result
	vm_root vm
	truncate -s 256M disk
	timeout "$VM_SECONDS" qemu-system-x86_64 -M pc,accel=tcg -cpu max -smp 2 -m "$VM_MEMORY" -nographic \
		-nodefaults -serial stdio -no-reboot -kernel "$kernel" -initrd vm.cpio.gz \
		-append "console=ttyS0 quiet panic=-1 $*" \
		-drive file=disk,format=raw,if=none,id=d -device nvme,drive=d,serial=csi <&- >console 2>&1
	mkdir result
	tar -xf disk -C result 2>/dev/null
	rm -f disk vm.cpio.gz
	[ "$(cat result/code 2>/dev/null)" = 0 ] || { fail "the script in the virtual machine" console result/log && return 1; }
}
