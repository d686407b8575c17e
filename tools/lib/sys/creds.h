/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process may do, and borrowing a target's file-system ids around one open.
 * credentials(7), setfsuid(2); tried: DESIGN section 2, Credentials.
 */
#ifndef CSI_SYS_CREDS_H
#define CSI_SYS_CREDS_H

#include "base/base.h"

#include <sys/types.h>

enum {
	CREDS_CAP_CHOWN = 0,
	CREDS_CAP_DAC_OVERRIDE = 1,
	CREDS_CAP_DAC_READ_SEARCH = 2,
	CREDS_CAP_FOWNER = 3,
	CREDS_CAP_SETGID = 6,
	CREDS_CAP_SETUID = 7,
	CREDS_CAP_SYS_PTRACE = 19,
	CREDS_CAP_SYS_ADMIN = 21
};

/* Own powers, from /proc/self. A field that could not be read is -1 (or false in have_*). */
struct creds_self {
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	uint64_t cap_eff, cap_prm, cap_bnd;
	int no_new_privs;     /* -1 unknown */
	int seccomp;	      /* 0, 1, 2; -1 unknown */
	int yama;	      /* kernel.yama.ptrace_scope; -1: no Yama */
	char lsm[128];	      /* attr/current, escaped is the caller's job; "" if none */
	bool user_ns_initial; /* uid_map is 0 0 4294967295 */
};

int creds_read_self(struct creds_self *ret);
static inline bool creds_has(const struct creds_self *c, int cap)
{
	return (c->cap_eff >> cap) & 1;
}
/* "SYS_PTRACE" for 19; NULL above what we know. */
const char *creds_cap_name(int cap);

/*
 * creds_enter - set only this thread's file-system uid and gid (raw system calls) to UID and GID.
 * creds_leave - back to the effective ids. Real, effective and saved ids never change, so that the
 * target's user cannot signal or trace us. Only around an open; nothing else in between.
 * creds_enter returns 0, or -EPERM when the kernel did not take the ids (no SETUID/SETGID).
 * The kernel makes this process non-dumpable on the way and forgets PR_SET_PDEATHSIG
 * (commit_creds): the first is welcome, the second is for callers to know. errno is kept by
 * creds_leave.
 */
int creds_enter(uid_t uid, gid_t gid);
void creds_leave(void);

/* First act of every command: 1000 into /proc/self/oom_score_adj, so that we die before the target.
 * 0 or -errno. */
int creds_oom_first(void);

#endif
