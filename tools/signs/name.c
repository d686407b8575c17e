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

static struct bytes first_argument(const struct facts *f)
{
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg = bytes_of(NULL, 0);

	if (proc_next_string(&rest, &arg) == 0)
		return bytes_of(NULL, 0);
	return arg;
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
	struct bytes arg = first_argument(f);
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
