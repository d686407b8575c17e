/* SPDX-License-Identifier: Apache-2.0 */
/* What of a process can be read, by trying it; and what a capability would change. */
#ifndef CSI_MODEL_ACCESS_H
#define CSI_MODEL_ACCESS_H

#include "model/source.h"
#include "sys/creds.h"

enum access_object {
	ACCESS_EXE,
	ACCESS_ROOT,
	ACCESS_CWD,
	ACCESS_FD,
	ACCESS_ENVIRON,
	ACCESS_MAPS,
	ACCESS_MEM, /* /proc/PID/mem */
	ACCESS_PAGEMAP,
	ACCESS_VM_READV, /* process_vm_readv(2) */
	ACCESS_OBJECTS
};

struct access {
	int err[ACCESS_OBJECTS]; /* 0 read, else -errno */
	uint64_t page;		 /* a page that was present and was read, 0 if none is known */
};

/*
 * access_try - read a little of each object of a live process. Of memory only a page that pagemap
 * shows present is read; where pagemap cannot be read, asking for address 0 tells whether the
 * kernel would allow it, since permission is checked first (mm/process_vm_access.c). 0, or -ESRCH
 * when the process ended meanwhile.
 */
int access_try(struct process *p, struct access *ret);

/* Nothing is missing: all objects, and memory by one way or the other. */
bool access_complete(const struct access *a);

/* Why something is missing, decided from facts. */
enum access_lack {
	LACK_NOTHING,
	LACK_PTRACE, /* CAP_SYS_PTRACE */
	LACK_DAC,    /* owner-only files of procfs: CAP_DAC_READ_SEARCH */
	LACK_YAMA,   /* ptrace_scope 3: nobody, until the node restarts */
	LACK_OTHER,  /* an LSM or another user namespace: capabilities here do not help */
};
enum access_lack access_judge(const struct access *a, const struct creds_self *self);

#endif
