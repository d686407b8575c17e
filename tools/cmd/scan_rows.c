/* SPDX-License-Identifier: Apache-2.0 */
/* csi scan: a match as a row or a record. */
#include "cmd/rows.h"
#include "cmd/scan.h"
#include "signs/signs.h"

#include "base/escape.h"

#include <errno.h>
#include <stdio.h>

enum {
	SCORE_CRITICAL = 90, /* as signature-base scores: 40 to 59 low, 75 and above certain */
	SCORE_HIGH = 75,
	SCORE_MEDIUM = 60,
	SCORE_LOW = 40,
	LINES_MAX = 3, /* strings below a row of the table */
};

const struct column scan_columns[SCAN_COLUMNS] = {
	{ F_CSI_LEVEL, "LEVEL", -8 }, { F_RULE_ID, "RULE", -28 },   { F_CSI_SCAN_KIND, "IN", -7 },
	{ F_PROCESS_PID, "PID", 7 },  { F_CSI_SCAN_AT, "AT", -14 }, { F_FILE_PATH, "PATH", 0 },
};

static const struct rules_meta *meta_of(const struct rules_match *m, const char *key)
{
	for (size_t i = 0; i < m->nmetas; i++)
		if (strcmp(m->metas[i].key, key) == 0)
			return &m->metas[i];
	return NULL;
}

static const char *meta_text(const struct rules_match *m, const char *key)
{
	const struct rules_meta *meta = meta_of(m, key);

	return meta ? meta->text : NULL;
}

/* What the rule says of itself: level, as ours do, or score. */
static enum sign_level level_of(const struct rules_match *m)
{
	const char *word = meta_text(m, "level");
	const struct rules_meta *score = meta_of(m, "score");

	for (int l = LEVEL_INFO; word && l <= LEVEL_CRITICAL; l++)
		if (strcmp(word, sign_level_name((enum sign_level)l)) == 0)
			return (enum sign_level)l;
	if (!score || score->text)
		return LEVEL_MEDIUM;
	if (score->number >= SCORE_HIGH)
		return score->number >= SCORE_CRITICAL ? LEVEL_CRITICAL : LEVEL_HIGH;
	if (score->number >= SCORE_MEDIUM)
		return LEVEL_MEDIUM;
	return score->number >= SCORE_LOW ? LEVEL_LOW : LEVEL_INFO;
}

static void put_rule(struct out *o, const struct rules_match *m)
{
	const char *title = meta_text(m, "description");
	static const struct {
		const char *key;
		enum field field;
	} known[] = { { "author", F_RULE_AUTHOR }, { "reference", F_RULE_REFERENCE } };

	out_bytes(o, F_RULE_ID, bytes_str(m->name));
	out_bytes(o, F_RULE_NAME, bytes_str(title ? title : m->name));
	out_bytes(o, F_RULE_RULESET, bytes_str(m->ruleset));
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (meta_text(m, known[i].key))
			out_bytes(o, known[i].field, bytes_str(meta_text(m, known[i].key)));
	out_list(o, F_CSI_RULE_TAGS);
	for (size_t i = 0; i < m->ntags; i++)
		out_list_add(o, bytes_str(m->tags[i]));
	out_list(o, F_THREAT_TECHNIQUE_ID);
	if (meta_text(m, "attack"))
		out_list_add(o, bytes_str(meta_text(m, "attack")));
}

static void put_metas(struct out *o, const struct rules_match *m)
{
	char number[24];

	out_pairs(o, F_CSI_RULE_META, "key", "value");
	for (size_t i = 0; i < m->nmetas; i++) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)m->metas[i].number);
		out_pair_add(o, bytes_str(m->metas[i].key),
			     bytes_str(m->metas[i].text ? m->metas[i].text : number));
	}
}

