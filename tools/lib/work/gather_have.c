/* SPDX-License-Identifier: Apache-2.0 */
/* Files that earlier bundles of the case have already: cited, not read. */
#include "work/gather.h"

#include <errno.h>
#include <stdio.h>

int gather_have_begin(struct gather *g)
{
	const char *run;

	for (size_t i = 0; g->have && (run = have_join_run(g->have, i)); i++) {
		out_begin(g->record, "event");
		out_str(g->record, F_CSI_ACTION, HAVE_ACTION_RESUME);
		out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_OK));
		out_str(g->record, F_CSI_CITE_RUN, run);
		int r = out_end(g->record);
		if (r == 0)
			r = gather_record_end(g);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The item's name is made of our label and our path: of the list only run and digest are used. */
int gather_cite(struct gather *g, const char *label, const struct walk_entry *e, const char *birth)
{
	AUTO_DONE(buf_done) struct buf item = BUF_NONE;
	const struct have_place at = { .root = bytes_str(label), .path = e->path };
	const struct have_ident ident = have_ident_of(&e->info);
	const struct kept_path path = path_keep(e->path);
	const struct have_line *line;
	int r = g->have ? have_join_find(g->have, at, &ident, &line) : 0;

	if (r <= 0)
		return r;
	r = buf_addf(&item, "files/%s", label);
	if (r == 0)
		r = buf_addb(&item, e->path);
	if (r < 0)
		return r;
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, HAVE_ACTION_CITE);
	out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_SKIPPED));
	if (birth)
		out_str(g->record, F_CSI_BIRTH, birth);
	out_bytes(g->record, F_CSI_CITE_ITEM, buf_bytes(&item));
	out_str(g->record, F_CSI_CITE_RUN, line->run);
	out_str(g->record, line->digest.extents ? F_CSI_HASH_EXTENTS : F_FILE_HASH_SHA256,
		line->digest.hex);
	out_file_info(g->record, &e->info);
	out_path(g->record, &path, e->parent_ino);
	r = out_end(g->record);
	if (r == 0)
		r = gather_record_end(g);
	return r < 0 ? r : 1;
}

int gather_have_unsorted(struct gather *g, const char *label, struct bytes dir)
{
	const struct have_place at = { .root = bytes_str(label), .path = dir };

	return g->have ? have_join_unsorted(g->have, at) : 0;
}

static void tell_error(struct gather *g)
{
	char on[64];
	uint64_t line;
	int err = have_join_error(g->have, &line);

	if (err == 0)
		return;
	snprintf(on, sizeof(on), "line %llu", (unsigned long long)line);
	gap_tell(&g->ledger_gaps,
		 &(struct gap){ .err = err,
				.what = "read the --have list",
				.on = bytes_str(on),
				.mend = "what it does not say is collected anew" });
}

int gather_have_end(struct gather *g)
{
	struct have_totals sum = { 0 };
	int r = g->have ? have_join_end(g->have, &sum) : 0;

	if (r < 0 || !g->have)
		return r;
	const struct {
		const char *key;
		uint64_t v;
	} facts[] = {
		{ "files left out, which earlier bundles have", sum.cited },
		{ "bytes of files left out, which earlier bundles have", sum.bytes },
		{ "lines of the --have list not used", sum.unused },
	};
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(facts); i++)
		r = gather_fact(g, facts[i].key, facts[i].v);
	if (r == 0)
		tell_error(g);
	return r;
}
