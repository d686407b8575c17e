/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in the names that a process shows: comm and argv[0]. */
#include "signs/match.h"

/*
 * Names of kernel threads (kernel/kthread.c and its callers). One that ends in '/', ':' or '_' is a
 * prefix; another is whole, or followed by a character that no program of that name goes on with.
 */
static const char *const kernel_names[] = {
	"kworker/", "kworker",	    "kthreadd",	  "ksoftirqd/",	  "migration/",	  "cpuhp/",
	"rcu_",	    "kswapd",	    "kdevtmpfs",  "khugepaged",	  "kcompactd",	  "kintegrityd",
	"kblockd",  "kauditd",	    "khungtaskd", "oom_reaper",	  "writeback",	  "idle_inject/",
	"netns",    "inet_frag_",   "kthrotld",	  "kstrp",	  "scsi_eh_",	  "scsi_tmf_",
	"jbd2/",    "ext4-rsv-",    "xfsaild/",	  "ecryptfs-",	  "irq/",	  "pool_workqueue",
	"ksmd",	    "kvm-nx-lpage", "psimon",	  "slub_flushwq", "mm_percpu_wq",
};

static bool is_name_end(unsigned char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.');
}

static bool is_kernel_name(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LEN(kernel_names); i++) {
		size_t n = strlen(kernel_names[i]);
		char last = kernel_names[i][n - 1];

		if (!bytes_starts(name, kernel_names[i]))
			continue;
		if (name.n == n || last == '/' || last == '_' || last == '-')
			return true;
		if (is_name_end(name.p[n]))
			return true;
	}
	/* kdevtmpfsi: the miner that kinsing brings; kdevtmpfs is the kernel's. */
	return bytes_starts(name, "kdevtmpfs") || bytes_starts(name, "kworkerd");
}

/* "[kworker/0:1]" as ps shows a process without a command line; the rest may be blanks. */
static bool in_brackets(struct bytes arg, struct bytes *ret_name)
{
	size_t n = arg.n;

	while (n > 0 && arg.p[n - 1] == ' ')
		n--;
	if (n < 3 || arg.p[0] != '[' || arg.p[n - 1] != ']')
		return false;
	*ret_name = bytes_of(arg.p + 1, n - 2);
	return memchr(ret_name->p, ' ', ret_name->n) == NULL;
}

bool match_kthread_masquerade(const struct facts *f, struct finding *ret)
{
	struct bytes comm = bytes_of(f->stat->comm, f->stat->comm_len);
	struct bytes arg = facts_argv(f, 0);
	struct bytes name = bytes_of(NULL, 0);
	bool brackets = in_brackets(arg, &name);
	bool kernel =
		is_kernel_name(comm) || is_kernel_name(arg) || (brackets && is_kernel_name(name));

	if ((f->stat->flags & PROC_PF_KTHREAD) || (!kernel && !brackets))
		return false;
	/* The kernel's own helper, before its execve(2): no command line, no executable. */
	if (!brackets && arg.n == 0 && !(f->known & FACT_EXE_LINK) && f->stat->ppid == 2)
		return false;
	if (!kernel)
		ret->level = LEVEL_LOW;
	else if (!(f->known & FACT_EXE_LINK))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "process.name", comm);
	finding_add(ret, "process.args", arg);
	if (f->known & FACT_EXE_LINK)
		finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
	return true;
}

/* What a responder expects under these names, so that an intruder takes them. */
static bool is_system_name(struct bytes name)
{
	static const char *const names[] = {
		"sshd",	   "nginx",	    "apache2",	   "httpd",	 "cron",    "crond",
		"systemd", "init",	    "dbus-daemon", "rsyslogd",	 "agetty",  "redis-server",
		"mysqld",  "postgres",	    "java",	   "containerd", "dockerd", "kubelet",
		"udevd",   "systemd-udevd", "atd",	   "auditd",	 "ntpd",    "chronyd",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_eq(name, bytes_str(names[i])))
			return true;
	return false;
}

enum { COMM_CHARS = 15, SCRIPT_ARGS = 16 };

/* The kernel keeps 15 bytes of a name. */
static bool is_name_of(struct bytes comm, struct bytes path)
{
	struct bytes name = path_name(path);

	if (name.n > COMM_CHARS)
		name.n = COMM_CHARS;
	return comm.n > 0 && bytes_eq(comm, name);
}

/* A script is called by its own name: the interpreter's exe, and the script among the arguments. */
static bool comm_is_explained(const struct facts *f, struct bytes comm)
{
	if (is_name_of(comm, exe_path_of(f)))
		return true;
	for (size_t i = 0; i < SCRIPT_ARGS; i++)
		if (is_name_of(comm, facts_argv(f, i)))
			return i > 0 || !is_system_name(comm);
	return false;
}

/* argv[0] of another file than the exe, or a comm that is a service's and not this program's. */
bool match_name_mismatch(const struct facts *f, struct finding *ret)
{
	struct bytes comm = bytes_of(f->stat->comm, f->stat->comm_len);
	struct bytes arg = facts_argv(f, 0);
	struct bytes exe = exe_path_of(f);
	bool argv0 = (f->known & FACT_ARGV0) && f->argv0_other;
	bool name = is_system_name(comm) && !comm_is_explained(f, comm);

	if (f->cmdline.n == 0 || exe.n == 0 || (!argv0 && !name))
		return false;
	/* Wrappers call their program by the wrapper's path; a bot calls itself a service. */
	if (!exe_is_suspect(f) && !is_interpreter(exe))
		ret->level = LEVEL_LOW;
	finding_add(ret, "process.name", comm);
	finding_add(ret, "process.args", arg);
	finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
	return true;
}

static bool is_kinsing(struct bytes name)
{
	return bytes_starts(name, "kinsing") || bytes_starts(name, "kdevtmpfsi");
}

bool match_kinsing(const struct facts *f, struct finding *ret)
{
	struct bytes comm = bytes_of(f->stat->comm, f->stat->comm_len);
	struct bytes arg = facts_argv(f, 0);
	struct bytes exe = exe_path_of(f);

	if (f->stat->flags & PROC_PF_KTHREAD)
		return false;
	if (!is_kinsing(comm) && !is_kinsing(path_name(arg)) && !is_kinsing(path_name(exe)))
		return false;
	/* A name is only a name; a file that was dropped and deleted under it is the family's way.
	 */
	if (exe.n && exe_is_suspect(f))
		ret->level = LEVEL_CRITICAL;
	finding_add(ret, "process.name", comm);
	finding_add(ret, "process.args", arg);
	if (exe.n)
		finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
	return true;
}
