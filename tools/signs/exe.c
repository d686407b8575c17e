/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in what a process executes: the link's text and the file behind it. */
#include "signs/match.h"

#define MEMFD_PREFIX "/memfd:"

/* runc copies itself into one while it starts a container (libcontainer/dmz); it never stays. */
static const char runc_memfd[] = MEMFD_PREFIX "runc_cloned:";
enum { RUNC_START_SECONDS = 10 };

static const char deleted[] = " (deleted)";

struct bytes exe_path_of(const struct facts *f)
{
	struct bytes path = bytes_of(f->exe_link.p, f->exe_link.n);

	/* A name may really end so: only the link count tells. */
	if ((f->known & FACT_EXE_FILE) && f->exe.nlink == 0 && bytes_ends(path, deleted))
		path.n -= sizeof(deleted) - 1;
	return path;
}

bool exe_link_same(struct bytes was, struct bytes now)
{
	if (now.n < was.n || !bytes_eq(bytes_of(now.p, was.n), was))
		return false;
	return now.n == was.n ||
	       bytes_eq(bytes_of(now.p + was.n, now.n - was.n), bytes_str(deleted));
}

bool path_is_scratch(struct bytes path)
{
	static const char *const dirs[] = { "/tmp/",	    "/var/tmp/",  "/dev/shm/", "/run/shm/",
					    "/dev/mqueue/", "/run/lock/", "/var/lock/" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (bytes_starts(path, dirs[i]))
			return true;
	return false;
}

/* "...", ". ", ".. ", ".\t": nothing but dots and blanks, which a listing swallows. */
static bool is_odd(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] != '.' && name.p[i] > ' ')
			return false;
	return name.n > 0;
}

bool path_is_hidden(struct bytes path, bool *ret_odd)
{
	bool hidden = false;
	size_t at = 0;

	*ret_odd = false;
	while (at < path.n) {
		size_t end = at;

		while (end < path.n && path.p[end] != '/')
			end++;
		struct bytes name = bytes_of(path.p + at, end - at);
		hidden |= name.n > 0 && name.p[0] == '.';
		*ret_odd |= is_odd(name);
		at = end + 1;
	}
	return hidden || *ret_odd;
}

static void add_exe(const struct facts *f, struct finding *ret)
{
	finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
}

bool exe_is_memfd(const struct facts *f)
{
	return (f->known & FACT_EXE_FILE) && f->exe.nlink == 0 && f->exe_shmem &&
	       bytes_starts(buf_bytes(&f->exe_link), MEMFD_PREFIX);
}

bool exe_is_suspect(const struct facts *f)
{
	struct bytes path = exe_path_of(f);
	bool odd = false;

	if ((f->known & FACT_EXE_FILE) && f->exe.nlink == 0 && !f->exe_replaced)
		return true;
	if ((f->known & FACT_BIRTH) && f->birth_basis == BIRTH_OVERLAY &&
	    (f->birth == BIRTH_NEW || f->birth == BIRTH_BELOW))
		return true;
	(void)path_is_hidden(path, &odd);
	return odd || path_is_scratch(path);
}

bool match_deleted_exe(const struct facts *f, struct finding *ret)
{
	if (f->exe.nlink != 0 || exe_is_memfd(f))
		return false;
	/* An upgrade in place leaves another file under the same name. */
	if (f->exe_replaced) {
		ret->level = LEVEL_MEDIUM;
		finding_add(ret, "message", bytes_str("another file has its name now"));
	}
	add_exe(f, ret);
	finding_add(ret, "file.nlink", bytes_str("0"));
	return true;
}

bool match_memfd_exe(const struct facts *f, struct finding *ret)
{
	struct bytes link = buf_bytes(&f->exe_link);
	int64_t most = RUNC_START_SECONDS * (int64_t)NS_PER_SEC;

	if (!exe_is_memfd(f))
		return false;
	if (bytes_starts(link, runc_memfd) && f->age != INT64_MIN && f->age < most)
		ret->level = LEVEL_LOW;
	add_exe(f, ret);
	return true;
}

/* The verdict on the exe is the corroboration: what the image brought is where its author put it.
 */
static void weigh_by_birth(const struct facts *f, struct finding *ret)
{
	if (!(f->known & FACT_BIRTH))
		return;
	finding_add(ret, "csi.birth", bytes_str(f->birth == BIRTH_OLD ? "old" : "new"));
	if (f->birth == BIRTH_OLD)
		ret->level = LEVEL_LOW;
}

bool match_exe_writable_dir(const struct facts *f, struct finding *ret)
{
	struct bytes path = exe_path_of(f);
	bool writable = (f->known & FACT_EXE_DIR) && f->exe_dir_writable;

	if (exe_is_memfd(f) || (!path_is_scratch(path) && !writable))
		return false;
	weigh_by_birth(f, ret);
	add_exe(f, ret);
	if (writable)
		finding_add(ret, "file.mode", bytes_str("its directory is writable by everyone"));
	return true;
}

bool match_exe_hidden_dir(const struct facts *f, struct finding *ret)
{
	bool odd;

	if (exe_is_memfd(f) || !path_is_hidden(exe_path_of(f), &odd))
		return false;
	/* ~/.local/bin and its like are ordinary: only with another fact is it more than a note. */
	if (!odd && !((f->known & FACT_BIRTH) && f->birth == BIRTH_NEW))
		ret->level = LEVEL_LOW;
	add_exe(f, ret);
	return true;
}

bool match_exe_new(const struct facts *f, struct finding *ret)
{
	if (f->birth != BIRTH_NEW && f->birth != BIRTH_BELOW)
		return false;
	/* Without an overlay's birth it rests on ctime alone. */
	if (f->birth_basis != BIRTH_OVERLAY)
		ret->level = LEVEL_INFO;
	else if (f->birth == BIRTH_BELOW)
		ret->level = LEVEL_HIGH;
	add_exe(f, ret);
	finding_add(ret, "csi.birth", bytes_str(f->birth == BIRTH_BELOW ? "below" : "new"));
	return true;
}

bool match_exe_replaced(const struct facts *f, struct finding *ret)
{
	if (!f->exe_other || exe_is_memfd(f))
		return false;
	add_exe(f, ret);
	finding_add_u64(ret, "file.inode", f->exe.ino);
	return true;
}

/* Compressed or encrypted code is near 8 bits a byte; compilers stay below 6.6. */
enum { PACKED_ENTROPY = 7700, UPX_ENTROPY = 7000 };

bool match_exe_packed(const struct facts *f, struct finding *ret)
{
	const struct exe_bytes *b = &f->exe_bytes;
	bool packed = b->entropy >= PACKED_ENTROPY || (b->upx && b->entropy >= UPX_ENTROPY);

	if (!b->elf || !packed)
		return false;
	/* Some ship their programs so, and that is in the image. */
	if (!exe_is_suspect(f))
		ret->level = LEVEL_LOW;
	add_exe(f, ret);
	finding_add_u64(ret, "csi.entropy.millibits", b->entropy);
	if (b->upx)
		finding_add(ret, "csi.text", bytes_str("UPX!"));
	return true;
}