/* Each string as "$id", and "0xAT: BYTES", the bytes being the target's. */
static void put_strings(struct out *o, const struct rules_match *m)
{
	unsigned char value[32 + RULES_MATCH_DATA];

	if (m->nstrings > 0)
		out_hex(o, F_CSI_SCAN_AT, m->strings[0].at);
	out_u64(o, F_CSI_SCAN_STRINGS, m->nall);
	out_pairs(o, F_CSI_EVIDENCE, "field", "value");
	for (size_t i = 0; i < m->nstrings; i++) {
		const struct rules_string *s = &m->strings[i];
		int n = snprintf((char *)value, 32, "0x%llx: ", (unsigned long long)s->at);
		size_t data = s->data.n < RULES_MATCH_DATA ? s->data.n : RULES_MATCH_DATA;

		if (data)
			memcpy(value + n, s->data.p, data);
		out_pair_add(o, bytes_str(s->id), bytes_of(value, (size_t)n + data));
	}
}

static void put_map(struct out *o, const struct sweep_job *j, const struct rules_match *m)
{
	const struct sweep_vma *v =
		m->nstrings ? sweep_memory_vma(&j->memory, m->strings[0].at) : NULL;

	if (!v)
		return;
	out_hex(o, F_CSI_MAP_START, v->start);
	out_hex(o, F_CSI_MAP_END, v->end);
	out_bytes(o, F_CSI_MAP_PERMS, bytes_of(v->perms, sizeof(v->perms)));
	if (v->npath)
		out_bytes(o, F_FILE_PATH, bytes_of(j->memory.paths.p + v->path, v->npath));
}

static void put_where(struct out *o, const struct sweep_job *j, const struct rules_match *m)
{
	const struct target_root *root = j->tag;

	out_str(o, F_CSI_SCAN_KIND, sweep_kind_name(j->kind));
	if (j->pid) {
		out_u64(o, F_PROCESS_PID, (uint64_t)j->pid);
		out_str(o, F_PROCESS_ENTITY_ID, j->entity);
		out_bytes(o, F_PROCESS_NAME, j->comm);
	}
	if (root) {
		out_str(o, F_CSI_ROOT, root->label);
		if (root->container_id[0])
			out_str(o, F_CONTAINER_ID, root->container_id);
	}
	if (j->kind == SWEEP_MEMORY) {
		out_bytes(o, F_PROCESS_EXECUTABLE, j->path.head);
		put_map(o, j, m);
		return;
	}
	out_path(o, &j->path, j->parent_ino);
	out_file_info(o, &j->info);
	rows_hashes(o, &j->sums, false);
}

/* Below a row: the first strings, with what they found. */
static int put_lines(struct out *o, const struct rules_match *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->nstrings && i < LINES_MAX; i++) {
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;

		r = buf_adds(&b, "         ");
		if (r == 0)
			r = escape_add(&b, bytes_str(m->strings[i].id));
		if (r == 0)
			r = buf_addf(&b, " at 0x%llx: ", (unsigned long long)m->strings[i].at);
		if (r == 0)
			r = escape_add(&b, m->strings[i].data);
		if (r == 0)
			r = out_text(o, buf_bytes(&b));
	}
	return r;
}

/* The output's lock is taken, for the caller to let go. */
static void begin_alert(struct scan *s, const struct rules_match *m)
{
	struct out *o = s->run->out;
	enum sign_level level = level_of(m);

	pthread_mutex_lock(&s->lock);
	if (s->args->fail_on >= 0 && (int)level >= s->args->fail_on)
		s->run->exit = (int)exit_worse((enum exit_code)s->run->exit, EXIT_FINDINGS);
	out_begin(o, "alert");
	out_str(o, F_CSI_LEVEL, sign_level_name(level));
	out_u64(o, F_EVENT_SEVERITY, sign_level_severity(level));
	put_rule(o, m);
	put_metas(o, m);
}

