/* SPDX-License-Identifier: Apache-2.0 */
/* The custody summary as records: one of the case, one of each of its bundles. */
#include "cmd/verify_priv.h"
#include "work/custody.h"

#include <inttypes.h>
#include <stdio.h>

static void pair(struct out *o, const char *key, uint64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	out_pair_add(o, bytes_str(key), bytes_of(text, (size_t)len));
}

static struct bytes text_of(const struct custody_text *t)
{
	return bytes_of(t->p, t->n);
}

static void put_absent(struct out *o, const struct custody *c)
{
	static const char *const why[] = {
		[CUSTODY_GAP] = "gap", [CUSTODY_SKIPPED] = "skipped", [CUSTODY_MISSING] = "missing"
	};
	AUTO_DONE(buf_done) struct buf key = BUF_NONE;
	char n[24];

	out_pairs(o, F_CSI_CUSTODY_ABSENT, "kind", "count");
	for (size_t i = 0; i < c->ngroups; i++) {
		const struct custody_group *g = &c->group[i];

		buf_clear(&key);
		if (buf_addf(&key, "%s: ", why[g->why]) < 0 ||
		    buf_addb(&key, text_of(&g->action)) < 0 || buf_addc(&key, ' ') < 0 ||
		    buf_addb(&key, text_of(&g->code)) < 0)
			continue;
		int len = snprintf(n, sizeof(n), "%" PRIu64, g->n);
		out_pair_add(o, buf_bytes(&key), bytes_of(n, (size_t)len));
	}
	if (c->others)
		pair(o, "others", c->others);
}

static void put_case(struct out *o, const struct custody *c, const struct custody_place *place)
{
	const struct custody_case *info = place->info;
	char hex[HASH_HEX_MAX];

	out_begin(o, "state");
	out_str(o, F_CSI_ACTION, "custody");
	put_absent(o, c);
	out_pairs(o, F_CSI_CUSTODY_CASE, "field", "value");
	for (int i = 0; i < CUSTODY_VALUES; i++)
		if (info->v[i][0])
			out_pair_add(o, bytes_str(custody_value_name((enum custody_value)i)),
				     bytes_str(info->v[i]));
	out_pairs(o, F_CSI_CUSTODY_FOOTPRINT, "field", "value");
	for (size_t i = 0; i < c->nfacts; i++)
		out_pair_add(o, text_of(&c->fact[i].key), text_of(&c->fact[i].text));
	out_pairs(o, F_CSI_CUSTODY_READ, "kind", "count");
	for (int i = 0; i < CUSTODY_KINDS; i++)
		pair(o, custody_kind_name((enum custody_kind)i), c->kind[i].entries);
	out_u64(o, F_CSI_CUSTODY_RUNS, c->nruns);
	out_bool(o, F_CSI_CUSTODY_SIGNED, place->sums_signed);
	hash_hex(place->sums_sha256, 32, hex);
	if (place->has_sums)
		out_str(o, F_CSI_CUSTODY_SUMS, hex);
	(void)out_end(o);
}

static void put_run(struct out *o, const struct custody_run *run)
{
	char hex[HASH_HEX_MAX];

	hash_hex(run->sha256, 32, hex);
	out_begin(o, "state");
	out_str(o, F_CSI_ACTION, "custody run");
	out_pairs(o, F_CSI_CUSTODY_FACTS, "field", "value");
	for (int i = 0; i < CUSTODY_WHATS; i++)
		if (run->text[i].n)
			out_pair_add(o, bytes_str(custody_what_name((enum custody_what)i)),
				     text_of(&run->text[i]));
	out_str(o, F_FILE_HASH_SHA256, hex);
	out_bytes(o, F_FILE_PATH, text_of(&run->file));
	(void)out_end(o);
}

void verify_custody_records(struct out *o, const struct custody *c,
			    const struct custody_place *place)
{
	put_case(o, c, place);
	for (size_t i = 0; i < c->nruns && i < CUSTODY_RUNS_MAX; i++)
		put_run(o, &c->run[i]);
}
