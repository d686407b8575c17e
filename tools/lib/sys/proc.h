/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc text (proc(5), Linux fs/proc/array.c, task_mmu.c, proc_namespace.c). All take
 * bytes. */
#ifndef CSI_SYS_PROC_H
#define CSI_SYS_PROC_H

#include "base/buf.h"

#include <sys/types.h>

enum { PROC_COMM_MAX = 64 };	       /* kernel workers show more than TASK_COMM_LEN */
enum { PROC_PF_KTHREAD = 0x00200000 }; /* include/linux/sched.h: the one proof of a kernel thread */

/* /proc/PID/stat, the fields we use. comm ends at the last ')'. */
struct proc_stat {
	pid_t pid, ppid, pgrp, session, tpgid;
	char state;
	int tty_nr;
	unsigned char comm[PROC_COMM_MAX]; /* target bytes */
	size_t comm_len;
	uint64_t flags;
	uint64_t utime, stime; /* clock ticks */
	uint64_t start_ticks;  /* clock ticks since boot */
	uint64_t vsize;	       /* bytes */
	uint64_t rss;	       /* pages */
	uint32_t threads;
};

/* A kernel thread, or ended (a zombie, or dead): no memory, no descriptors and no root, and that is
 * no gap. */
static inline bool proc_is_bare(const struct proc_stat *st)
{
	return (st->flags & PROC_PF_KTHREAD) || st->state == 'Z' || st->state == 'X';
}

/* 0, or -EBADMSG for text that no kernel writes; one that ends after the start time will do
 * (fixtures). */
int proc_parse_stat(struct bytes text, struct proc_stat *ret);

/* /proc/PID/status, the fields we use. Absent ones stay 0 and their bit in HAVE is clear. */
enum proc_status_have {
	STATUS_UIDS = 1 << 0,
	STATUS_GIDS = 1 << 1,
	STATUS_CAPS = 1 << 2,
	STATUS_NNP = 1 << 3,
	STATUS_SECCOMP = 1 << 4,
	STATUS_TRACER = 1 << 5,
	STATUS_RSS = 1 << 6,
	STATUS_NSPID = 1 << 7,
};

struct proc_status {
	unsigned have;
	uid_t uid[4]; /* real, effective, saved, file system */
	gid_t gid[4];
	pid_t tgid, ppid, tracer;
	pid_t nspid; /* innermost */
	uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
	uint64_t vm_rss_kb, rss_anon_kb, vm_swap_kb, vm_size_kb;
	uint32_t threads;
	int no_new_privs, seccomp;
};

int proc_parse_status(struct bytes text, struct proc_status *ret);

/* One line of /proc/PID/maps, without its newline. PATH points into LINE, still kernel-escaped
 * (\012). */
struct proc_map {
	uint64_t start, end, offset;
	bool r, w, x, shared;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	struct bytes path;
};

int proc_parse_map(struct bytes line, struct proc_map *ret);

/* One line of /proc/PID/mountinfo. Byte ranges point into TEXT, kernel-escaped (\040 and so on). */
struct proc_mount {
	uint64_t id, parent;
	uint32_t dev_major, dev_minor;
	struct bytes root, point, options, fstype, source, super_options;
};

int proc_parse_mount(struct bytes line, struct proc_mount *ret);

/* Undo the kernel's octal escapes (mangle_path, seq_path), as in mountinfo. 0, -ENOMEM, -EFBIG. */
int proc_unmangle(struct buf *ret, struct bytes text);
/*
 * The same for a path of maps, where only newline is escaped and the backslash is not
 * (fs/proc/task_mmu.c):
 * "\040" stays, and a name that really holds "\012" cannot be told from one with a newline.
 */
int proc_unmangle_map(struct buf *ret, struct bytes text);

/*
 * proc_container_id - the 64 hex digits of a container in /proc/PID/cgroup text, if it shows one
 * (cgroupfs and systemd drivers of docker, containerd, cri-o, podman).
 * Points into TEXT. n == 0 when there is none.
 */
struct bytes proc_container_id(struct bytes cgroup_text);

/* "123" -> 123; -EINVAL for anything else ("0", "012", "+1", over INT_MAX). For names in /proc. */
int proc_parse_pid(struct bytes name, pid_t *ret);

/* Iterate lines: 1 with the line (no newline), 0 at the end. REST starts as the whole text. */
int proc_next_line(struct bytes *rest, struct bytes *ret_line);
/* Iterate NUL-separated strings (cmdline, environ): 1 with one, 0 at the end. */
int proc_next_string(struct bytes *rest, struct bytes *ret);

#endif
