/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc text: what kernels write, what they never write, and every cut of both. */
#include "sys/proc.h"
#include "sys/proc_net.h"

#include "guard.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>

#define TEXT(literal) bytes_of(literal, sizeof(literal) - 1)

/* Field 4 onward of a real process: ppid ... rss and what follows. */
#define TAIL                                                                                       \
	" 1 42 42 34816 -1 4194560 1 2 3 4 55 66 7 8 20 0 3 0 777 4096 12 18446744073709551615 1 " \
	"1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 0\n"

static struct guard tail;

static int stat_of(struct bytes text, struct proc_stat *ret)
{
	return proc_parse_stat(guard_put(&tail, text), ret);
}

static void stat_good(void)
{
	struct proc_stat st;

	CHECK_INT(stat_of(TEXT("42 (a) b\n\033[2J\377) S" TAIL), &st), 0);
	CHECK_BYTES(bytes_of(st.comm, st.comm_len), "a) b\n\033[2J\377");
	CHECK_INT(st.pid, 42);
	CHECK_INT(st.state, 'S');
	CHECK_INT(st.ppid, 1);
	CHECK_INT(st.session, 42);
	CHECK_INT(st.tty_nr, 34816);
	CHECK_INT(st.tpgid, -1);
	CHECK_INT(st.flags, 4194560);
	CHECK_INT(st.utime, 55);
	CHECK_INT(st.stime, 66);
	CHECK_INT(st.threads, 3);
	CHECK_INT(st.start_ticks, 777);
	CHECK_INT(st.vsize, 4096);
	CHECK_INT(st.rss, 12);
	OK("stat of a process with a hostile name");

	CHECK_INT(stat_of(TEXT("42 (x) R 1) S" TAIL), &st), 0);
	CHECK_BYTES(bytes_of(st.comm, st.comm_len), "x) R 1");
	CHECK_INT(st.state, 'S');
	CHECK_INT(stat_of(TEXT("42 () S" TAIL), &st), 0);
	CHECK_INT(st.comm_len, 0);
	CHECK_INT(stat_of(TEXT("42 ((((()))) S" TAIL), &st), 0);
	CHECK_BYTES(bytes_of(st.comm, st.comm_len), "(((()))");
	OK("the name ends at the last parenthesis");

	CHECK_INT(stat_of(TEXT("42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777\n"), &st), 0);
	CHECK_INT(st.start_ticks, 777);
	CHECK_INT(st.rss, 0);
	OK("a hand-made stat may end after the start time");
}

static void stat_bad(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		"42",
		"42 ",
		"42 (",
		"42 (a",
		"42 (a)",
		"42 (a) ",
		"42 (a) S",
		"x (a) S" TAIL,
		"-1 (a) S" TAIL,
		"99999999999 (a) S" TAIL,
		"99999999999999999999999 (a) S" TAIL,
		"42  (a) S" TAIL,
		"42 (a)  S" TAIL,
		"42 (a) 1" TAIL,
		"42 (0123456789012345678901234567890123456789012345678901234567890123x) S" TAIL,
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777", /* cut: may be 7771 */
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0\n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 \n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 -777\n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 18446744073709551616\n",
		"42 (a) S 99999999999 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777\n",
		"42 (a) S -1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777\n",
		"42 (a) S 2147483648 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777\n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 4294967296 0 777\n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 x\n",
		"42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 +1 2\n",
		"42 (a) S 1 1 1 0 - 0 0 0 0 0 0 0 0 0 20 0 1 0 777\n",
	};
	struct proc_stat st = { .pid = 7 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(stat_of(bytes_str(bad[i]), &st), -EBADMSG);
		CHECK_INT(st.pid, 7);
	}
	OK("stat that no kernel writes is refused, the result untouched");
}

static void stat_cuts(void)
{
	static const char whole[] = "42 (a) R 1) S" TAIL;
	const size_t vital =
		sizeof("42 (a) R 1) S 1 42 42 34816 -1 4194560 1 2 3 4 55 66 7 8 20 0 3 0 777");
	struct proc_stat st;

	for (size_t n = 0; n < sizeof(whole); n++) {
		int r = stat_of(bytes_of(whole, n), &st);

		CHECK(r == 0 || r == -EBADMSG);
		/* No cut may pass for a shorter number or another name. */
		if (n < vital)
			CHECK_INT(r, -EBADMSG);
		if (r == 0)
			CHECK(st.start_ticks == 777 && st.vsize == 4096 && st.rss == 12);
	}
	OK("no cut of a stat is mistaken for a whole one");
}

