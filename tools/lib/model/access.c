/* SPDX-License-Identifier: Apache-2.0 */
/* What of a process can be read, by trying it (ptrace(2), "Ptrace access mode checking"). */
#include "model/access.h"

#include "model/source_priv.h"

#include <fcntl.h>
#include <sys/uio.h>

enum {
	MAPS_TRY_MAX = 64 << 10, /* of maps: enough to meet a page that is present */
	PAGES_TRY_MAX = 512,	 /* pagemap entries looked at in one map */
	MAPS_LINES_MAX = 64,
};

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)

static int try_link(struct process *p, enum proc_link l)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;

	return process_link(p, l, &text);
}

static int try_exe(struct process *p)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;

	return process_pin(p, FILE_EXE, 0, &pin, &info);
}

static int try_root(struct process *p)
{
	AUTO_CLOSE int fd = process_openat(p, "root", O_PATH | O_DIRECTORY);

	return fd < 0 ? fd : 0;
}

static int try_fd(struct process *p)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct fd_entry e;
	int r = fd_iter_open(p, &it);

	if (r == 0)
		r = fd_iter_next(it, &e);
	return r < 0 ? r : 0;
}

static int try_text(struct process *p, enum proc_text t, size_t most, struct buf *ret)
{
	int r = process_text(p, t, ret, most);

	return r == -EFBIG ? 0 : r;
}

static int try_environ(struct process *p)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;

	return try_text(p, TEXT_ENVIRON, 1, &text);
}

/* The first present page of a private or shared map that is ordinary memory, 0 if none is near. */
static uint64_t present_page(int pagemap, const struct proc_map *m)
{
	uint64_t entries[PAGES_TRY_MAX];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	/* Special maps ("[vvar]") and devices are never read. */
	if (!m->r || (m->path.n > 0 && (m->path.p[0] == '[' || bytes_starts(m->path, "/dev/"))))
		return 0;
	ssize_t n = pread(pagemap, entries, sizeof(entries),
			  (off_t)(m->start / page * sizeof(*entries)));
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(*entries); i++)
		if ((entries[i] & PAGEMAP_PRESENT) && m->start + i * page < m->end)
			return m->start + i * page;
	return 0;
}

static int try_pagemap(struct process *p, struct bytes maps, uint64_t *ret_page)
{
	AUTO_CLOSE int fd = process_openat(p, "pagemap", O_RDONLY);
	struct proc_map m;
	struct bytes line;
	uint64_t entry;

	if (fd < 0)
		return fd;
	for (int i = 0; i < MAPS_LINES_MAX && *ret_page == 0; i++) {
		if (proc_next_line(&maps, &line) == 0)
			break;
		if (proc_parse_map(line, &m) == 0)
			*ret_page = present_page(fd, &m);
	}
	/* Entry 0 is of a page that is never mapped: reading it shows that pagemap can be read. */
	return pread(fd, &entry, sizeof(entry), 0) < 0 ? -errno : 0;
}

static int try_mem(struct process *p, uint64_t page)
{
	AUTO_CLOSE int fd = process_openat(p, "mem", O_RDONLY);
	unsigned char c;

	if (fd < 0)
		return fd;
	if (page == 0)
		return 0; /* the open is the permission check; the memory map is pinned by it */
	return pread(fd, &c, 1, (off_t)page) < 0 ? -errno : 0;
}

static int try_vm_readv(struct process *p, uint64_t page)
{
	unsigned char c;
	struct iovec here = { &c, 1 };
	struct iovec there = { (void *)(uintptr_t)page, 1 };

	if (!p->source->own_pids)
		return -EOPNOTSUPP;
	if (process_vm_readv(p->id.pid, &here, 1, &there, 1, 0) >= 0)
		return 0;
	return page == 0 && errno == EFAULT ? 0 : -errno;
}

int access_try(struct process *p, struct access *ret)
{
	AUTO_DONE(buf_done) struct buf maps = BUF_NONE;

	*ret = (struct access){ 0 };
	ret->err[ACCESS_EXE] = try_exe(p);
	ret->err[ACCESS_ROOT] = try_root(p);
	ret->err[ACCESS_CWD] = try_link(p, LINK_CWD);
	ret->err[ACCESS_FD] = try_fd(p);
	ret->err[ACCESS_ENVIRON] = try_environ(p);
	ret->err[ACCESS_MAPS] = try_text(p, TEXT_MAPS, MAPS_TRY_MAX, &maps);
	ret->err[ACCESS_PAGEMAP] = try_pagemap(p, buf_bytes(&maps), &ret->page);
	ret->err[ACCESS_MEM] = try_mem(p, ret->page);
	ret->err[ACCESS_VM_READV] = try_vm_readv(p, ret->page);
	return process_verify(p);
}

bool access_complete(const struct access *a)
{
	for (int i = 0; i < ACCESS_OBJECTS; i++)
		if (a->err[i] && i != ACCESS_MEM && i != ACCESS_VM_READV)
			return false;
	return a->err[ACCESS_MEM] == 0 || a->err[ACCESS_VM_READV] == 0;
}

static bool refused(const struct access *a, enum access_object o)
{
	return process_refused(a->err[o]);
}

enum access_lack access_judge(const struct access *a, const struct creds_self *self)
{
	bool dac = creds_has(self, CREDS_CAP_DAC_READ_SEARCH) ||
		   creds_has(self, CREDS_CAP_DAC_OVERRIDE);

	if (access_complete(a))
		return LACK_NOTHING;
	/* These ask for nothing but ptrace access in READ mode. */
	bool read_mode =
		refused(a, ACCESS_EXE) || refused(a, ACCESS_ROOT) || refused(a, ACCESS_CWD);
	bool files = refused(a, ACCESS_FD) || refused(a, ACCESS_ENVIRON) ||
		     refused(a, ACCESS_MAPS) || refused(a, ACCESS_PAGEMAP);
	bool memory = refused(a, ACCESS_MEM) && refused(a, ACCESS_VM_READV);

	if (!read_mode && !files && !memory)
		return LACK_OTHER;
	if (!read_mode && !files && self->yama >= 3)
		return LACK_YAMA;
	if (!creds_has(self, CREDS_CAP_SYS_PTRACE))
		return LACK_PTRACE;
	return !read_mode && !dac ? LACK_DAC : LACK_OTHER;
}
