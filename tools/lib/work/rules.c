/* SPDX-License-Identifier: Apache-2.0 */
/* libyara (https://yara.readthedocs.io/en/stable/capi.html), compiling and scanning. */
#include "work/rules.h"
#include "work/rules_priv.h"

#include <errno.h>
#include <limits.h>
#include <yara.h>

static const char *const externals[] = { "filename", "filepath", "extension", "filetype", "owner" };

struct rules {
	YR_RULES *v[RULES_SETS_MAX];
	size_t n;
	size_t loaded; /* of them from compiled files */
};

struct rules_scanner {
	YR_SCANNER *v[RULES_SETS_MAX];
	size_t n;
	volatile bool stopped;
	unsigned timeout;
	/* Of the scan under way. */
	const struct rules_input *in;
	const struct rules_hooks *hooks;
	size_t block;
	YR_MEMORY_BLOCK now;
	int hook_err;
};

static int error_of(int yr)
{
	static const struct {
		int yr, err;
	} rows[] = {
		{ ERROR_SUCCESS, 0 },
		{ ERROR_INSUFFICIENT_MEMORY, -ENOMEM },
		{ ERROR_COULD_NOT_OPEN_FILE, -ENOENT },
		{ ERROR_COULD_NOT_READ_FILE, -EIO },
		{ ERROR_INVALID_FILE, -EBADMSG },
		{ ERROR_CORRUPT_FILE, -EBADMSG },
		{ ERROR_UNSUPPORTED_FILE_VERSION, -EPROTONOSUPPORT },
		{ ERROR_EXEC_STACK_OVERFLOW, -EOVERFLOW },
		{ ERROR_SCAN_TIMEOUT, -ETIMEDOUT },
		{ ERROR_CALLBACK_ERROR, -ECANCELED },
		{ ERROR_TOO_MANY_RE_FIBERS, -E2BIG },
		{ ERROR_WRITING_FILE, -EIO },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].yr == yr)
			return rows[i].err;
	return -EINVAL;
}

struct faults {
	rules_fault_fn fn; /* NULL: they are not told */
	void *ctx;
	const char *source; /* what is being compiled */
	bool any;
};

static void on_fault(int level, const char *file, int line, const YR_RULE *rule,
		     const char *message, void *ctx)
{
	struct faults *f = ctx;
	const struct rules_fault fault = {
		.err = -EINVAL, .file = file ? file : f->source, .line = line, .text = message
	};

	(void)rule;
	if (level != YARA_ERROR_LEVEL_ERROR)
		return;
	f->any = true;
	if (f->fn)
		f->fn(f->ctx, &fault);
}

static void tell(const struct faults *f, const char *file, int err)
{
	const struct rules_fault fault = { .err = err, .file = file };

	if (f->fn)
		f->fn(f->ctx, &fault);
}

static void compiler_done(YR_COMPILER **c)
{
	if (*c)
		yr_compiler_destroy(*c);
	*c = NULL;
}

static int compiler_new(struct faults *f, YR_COMPILER **ret)
{
	YR_COMPILER *c = NULL;
	int r = yr_compiler_create(&c);

	for (size_t i = 0; r == ERROR_SUCCESS && i < ARRAY_LEN(externals); i++)
		r = yr_compiler_define_string_variable(c, externals[i], "");
	if (r != ERROR_SUCCESS || !c) {
		compiler_done(&c);
		return r == ERROR_SUCCESS ? -ENOMEM : error_of(r);
	}
	yr_compiler_set_callback(c, on_fault, f);
	*ret = c;
	return 0;
}

/* 0, or -errno; -EINVAL has been told. The compiler is of no use after an error. */
static int compile_one(YR_COMPILER *c, struct faults *f, const struct rules_source *s)
{
	AUTO_CLOSE int fd = -1;
	int errors;

	f->source = s->name;
	f->any = false;
	if (s->text) {
		errors = yr_compiler_add_string(c, s->text, s->name);
	} else {
		fd = rules_open(s->path);
		if (fd < 0)
			return fd;
		errors = yr_compiler_add_fd(c, fd, s->name, s->path);
	}
	if (errors == 0)
		return 0;
	return c && c->last_error == ERROR_INSUFFICIENT_MEMORY ? -ENOMEM : -EINVAL;
}

