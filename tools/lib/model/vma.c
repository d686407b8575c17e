/* SPDX-License-Identifier: Apache-2.0 */
/* VMAs of a process, streamed from smaps or maps through one bounded buffer. */
#include "model/mem.h"

#include "model/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

enum {
	LINE_MAX_BYTES = 32 << 10, /* a path is at most 4 KiB, four times that if all newlines */
	STREAM_BYTES = 2 * LINE_MAX_BYTES,
};

/* VmFlags that matter here: Documentation/filesystems/proc.rst. */
enum vm_flag {
	VM_IO = 1 << 0,
	VM_PFNMAP = 1 << 1,
	VM_MIXEDMAP = 1 << 2,
};

struct vma_iter {
	int fd;		   /* -1: of TEXT */
	struct bytes text; /* not yet in STREAM */
	bool smaps;
	bool ended;
	int pending;		       /* what went wrong behind the VMA handed out last */
	uint32_t shm_major, shm_minor; /* device of the kernel's own shared memory */
	uint64_t last_end;
	struct buf path; /* of the VMA handed out */
	size_t at, n;	 /* unread part of the stream */
	unsigned char stream[STREAM_BYTES];
};

/*
 * Shared anonymous memory, memfds and System V segments lie on a mount inside the kernel; a memfd
 * of our own tells its device. On a fixture it is what Linux gives it: the first anonymous device.
 */
static void learn_shm(struct vma_iter *it, bool live)
{
	AUTO_CLOSE int fd = live ? memfd_create("csi", MFD_CLOEXEC) : -1;
	struct file_info info;

	it->shm_major = 0;
	it->shm_minor = 1;
	if (fd >= 0 && file_info_fd(fd, &info) == 0) {
		it->shm_major = info.dev_major;
		it->shm_minor = info.dev_minor;
	}
}

static struct vma_iter *make(void)
{
	struct vma_iter *it = malloc(sizeof(*it));

	if (!it)
		return NULL;
	it->fd = -1;
	it->text = bytes_of(NULL, 0);
	it->path = BUF_LIMIT(LINE_MAX_BYTES);
	it->at = it->n = 0;
	it->last_end = 0;
	it->ended = false;
	it->pending = 0;
	it->smaps = false;
	return it;
}

static int iter_open(struct process *p, bool smaps, struct vma_iter **ret)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = make();

	if (!it)
		return -ENOMEM;
	it->smaps = smaps;
	it->fd = smaps ? process_openat(p, "smaps", O_RDONLY) : -EOPNOTSUPP;
	if (it->fd < 0) {
		it->smaps = false;
		it->fd = process_openat(p, "maps", O_RDONLY);
	}
	if (it->fd < 0)
		return it->fd;
	learn_shm(it, p->source->procfs);
	*ret = take_ptr(&it);
	return 0;
}

int vma_iter_open(struct process *p, struct vma_iter **ret)
{
	return iter_open(p, true, ret);
}

int vma_iter_open_list(struct process *p, struct vma_iter **ret)
{
	return iter_open(p, false, ret);
}

int vma_iter_open_text(struct process *p, struct bytes text, struct vma_iter **ret)
{
	struct vma_iter *it = make();

	if (!it)
		return -ENOMEM;
	it->text = text;
	learn_shm(it, p->source->procfs);
	*ret = it;
	return 0;
}

void vma_iter_close(struct vma_iter *it)
{
	if (!it)
		return;
	base_closep(&it->fd);
	buf_done(&it->path);
	free(it);
}

void vma_iter_closep(struct vma_iter **it)
{
	vma_iter_close(*it);
}

static int take_text(struct vma_iter *it)
{
	size_t room = sizeof(it->stream) - it->n;
	size_t n = it->text.n < room ? it->text.n : room;

	if (n)
		memcpy(it->stream + it->n, it->text.p, n);
	it->n += n;
	it->text = bytes_of(it->text.p + n, it->text.n - n);
	return n > 0;
}