static void stat_own(void)
{
	AUTO_CLOSE int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text));
	struct proc_stat st;

	CHECK(n > 0);
	CHECK_INT(stat_of(bytes_of(text, (size_t)n), &st), 0);
	CHECK_INT(st.pid, getpid());
	CHECK_INT(st.ppid, getppid());
	/* Not rss: the kernel counts it by CPU, and a program this small may still show 0. */
	CHECK(st.start_ticks > 0 && st.vsize > 0 && st.threads >= 1);
	OK("stat of this process");
}

static const char status_text[] =
	"Name:\ta) R 1\\n\\\\b\n"
	"Umask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nNgid:\t0\nPid:\t42\n"
	"PPid:\t7\nTracerPid:\t9\nUid:\t1\t2\t3\t4294967295\nGid:\t5\t6\t7\t8\n"
	"FDSize:\t64\nGroups:\t0 1 2 \nNStgid:\t42\t1\nNSpid:\t42\t11\t1\n"
	"VmPeak:\t  100 kB\nVmSize:\t   90 kB\nVmRSS:\t    1234 kB\n"
	"RssAnon:\t    80 kB\nVmSwap:\t       3 kB\nThreads:\t12\n"
	"CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
	"CapEff:\t00000000a80425fb\nCapBnd:\t000001ffffffffff\n"
	"CapAmb:\t0000000000000001\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	"Seccomp_filters:\t1\n";

static void status_good(void)
{
	struct proc_status st;

	CHECK_INT(proc_parse_status(guard_put(&tail, TEXT(status_text)), &st), 0);
	CHECK_INT(st.have, 0xff);
	CHECK(st.uid[0] == 1 && st.uid[1] == 2 && st.uid[2] == 3 && st.uid[3] == UINT32_MAX);
	CHECK(st.gid[0] == 5 && st.gid[3] == 8);
	CHECK(st.tgid == 42 && st.ppid == 7 && st.tracer == 9 && st.nspid == 1);
	CHECK(st.vm_rss_kb == 1234 && st.rss_anon_kb == 80 && st.vm_swap_kb == 3 &&
	      st.vm_size_kb == 90);
	CHECK(st.threads == 12 && st.no_new_privs == 1 && st.seccomp == 2);
	CHECK(st.cap_eff == 0xa80425fb && st.cap_prm == 0xa80425fb && st.cap_bnd == 0x1ffffffffff);
	CHECK(st.cap_amb == 1 && st.cap_inh == 0);
	OK("status: every field");

	CHECK_INT(proc_parse_status(TEXT("Name:\tx\nUid:\t0\t0\t0\t0\nUid:\t7\t7\t7\t7\n"), &st),
		  0);
	CHECK_INT(st.uid[1], 7);
	CHECK_INT(st.have, STATUS_UIDS);
	OK("status: what a name forges comes first and is overruled");
}

static void status_bad(void)
{
	static const char *const bad[] = {
		"",
		"Uid:\t1\t2\t3\t4",
		"Uid:\t1\t2\t3\n",
		"Uid:\t1\t2\t3\t4\t5\n",
		"Uid:\t1\t2\t3\t4294967296\n",
		"Uid:\t-1\t2\t3\t4\n",
		"PPid:\t\n",
		"PPid:\t2147483648\n",
		"NSpid:\t1\tx\n",
		"VmRSS:\t12\n",
		"VmRSS:\t99999999999999999999 kB\n",
		"CapEff:\t00000000000000000\n1x\nCapEff:\tg\n",
		"CapEff:\tfffffffffffffffff\n",
		"Threads:\t4294967296\n",
		"Seccomp:\t2 \n",
	};
	struct proc_status st = { .tgid = 3 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(proc_parse_status(guard_put(&tail, bytes_str(bad[i])), &st), -EBADMSG);
		CHECK_INT(st.tgid, 3);
	}
	for (size_t n = 0; n < sizeof(status_text); n++) {
		int r = proc_parse_status(guard_put(&tail, bytes_of(status_text, n)), &st);
		bool whole_lines = n > 0 && status_text[n - 1] == '\n';

		CHECK_INT(r, whole_lines ? 0 : -EBADMSG);
	}
	OK("status: broken values and cuts are refused");
}

static int map_of(const char *line, struct proc_map *ret)
{
	return proc_parse_map(guard_put(&tail, bytes_str(line)), ret);
}

