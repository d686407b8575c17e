/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts of one container, the processes of one mount namespace: could they have got out? All of it
 * is read from /proc and from the metadata of files. Nothing is opened for writing, no address is
 * connected to, and of a token only the claims are kept.
 */
#ifndef CSI_SIGNS_CONTAINER_H
#define CSI_SIGNS_CONTAINER_H

#include "signs/judge.h"

enum container_fact {
	CONTAINER_RIGHTS = 1 << 0,  /* status of at least one process */
	CONTAINER_MOUNTS = 1 << 1,  /* mountinfo */
	CONTAINER_FILES = 1 << 2,   /* its root could be looked into */
	CONTAINER_NET = 1 << 3,	    /* net/dev and net/route */
	CONTAINER_ENVIRON = 1 << 4, /* of its first process */
};

enum {
	CONTAINER_RIGHTS_MAX = 64, /* different ones in one container */
	CONTAINER_RISKS_MAX = 64,  /* mounts and files */
	CONTAINER_TOKENS_MAX = 16,
	CONTAINER_NAMES_MAX = 16, /* of interfaces, of environment variables */
	CONTAINER_DEV_MAX = 4096, /* entries of its /dev that are looked at */
	CONTAINER_TEXT_MAX = 4 << 20,
};

/* What processes of one container may do, once for all that may do the same. */
struct rights {
	uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
	int no_new_privs, seccomp;		     /* -1 unknown */
	uid_t uid;				     /* effective */
	uint64_t ns_user, ns_pid, ns_net, ns_cgroup; /* 0 unknown */
	bool user_ns_known, user_ns_initial;	     /* uid_map is 0 0 4294967295 */
	unsigned char lsm[64];			     /* attr/current, target bytes, cut */
	size_t lsm_len;
	pid_t pid; /* lowest one */
	size_t n;  /* processes */
};

enum risk_kind {
	RISK_RUNTIME_SOCKET, /* of docker, containerd, cri-o, podman, kubelet */
	RISK_HOST_ROOT,	     /* the node's root file system */
	RISK_HOST_PATH,	     /* a part of it that leads out */
	RISK_HOST_PROC,	     /* a proc that is not at /proc */
	RISK_DEVICE,	     /* a disk, or memory */
	RISK_CGROUP,	     /* cgroup v1, release_agent */
	RISK_KERNEL_FILE,    /* core_pattern and its like */
	RISK_KINDS
};
/* "runtime socket", "node's root", ... */
const char *risk_name(enum risk_kind k);

struct risk {
	enum risk_kind kind;
	bool writable;	 /* by what mount flags and modes say */
	struct buf path; /* in the container, target bytes */
	struct buf
		from; /* what is mounted there: source and root, or a device number; may be empty */
};

struct token {
	struct buf path;
	struct file_info info;
	struct buf claims; /* JSON as text; empty: could not be read */
	pid_t holder;	   /* has it open; 0 nobody */
	struct buf holder_exe;
};

struct name_list {
	struct buf names; /* separated by blanks, target bytes */
	size_t n;
};

struct container_facts {
	unsigned known;
	struct process_id first; /* lowest PID */
	char entity_id[96];
	struct buf name; /* its comm */
	uint64_t ns_mnt; /* 0 unknown */
	struct buf container_id;
	size_t processes;
	bool node; /* the node's own tree, with csi in its PID namespace: no container */
	struct rights rights[CONTAINER_RIGHTS_MAX];
	size_t nrights;
	bool rights_cut; /* there were more: a gap */
	struct risk risks[CONTAINER_RISKS_MAX];
	size_t nrisks;
	size_t risks_in_all; /* more than are kept: a gap */
	struct token tokens[CONTAINER_TOKENS_MAX];
	size_t ntokens;
	bool host_pid; /* kernel threads are in its PID namespace */
	bool host_net; /* PID 1 of the node has the same network namespace, or it looks so */
	struct name_list node_interfaces; /* that a node has and a pod has not: cni0, veth... */
	bool metadata_route;		  /* a route leads to 169.254.169.254 */
	bool metadata_own_route;	  /* one for it alone */
	struct name_list cloud_names; /* of environment variables that name a credential endpoint */
};

/* 0 to go on, or -errno to end with it. F is valid during the call. */
typedef int (*container_fn)(void *ctx, const struct container_facts *f);

/*
 * containers_each - FN is told of each container among J's processes, in the order of their lowest
 * PIDs. What cannot be read is left unknown and told to J's gaps. 0, -ENOMEM, or what FN returned.
 */
int containers_each(const struct judging *j, container_fn fn, void *ctx);

/*
 * In the node's PID namespace, what has the root directory of the node's PID 1 is the node itself
 * or a service of it. So is what has ours: a debug container shares its root with nobody. ROOT may
 * be NULL.
 */
bool container_is_node(const struct judging *j, struct process *p, struct root *root,
		       bool *ret_host_pid);

void sign_about_container(const struct container_facts *f, struct sign_about *ret);

/* "SYS_ADMIN SYS_PTRACE": by name, those without one as a number. */
int caps_text(uint64_t caps, struct buf *ret);
/* What containerd, docker and cri-o leave to a container that asks for nothing. */
extern const uint64_t caps_runtime_default;

#endif