/* Reads more behind the unread part, which moves to the front. 1, 0 at the end, -errno. */
static int more(struct vma_iter *it)
{
	ssize_t got;

	if (it->at > 0) {
		memmove(it->stream, it->stream + it->at, it->n - it->at);
		it->n -= it->at;
		it->at = 0;
	}
	if (it->fd < 0)
		return take_text(it);
	do
		got = read(it->fd, it->stream + it->n, sizeof(it->stream) - it->n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	it->n += (size_t)got;
	return got > 0;
}

/* The next line, valid until the next call. 1, 0, -EBADMSG for one that is too long or cut, -errno.
 */
static int next_line(struct vma_iter *it, struct bytes *ret)
{
	bool too_long = false;

	for (;;) {
		const unsigned char *from = it->stream + it->at;
		const unsigned char *newline = memchr(from, '\n', it->n - it->at);
		int r;

		if (newline) {
			*ret = bytes_of(from, (size_t)(newline - from));
			it->at += ret->n + 1;
			return too_long || ret->n > LINE_MAX_BYTES ? -EBADMSG : 1;
		}
		if (it->n - it->at > LINE_MAX_BYTES) {
			too_long = true;
			it->at = it->n;
		}
		r = it->ended ? 0 : more(it);
		if (r <= 0) {
			bool cut = too_long || it->n > it->at;

			it->ended = true;
			it->at = it->n = 0;
			return r == 0 && cut ? -EBADMSG : r;
		}
	}
}

static unsigned parse_vm_flags(struct bytes rest)
{
	static const struct {
		char name[3];
		unsigned flag;
	} known[] = { { "io", VM_IO }, { "pf", VM_PFNMAP }, { "mm", VM_MIXEDMAP } };
	unsigned flags = 0;

	for (size_t at = 0; at + 2 <= rest.n; at++) {
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if ((at == 0 || rest.p[at - 1] == ' ') &&
			    (at + 2 == rest.n || rest.p[at + 2] == ' ') &&
			    memcmp(rest.p + at, known[i].name, 2) == 0)
				flags |= known[i].flag;
	}
	return flags;
}

/*
 * The lines of smaps that follow a VMA's first; the next VMA's stays unread. A first line begins
 * with a hex digit in lower case, all others with a capital (show_smap, fs/proc/task_mmu.c).
 */
static int read_vm_flags(struct vma_iter *it, unsigned *ret)
{
	static const char key[] = "VmFlags:";
	struct bytes line;
	int r;

	*ret = 0;
	while ((r = next_line(it, &line)) == 1) {
		if (line.n == 0 || line.p[0] < 'A' || line.p[0] > 'Z') {
			it->at -= line.n + 1;
			return 0;
		}
		if (bytes_starts(line, key))
			*ret = parse_vm_flags(bytes_of(line.p + strlen(key), line.n - strlen(key)));
	}
	return r;
}

static bool below_dev(struct bytes path)
{
	return bytes_starts(path, "/dev/") && !bytes_starts(path, "/dev/shm/") &&
	       !bytes_starts(path, "/dev/zero");
}

static unsigned kernel_flags(struct bytes path)
{
	static const struct {
		const char *name;
		unsigned flag;
	} known[] = {
		{ "[stack]", VMA_STACK },	  { "[heap]", VMA_HEAP },
		{ "[vdso]", VMA_VDSO },		  { "[vvar]", VMA_SPECIAL },
		{ "[vvar_vclock]", VMA_SPECIAL }, { "[vsyscall]", VMA_SPECIAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (bytes_eq(path, bytes_str(known[i].name)))
			return known[i].flag;
	return 0;
}

static unsigned file_flags(const struct vma_iter *it, const struct proc_map *map)
{
	bool shm = map->dev_major == it->shm_major && map->dev_minor == it->shm_minor;
	unsigned flags = 0;

	if (bytes_starts(map->path, "/memfd:"))
		flags |= VMA_MEMFD;
	/* Shared anonymous memory calls itself a deleted /dev/zero: nobody deleted anything. */
	if (bytes_ends(map->path, " (deleted)") &&
	    !(shm && (bytes_eq(map->path, bytes_str("/dev/zero (deleted)")) ||
		      bytes_starts(map->path, "/SYSV"))))
		flags |= VMA_DELETED;
	return flags;
}

static unsigned judge(const struct vma_iter *it, const struct proc_map *map, unsigned vm)
{
	unsigned flags = map->inode ? file_flags(it, map) : VMA_ANON | kernel_flags(map->path);

	if (vm & (VM_IO | VM_PFNMAP))
		flags |= VMA_SPECIAL;
	/* A plain file may lie in /dev as well, and is read; so the name alone says it only without
	 * flags. */
	if (below_dev(map->path) && (!it->smaps || (vm & VM_MIXEDMAP)))
		flags |= VMA_SPECIAL;
	return flags;
}

int vma_iter_next(struct vma_iter *it, struct vma *ret)
{
	struct proc_map map;
	struct bytes line;
	unsigned vm = 0;
	int r = it->pending;

	it->pending = 0;
	if (r < 0)
		return r;
	do {
		r = next_line(it, &line);
		if (r <= 0)
			return r;
	} while (it->smaps && line.n > 0 && line.p[0] >= 'A' && line.p[0] <= 'Z');
	r = proc_parse_map(line, &map);
	if (r < 0)
		return r;
	buf_clear(&it->path);
	r = proc_unmangle_map(&it->path, map.path);
	if (r < 0)
		return r;
	map.path = buf_bytes(&it->path);
	/* What is wrong with the lines that follow is told by the next call: this VMA is good. */
	if (it->smaps)
		it->pending = read_vm_flags(it, &vm);
	/* Between two reads VMAs may merge: what was handed out is not handed out again. */
	if (map.end <= it->last_end)
		return -EBADMSG;
	if (map.start < it->last_end) {
		map.offset += map.inode ? it->last_end - map.start : 0;
		map.start = it->last_end;
	}
	it->last_end = map.end;
	ret->map = map;
	ret->flags = judge(it, &map, vm);
	return 1;
}
