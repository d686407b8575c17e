/* SPDX-License-Identifier: Apache-2.0 */
/* Records of processes. */
#include "work/process_record.h"

#include "base/when.h"

#include <stdio.h>

enum {
	SHOWN_SIGNS_MAX = 64,	  /* of one process */
	SHOWN_ARGS_MAX = 1 << 20, /* arguments of one process: more than its text can hold */
	TREE_SHOWN_MAX = 16,	  /* levels of a tree; deeper ones stand there */
	TABLE_ARGS_MAX = 8192,	  /* bytes of them in a table; JSON has them all */
};

struct shown_signs {
	enum sign_level least;
	size_t n;
	struct {
		const char *id, *level;
	} v[SHOWN_SIGNS_MAX];
};

static void keep_sign(void *ctx, const struct sign *s, const struct finding *f)
{
	struct shown_signs *shown = ctx;

	if (shown->n == SHOWN_SIGNS_MAX || f->level < shown->least)
		return;
	shown->v[shown->n].id = s->id;
	shown->v[shown->n].level = sign_level_name(f->level);
	shown->n++;
}

/* A note (info) about every other process would hide what matters: a table leaves it out. */
static void put_signs(struct out *o, const struct facts *f, bool table)
{
	struct shown_signs shown = { .least = table ? LEVEL_LOW : LEVEL_INFO };

	signs_judge_process(f, keep_sign, &shown);
	out_pairs(o, F_CSI_SIGNS, "id", "level");
	for (size_t i = 0; i < shown.n; i++)
		out_pair_add(o, bytes_str(shown.v[i].id), bytes_str(shown.v[i].level));
}

/* A process without arguments is shown as ps(1) shows it: its comm in brackets. */
static void put_name_in_brackets(struct out *o, const struct proc_stat *st)
{
	unsigned char text[PROC_COMM_MAX + 2];

	text[0] = '[';
	memcpy(text + 1, st->comm, st->comm_len);
	text[st->comm_len + 1] = ']';
	out_list_add(o, bytes_of(text, st->comm_len + 2));
}

/* "  +-" before what stands below another. */
static void put_branch(struct out *o, unsigned depth)
{
	static const char blanks[] = "                                ";
	unsigned shown = depth < TREE_SHOWN_MAX ? depth : TREE_SHOWN_MAX;

	if (shown > 1)
		out_list_add(o, bytes_of(blanks, (size_t)(shown - 1) * 2 - 1));
	if (shown > 0)
		out_list_add(o, bytes_str("+-"));
}

static void put_args(struct out *o, const struct facts *f, bool table, unsigned depth)
{
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg;

	out_list(o, F_PROCESS_ARGS);
	if (table)
		put_branch(o, depth);
	if (table && rest.n == 0)
		put_name_in_brackets(o, f->stat);
	if (table && rest.n > TABLE_ARGS_MAX)
		rest.n = TABLE_ARGS_MAX;
	for (int n = 0; n < SHOWN_ARGS_MAX && proc_next_string(&rest, &arg) > 0; n++)
		out_list_add(o, arg);
}

/* A table's line is short: month, day and second. */
static void put_start(struct out *o, int64_t start, bool table)
{
	char text[WHEN_TEXT_MAX];

	if (!table || start < 0) {
		out_time(o, F_PROCESS_START, start);
		return;
	}
	when_text(start, text);
	text[10] = ' ';
	out_bytes(o, F_PROCESS_START, bytes_of(text + 5, 14));
}

static void put_containers(struct out *o, const struct facts *f)
{
	if (f->container_id.n)
		out_bytes(o, F_CONTAINER_ID, buf_bytes(&f->container_id));
	if (f->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, f->ns_mnt);
	if (f->ns_pid)
		out_u64(o, F_CSI_NS_PID, f->ns_pid);
}

int process_record(struct out *o, struct process *p, const struct facts *f, unsigned form)
{
	return process_record_below(o, p, f, form, 0);
}

int process_record_below(struct out *o, struct process *p, const struct facts *f, unsigned form,
			 unsigned depth)
{
	bool table = form & PROCESS_RECORD_TABLE;
	char entity[96];

	out_begin(o, "state");
	put_containers(o, f);
	if (form & PROCESS_RECORD_SIGNS)
		put_signs(o, f, table);
	out_bytes(o, F_CSI_STATE, bytes_of(&f->stat->state, 1));
	put_args(o, f, table, depth);
	process_entity_id(p, entity);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	if (f->known & FACT_EXE_LINK)
		out_bytes(o, F_PROCESS_EXECUTABLE, buf_bytes(&f->exe_link));
	out_bytes(o, F_PROCESS_NAME, bytes_of(f->stat->comm, f->stat->comm_len));
	out_u64(o, F_PROCESS_PARENT_PID, (uint64_t)f->stat->ppid);
	out_u64(o, F_PROCESS_PID, (uint64_t)f->stat->pid);
	put_start(o, process_start(p), table);
	out_u64(o, F_PROCESS_THREADS, f->stat->threads);
	if (f->known & FACT_OWNER) {
		out_id(o, F_PROCESS_USER_ID, f->uid);
		if (f->user_name.n)
			out_bytes(o, F_PROCESS_USER_NAME, buf_bytes(&f->user_name));
		out_id(o, F_PROCESS_GROUP_ID, f->gid);
	}
	return out_end(o);
}
