/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp filters, put together from lists of calls. */
#include "sys/confine.h"

#include "sys/confine_calls.h"
#include "sys/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

enum { PROGRAM_MAX = 512 };

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
};

#define REFUSE(err) (SECCOMP_RET_ERRNO | (unsigned)(err))
#define WRITES	    ((unsigned)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND) | OPEN_TMPFILE)
/* O_TMPFILE without the directory bit that it holds, which reading a directory uses too. */
#define OPEN_TMPFILE ((unsigned)O_TMPFILE & ~(unsigned)O_DIRECTORY)

/* ---- putting one together ------------------------------------------------------------------ */

static void put(struct program *p, unsigned code, unsigned k, unsigned yes, unsigned no)
{
	/* What does not fit leaves the last place empty, and the kernel refuses the program. */
	if (p->n == PROGRAM_MAX)
		return;
	p->code[p->n++] = (struct sock_filter){ .code = (unsigned short)code,
						.jt = (unsigned char)yes,
						.jf = (unsigned char)no,
						.k = k };
}

static void load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void give(struct program *p, unsigned action)
{
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

/* What is loaded, the call's number or an argument, is one of VALUES: ACTION. */
static void each(struct program *p, const unsigned *values, size_t n, unsigned action)
{
	for (size_t i = 0; i < n; i++) {
		put(p, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
		give(p, action);
	}
}

static void load_arg(struct program *p, unsigned arg)
{
	/* The low half: all arguments here are ints, and both architectures are little-endian. */
	load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

/* CALL with any of BITS set in argument ARG: IF_SET, else IF_CLEAR. */
static void on_bits(struct program *p, unsigned call, unsigned arg, unsigned bits,
		    const unsigned action[2])
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4);
	load_arg(p, arg);
	put(p, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	give(p, action[1]);
	give(p, action[0]);
}

/* CALL: ACTION[1] if argument ARG is one of VALUES, else ACTION[0]. */
static void on_values(struct program *p, unsigned call, unsigned arg, const unsigned *values,
		      size_t n, const unsigned action[2])
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, (unsigned)(2 + 2 * n));
	load_arg(p, arg);
	each(p, values, n, action[1]);
	give(p, action[0]);
}

static void on_value(struct program *p, unsigned call, unsigned arg, unsigned value,
		     const unsigned action[2])
{
	on_values(p, call, arg, &value, 1, action);
}

/* ---- what all jobs share ------------------------------------------------------------------- */

static void begin(struct program *p)
{
	static const unsigned hostile[] = { CONFINE_KILL };
	static const unsigned is_thread[2] = { REFUSE(EPERM), SECCOMP_RET_ALLOW };
	const unsigned self[2] = { REFUSE(EPERM), SECCOMP_RET_ALLOW };

	load(p, offsetof(struct seccomp_data, arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0);
	give(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	put(p, BPF_JMP | BPF_JGE | BPF_K, CONFINE_X32_BIT, 0, 1);
	give(p, SECCOMP_RET_KILL_PROCESS);
	each(p, hostile, ARRAY_LEN(hostile), SECCOMP_RET_KILL_PROCESS);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	give(p, REFUSE(ENOSYS));
	on_bits(p, SYS_clone, 0, CLONE_THREAD, is_thread);
	on_value(p, SYS_tgkill, 0, (unsigned)getpid(), self);
}

static void walker(struct program *p)
{
	static const unsigned denied[] = { CONFINE_DENY, CONFINE_OLD_MAKE, CONFINE_OLD_DENY };
	static const unsigned no_write[2] = { SECCOMP_RET_ALLOW, REFUSE(EPERM) };
	static const unsigned no_typing[2] = { SECCOMP_RET_ALLOW, REFUSE(EPERM) };

	each(p, denied, ARRAY_LEN(denied), REFUSE(EPERM));
	on_bits(p, SYS_openat, 2, WRITES, no_write);
	on_bits(p, CONFINE_OPEN, 1, WRITES, no_write);
	on_value(p, SYS_ioctl, 1, TIOCSTI, no_typing);
	give(p, SECCOMP_RET_ALLOW);
}

/* No ioctl but asking a terminal for its size: TIOCSTI would type for its user. */
static void plain(struct program *p)
{
	static const unsigned calls[] = { CONFINE_PLAIN, CONFINE_OLD_WAIT };
	static const unsigned only_size[2] = { REFUSE(ENOTTY), SECCOMP_RET_ALLOW };
	static const unsigned only_nnp[2] = { REFUSE(EPERM), SECCOMP_RET_ALLOW };

	each(p, calls, ARRAY_LEN(calls), SECCOMP_RET_ALLOW);
	on_value(p, SYS_ioctl, 1, TIOCGWINSZ, only_size);
	on_value(p, SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, only_nnp);
}

static void pipeline(struct program *p)
{
	plain(p);
	give(p, REFUSE(EPERM));
}

static void scanner(struct program *p)
{
	/* Reads stand beside the probe for the process that the memory is of. */
	static const unsigned calls[] = { SYS_process_vm_readv, SYS_faccessat };

	/* The terminal's size as in plain(), and which pages are still there. */
	on_values(p, SYS_ioctl, 1, (const unsigned[]){ TIOCGWINSZ, PAGEMAP_SCAN_CALL }, 2,
		  (const unsigned[]){ REFUSE(ENOTTY), SECCOMP_RET_ALLOW });
	plain(p);
	each(p, calls, ARRAY_LEN(calls), SECCOMP_RET_ALLOW);
	give(p, REFUSE(EPERM));
}

static void verify(struct program *p)
{
	static const unsigned calls[] = { CONFINE_FILES, CONFINE_OLD_READ, CONFINE_OLD_MAKE,
					  CONFINE_OPEN };

	plain(p);
	each(p, calls, ARRAY_LEN(calls), SECCOMP_RET_ALLOW);
	give(p, REFUSE(EPERM));
}

/* ---- putting it on ------------------------------------------------------------------------- */

/* SPEC_ALLOW (Linux 4.17): without it older kernels slow such a thread down for good. */
static int install(const struct program *p, bool all_threads)
{
	const struct sock_fprog prog = { .len = p->n,
					 .filter = (struct sock_filter *)(uintptr_t)p->code };
	const unsigned tsync = all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0;
	const unsigned flags[] = { tsync | SECCOMP_FILTER_FLAG_SPEC_ALLOW, tsync, 0 };
	long r = -1;

	for (size_t i = 0; r != 0 && i < ARRAY_LEN(flags); i++)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &prog);
	return r < 0 ? -errno : 0;
}

int confine_self(enum confine_job job)
{
	static const struct {
		void (*fn)(struct program *p);
		bool all_threads;
	} jobs[] = {
		[CONFINE_WALKER] = { walker, true },
		[CONFINE_PIPELINE] = { pipeline, false },
		[CONFINE_SCANNER] = { scanner, false },
		[CONFINE_VERIFY] = { verify, true },
	};
	struct program p = { .n = 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	begin(&p);
	jobs[job].fn(&p);
	return install(&p, jobs[job].all_threads);
}

int confine_seccomp_there(void)
{
	unsigned action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}
