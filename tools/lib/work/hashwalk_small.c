/* SPDX-License-Identifier: Apache-2.0 */
/* Small files: each is read whole, and hashed beside another (format/sha256_pair.h). */
#include "work/hashwalk_priv.h"

#include <errno.h>

/* Without memory they are read like others. */
void hashwalk_small_begin(struct reader *rd)
{
	const size_t room = SMALL_FILE + SHA256_PAD_MAX;

	if (rd->opts->hashes != HASH_SHA256 || !sha256_pair_can())
		return;
	rd->small_bytes = malloc(ARRAY_LEN(rd->small) * room);
	for (size_t i = 0; rd->small_bytes && i < ARRAY_LEN(rd->small); i++)
		rd->small[i] = (struct small_file){ .p = rd->small_bytes + i * room };
}

static void finish(struct small_file *s)
{
	if (!s->item || s->lane.blocks > 0)
		return;
	s->item->sums.kinds = HASH_SHA256;
	sha256_lane_end(&s->lane, s->item->sums.sha256);
	s->item = NULL;
}

/* Bytes of F, whose size was said to be SIZE, or -errno: -EFBIG if they are more than may be. */
static ssize_t read_whole(const struct reader *rd, struct file *f, unsigned char *p, uint64_t size)
{
	size_t at = 0;

	while (at < SMALL_FILE && at <= rd->opts->max_file) {
		ssize_t n = file_read_at(f, p + at, SMALL_FILE - at, at);

		if (n < 0)
			return n;
		at += (size_t)n;
		/* What ends at the known size is at its end: no call only to hear so. */
		if (n == 0 || (at == size && at < SMALL_FILE))
			return (ssize_t)at;
	}
	return -EFBIG;
}

int hashwalk_small_add(struct reader *rd, struct hashwalk_item *it, struct file *f)
{
	struct small_file *s = rd->small[0].item ? &rd->small[1] : &rd->small[0];
	ssize_t n;

	if (!rd->small_bytes || it->info.size >= SMALL_FILE)
		return -EFBIG;
	n = read_whole(rd, f, s->p, it->info.size);
	if (n < 0)
		return (int)n;
	s->item = it;
	sha256_lane_begin(&s->lane, s->p, (size_t)n);
	if (!rd->small[0].item || !rd->small[1].item)
		return 0;
	sha256_pair_run(&rd->small[0].lane, &rd->small[1].lane);
	finish(&rd->small[0]);
	finish(&rd->small[1]);
	return 0;
}

void hashwalk_small_flush(struct reader *rd)
{
	for (size_t i = 0; i < ARRAY_LEN(rd->small); i++) {
		if (!rd->small[i].item)
			continue;
		sha256_lane_run(&rd->small[i].lane);
		finish(&rd->small[i]);
	}
}
