/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames, one at a time. The only file that includes zstd.h. */
#include "format/zst.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

/* 1 << 21 is one frame's content: a larger window would only cost memory. */
enum { ZST_LEVEL_DEFAULT = 3, ZST_WINDOW_LOG = 21, ZST_WINDOW_LOG_MAX = 23 };

_Static_assert(1 << ZST_WINDOW_LOG_MAX == ZST_WINDOW_MAX, "two names for one limit");

_Static_assert(ZSTD_COMPRESSBOUND(ZST_CONTENT_MAX) <= ZST_FRAME_MAX, "ZST_FRAME_MAX too small");

struct zst {
	ZSTD_CCtx *ctx;
};

struct unzst {
	ZSTD_DCtx *ctx;
};

int zst_open(int level, struct zst **ret)
{
	struct zst *z;

	if (level == 0)
		level = ZST_LEVEL_DEFAULT;
	if (level < ZSTD_minCLevel() || level > ZSTD_maxCLevel())
		return -EINVAL;
	z = calloc(1, sizeof(*z));
	if (!z)
		return -ENOMEM;
	z->ctx = ZSTD_createCCtx();
	if (!z->ctx ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_windowLog, ZST_WINDOW_LOG)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_checksumFlag, 1))) {
		zst_closep(&z);
		return -ENOMEM;
	}
	*ret = z;
	return 0;
}

void zst_closep(struct zst **z)
{
	if (!*z)
		return;
	ZSTD_freeCCtx((*z)->ctx);
	free(*z);
	*z = NULL;
}

int zst_frame(struct zst *z, struct bytes src, void *dst, size_t *ret_n)
{
	if (src.n == 0 || src.n > ZST_CONTENT_MAX)
		return -EINVAL;
	size_t n = ZSTD_compress2(z->ctx, dst, ZST_FRAME_MAX, src.p, src.n);
	/* DST is large enough by ZSTD_COMPRESSBOUND, so what remains is memory. */
	if (ZSTD_isError(n))
		return -ENOMEM;
	*ret_n = n;
	return 0;
}

int unzst_open(struct unzst **ret)
{
	struct unzst *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->ctx = ZSTD_createDCtx();
	if (!u->ctx ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u->ctx, ZSTD_d_windowLogMax, ZST_WINDOW_LOG_MAX))) {
		unzst_closep(&u);
		return -ENOMEM;
	}
	*ret = u;
	return 0;
}

void unzst_closep(struct unzst **u)
{
	if (!*u)
		return;
	ZSTD_freeDCtx((*u)->ctx);
	free(*u);
	*u = NULL;
}

int unzst_frame(struct unzst *u, struct bytes frame, void *dst, size_t content)
{
	size_t n = ZSTD_decompressDCtx(u->ctx, dst, content, frame.p, frame.n);

	return ZSTD_isError(n) || n != content ? -EBADMSG : 0;
}

int unzst_run(struct unzst *u, struct bytes *src, void *dst, size_t *n)
{
	ZSTD_inBuffer in = { .src = src->p, .size = src->n };
	ZSTD_outBuffer out = { .dst = dst, .size = *n };
	size_t left = ZSTD_decompressStream(u->ctx, &out, &in);

	*src = bytes_of(src->p + in.pos, src->n - in.pos);
	*n = out.pos;
	if (!ZSTD_isError(left))
		return left == 0;
	switch (ZSTD_getErrorCode(left)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}
