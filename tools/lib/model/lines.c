/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a text that is streamed. */
#include "model/lines.h"

#include <errno.h>

struct lines {
	struct file *file; /* owned */
	uint64_t offset, most;
	size_t at, n; /* unread part of TEXT */
	bool ended;
	bool skipping; /* the rest of a line that is too long */
	unsigned char text[LINES_BUFFER];
};

int lines_of(struct file *f, uint64_t most, struct lines **ret)
{
	struct lines *l = malloc(sizeof(*l));

	if (!l) {
		file_close(f);
		return -ENOMEM;
	}
	l->file = f;
	l->offset = 0;
	l->most = most;
	l->at = l->n = 0;
	l->ended = l->skipping = false;
	*ret = l;
	return 0;
}

int lines_open(struct process *p, enum proc_text t, struct lines **ret)
{
	struct file *f;
	int r = process_text_open(p, t, &f);

	return r < 0 ? r : lines_of(f, LINES_TEXT_MAX, ret);
}

void lines_closep(struct lines **l)
{
	if (!*l)
		return;
	file_close((*l)->file);
	free(*l);
	*l = NULL;
}

/* Reads behind the unread part, which moves to the front. 0 or -errno. */
static int more(struct lines *l)
{
	ssize_t got;

	memmove(l->text, l->text + l->at, l->n - l->at);
	l->n -= l->at;
	l->at = 0;
	file_cache_note(l->file, l->offset, l->offset + sizeof(l->text) - l->n);
	got = file_read_at(l->file, l->text + l->n, sizeof(l->text) - l->n, l->offset);
	if (got < 0)
		return (int)got;
	file_cache_drop(l->file, l->offset, l->offset + (uint64_t)got);
	l->ended = got == 0;
	l->offset += (uint64_t)got;
	l->n += (size_t)got;
	return l->offset > l->most ? -E2BIG : 0;
}

/* What is there of a line, or of the rest of one. */
static int take(struct lines *l, size_t n, size_t newline, struct bytes *ret)
{
	bool rest = l->skipping;

	*ret = bytes_of(l->text + l->at, n);
	l->at += n + newline;
	l->skipping = !newline && !l->ended;
	if (rest)
		return 0;
	return n > LINES_LINE_MAX ? -EFBIG : 1;
}

int lines_next(struct lines *l, struct bytes *ret)
{
	for (;;) {
		const unsigned char *from = l->text + l->at;
		size_t have = l->n - l->at;
		const unsigned char *newline = have ? memchr(from, '\n', have) : NULL;
		int r = 0;

		if (newline)
			r = take(l, (size_t)(newline - from), 1, ret);
		else if (have > LINES_LINE_MAX || (l->ended && have > 0))
			r = take(l, have, 0, ret);
		else if (l->ended)
			return 0;
		else
			r = more(l);
		if (r != 0)
			return r;
	}
}

uint64_t lines_bytes(const struct lines *l)
{
	return l->offset;
}
