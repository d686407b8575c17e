/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files: lists of them, and their bytes. */
#include "work/rules.h"
#include "work/rules_priv.h"

#include "base/buf.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Takes what is in ADD, also on failure; one of it NULL means that there was no memory for it. */
static int list_add(struct rules_list *l, struct rules_source add)
{
	struct rules_source *v = NULL;

	if (add.name && (add.path || add.text))
		v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v) {
		free(add.name);
		free(add.path);
		free(add.text);
		return -ENOMEM;
	}
	l->v = v;
	v[l->n++] = add;
	return 0;
}

int rules_list_path(struct rules_list *l, const char *name, const char *path)
{
	return list_add(l, (struct rules_source){ .name = strdup(name), .path = strdup(path) });
}

int rules_list_text(struct rules_list *l, const char *name, struct bytes text)
{
	char *copy;

	if (text.n && memchr(text.p, 0, text.n))
		return -EILSEQ;
	copy = malloc(text.n + 1);
	if (!copy)
		return -ENOMEM;
	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return list_add(l, (struct rules_source){ .name = strdup(name), .text = copy });
}

static bool is_rule_name(const char *name)
{
	static const char *const ends[] = { ".yar", ".yara", ".rule", ".rules", ".yac", ".yarc" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (bytes_ends(bytes_str(name), ends[i]))
			return true;
	return false;
}

static int add_dir(struct rules_list *l, const char *path, int depth);

static int add_entry(struct rules_list *l, const char *dir, const char *name, int depth)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct stat st;

	if (name[0] == '.')
		return 0;
	int r = buf_addf(&b, "%s%s%s", dir, bytes_ends(bytes_str(dir), "/") ? "" : "/", name);
	if (r == 0)
		r = buf_addc(&b, '\0');
	if (r < 0)
		return r;
	const char *path = (const char *)b.p;
	/* A link to nothing and what vanished is told when it is to be compiled. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_dir(l, path, depth + 1);
	if (!is_rule_name(name))
		return 0;
	return l->n < RULES_FILES_MAX ? rules_list_path(l, path, path) : -E2BIG;
}

static int add_dir(struct rules_list *l, const char *path, int depth)
{
	struct dirent **names = NULL;
	int n, r = 0;

	if (depth > RULES_DEPTH_MAX)
		return -E2BIG;
	n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_entry(l, path, names[i]->d_name, depth);
		free(names[i]);
	}
	free(names);
	return r;
}

int rules_list_dir(struct rules_list *l, const char *path)
{
	return add_dir(l, path, 0);
}

void rules_list_done(struct rules_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].path);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct rules_list){ 0 };
}

int rules_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r == 0 && st.st_size > RULES_FILE_MAX)
		r = -EFBIG;
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

bool rules_is_compiled(int fd)
{
	char magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "YARA", sizeof(magic)) == 0;
}

size_t rules_read(void *p, size_t size, size_t count, void *ctx)
{
	const int *fd = ctx;
	size_t done = 0;

	while (done < size * count) {
		ssize_t n = read(*fd, (char *)p + done, size * count - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return size ? done / size : 0;
}

size_t rules_write(const void *p, size_t size, size_t count, void *ctx)
{
	const int *fd = ctx;

	return io_write_all(*fd, p, size * count) == 0 ? count : 0;
}
