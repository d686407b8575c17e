/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib. The only file that includes zlib.h. */
#include "format/gunzip.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

enum { WINDOW_GZIP = 15 + 16 }; /* zlib.h, inflateInit2: the largest window, gzip headers alone */

struct gunzip {
	z_stream z;
};

int gunzip_open(struct gunzip **ret)
{
	struct gunzip *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	if (inflateInit2(&g->z, WINDOW_GZIP) != Z_OK) {
		free(g);
		return -ENOMEM;
	}
	*ret = g;
	return 0;
}

void gunzip_closep(struct gunzip **g)
{
	if (!*g)
		return;
	(void)inflateEnd(&(*g)->z);
	free(*g);
	*g = NULL;
}

int gunzip_run(struct gunzip *g, struct bytes *src, void *dst, size_t *n)
{
	size_t in = src->n < INT_MAX ? src->n : INT_MAX;
	size_t out = *n < INT_MAX ? *n : INT_MAX;

	/* zlib does not write to its input. */
	memcpy(&g->z.next_in, &src->p, sizeof(src->p));
	g->z.avail_in = (uInt)in;
	g->z.next_out = dst;
	g->z.avail_out = (uInt)out;
	int r = inflate(&g->z, Z_NO_FLUSH);
	in -= g->z.avail_in;
	*src = bytes_of(src->p + in, src->n - in);
	*n = out - g->z.avail_out;
	if (r == Z_STREAM_END)
		return inflateReset(&g->z) == Z_OK ? 1 : -ENOMEM;
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	return r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}
