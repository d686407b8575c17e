// SPDX-License-Identifier: Apache-2.0
// Web shells and reverse shells.

rule webshell_php : webshell
{
	meta:
		description = "PHP that runs what a request carries"
		level = "high"
		attack = "T1505.003"
	strings:
		$php = /<\?(php|=)/ nocase
		$run1 = /\b(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec|exec)\s{0,8}\(\s{0,8}@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
		$run2 = /\b(eval|assert)\s{0,8}\(\s{0,8}@?(base64_decode|gzinflate|gzuncompress|str_rot13|strrev)\s{0,8}\(/ nocase
		$run3 = /\b(system|passthru|shell_exec|exec)\s{0,8}\(\s{0,8}(base64_decode|stripslashes|urldecode)\s{0,8}\(\s{0,8}@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
		$run4 = /\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]]{1,32}\]\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
	condition:
		filesize < 1MB and $php and any of ($run*)
}

rule webshell_jsp : webshell
{
	meta:
		description = "JSP that runs what a request carries"
		level = "high"
		attack = "T1505.003"
	strings:
		$jsp = /<%[@!= \t\r\n]/
		$get = /request\s{0,4}\.\s{0,4}get(Parameter|Header|InputStream|Reader)\s{0,4}\(/
		$run1 = /getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec\s{0,4}\(/
		$run2 = /new\s{1,4}(java\.lang\.)?ProcessBuilder\s{0,4}\(/
		$load1 = "defineClass"
		$load2 = "javax.crypto"
	condition:
		filesize < 1MB and $jsp and $get and (any of ($run*) or all of ($load*))
}

rule reverse_shell_text : shell
{
	meta:
		description = "a shell whose input and output are a connection"
		level = "high"
		attack = "T1059"
	strings:
		$bash1 = /\b(ba|z|k)?sh\s{1,4}-i\s{0,4}[0-9]?[><]{1,2}&?\s{0,4}\/dev\/(tcp|udp)\/[^\s\/]{1,128}\/[0-9]{1,5}/
		$bash2 = /exec\s{1,4}[0-9]{1,3}<>\s{0,2}\/dev\/tcp\/[^\s\/]{1,128}\/[0-9]{1,5}[;\n][^\n]{0,200}\bsh\b[^\n]{0,40}<&/
		$nc1 = /mkfifo\s{1,4}\S{1,64}[;&\s\n]{1,8}[^\n]{0,64}(ba)?sh\s{1,4}-i\s{0,4}2>&1\s{0,4}\|\s{0,4}(nc|ncat|openssl)\b/
		$nc2 = /\b(nc|ncat)(\.traditional)?\s{1,4}(-[a-z]{1,4}\s{1,4}){0,3}\S{1,128}\s{1,4}[0-9]{1,5}\s{1,4}-(e|c)\s{1,4}\/?\S{0,16}sh\b/
		$python = /socket\.socket\([^\n]{0,240}connect\(\([^\n]{1,160}dup2\([^\n]{1,240}(pty\.spawn|subprocess|\/bin\/(ba)?sh)/
		$perl = /use Socket;[^\n]{1,300}connect\(S,[^\n]{1,200}open\(STDIN,\s{0,2}">&S"\)/
		$ruby = /TCPSocket\.(new|open)\([^\n]{1,160}(\/bin\/(ba)?sh|exec sprintf)/
		$php = /fsockopen\([^\n]{1,160}(exec|shell_exec|proc_open|popen)\(\s{0,4}["'][^\n]{0,32}\bsh\b[^\n]{0,40}<&3/
		$socat = /socat\s{1,4}[^\n]{0,80}exec:\s{0,2}['"]?(\/bin\/)?(ba)?sh[^\n]{0,80}pty/i
	condition:
		filesize < 1MB and any of them
}

rule reverse_shell_code : shell memory
{
	meta:
		description = "machine code that makes a connection and starts a shell on it"
		level = "high"
		attack = "T1620"
	strings:
		// socket(AF_INET, SOCK_STREAM, 0) then connect(), as small as it gets, x86-64
		$x64 = { 6A 29 58 [0-1] 99 6A 02 5F 6A 01 5E 0F 05 48 97 [0-2] 48 B9 02 00 }
		// the same by socketcall, i386
		$x86 = { 31 DB F7 E3 53 43 53 6A 02 89 E1 B0 66 CD 80 }
		// execve("/bin/sh") with a string built on the stack
		$sh64 = { 48 BB 2F 62 69 6E 2F 73 68 00 53 48 89 E7 }
		$sh64b = { 6A 3B 58 99 48 BB 2F 62 69 6E 2F 73 68 00 53 }
		// read the rest from the connection into a page that was just made executable, and go there
		$stage = { 6A 09 58 99 B6 10 48 89 D6 4D 31 C9 6A 22 41 5A }
	condition:
		any of them
}
