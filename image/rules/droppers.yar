// SPDX-License-Identifier: Apache-2.0
// Scripts that install a miner or a bot, and the bot that Kinsing is.

rule dropper_script : dropper
{
	meta:
		description = "a script that disarms the host, drives out its rivals, and installs itself"
		level = "high"
		attack = "T1059.004"
	strings:
		$disarm1 = "setenforce 0"
		$disarm2 = "ufw disable"
		$disarm3 = "SELINUX=disabled"
		$disarm4 = "iptables -F"
		$disarm5 = "aliyun.service"
		$disarm6 = "cloudmonitor"
		$disarm7 = /systemctl (stop|disable) (aegis|apparmor|firewalld|auditd)/
		$disarm8 = "nmi_watchdog"
		$rival1 = "kdevtmpfsi"
		$rival2 = "kinsing"
		$rival3 = /pkill -(9 )?-?f? ?(xmrig|xmr-stak|minerd|stratum|cryptonight|watchbog|zsvc)/
		$rival4 = /(killall|pkill)[ -9]{1,5}(xmrig|minerd|kthreaddk|masscan|zgrab|pnscan)/
		$rival5 = /awk '\{print \$2\}' ?\| ?xargs (-I % )?kill -9/
		$stay1 = /\|\s{0,3}crontab\s{1,3}-/
		$stay2 = "/etc/cron.d/"
		$stay3 = "/var/spool/cron/"
		$stay4 = "/etc/ld.so.preload"
		$stay5 = /chattr [+-][iaeu]{1,4} /
		$stay6 = ".ssh/authorized_keys"
		$fetch1 = /(curl|wget|cdl|wdl|lwp-download)[^\n]{4,160}\|\s{0,3}(ba|da)?sh\b/
		$fetch2 = /(curl|wget)[^\n]{4,160}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/
		$fetch3 = "chmod 777 /tmp/"
		$fetch4 = /chmod \+?[x0-9]{1,4} (\/tmp|\/var\/tmp|\/dev\/shm)\//
	condition:
		uint16(0) == 0x2123 and filesize < 512KB and any of ($fetch*) and
		((any of ($disarm*) and any of ($rival*)) or
		 (any of ($disarm*) and any of ($stay*)) or
		 (any of ($rival*) and any of ($stay*)))
}

rule kinsing_program : dropper
{
	meta:
		description = "Kinsing: a bot in Go that downloads, scans and mines"
		level = "critical"
		attack = "T1105"
	strings:
		$f1 = "main.minRun"
		$f2 = "main.getMinerPid"
		$f3 = "main.minerRunningCheck"
		$f4 = "main.redisBrute"
		$f5 = "main.masscan"
		$f6 = "main.backconnect"
		$f7 = "main.downloadAndExecute"
		$f8 = "main.healthChecker"
		$n1 = "kdevtmpfsi"
		$n2 = "libsystem.so"
	condition:
		(uint32(0) == 0x464c457f or filetype == "memory") and 3 of ($f*) and (any of ($n*) or 5 of ($f*))
}

rule credential_script : dropper
{
	meta:
		description = "a script that gathers the keys of clouds and clusters"
		level = "high"
		attack = "T1552"
	strings:
		$a1 = "169.254.169.254/latest/meta-data/iam"
		$a2 = "metadata.google.internal/computeMetadata"
		$a3 = "169.254.169.254/metadata/identity"
		$b1 = ".aws/credentials"
		$b2 = ".docker/config.json"
		$b3 = "/var/run/secrets/kubernetes.io/serviceaccount"
		$b4 = ".kube/config"
		$b5 = "application_default_credentials.json"
		$b6 = ".git-credentials"
		$send = /(curl|wget)[^\n]{0,160}(-F |--data|-d |--upload-file|-T |--post-file)/
	condition:
		uint16(0) == 0x2123 and filesize < 512KB and any of ($a*) and 2 of ($b*) and $send
}