/* Compiles what is not marked BAD into one set. 0 with *ret, or -errno and which one in *ret_i. */
static int compile_good(const struct rules_list *l, const bool *bad, struct faults *f,
			YR_RULES **ret, size_t *ret_i)
{
	AUTO_DONE(compiler_done) YR_COMPILER *c = NULL;
	int r = compiler_new(f, &c);

	*ret_i = l->n;
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		if (bad[i])
			continue;
		r = compile_one(c, f, &l->v[i]);
		if (r < 0)
			*ret_i = i;
	}
	return r < 0 ? r : error_of(yr_compiler_get_rules(c, ret));
}

/* Each by itself, so that all that is broken is told; then none of it is in the way. */
static int mark_bad(const struct rules_list *l, bool *bad, struct faults *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		AUTO_DONE(compiler_done) YR_COMPILER *c = NULL;

		if (bad[i])
			continue;
		r = compiler_new(f, &c);
		if (r < 0)
			break;
		r = compile_one(c, f, &l->v[i]);
		if (r == 0)
			continue;
		bad[i] = true;
		if (r == -ENOMEM)
			break;
		if (!f->any)
			tell(f, l->v[i].name, r);
		r = 0;
	}
	return r;
}

static int compile_all(const struct rules_list *l, bool *bad, struct faults *f, YR_RULES **ret)
{
	struct faults quiet = { 0 };
	size_t at;
	int r = compile_good(l, bad, &quiet, ret, &at);

	if (r == 0 || r == -ENOMEM || at == l->n)
		return r;
	r = mark_bad(l, bad, f);
	/* Together they may still not go: an identifier twice under one name. */
	for (size_t i = 0; r == 0 && i <= l->n; i++) {
		r = compile_good(l, bad, f, ret, &at);
		if (r == 0 || r == -ENOMEM || at == l->n)
			return r;
		if (!f->any)
			tell(f, l->v[at].name, r);
		bad[at] = true;
		r = 0;
	}
	return r;
}

/* 1 if it was one and is loaded, 0 if it is source, -errno. */
static int load_compiled(struct rules *r, const struct rules_source *s)
{
	AUTO_CLOSE int fd = !s->path ? -1 : rules_open(s->path);
	YR_STREAM stream = { .user_data = &fd, .read = rules_read };
	int err;

	if (!s->path)
		return 0;
	if (fd < 0)
		return fd;
	if (!rules_is_compiled(fd))
		return 0;
	if (r->n == RULES_SETS_MAX - 1)
		return -E2BIG;
	err = error_of(yr_rules_load_stream(&stream, &r->v[r->n]));
	if (err < 0)
		return err;
	r->n++;
	r->loaded++;
	return 1;
}

static int load(struct rules *r, const struct rules_list *l, bool *bad, struct faults *f)
{
	size_t sources = 0;
	int err = 0;

	for (size_t i = 0; i < l->n; i++) {
		int got = load_compiled(r, &l->v[i]);

		if (got == -ENOMEM)
			return got;
		if (got < 0)
			tell(f, l->v[i].name, got);
		bad[i] = got != 0;
		sources += got == 0;
	}
	if (sources > 0)
		err = compile_all(l, bad, f, &r->v[r->n]);
	if (err < 0)
		return err;
	if (sources > 0)
		r->n++;
	return rules_count(r) ? 0 : -ENOENT;
}

int rules_load(const struct rules_list *l, rules_fault_fn fn, void *ctx, struct rules **ret)
{
	AUTO_FREE bool *bad = calloc(l->n ? l->n : 1, sizeof(*bad));
	AUTO_DONE(rules_closep) struct rules *r = NULL;
	struct faults f = { .fn = fn, .ctx = ctx };
	uint32_t most = RULES_MATCH_DATA;
	int err = error_of(yr_initialize());

	if (err < 0)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		(void)yr_finalize();
	if (!r || !bad)
		return -ENOMEM;
	err = error_of(yr_set_configuration(YR_CONFIG_MAX_MATCH_DATA, &most));
	if (err == 0)
		err = load(r, l, bad, &f);
	if (err == 0)
		*ret = take_ptr(&r);
	return err;
}

