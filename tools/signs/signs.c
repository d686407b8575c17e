/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as a whole, and judging one subject by it. */
#include "signs/signs.h"

#include <stdio.h>

static const struct {
	const char *name;
	unsigned severity;
} levels[] = {
	[LEVEL_INFO] = { "info", 1 },	       [LEVEL_LOW] = { "low", 21 },
	[LEVEL_MEDIUM] = { "medium", 47 },     [LEVEL_HIGH] = { "high", 73 },
	[LEVEL_CRITICAL] = { "critical", 99 },
};

const char *sign_level_name(enum sign_level l)
{
	return (size_t)l < ARRAY_LEN(levels) ? levels[l].name : "info";
}

unsigned sign_level_severity(enum sign_level l)
{
	return (size_t)l < ARRAY_LEN(levels) ? levels[l].severity : 1;
}

static const struct sign_table *const tables[] = {
	&signs_process,
	&signs_container,
	&signs_socket,
	&signs_file,
};

const struct sign_table *const *signs_tables(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(tables);
	return tables;
}

static const char *const subjects[] = {
	[SUBJECT_PROCESS] = "process",
	[SUBJECT_FILE] = "file",
	[SUBJECT_SOCKET] = "socket",
	[SUBJECT_CONTAINER] = "container",
};

const char *sign_subject_name(enum sign_subject s)
{
	return (size_t)s < ARRAY_LEN(subjects) ? subjects[s] : "";
}

unsigned signs_needs(enum sign_subject s)
{
	/* What only corroborates: never needed, always wanted. */
	unsigned needs = s == SUBJECT_PROCESS ? (unsigned)FACTS_WANTED : 0U;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (size_t k = 0; tables[i]->subject == s && k < tables[i]->n; k++)
			needs |= tables[i]->v[k].needs;
	return needs;
}

void finding_add(struct finding *f, const char *field, struct bytes value)
{
	static const char cut[] = "...";
	size_t n = value.n < FINDING_VALUE_MAX ? value.n : FINDING_VALUE_MAX;

	if (f->n == FINDING_EVIDENCE_MAX)
		return;
	f->evidence[f->n].field = field;
	if (n)
		memcpy(f->evidence[f->n].value, value.p, n);
	if (n < value.n)
		memcpy(f->evidence[f->n].value + n - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
	f->evidence[f->n].len = n;
	f->n++;
}

void finding_add_u64(struct finding *f, const char *field, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	finding_add(f, field, bytes_of(text, (size_t)n));
}

void finding_add_hex(struct finding *f, const char *field, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);

	finding_add(f, field, bytes_of(text, (size_t)n));
}

/* What is judged: its subject says which of the facts it is. */
struct judged {
	enum sign_subject subject;
	unsigned known;
	union {
		const struct facts *process;
		const struct file_facts *file;
		const struct socket_facts *socket;
		const struct container_facts *container;
	} of;
};

static bool matches(const struct judged *j, const struct sign *s, struct finding *ret)
{
	if ((j->known & s->needs) != s->needs)
		return false;
	/* Not zeroed as a whole: it holds 4 KiB of values, and this runs for every subject. */
	ret->level = s->level;
	ret->n = 0;
	switch (j->subject) {
	case SUBJECT_PROCESS:
		return s->match.process(j->of.process, ret);
	case SUBJECT_FILE:
		return s->match.file(j->of.file, ret);
	case SUBJECT_SOCKET:
		return s->match.socket(j->of.socket, ret);
	case SUBJECT_CONTAINER:
		return s->match.container(j->of.container, ret);
	}
	return false;
}

static void judge(const struct judged *j, sign_fn fn, void *ctx)
{
	struct finding found;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (size_t k = 0; tables[i]->subject == j->subject && k < tables[i]->n; k++)
			if (matches(j, &tables[i]->v[k], &found))
				fn(ctx, &tables[i]->v[k], &found);
}

void signs_judge_process(const struct facts *f, sign_fn fn, void *ctx)
{
	judge(&(struct judged){ SUBJECT_PROCESS, f->known, { .process = f } }, fn, ctx);
}

void signs_judge_file(const struct file_facts *f, unsigned known, sign_fn fn, void *ctx)
{
	judge(&(struct judged){ SUBJECT_FILE, known, { .file = f } }, fn, ctx);
}

void signs_judge_socket(const struct socket_facts *f, unsigned known, sign_fn fn, void *ctx)
{
	judge(&(struct judged){ SUBJECT_SOCKET, known, { .socket = f } }, fn, ctx);
}

void signs_judge_container(const struct container_facts *f, unsigned known, sign_fn fn, void *ctx)
{
	judge(&(struct judged){ SUBJECT_CONTAINER, known, { .container = f } }, fn, ctx);
}
