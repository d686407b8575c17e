/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement: what code that parses foreign bytes could do if those bytes took it over. seccomp(2)
 * filters (Documentation/userspace-api/seccomp_filter.rst) and Landlock (landlock(7)), both by raw
 * system calls, for x86-64 and aarch64.
 *
 * In each job, whatever the rest: execve, execveat, ptrace, process_vm_writev and connect, a call
 * of another architecture, and x32 calls kill the whole process (SIGSYS): csi never makes them, so
 * nothing that is written afterwards could be trusted. All else that a job has not is EPERM, and
 * clone3 ENOSYS (its flags are in memory; a libc then uses clone, whose flags are checked).
 *
 * A filter stays for the life of its thread and of the threads that it starts, and filters add up.
 * no_new_privs is set with it. Where the kernel or a container's own filter refuses, the caller
 * records it and goes on: confinement is never why evidence is lost.
 */
#ifndef CSI_SYS_CONFINE_H
#define CSI_SYS_CONFINE_H

#include "base/base.h"

enum confine_job {
	/*
	 * Walks, reads /proc and writes what is open: everything but sockets, signals to others,
	 * new processes, mounts and namespaces, modules, BPF, keys, io_uring, opening for writing
	 * (openat2(2) too: its flags lie in memory, where no filter can see them), and changing
	 * names, owners, modes, times, attributes or sizes. Of all threads. No Landlock: its domain
	 * may not look into a process outside of it, in any mode of ptrace_may_access(), reading
	 * too: root, exe, fd, maps, mem and environ of /proc/PID (landlock(7), "Ptrace
	 * restrictions"; hook_ptrace_access_check() of security/landlock/task.c, before Linux 6.12
	 * ptrace.c).
	 */
	CONFINE_WALKER,
	/* A list of what is allowed: reads and writes open descriptors, memory, clocks, threads'
	 * own affairs. Of the calling thread. What of /proc/PID is judged when it is read (io,
	 * stack, fields of stat) is never read here, for the same reason. */
	CONFINE_PIPELINE,
	/*
	 * CONFINE_PIPELINE, and process_vm_readv, which memory is read by where /proc/PID/mem is
	 * refused, and PAGEMAP_SCAN. Of the calling thread.
	 */
	CONFINE_SCANNER,
	/* CONFINE_PIPELINE, and opens, makes and removes files, for which see confine_files. */
	CONFINE_VERIFY,
};

/* 0, or -errno of the first call that was refused. */
int confine_self(enum confine_job job);

/* Whether the kernel has filters: 0 or -errno. Nothing is changed. */
int confine_seccomp_there(void);
/* The version of Landlock's ABI, 1 and above, or -errno: -ENOSYS not built, -EOPNOTSUPP off. */
int confine_landlock_abi(void);

/*
 * Which files may still be opened. Zero it, init, name them, enforce; done in any case. Descriptors
 * that are open stay as they are. Of the calling thread and those that it starts afterwards.
 */
struct confine_files {
	int fd; /* the rule set */
	int abi;
};
#define CONFINE_FILES_NONE \
	{                  \
		.fd = -1   \
	}
/* 0, or -errno: then there is no Landlock and all else here does nothing. */
int confine_files_init(struct confine_files *ret);
void confine_files_done(const struct confine_files *f);
/* PATH, a file or all below a directory: our own or the operator's, never the target's. 0, or
 * -errno of finding it. */
int confine_may_read(const struct confine_files *f, const char *path);
/* Files may be made, written, and removed in the directory of PATH, which need not be there yet. */
int confine_may_create(const struct confine_files *f, const char *path);
/* Nothing else from now on: no file, no TCP port (ABI 4), no abstract socket or signal outside (6).
 */
int confine_files_enforce(const struct confine_files *f);

#endif