void rules_closep(struct rules **r)
{
	if (!*r)
		return;
	for (size_t i = 0; i < (*r)->n; i++)
		(void)yr_rules_destroy((*r)->v[i]);
	free(*r);
	*r = NULL;
	(void)yr_finalize();
}

size_t rules_count(const struct rules *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i]->num_rules;
	return n;
}

int rules_save(struct rules *r, int fd)
{
	YR_STREAM stream = { .user_data = &fd, .write = rules_write };

	if (r->n != 1)
		return -EINVAL;
	return error_of(yr_rules_save_stream(r->v[0], &stream));
}

static const uint8_t *fetch(YR_MEMORY_BLOCK *b)
{
	struct rules_scanner *s = b->context;

	return s->in->fetch(s->in->ctx, s->block);
}

static YR_MEMORY_BLOCK *block_at(struct rules_scanner *s, size_t i)
{
	if (i >= s->in->n || s->stopped)
		return NULL;
	s->block = i;
	s->now = (YR_MEMORY_BLOCK){ .base = s->in->blocks[i].base,
				    .size = s->in->blocks[i].size,
				    .context = s,
				    .fetch_data = fetch };
	return &s->now;
}

static YR_MEMORY_BLOCK *first_block(YR_MEMORY_BLOCK_ITERATOR *it)
{
	return block_at(it->context, 0);
}

static YR_MEMORY_BLOCK *next_block(YR_MEMORY_BLOCK_ITERATOR *it)
{
	struct rules_scanner *s = it->context;

	return block_at(s, s->block + 1);
}

static uint64_t file_size(YR_MEMORY_BLOCK_ITERATOR *it)
{
	const struct rules_scanner *s = it->context;

	return s->in->file_size;
}

/* libyara before 4.3 keeps matches where there is room, aligned or not; ours does not. */
#define UNALIGNED __attribute__((no_sanitize("alignment")))

UNALIGNED static void add_string(struct rules_match *m, const char *id, const YR_MATCH *match)
{
	m->strings[m->nstrings++] = (struct rules_string){
		.id = id,
		.at = (uint64_t)(match->base + match->offset),
		.length = (uint64_t)match->match_length,
		.data = bytes_of(match->data, (size_t)match->data_length),
	};
}

UNALIGNED static void put_strings(YR_SCAN_CONTEXT *context, YR_RULE *rule, struct rules_match *m)
{
	YR_STRING *string;
	YR_MATCH *match;

	yr_rule_strings_foreach(rule, string)
	{
		size_t told = 0;

		if (STRING_IS_PRIVATE(string))
			continue;
		yr_string_matches_foreach(context, string, match)
		{
			m->nall++;
			if (told++ < RULES_EACH_MAX && m->nstrings < RULES_STRINGS_MAX)
				add_string(m, string->identifier, match);
		}
	}
}

static int on_match(struct rules_scanner *s, YR_SCAN_CONTEXT *context, YR_RULE *rule)
{
	struct rules_match m = { .name = rule->identifier, .ruleset = rule->ns->name };
	const char *tag;
	YR_META *meta;

	yr_rule_tags_foreach(rule, tag)
	{
		if (m.ntags < RULES_TAGS_MAX)
			m.tags[m.ntags++] = tag;
	}
	yr_rule_metas_foreach(rule, meta)
	{
		if (m.nmetas == RULES_METAS_MAX)
			continue;
		m.metas[m.nmetas++] = (struct rules_meta){
			.key = meta->identifier,
			.text = meta->type == META_TYPE_STRING ? meta->string : NULL,
			.number = meta->integer,
		};
	}
	put_strings(context, rule, &m);
	s->hook_err = s->hooks->match(s->hooks->ctx, &m);
	return s->hook_err < 0 ? CALLBACK_ERROR : CALLBACK_CONTINUE;
}