int scan_show_match(void *scan, const struct sweep_job *j, const struct rules_match *m)
{
	struct scan *s = scan;
	struct out *o = s->run->out;
	int r;

	begin_alert(s, m);
	put_where(o, j, m);
	put_strings(o, m);
	r = out_end(o);
	if (r == 0)
		r = put_lines(o, m);
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* Below a row: what it is connected to. */
static int put_ends(struct out *o, const struct sock *k)
{
	char text[160], local[46], remote[46];

	sock_address_text(k, false, local);
	sock_address_text(k, true, remote);
	(void)snprintf(text, sizeof(text), "         %s %s port %u to %s port %u%s%s",
		       sock_table_name(k->table), local, k->local_port, remote, k->remote_port,
		       k->state[0] ? ", " : "", k->state);
	return out_text(o, bytes_str(text));
}

int scan_show_socket(struct scan *s, const struct socket_row *row, const struct ioc_address *a)
{
	struct out *o = s->run->out;
	struct rules_match m = { .name = "ioc_network", .ruleset = "", .nmetas = 3 };
	int r;

	m.metas[0] = (struct rules_meta){ "description", "connected to an indicator", 0 };
	m.metas[1] = (struct rules_meta){ "comment", a->comment, 0 };
	m.metas[2] = (struct rules_meta){ "level", "high", 0 };
	begin_alert(s, &m);
	out_str(o, F_CSI_SCAN_KIND, "socket");
	socket_put(o, s->run->source, row);
	r = out_end(o);
	if (r == 0)
		r = put_ends(o, row->sock);
	pthread_mutex_unlock(&s->lock);
	return r;
}

int scan_judge_hashes(void *scan, const struct sweep_job *j)
{
	struct scan *s = scan;
	const struct ioc_hash *bad = ioc_hashes_find(&s->hashes, &j->sums);
	struct rules_match m = { .name = "ioc_hash", .ruleset = "" };
	int r;

	if (!bad)
		return 0;
	m.metas[m.nmetas++] =
		(struct rules_meta){ "description", "a digest that is an indicator", 0 };
	m.metas[m.nmetas++] = (struct rules_meta){ "comment", bad->comment, 0 };
	m.metas[m.nmetas++] = (struct rules_meta){ "level", "high", 0 };
	r = scan_show_match(s, j, &m);
	return r < 0 ? r : 1;
}

struct name_match {
	struct scan *s;
	const struct target_root *root;
	const struct walk_entry *e;
	int err; /* of the output, or of ours */
};

static const unsigned char *path_bytes(void *ctx, size_t i)
{
	const struct name_match *n = ctx;

	(void)i;
	return n->e->path.p;
}

static int on_name(void *ctx, const struct rules_match *m)
{
	struct name_match *n = ctx;
	AUTO_DONE(sweep_job_closep)
	struct sweep_job *j = sweep_job_new(SWEEP_FILE, n->e->path, bytes_of(NULL, 0));
	struct rules_match only = *m;

	n->err = j ? 0 : -ENOMEM;
	if (!j)
		return n->err;
	j->info = n->e->info;
	j->parent_ino = n->e->parent_ino;
	j->tag = n->root;
	only.nstrings = 0; /* where in the path is of no use */
	n->err = scan_show_match(n->s, j, &only);
	return n->err;
}

int scan_judge_name(struct scan *s, const struct target_root *root, const struct walk_entry *e)
{
	struct name_match n = { .s = s, .root = root, .e = e };
	const struct rules_block block = { .size = e->path.n };
	const struct rules_hooks hooks = { .match = on_name, .ctx = &n };
	const struct rules_input in = {
		.file_size = e->path.n, .blocks = &block, .n = 1, .fetch = path_bytes, .ctx = &n
	};
	int r = s->name_scanner ? rules_scan(s->name_scanner, &in, &hooks) : 0;

	struct gap gap = { .err = r, .what = "compare the path with --ioc-names", .on = e->path };
	if (r == -ETIMEDOUT)
		gap.mend = "--timeout-each SECONDS";
	else if (r == -ENOMEM)
		gap.mend = "--rules-memory SIZE";
	if (r < 0 && n.err == 0) /* more than the expressions can do: other names are not */
		gap_tell(&s->run->gaps, &gap);
	return n.err;
}
