/* SPDX-License-Identifier: Apache-2.0 */
/* The exact kubectl debug line for each lack of access (measured on Kubernetes 1.20 to 1.36). */
#include "cmd/doctor.h"

#include "version.h"

#define DEBUG_LINE                                         \
	"kubectl debug POD --image=csi-debug:" CSI_VERSION \
	" --image-pull-policy=IfNotPresent --target=CONTAINER -c csi-2 --attach=false"

/* What goes into --custom: kubectl merges it over the profile. */
#define WITH_CUSTOM(profile, context)                                          \
	"echo '{\"securityContext\":{" context "}}' > csi.json && " DEBUG_LINE \
	" --profile=" profile " --custom=csi.json"

enum mend {
	MEND_GENERAL,  /* the image's root, with SYS_PTRACE */
	MEND_ROOT,     /* the pod says another user: root must be asked for */
	MEND_SAME_UID, /* become the target's user: allowed by every policy */
	MEND_DAC,
	MEND_YAMA,
	MEND_OTHER,
};

static const char *const lines[] = {
	[MEND_GENERAL] = DEBUG_LINE " --profile=general",
	[MEND_ROOT] =
		WITH_CUSTOM("general", "\"runAsUser\":0,\"runAsGroup\":0,\"runAsNonRoot\":false,"
				       "\"allowPrivilegeEscalation\":true,"
				       "\"capabilities\":{\"add\":[\"SYS_PTRACE\"]}"),
	[MEND_DAC] =
		WITH_CUSTOM("general", "\"runAsUser\":0,\"runAsGroup\":0,\"runAsNonRoot\":false,"
				       "\"allowPrivilegeEscalation\":true,\"capabilities\":"
				       "{\"add\":[\"SYS_PTRACE\",\"DAC_READ_SEARCH\"]}"),
	[MEND_YAMA] = "kernel.yama.ptrace_scope is 3 on this node: nobody can read the memory of "
		      "a process until it is restarted",
	[MEND_OTHER] = DEBUG_LINE " --profile=sysadmin",
};

/* A target without powers, whose user we could be, can be read without any capability. */
static bool same_uid_helps(const struct access *a, const struct creds_self *self,
			   const struct proc_status *t)
{
	const unsigned ids = STATUS_UIDS | STATUS_GIDS | STATUS_CAPS;

	if ((t->have & ids) != ids || t->cap_prm != 0 || t->uid[1] == 0)
		return false;
	if (t->uid[0] != t->uid[1] || t->uid[2] != t->uid[1] || t->gid[0] != t->gid[1] ||
	    t->gid[2] != t->gid[1])
		return false;
	/* Reading memory is an ATTACH: with Yama that takes the capability (ptrace(2)). */
	if (self->yama >= 1 && a->err[ACCESS_MEM] && a->err[ACCESS_VM_READV])
		return false;
	/* We are it already, and that was not enough: it is not dumpable. */
	return self->euid != t->uid[1] || self->egid != t->gid[1];
}

static enum mend choose(enum access_lack lack, const struct access *a,
			const struct creds_self *self, const struct proc_status *t)
{
	if (lack == LACK_DAC)
		return MEND_DAC;
	if (lack == LACK_YAMA)
		return MEND_YAMA;
	if (lack == LACK_OTHER)
		return MEND_OTHER;
	if (self->euid == 0)
		return MEND_GENERAL;
	/*
	 * A runtime gives capabilities to root alone (containerd clears ambient ones), so as
	 * another user no profile helps: that user must change.
	 */
	return same_uid_helps(a, self, t) ? MEND_SAME_UID : MEND_ROOT;
}

int mend_line(enum access_lack lack, const struct access *a, const struct creds_self *self,
	      const struct proc_status *target, struct buf *b)
{
	enum mend mend = choose(lack, a, self, target);

	if (mend != MEND_SAME_UID)
		return buf_adds(b, lines[mend]);
	return buf_addf(b,
			WITH_CUSTOM("restricted",
				    "\"runAsNonRoot\":true,\"runAsUser\":%u,\"runAsGroup\":%u,"
				    "\"allowPrivilegeEscalation\":false,"
				    "\"capabilities\":{\"drop\":[\"ALL\"]},"
				    "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}"),
			(unsigned)target->uid[1], (unsigned)target->gid[1]);
}

const char *mend_capability(enum access_lack lack)
{
	if (lack == LACK_PTRACE)
		return creds_cap_name(CREDS_CAP_SYS_PTRACE);
	return lack == LACK_DAC ? creds_cap_name(CREDS_CAP_DAC_READ_SEARCH) : NULL;
}
