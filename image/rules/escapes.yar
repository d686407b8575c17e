// SPDX-License-Identifier: Apache-2.0
// Ways out of a container, and programs that try them.

rule escape_release_agent : escape
{
	meta:
		description = "a script that has the kernel run a program outside through a cgroup's release_agent"
		level = "critical"
		attack = "T1611"
	strings:
		$a1 = "release_agent"
		$a2 = "notify_on_release"
		$b1 = /mount\s{1,4}-t\s{1,4}cgroup\b/
		$b2 = /sed -n 's\/[^\n]{0,40}(upperdir|perdir)=/
		$b3 = "cgroup.procs"
		$b4 = /unshare\s{1,4}-[A-Za-z]{0,8}(C|U)[^\n]{0,60}/
	condition:
		filesize < 256KB and uint32(0) != 0x464c457f and all of ($a*) and 2 of ($b*)
}

rule escape_core_pattern : escape
{
	meta:
		description = "a script that has the kernel run a program outside when something crashes"
		level = "high"
		attack = "T1611"
	strings:
		$a = /(>|tee)\s{0,4}\/([a-z]{1,16}\/)?proc\/sys\/kernel\/core_pattern/
		$pipe = /echo\s{1,4}[^\n]{0,8}\|[^\n]{1,160}core_pattern/
		$path1 = "upperdir"
		$path2 = "/overlay2/"
		$path3 = "perdir="
	condition:
		filesize < 256KB and uint32(0) != 0x464c457f and $a and $pipe and any of ($path*)
}

rule escape_to_host_namespaces : escape
{
	meta:
		description = "a script that enters the host's namespaces or changes into its root"
		level = "high"
		attack = "T1611"
	strings:
		$ns = /nsenter\s[^\n]{0,60}(-t|--target)[ =]?1\s[^\n]{0,60}(-m|--mount|-a\b|--all)/
		$chroot = /chroot\s{1,4}\/(host|hostfs|mnt\/host|rootfs|hostroot)\b[^\n]{0,60}sh\b/
		$docker = /docker(\.sock)?[^\n]{0,160}(run|containers\/create)[^\n]{0,200}(-v|Binds|--volume)[^\n]{0,16}\/:\//
		$disk = /mount\s{1,4}\/dev\/(sd[a-z]|vd[a-z]|nvme[0-9]n[0-9]|xvd[a-z])[0-9p]{0,3}\s/
		$stay = /(authorized_keys|\/etc\/cron|crontab|\/etc\/shadow|\/etc\/sudoers)/
	condition:
		filesize < 256KB and uint16(0) == 0x2123 and ($ns or $chroot or $docker or ($disk and $stay))
}

rule escape_tool : escape
{
	meta:
		description = "a program made to break out of containers and clusters"
		level = "critical"
		attack = "T1611"
	strings:
		$cdk1 = "docker-sock-pwn"
		$cdk2 = "shim-pwn"
		$cdk3 = "k8s-backdoor-daemonset"
		$cdk4 = "mount-cgroup"
		$cdk5 = "lxcfs-rw"
		$cdk6 = "k8s-shadow-apiserver"
		$botb1 = "Break out the Box"
		$botb2 = "github.com/brompwnie/botb"
		$peirates = "github.com/inguardians/peirates"
		$deepce1 = "Docker Enumeration, Escalation of Privileges and Container Escapes"
		$deepce2 = "deepce.sh"
	condition:
		3 of ($cdk*) or any of ($botb*) or $peirates or all of ($deepce*)
}

rule escape_runc_overwrite : escape
{
	meta:
		description = "a program that overwrites runc through /proc/self/exe (CVE-2019-5736)"
		level = "critical"
		attack = "T1611"
		reference = "CVE-2019-5736"
	strings:
		$a = "#!/proc/self/exe"
		$b1 = "/proc/self/fd/%d"
		$b2 = "runc"
		$b3 = /\/proc\/(%d|%s|"\s?\+)[^\n]{0,24}\/(exe|cmdline)/
	condition:
		filesize < 16MB and (uint32(0) == 0x464c457f or uint16(0) == 0x2123) and $a and 2 of ($b*)
}
