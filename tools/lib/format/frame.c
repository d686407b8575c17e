/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and table of a sealed stream, byte for byte as tools/FORMAT.md says. */
#include "format/frame.h"

#include "format/hash.h"

#include <errno.h>
#include <inttypes.h>

static int put_head(struct buf *b, uint32_t magic, size_t payload)
{
	unsigned char head[FRAME_SKIP_HEAD];

	frame_put_u32(head, magic);
	frame_put_u32(head + FRAME_MAGIC_SIZE, (uint32_t)payload);
	return buf_add(b, head, sizeof(head));
}

int frame_put_checkpoint(struct buf *b, const struct frame_counts *c)
{
	char hex[HASH_HEX_MAX], line[FRAME_LINE_MAX + 1];

	hash_hex(c->sha256, sizeof(c->sha256), hex);
	int n = snprintf(line, sizeof(line),
			 "{\"csi\":\"checkpoint\",\"v\":1,\"seq\":%" PRIu64 ",\"entries\":%" PRIu64
			 ",\"bytes\":%" PRIu64 ",\"sha256\":\"%s\"}\n",
			 c->seq, c->entries, c->bytes, hex);
	if (n < 0 || n > FRAME_LINE_MAX)
		return -EFBIG;
	int r = put_head(b, FRAME_MAGIC_OURS, (size_t)n);
	return r < 0 ? r : buf_add(b, line, (size_t)n);
}

int frame_put_seal(struct buf *b, const struct frame_counts *c, const struct frame_seal *s)
{
	char hex[HASH_HEX_MAX], table[HASH_HEX_MAX], self[HASH_HEX_MAX], line[FRAME_SEAL_SIZE + 1];
	struct hash h;
	struct digests d;

	hash_hex(c->sha256, sizeof(c->sha256), hex);
	hash_hex(s->table_sha256, sizeof(s->table_sha256), table);
	int n = snprintf(line, sizeof(line),
			 "{\"csi\":\"seal\",\"v\":1,\"seq\":%" PRIu64
			 ",\"status\":\"%s\",\"entries\":%" PRIu64 ",\"bytes\":%" PRIu64
			 ",\"gaps\":%" PRIu64 ",\"stream_size\":%" PRIu64 ",\"sha256\":\"%s\""
			 ",\"table_size\":%" PRIu64 ",\"table_sha256\":\"%s\"",
			 c->seq, s->status, c->entries, c->bytes, s->gaps, s->stream_size, hex,
			 s->table_size, table);
	if (n < 0 || n >= FRAME_SEAL_SIZE)
		return -EFBIG;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, line, (size_t)n);
	hash_peek(&h, &d);
	hash_hex(d.sha256, sizeof(d.sha256), self);
	int more = snprintf(line + n, sizeof(line) - (size_t)n, ",\"self\":\"%s\"}", self);
	if (more < 0 || n + more >= FRAME_SEAL_SIZE)
		return -EFBIG;
	n += more;
	memset(line + n, ' ', (size_t)(FRAME_SEAL_SIZE - n));
	line[FRAME_SEAL_SIZE - 1] = '\n';
	int r = put_head(b, FRAME_MAGIC_OURS, FRAME_SEAL_SIZE);
	return r < 0 ? r : buf_add(b, line, FRAME_SEAL_SIZE);
}

size_t frame_padding_size(uint64_t at)
{
	size_t gap = FRAME_BLOCK - (size_t)(at % FRAME_BLOCK);

	if (gap == FRAME_BLOCK)
		return 0;
	return gap < FRAME_SKIP_HEAD ? gap + FRAME_BLOCK : gap;
}

int frame_put_padding(struct buf *b, uint64_t at)
{
	size_t n = frame_padding_size(at);
	int r = n ? put_head(b, FRAME_MAGIC_PAD, n - FRAME_SKIP_HEAD) : 0;

	if (r < 0 || n == 0)
		return r;
	n -= FRAME_SKIP_HEAD;
	r = buf_reserve(b, n);
	if (r < 0)
		return r;
	memset(b->p + b->n, 0, n);
	b->n += n;
	return 0;
}

static const char *const statuses[] = { "complete", "partial", "failed" };

/* The bytes after KEY, which is ours and occurs once in a right payload. */
static struct bytes after(struct bytes payload, const char *key)
{
	const unsigned char *p = memmem(payload.p, payload.n, key, strlen(key));

	if (!p)
		return bytes_of(NULL, 0);
	p += strlen(key);
	return bytes_of(p, payload.n - (size_t)(p - payload.p));
}

int frame_seal_parse(struct bytes payload, struct frame_seal *ret)
{
	struct bytes status = after(payload, "\"status\":\"");
	struct bytes gaps = after(payload, "\"gaps\":");

	*ret = (struct frame_seal){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (bytes_starts(status, statuses[i]))
			ret->status = statuses[i];
	if (!ret->status || gaps.n == 0)
		return -EBADMSG;
	for (size_t i = 0; i < gaps.n && gaps.p[i] >= '0' && gaps.p[i] <= '9'; i++) {
		if (ret->gaps > (INT64_MAX - 9) / 10)
			return -EBADMSG;
		ret->gaps = ret->gaps * 10 + (uint64_t)(gaps.p[i] - '0');
	}
	return 0;
}

void frame_table_init(struct frame_table *t)
{
	t->pairs = BUF_LIMIT((size_t)FRAMES_MAX * FRAME_PAIR_SIZE + FRAME_SKIP_HEAD +
			     FRAME_TABLE_FOOT);
}

int frame_table_add(struct frame_table *t, size_t frame_size, size_t content_size)
{
	unsigned char pair[FRAME_PAIR_SIZE];

	if (frame_table_count(t) >= FRAMES_MAX)
		return -EFBIG;
	frame_put_u32(pair, (uint32_t)frame_size);
	frame_put_u32(pair + 4, (uint32_t)content_size);
	return buf_add(&t->pairs, pair, sizeof(pair));
}

int frame_table_end(struct frame_table *t)
{
	struct buf *b = &t->pairs;
	size_t n = b->n;
	unsigned char foot[FRAME_TABLE_FOOT] = { 0 };
	int r = buf_reserve(b, FRAME_SKIP_HEAD + FRAME_TABLE_FOOT);

	if (r < 0)
		return r;
	memmove(b->p + FRAME_SKIP_HEAD, b->p, n);
	frame_put_u32(b->p, FRAME_MAGIC_TABLE);
	frame_put_u32(b->p + FRAME_MAGIC_SIZE, (uint32_t)(n + FRAME_TABLE_FOOT));
	b->n += FRAME_SKIP_HEAD;
	frame_put_u32(foot, (uint32_t)(n / FRAME_PAIR_SIZE));
	frame_put_u32(foot + 5, FRAME_MAGIC_FOOT);
	return buf_add(b, foot, sizeof(foot));
}

void frame_table_done(struct frame_table *t)
{
	buf_done(&t->pairs);
}
