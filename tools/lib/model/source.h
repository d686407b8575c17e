/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the evidence is: processes, their text, links, files, memory and roots. A live pod, a /proc
 * fixture and a mounted root are implementations; commands and signs see only this, never /proc.
 * What a source cannot answer is -EOPNOTSUPP.
 */
#ifndef CSI_MODEL_SOURCE_H
#define CSI_MODEL_SOURCE_H

#include "base/err.h"
#include "model/file.h"
#include "model/root.h"
#include "sys/proc.h"

struct source;
struct process;

enum source_kind {
	SOURCE_LIVE, /* /proc of this PID namespace */
	SOURCE_PROC, /* proc:DIR, a /proc elsewhere: a fixture or a mounted one */
	SOURCE_ROOT, /* root:DIR, a root file system without processes */
};

/* WHERE is a path of the operator's; NULL for SOURCE_LIVE. 0 or -errno. */
int source_open(enum source_kind kind, const char *where, struct source **ret);
void source_close(struct source *s);
void source_closep(struct source **s);
enum source_kind source_kind(const struct source *s);
/* "live", "proc:DIR", "root:DIR" */
const char *source_name(const struct source *s);
/* Clock facts of the source: boot time in ns since 1970 (CLOCK_REALTIME - CLOCK_BOOTTIME live),
 * ticks a second. */
int source_boot(struct source *s, int64_t *ret_boot_ns, uint64_t *ret_ticks);
/* boot_id text, 36 bytes, or "" */
const char *source_boot_id(struct source *s);
/* inode of the PID namespace, 0 unknown */
uint64_t source_pid_ns(struct source *s);

struct process_id {
	pid_t pid;
	uint64_t start_ticks; /* 0: not known yet */
};

/* Snapshot of PIDs in ascending order; 1 an item, 0 the end, -errno. Threads are not listed. */
struct process_iter {
	struct source *source;
	pid_t *pids;
	size_t n, next;
};
int process_iter_init(struct source *s, struct process_iter *ret);
int process_iter_next(struct process_iter *it, struct process_id *ret);
void process_iter_done(struct process_iter *it);

/*
 * process_open - pin one process: an O_PATH descriptor of /proc/PID, whose reads give ESRCH after
 * it exits, so that a reused PID is never taken for it. Reads stat; status only on demand.
 * id.start_ticks, when not 0, must agree, else -ESRCH. 0 or -errno.
 */
int process_open(struct source *s, struct process_id id, struct process **ret);
void process_close(struct process *p);
void process_closep(struct process **p);

struct process_id process_id(const struct process *p);
const struct proc_stat *process_stat(const struct process *p);
/* Start in ns since 1970 (the kernel's tick is its precision); INT64_MIN unknown. */
int64_t process_start(const struct process *p);
/* Read once and kept. 0 or -errno. */
int process_status(struct process *p, const struct proc_status **ret);
/*
 * Effective ids, the cheap way: procfs gives them to the directory of a process whatever its
 * dumpable says (task_dump_owner, fs/proc/base.c); a fixture is asked by status. 0 or -errno.
 */
int process_owner(struct process *p, uid_t *ret_uid, gid_t *ret_gid);
/* The stable name across records: boot id, PID namespace, pid, start ticks. RET holds 96 bytes. */
void process_entity_id(const struct process *p, char ret[96]);
/* The same of a process that is not open any more; start_ticks must be known. */
void source_entity_id(const struct source *s, struct process_id id, char ret[96]);
/* 0 while the same process still exists, -ESRCH once not. Call after a group of reads. */
int process_verify(struct process *p);

enum proc_text {
	TEXT_STAT,
	TEXT_STATUS,
	TEXT_CMDLINE,
	TEXT_ENVIRON,
	TEXT_MAPS,
	TEXT_SMAPS,
	TEXT_MOUNTINFO,
	TEXT_LIMITS,
	TEXT_CGROUP,
	TEXT_IO,
	TEXT_AUXV,
	TEXT_COMM,
	TEXT_WCHAN,
	TEXT_SCHEDSTAT,
	TEXT_OOM_SCORE_ADJ,
	TEXT_UID_MAP,
	TEXT_LOGINUID,
	TEXT_ATTR_CURRENT,
	TEXT_NET_TCP,
	TEXT_NET_TCP6,
	TEXT_NET_UDP,
	TEXT_NET_UDP6,
	TEXT_NET_UDPLITE,
	TEXT_NET_UDPLITE6,
	TEXT_NET_RAW,
	TEXT_NET_RAW6,
	TEXT_NET_ICMP,
	TEXT_NET_ICMP6,
	TEXT_NET_UNIX,
	TEXT_NET_PACKET,
	TEXT_NET_NETLINK,
	TEXT_NET_DEV,
	TEXT_NET_ROUTE,
	TEXT_KINDS
};
/* File name below /proc/PID, such as "net/tcp". */
const char *proc_text_name(enum proc_text t);
/* Append the text to RET. -EFBIG: cut at MAX (kept). Credentials are borrowed where that helps. */
int process_text(struct process *p, enum proc_text t, struct buf *ret, size_t max);
/* The same as a descriptor-backed file, for text that must be streamed (maps, smaps). */
int process_text_open(struct process *p, enum proc_text t, struct file **ret);

enum proc_link {
	LINK_EXE,
	LINK_CWD,
	LINK_ROOT,
	LINK_NS_MNT,
	LINK_NS_PID,
	LINK_NS_NET,
	LINK_NS_USER,
	LINK_NS_CGROUP
};
/* readlink, target bytes appended to RET, at most 4,096 of them. */
int process_link(struct process *p, enum proc_link l, struct buf *ret);
/* Inode of a namespace link, 0 and -errno if unreadable. */
int process_ns(struct process *p, enum proc_link ns, uint64_t *ret);

enum file_kind { FILE_EXE, FILE_FD };
/* Pin and describe: an O_PATH descriptor the caller closes (fixtures: of the file in the fixture).
 */
int process_pin(struct process *p, enum file_kind k, int n, int *ret_fd, struct file_info *ret);
/* The same of the file that is mapped from START to END (map_files). -EPERM without
 * CHECKPOINT_RESTORE; -EOPNOTSUPP on a fixture. */
int process_pin_map(struct process *p, uint64_t start, uint64_t end, int *ret_fd,
		    struct file_info *ret);
/* Open for reading what process_pin would pin; regular files (memfds too) only, else -EINVAL. */
int process_file(struct process *p, enum file_kind k, int n, struct file **ret);

/* Descriptors: 1 an item, 0 the end, -errno. LINK is valid until the next call. */
struct fd_entry {
	int fd;
	struct bytes link; /* "/path (deleted)", "socket:[123]", "/memfd:x (deleted)" */
};
struct fd_iter;
int fd_iter_open(struct process *p, struct fd_iter **ret);
int fd_iter_next(struct fd_iter *it, struct fd_entry *ret);
void fd_iter_close(struct fd_iter *it);
void fd_iter_closep(struct fd_iter **it);

/* Threads in ascending order; the cursor is like process_iter. */
int thread_iter_init(struct process *p, struct process_iter *ret);

/* The process's root, with its mountinfo. The caller closes it. */
int process_root(struct process *p, struct root **ret);
/* The root of a SOURCE_ROOT. -EOPNOTSUPP on others. */
int source_root(struct source *s, struct root **ret);

#endif