static void maps(void)
{
	static const char *const bad[] = {
		"",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 r-xp",
		"1000-2000 r-xp 0",
		"1000-2000 r-xp 0 8",
		"1000-2000 r-xp 0 8:1",
		"1000-2000 r-xp 0 8:1 ",
		"2000-1000 r-xp 0 8:1 7",
		"1000-1000 r-xp 0 8:1 7",
		"1000-2000 rwxq 0 8:1 7",
		"1000-2000 r-xp 0 8:1 7x",
		"1000-2000 r-xp 0 8:100000000 7",
		"1000-2000 r-xp 0 8:1 99999999999999999999",
		"10000000000000000-2000 r-xp 0 8:1 7",
		"x000-2000 r-xp 0 8:1 7",
	};
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct proc_map m = { 0 };

	CHECK_INT(map_of("7f12a000-7f12b000 r-xp 00001000 08:0f 1234                       /a "
			 "b\\012c (deleted)",
			 &m),
		  0);
	CHECK(m.start == 0x7f12a000 && m.end == 0x7f12b000 && m.offset == 0x1000);
	CHECK(m.r && !m.w && m.x && !m.shared && m.dev_major == 8 && m.dev_minor == 15 &&
	      m.inode == 1234);
	CHECK_BYTES(m.path, "/a b\\012c (deleted)");
	CHECK_INT(proc_unmangle_map(&path, m.path), 0);
	CHECK_BYTES(buf_bytes(&path), "/a b\nc (deleted)");
	CHECK_INT(map_of("00400000-00401000 -w-s 00000000 00:00 0 ", &m), 0);
	CHECK(m.path.n == 0 && m.shared && m.w && !m.r);
	CHECK_INT(map_of("00400000-00401000 ---p 00000000 00:00 0", &m), 0);
	CHECK_INT(map_of("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  "
			 "[vsyscall]",
			 &m),
		  0);
	CHECK_BYTES(m.path, "[vsyscall]");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(map_of(bad[i], &m), -EBADMSG);
	OK("lines of maps");
}

static int mount_of(const char *line, struct proc_mount *ret)
{
	return proc_parse_mount(guard_put(&tail, bytes_str(line)), ret);
}

static void mounts(void)
{
	static const char *const bad[] = {
		"",
		"36",
		"36 35",
		"36 35 98:0",
		"36 35 98:0 /r",
		"36 35 98:0 /r /p",
		"36 35 98:0 /r /p rw",
		"36 35 98:0 /r /p rw -",
		"36 35 98:0 /r /p rw - ext4",
		"36 35 98:0 /r /p rw - ext4 /dev/x",
		"36 35 98:0 /r /p rw ext4 /dev/x rw",
		"36 35 98:0  /p rw - ext4 /dev/x rw",
		"36 35 98 /r /p rw - ext4 /dev/x rw",
		"x 35 98:0 /r /p rw - ext4 /dev/x rw",
	};
	AUTO_DONE(buf_done) struct buf point = BUF_NONE;
	struct proc_mount m;

	CHECK_INT(mount_of("36 35 98:7 /mnt1 /a\\040b\\011\\134\\043 rw,noatime master:1 shared:2 "
			   "- ext3 /dev/root "
			   "rw,errors=continue",
			   &m),
		  0);
	CHECK(m.id == 36 && m.parent == 35 && m.dev_major == 98 && m.dev_minor == 7);
	CHECK_BYTES(m.root, "/mnt1");
	CHECK_BYTES(m.options, "rw,noatime");
	CHECK_BYTES(m.fstype, "ext3");
	CHECK_BYTES(m.source, "/dev/root");
	CHECK_BYTES(m.super_options, "rw,errors=continue");
	CHECK_INT(proc_unmangle(&point, m.point), 0);
	CHECK_BYTES(buf_bytes(&point), "/a b\t\\#");
	OK("a line of mountinfo");

	CHECK_INT(mount_of("36 35 0:7 / /x rw - tmpfs  rw", &m), 0);
	CHECK_INT(m.source.n, 0);
	CHECK_BYTES(m.super_options, "rw");
	CHECK_INT(mount_of("36 35 0:7 / /x rw - tmpfs - ", &m), 0);
	CHECK_BYTES(m.source, "-");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(mount_of(bad[i], &m), -EBADMSG);
	OK("mountinfo: an empty source, a source \"-\", and broken lines");
}

