// SPDX-License-Identifier: Apache-2.0
// Payloads that are to live in memory alone, and packed programs.

rule fileless_script : memory
{
	meta:
		description = "a script that runs a program which never becomes a file"
		level = "high"
		attack = "T1620"
	strings:
		$perl = /syscall\s{0,4}\(?\s{0,4}(319|279|356)\s{0,4},/
		$python = /(\.syscall\s{0,4}\(\s{0,4}(319|279|356)\b|os\.memfd_create\s{0,4}\()/
		$run1 = /\/proc\/(\$\$|self|"\s?\.\s?\$\$|\{[^}\n]{1,40}\}|%d|%s)[^\n]{0,24}\/fd\//
		$run2 = /os\.(execve|execv|fexecve)\s{0,4}\(/
		$run3 = /\bexec\s{0,4}[{("]/
		$dd1 = /\/proc\/(\$\$|self|\$[a-zA-Z_]{1,16})\/mem/
		$dd2 = /\bdd\b[^\n]{0,120}\b(seek|skip)=/
		$dd3 = /\/proc\/(\$\$|self|\$[a-zA-Z_]{1,16})\/(maps|syscall)/
	condition:
		filesize < 1MB and uint16(0) == 0x2123 and
		((($perl or $python) and any of ($run*)) or all of ($dd*))
}

rule loader_program : memory
{
	meta:
		description = "a small program that loads another into memory from the network and runs it there"
		level = "medium"
		attack = "T1620"
	strings:
		$m1 = "memfd_create"
		$m2 = "fexecve"
		$m3 = "execveat"
		$fd = "/proc/self/fd/%d"
		$net = /GET \/[^\r\n]{0,80} HTTP\/1\.[01]/
		$fake = /\[(kworker|kthreadd|ksoftirqd|kswapd|migration|rcu_)[^\]]{0,20}\]/
	condition:
		uint32(0) == 0x464c457f and filesize < 4MB and $m1 and ($m2 or $m3 or $fd) and
		$net and $fake
}

rule packed_upx : packed
{
	meta:
		description = "a program packed with UPX, or made to look so: what it is shows only in memory"
		level = "low"
		attack = "T1027.002"
	strings:
		$magic = "UPX!"
		$info = "$Info: This file is packed with the UPX executable packer"
	condition:
		uint32(0) == 0x464c457f and ($magic in (0..1024) or $info in (0..4096))
}

rule elf_without_sections : packed
{
	meta:
		description = "a program without section headers: packed, or its maker hides how it is built"
		level = "low"
		attack = "T1027"
	condition:
		uint32(0) == 0x464c457f and (uint16(16) == 2 or uint16(16) == 3) and filesize > 4KB and
		((uint8(4) == 2 and uint16(0x3c) == 0) or (uint8(4) == 1 and uint16(0x30) == 0))
}
