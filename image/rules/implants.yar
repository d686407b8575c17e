// SPDX-License-Identifier: Apache-2.0
// Implants of Linux by what is known of them in public, tools of remote control, and rootkits.

rule bpfdoor : implant
{
	meta:
		description = "BPFDoor: a backdoor that waits for a packet, under one of ten borrowed names"
		level = "critical"
		attack = "T1205.002"
	strings:
		$n1 = "hald-addon-acpi: listening on acpi kernel interface /proc/acpi/event"
		$n2 = "pickup -l -t fifo -u"
		$n3 = "qmgr -l -t fifo -u"
		$n4 = "avahi-daemon: chroot helper"
		$n5 = "/sbin/mingetty /dev/tty7"
		$n6 = "hald-runner"
		$n7 = "dbus-daemon --system"
		$n8 = "/usr/libexec/postfix/master"
		$n9 = "/sbin/udevd -d"
		$f1 = "/var/run/haldrund.pid"
		$f2 = "/dev/shm/kdmtmpflush"
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and (4 of ($n*) or (any of ($f*) and 2 of ($n*)))
}

rule irc_bot : implant
{
	meta:
		description = "Tsunami, also called Kaiten: a bot that takes orders over IRC"
		level = "critical"
		attack = "T1071"
	strings:
		$a1 = "NOTICE %s :TSUNAMI <target> <secs>"
		$a2 = "NOTICE %s :PAN <target> <port> <secs>"
		$a3 = "NOTICE %s :Removed all spoofs"
		$a4 = "NOTICE %s :Kaiten wa goraku"
		$a5 = "NOTICE %s :UDP <target> <port> <secs>"
		$a6 = "NOTICE %s :GET <http address> <save as>"
		$a7 = "NOTICE %s :Killing pid %d."
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and 2 of them
}

rule mirai : implant
{
	meta:
		description = "Mirai or one of its children: a bot of floods and telnet"
		level = "critical"
		attack = "T1498"
	strings:
		$a1 = "TSource Engine Query"
		$a2 = "/dev/misc/watchdog"
		$a3 = "/dev/FTWDT101_watchdog"
		$b1 = /\/bin\/busybox [A-Z]{4,12}/
		$b2 = ": applet not found"
		$b3 = "LCOGQGPTGP"
		$b4 = "POST /cdn-cgi/"
		$b5 = "M-SEARCH * HTTP/1.1"
	condition:
		uint32(0) == 0x464c457f and filesize < 1MB and
		(($a1 and ($a2 or $a3)) or ($a1 and 2 of ($b*)) or $b3)
}

rule xorddos : implant
{
	meta:
		description = "XorDdos: a bot that hides its settings with a fixed key"
		level = "critical"
		attack = "T1498"
	strings:
		$key = "BB2FA36AAA9541F0"
		$f1 = "/var/run/gcc.pid"
		$f2 = "/lib/udev/udev"
		$f3 = "/etc/cron.hourly/gcc.sh"
		$f4 = "/etc/cron.hourly/udev.sh"
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and $key and any of ($f*)
}

rule remote_control_go : implant
{
	meta:
		description = "a framework of remote control, by the packages it is built of"
		level = "high"
		attack = "T1219"
	strings:
		$a1 = "github.com/bishopfox/sliver/"
		$a2 = "github.com/Ne0nd0g/merlin"
		$a3 = "github.com/gl4ssesbo1/"
		$a4 = "sliverpb."
		$a5 = "github.com/NHAS/reverse_ssh"
		$a6 = "github.com/Binject/"
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and any of ($a1, $a2, $a3, $a5, $a6) or
		(uint32(0) == 0x464c457f and #a4 > 8)
}

rule tunnel_go : tool
{
	meta:
		description = "a program that makes tunnels out of the network, by the packages it is built of"
		level = "medium"
		attack = "T1572"
	strings:
		$a1 = "github.com/jpillora/chisel/"
		$a2 = "github.com/fatedier/frp/"
		$a3 = "github.com/ginuerzh/gost"
		$a4 = "github.com/nicocha30/ligolo-ng/"
		$a5 = "github.com/go-gost/"
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and any of them
}

rule preload_hider : rootkit
{
	meta:
		description = "a library for ld.so.preload that hides processes or files from readdir()"
		level = "high"
		attack = "T1574.006"
	strings:
		$h1 = "readdir64"
		$h2 = "readdir"
		$find = "dlsym"
		$p1 = "/proc/self/fd/%d"
		$p2 = "/proc/%s/stat"
		$k1 = "ld.so.preload"
		$k2 = "LD_PRELOAD"
		$k3 = "fopen64"
		$k4 = "/proc/net/tcp"
		$interp = /\/ld-(linux|musl)[^\x00]{0,24}\.so/
	condition:
		uint32(0) == 0x464c457f and uint16(16) == 3 and filesize < 1MB and
		not $interp and $find and all of ($h*) and
		(all of ($p*) or ($k1 and $k3 and ($k2 or $k4)))
}

rule kernel_rootkit : rootkit
{
	meta:
		description = "a kernel module that hides itself, files or processes"
		level = "critical"
		attack = "T1014"
	strings:
		$a1 = "hacked_getdents64"
		$a2 = "hacked_getdents"
		$a3 = "hacked_kill"
		$a4 = "module_hide"
		$a5 = "diamorphine"
		$a6 = "give_root"
		$a7 = "is_invisible"
		$b1 = "reptile_"
		$b2 = "khook_"
		$m = "vermagic="
	condition:
		uint32(0) == 0x464c457f and $m and (3 of ($a*) or all of ($b*))
}