static void unmangle(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },	      { "\\", "\\" },	       { "\\0", "\\0" },
		{ "\\04", "\\04" },   { "\\040", " " },	       { "\\400", "\\400" },
		{ "\\048", "\\048" }, { "\\134040", "\\040" }, { "a\\377", "a\377" },
		{ "\\\\040", "\\ " }, { "x\\", "x\\" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_DONE(buf_done) struct buf out = BUF_NONE;

		CHECK_INT(proc_unmangle(&out, guard_put(&tail, bytes_str(cases[i].in))), 0);
		CHECK(bytes_eq(buf_bytes(&out), bytes_str(cases[i].out)));
	}
	AUTO_DONE(buf_done) struct buf map = BUF_NONE;
	CHECK_INT(proc_unmangle_map(&map, TEXT("\\040\\012\\134")), 0);
	CHECK_BYTES(buf_bytes(&map), "\\040\n\\134");
	AUTO_DONE(buf_done) struct buf small = BUF_LIMIT(4);
	CHECK_INT(buf_adds(&small, "ab"), 0);
	CHECK_INT(proc_unmangle(&small, TEXT("cde")), -EFBIG);
	CHECK_BYTES(buf_bytes(&small), "ab");
	OK("octal escapes");
}

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void containers(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "0::/system.slice/docker-" ID ".scope\n", ID },
		{ "12:pids:/docker/" ID "\n11:cpu:/docker/" ID2 "\n", ID },
		{ "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n", ID },
		{ "0::/kubepods/besteffort/pod0b5e/" ID "\n", ID },
		{ "0::/kubepods-pod1.slice:cri-containerd:" ID "\n", ID },
		{ "0::/kubepods.slice/crio-" ID ".scope/container\n", ID },
		{ "0::/machine.slice/libpod-" ID ".scope", ID },
		{ "0::/../" ID "\n", ID },
		{ "0::/docker/" ID "/kubepods/pod1/" ID2 "\n", ID2 },
		{ "0::/machine.slice/libpod-conmon-" ID ".scope\n", "" },
		{ "0::/\n", "" },
		{ "", "" },
		{ "0::/docker/" ID "0\n", "" },
		{ "0::/docker/x" ID "\n", "" },
		{ "0::/docker/0123456789abcdef\n", "" },
		{ ID, "" },
		{ "0::/docker/" ID "g\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes got = proc_container_id(guard_put(&tail, bytes_str(cases[i].text)));

		CHECK(bytes_eq(got, bytes_str(cases[i].want)));
	}
	OK("container ids in cgroup text");
}

static void names(void)
{
	static const char *const bad[] = {
		"", "0", "012", "+1", "-1", "1x", "1 ", "2147483648", "99999999999999999999", "self"
	};
	struct bytes rest = TEXT("a\n\nb"), part;
	pid_t pid = 0;

	CHECK_INT(proc_parse_pid(guard_put(&tail, TEXT("2147483647")), &pid), 0);
	CHECK_INT(pid, 2147483647);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(proc_parse_pid(guard_put(&tail, bytes_str(bad[i])), &pid), -EINVAL);
	OK("PIDs as names");

	CHECK_INT(proc_next_line(&rest, &part), 1);
	CHECK_BYTES(part, "a");
	CHECK_INT(proc_next_line(&rest, &part), 1);
	CHECK_INT(part.n, 0);
	CHECK_INT(proc_next_line(&rest, &part), 1);
	CHECK_BYTES(part, "b");
	CHECK_INT(proc_next_line(&rest, &part), 0);
	rest = guard_put(&tail, TEXT("x\0\0y\0"));
	CHECK_INT(proc_next_string(&rest, &part), 1);
	CHECK_BYTES(part, "x");
	CHECK_INT(proc_next_string(&rest, &part), 1);
	CHECK_INT(part.n, 0);
	CHECK_INT(proc_next_string(&rest, &part), 1);
	CHECK_BYTES(part, "y");
	CHECK_INT(proc_next_string(&rest, &part), 0);
	OK("lines and strings");
}

static void nets(void)
{
	static const char *const bad[] = {
		"",
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask",
		"eth0\t00000000\t0100A8C0\t0003\t0\t0\t0",
		"eth0\t100000000\t0100A8C0\t0003\t0\t0\t0\t00000000",
		"eth0\t00000000\t0100A8C0\t0003\t0\tx\t0\t00000000",
	};
	struct proc_route r;
	struct bytes name;

	CHECK_INT(
		proc_parse_route(bytes_str("eth0\tFEA9FEA9\t0100A8C0\t0207\t0\t0\t0\tFFFFFFFF\t0\t0"
					   "\t0   "),
				 &r),
		0);
	CHECK_BYTES(r.interface, "eth0");
	CHECK_INT(r.destination, 0xfea9fea9);
	CHECK_INT(r.gateway, 0x0100a8c0);
	CHECK_INT(r.mask, 0xffffffff);
	CHECK_INT(r.flags, 0x207);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(proc_parse_route(bytes_str(bad[i]), &r), -EBADMSG);
	CHECK_INT(proc_parse_interface(bytes_str("  veth1:  12 0 0"), &name), 0);
	CHECK_BYTES(name, "veth1");
	CHECK_INT(proc_parse_interface(bytes_str(" face |bytes"), &name), -EBADMSG);
	CHECK_INT(proc_parse_interface(bytes_str(" : 12"), &name), -EBADMSG);
	OK("interfaces and routes");
}

int main(void)
{
	tail = guard_make(4096);
	stat_good();
	stat_bad();
	stat_cuts();
	stat_own();
	status_good();
	status_bad();
	maps();
	mounts();
	unmangle();
	containers();
	nets();
	names();
	guard_done(&tail);
	TEST_END();
}