static int on_event(YR_SCAN_CONTEXT *context, int message, void *data, void *ctx)
{
	struct rules_scanner *s = ctx;
	const YR_STRING *string = data;

	if (message == CALLBACK_MSG_RULE_MATCHING)
		return on_match(s, context, data);
	if (message == CALLBACK_MSG_TOO_MANY_MATCHES && s->hooks->too_many)
		s->hooks->too_many(s->hooks->ctx,
				   context->rules->rules_table[string->rule_idx].identifier,
				   string->identifier);
	return CALLBACK_CONTINUE;
}

int rules_scanner_new(const struct rules *r, unsigned timeout_s, struct rules_scanner **ret)
{
	AUTO_DONE(rules_scanner_closep) struct rules_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->timeout = timeout_s < INT32_MAX ? timeout_s : INT32_MAX;
	for (; s->n < r->n; s->n++) {
		int err = error_of(yr_scanner_create(r->v[s->n], &s->v[s->n]));

		if (err < 0)
			return err;
		yr_scanner_set_callback(s->v[s->n], on_event, s);
	}
	*ret = take_ptr(&s);
	return 0;
}

void rules_scanner_closep(struct rules_scanner **s)
{
	if (!*s)
		return;
	for (size_t i = 0; i < (*s)->n; i++)
		yr_scanner_destroy((*s)->v[i]);
	free(*s);
	*s = NULL;
}

void rules_scanner_stop(struct rules_scanner *s)
{
	s->stopped = true;
	for (size_t i = 0; i < s->n; i++)
		s->v[i]->timeout = 1;
}

/* As Loki gives them: in lower case. A NUL cannot be in a path; what follows one is left out. */
static int define(YR_SCANNER *s, const char *name, struct bytes value)
{
	char text[PATH_MAX];
	size_t n = value.n < sizeof(text) ? value.n : sizeof(text) - 1;
	int r;

	for (size_t i = 0; i < n; i++)
		text[i] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] + 32
									: value.p[i]);
	text[n] = '\0';
	r = yr_scanner_define_string_variable(s, name, text);
	return r == ERROR_INVALID_ARGUMENT || r == ERROR_INVALID_EXTERNAL_VARIABLE_TYPE
		       ? 0
		       : error_of(r);
}

static int scan_set(struct rules_scanner *s, YR_SCANNER *y)
{
	const struct bytes values[] = { s->in->filename, s->in->filepath, s->in->extension,
					s->in->filetype, s->in->owner };
	/* The library's own handler for a fault in the data is not wanted: sys/window.h. */
	int r = 0, flags = SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_NO_TRYCATCH;
	YR_MEMORY_BLOCK_ITERATOR it = { .context = s,
					.first = first_block,
					.next = next_block,
					.file_size = s->in->memory ? NULL : file_size };

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(externals); i++)
		r = define(y, externals[i], values[i]);
	if (r < 0)
		return r;
	if (s->in->memory)
		flags |= SCAN_FLAGS_PROCESS_MEMORY;
	yr_scanner_set_flags(y, flags);
	yr_scanner_set_timeout(y, (int)s->timeout);
	y->entry_point = YR_UNDEFINED; /* of the scan before */
	r = error_of(yr_scanner_scan_mem_blocks(y, &it));
	if (s->stopped)
		return -ECANCELED;
	return s->hook_err < 0 ? s->hook_err : r;
}

int rules_scan(struct rules_scanner *s, const struct rules_input *in,
	       const struct rules_hooks *hooks)
{
	int r = 0;

	s->in = in;
	s->hooks = hooks;
	s->hook_err = 0;
	for (size_t i = 0; i < s->n && !s->stopped && s->hook_err == 0; i++) {
		int here = scan_set(s, s->v[i]);

		if (r == 0)
			r = here;
	}
	return s->stopped ? -ECANCELED : r;
}
