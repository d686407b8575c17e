/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one process, each gathered once, on demand of the signs. */
#ifndef CSI_SIGNS_FACTS_H
#define CSI_SIGNS_FACTS_H

#include "model/birth.h"
#include "model/patched.h"
#include "model/source.h"

enum fact {
	FACT_STAT = 1 << 0, /* always known */
	FACT_STATUS = 1 << 1,
	FACT_EXE_LINK = 1 << 2, /* text of the link */
	FACT_EXE_FILE = 1 << 3, /* facts of the file behind it */
	FACT_CMDLINE = 1 << 4,
	FACT_ENVIRON = 1 << 5,
	FACT_VANTAGE = 1 << 6, /* our /proc/N against the process's own roots' /proc */
	FACT_PRELOAD = 1 << 7, /* /etc/ld.so.preload in its root: content or proven absence */
	FACT_BIRTH = 1 << 8,   /* its exe against the container's birth */
	FACT_NS = 1 << 9,
	FACT_CGROUP = 1 << 10,
	FACT_OWNER = 1 << 12,	/* effective ids, cheaper than status */
	FACT_EXE_DIR = 1 << 11, /* the directory that its exe's path names, in its root */
	FACT_CWD = 1 << 13,
	FACT_MAPS = 1 << 14,	   /* its list of mappings */
	FACT_MEMORY = 1 << 15,	   /* first pages of anonymous mappings, as far as present */
	FACT_FDS = 1 << 16,	   /* its descriptors */
	FACT_SOCKETS = 1 << 17,	   /* what its sockets are, from its network namespace */
	FACT_EXE_BYTES = 1 << 18,  /* samples of its exe's content */
	FACT_PARENT = 1 << 19,	   /* whether its parent exists */
	FACT_TRACER = 1 << 20,	   /* who traces it */
	FACT_ARGV0 = 1 << 21,	   /* the file that argv[0] names, in its root */
	FACT_LOADER = 1 << 22,	   /* the dynamic loader that it maps */
	FACT_UNLISTED = 1 << 23,   /* whether the list of processes has it */
	FACT_PATCHED = 1 << 24,	   /* pages of its code against their files */
	FACT_FIRST = 1 << 25,	   /* the first process of its mount namespace */
	FACT_JVM_ATTACH = 1 << 26, /* files of the JVM's attach protocol in its root */
	FACT_USER = 1 << 28,	   /* name of its effective uid, in its root */
	FACT_EXE_HASH = 1 << 29,   /* SHA-256 of its exe: facts_exe_hash() */
	FACT_COMM = 1 << 27,	   /* its name is the same as when its stat was read */

	/* Asked for with whatever signs need: they corroborate, and no sign waits for them. */
	FACTS_WANTED = FACT_EXE_DIR | FACT_BIRTH | FACT_CGROUP | FACT_NS | FACT_OWNER,
};

/* The first of its kind that was met, and how many there were. */
struct first {
	uint32_t n;
	uint64_t start, end; /* addresses; of descriptors: the number, and the socket's inode */
	struct buf text;     /* path or link, target bytes */
};

enum map_kind {
	MAP_RWX,	 /* anonymous, writable and executable */
	MAP_RX,		 /* anonymous and executable */
	MAP_MEMFD_X,	 /* executable, of a memfd */
	MAP_DELETED_X,	 /* executable, of a file without a name that is not its exe */
	MAP_ODD_X,	 /* executable, of a file in a scratch or hidden directory, not its exe */
	MAP_ELF,	 /* FACT_MEMORY: an ELF image in anonymous memory */
	MAP_ELF_X,	 /* FACT_MEMORY: the same, executable or right before such memory */
	MAP_DELETED_JAR, /* .jar or .war without a name */
	MAP_TOKEN,	 /* a service account's token */
	MAP_KINDS
};

/* Runtimes that write code of their own, by what they map. */
enum jit { JIT_NONE, JIT_LIBRARY, JIT_RUNTIME };

struct fact_maps {
	struct first v[MAP_KINDS];
	enum jit jit;
	bool exe_mapped; /* some mapping is of its exe, by name or inode; or that cannot be told */
	bool whole;	 /* the list has lines, was read to its end, and each was understood */
	struct buf loader; /* path of the dynamic loader, or empty */
};

enum fd_kind {
	FD_MEMFD_ELF,	/* a memfd that holds an ELF image */
	FD_TOKEN,	/* a service account's token */
	FD_DELETED_JAR, /* .jar or .war without a name */
	FD_RAW,		/* FACT_SOCKETS: raw socket */
	FD_PACKET,	/* FACT_SOCKETS: packet socket */
	FD_POOL,	/* FACT_SOCKETS: connected to a port that mining pools use */
	FD_INSPECT,	/* FACT_SOCKETS: listens on Node's debugger port */
	FD_KINDS
};

enum stdio_kind {
	STDIO_NONE,
	STDIO_SOCKET, /* kind unknown */
	STDIO_INET,   /* FACT_SOCKETS: tcp or udp */
	STDIO_UNIX,
	STDIO_PIPE,
	STDIO_TTY,
	STDIO_FILE,
	STDIO_DELETED, /* file without a name */
};

