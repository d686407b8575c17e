/* SPDX-License-Identifier: Apache-2.0 */
/* Own powers, and borrowing a target's file-system ids for one open. */
#include "sys/creds.h"

#include "sys/proc.h"
#include "sys/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

enum {
	SELF_TEXT_MAX = 64 << 10, /* /proc/self/status is about 1.5 KiB */
};

/* include/uapi/linux/capability.h, by number. */
static const char *const cap_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

const char *creds_cap_name(int cap)
{
	if (cap < 0 || (size_t)cap >= ARRAY_LEN(cap_names))
		return NULL;
	return cap_names[cap];
}

static int read_text(const char *path, struct buf *ret)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return buf_read_fd(ret, fd, SELF_TEXT_MAX);
}

static int read_status(struct creds_self *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct proc_status st;
	int r;

	r = read_text("/proc/self/status", &text);
	if (r < 0)
		return r;
	r = proc_parse_status(buf_bytes(&text), &st);
	if (r != 0)
		return r;
	ret->cap_eff = st.cap_eff;
	ret->cap_prm = st.cap_prm;
	ret->cap_bnd = st.cap_bnd;
	if (st.have & STATUS_NNP)
		ret->no_new_privs = st.no_new_privs;
	if (st.have & STATUS_SECCOMP)
		ret->seccomp = st.seccomp;
	return 0;
}

static int read_yama(void)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes rest;
	uint64_t v;

	if (read_text("/proc/sys/kernel/yama/ptrace_scope", &text) < 0)
		return -1;
	rest = buf_bytes(&text);
	return scan_dec(&rest, &v) == 0 && v <= 3 ? (int)v : -1;
}

/* One line of text, its newline or NUL dropped, cut to fit. */
static void read_lsm(char *ret, size_t size)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	size_t n;

	ret[0] = '\0';
	if (read_text("/proc/self/attr/current", &text) < 0)
		return;
	for (n = 0; n < text.n && n < size - 1; n++)
		if (text.p[n] == '\n' || text.p[n] == '\0')
			break;
	if (n)
		memcpy(ret, text.p, n);
	ret[n] = '\0';
}

static bool read_initial_user_ns(void)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	uint64_t want[] = { 0, 0, UINT32_MAX }, v;
	struct bytes rest;

	if (read_text("/proc/self/uid_map", &text) < 0)
		return false;
	rest = buf_bytes(&text);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		scan_blanks(&rest);
		if (scan_dec(&rest, &v) < 0 || v != want[i])
			return false;
	}
	return bytes_eq(rest, bytes_str("\n"));
}

int creds_read_self(struct creds_self *ret)
{
	struct creds_self c = { .no_new_privs = -1, .seccomp = -1, .yama = -1 };
	int r;

	if (getresuid(&c.ruid, &c.euid, &c.suid) < 0 || getresgid(&c.rgid, &c.egid, &c.sgid) < 0)
		return -errno;
	r = read_status(&c);
	if (r < 0)
		return r;
	c.yama = read_yama();
	read_lsm(c.lsm, sizeof(c.lsm));
	c.user_ns_initial = read_initial_user_ns();
	*ret = c;
	return 0;
}

/* setfsuid(2) tells no error: an impossible id changes nothing and returns the current one. */
static uid_t fsuid_now(void)
{
	return (uid_t)syscall(SYS_setfsuid, (uid_t)-1);
}

static gid_t fsgid_now(void)
{
	return (gid_t)syscall(SYS_setfsgid, (gid_t)-1);
}

/* Raw system calls: a libc's wrapper may change every thread (nptl(7)). */
int creds_enter(uid_t uid, gid_t gid)
{
	if (uid == (uid_t)-1 || gid == (gid_t)-1)
		return -EINVAL;
	(void)syscall(SYS_setfsgid, gid);
	if (fsgid_now() != gid)
		return -EPERM;
	(void)syscall(SYS_setfsuid, uid);
	if (fsuid_now() != uid) {
		creds_leave();
		return -EPERM;
	}
	return 0;
}

/* Back to uid 0 gives the file-system capabilities back as well: capabilities(7), "Effect of user
 * ID changes". */
void creds_leave(void)
{
	int saved = errno;

	(void)syscall(SYS_setfsuid, geteuid());
	(void)syscall(SYS_setfsgid, getegid());
	errno = saved;
}

int creds_oom_first(void)
{
	AUTO_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, "1000", 4) == 4 ? 0 : -errno;
}