struct fact_fds {
	struct first v[FD_KINDS];
	struct {
		enum stdio_kind kind;
		uint64_t inode;
		struct buf link, peer; /* peer: FACT_SOCKETS, "192.0.2.1:4444" */
	} stdio[3];
	struct buf sockets; /* inodes, each a uint64_t */
};

/* The content of an executable, sampled. */
struct exe_bytes {
	bool elf;
	uint16_t sections; /* of the ELF header */
	bool upx;	   /* the packer's mark */
	unsigned entropy;  /* thousandths of a bit a byte */
};

enum { EXE_HASH_BYTES = 32, EXE_HASH_MAX = 512 << 20 /* of a larger one nothing is told */ };

/* Pages of code that are not their file's, over all mappings. */
struct fact_patched {
	enum patched_kind worst;
	uint64_t pages;		  /* of that kind */
	struct patched_page page; /* the first of that kind */
	struct buf path;	  /* of its mapping */
};

struct facts {
	unsigned known;		 /* enum fact bits */
	struct process *process; /* borrowed; identification only: predicates read facts */
	const struct proc_stat *stat;
	const struct proc_status *status;
	uid_t uid; /* effective */
	gid_t gid;
	int64_t age;	     /* ns from its start until it was read; INT64_MIN unknown */
	struct buf exe_link; /* target bytes */
	struct file_info exe;
	bool exe_shmem;	       /* on tmpfs or hugetlbfs: where memfds live */
	bool exe_dir_writable; /* by everyone */
	bool exe_replaced;     /* the link count is 0, and its name exists again: another file */
	struct buf cmdline;    /* NUL-separated */
	struct buf environ;    /* NUL-separated */
	struct buf preload; /* content of /etc/ld.so.preload, or "-> TARGET" of a symlink there */
	bool preload_exists;
	enum birth_verdict preload_birth;
	enum birth_verdict birth;
	enum birth_basis birth_basis;
	uint64_t ns_mnt, ns_pid;
	struct buf container_id; /* hex digits or empty */
	struct vantage {
		bool hidden;	    /* something is mounted over this PID in a root's /proc */
		bool proc_replaced; /* more than one mount at /proc there, or not proc */
		bool proc_is_proc;  /* the topmost one is a procfs all the same */
		struct buf detail;  /* the mount point or the file whose mount id differs */
	} vantage;
	uint64_t cpu_ms;  /* user and system time so far; 0 unknown */
	bool exe_other;	  /* its path in its root is another file, though it still has a name */
	struct buf cwd;	  /* link */
	bool cwd_deleted; /* proven by its name being absent */
	struct fact_maps maps;
	struct fact_fds fds;
	struct exe_bytes exe_bytes;
	unsigned char exe_sha256[EXE_HASH_BYTES];
	struct fact_patched patched;
	bool parent_missing; /* PPID is not 0, and there is no such process */
	bool unlisted;	     /* it answers, but no list of processes has it */
	pid_t tracer;	     /* 0 none */
	struct buf tracer_name;
	bool argv0_other; /* argv[0] is an absolute path of another file than its exe */
	enum birth_verdict loader_birth;
	bool less_confined;   /* no seccomp filter, though the first process of its container has */
	struct buf user_name; /* from /etc/passwd of its root, target bytes; or empty */
	struct buf jvm_attach; /* path of an attach file of its JVM, or empty */
};

/*
 * What is the same for many processes of one run: roots, births, mount tables by mount namespace.
 * Opening it looks at every process of S once (its mount namespace), since what hides one process
 * may stand in the mount table of another.
 */
struct facts_shared;
int facts_shared_open(struct source *s, struct facts_shared **ret);
void facts_shared_closep(struct facts_shared **s);
/* Mount namespace of a process as it was seen by facts_shared_open; 0: unknown. */
uint64_t facts_shared_ns(const struct facts_shared *sh, struct process_id id);

/*
 * facts_shared_unseen - processes that a mount table says are covered, and that cannot be opened
 * from here for that reason: each is a gap, since it is in no list.
 */
void facts_shared_unseen(struct facts_shared *sh, const struct gap_sink *gaps);

/*
 * facts_gather - fill RET with what NEEDS asks. Unreadable facts are left unknown and told to GAPS
 * (EACCES and the like; ENOENT and ESRCH of a process that ended are not gaps, nor is what a kernel
 * thread or a zombie does not have).
 * 0, or -ESRCH when the process is gone, -ENOMEM.
 */
int facts_gather(struct facts_shared *sh, struct process *p, unsigned needs,
		 const struct gap_sink *gaps, struct facts *ret);
/*
 * facts_exe_hash - the digest of the whole of P's exe, which reads all of it, so only for who has a
 * finding: into F, which facts_gather filled of P. Unknown and told when it cannot be read or is
 * larger than EXE_HASH_MAX. 0 or -ENOMEM.
 */
int facts_exe_hash(struct facts_shared *sh, struct process *p, const struct gap_sink *gaps,
		   struct facts *f);
/* Clears for the next process; keeps buffers. */
void facts_reset(struct facts *f);
void facts_done(struct facts *f);

#endif
