/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their way out: buffering, order, the target's errors, gaps. */
#include "format/out_priv.h"

#include "base/escape.h"

#include <errno.h>
#include <stdio.h>

static int layout_make(struct layout *l, const char *name)
{
	*l = (struct layout){ .name = name, .len = strlen(name) };
	for (size_t i = 0; i < l->len; i++) {
		if (name[i] != '.')
			continue;
		if (l->ndots == OUT_NESTING_MAX)
			return -EINVAL;
		l->dot[l->ndots++] = i;
	}
	return 0;
}

int out_open(const struct out_options *opts, struct out **ret)
{
	if (!opts->data.write || (opts->ncolumns > 0 && !opts->columns))
		return -EINVAL;
	struct out *o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	int r = -pthread_mutex_init(&o->lock, NULL);
	for (int f = 0; r == 0 && f < FIELD_COUNT; f++)
		r = layout_make(&o->layout[f], field_info((enum field)f)->name);
	if (r < 0) {
		free(o);
		return r;
	}
	o->opts = *opts;
	o->pending.max = OUT_RECORD_MAX;
	o->rec.text.max = OUT_RECORD_MAX;
	o->gap.text.max = OUT_RECORD_MAX;
	*ret = o;
	return 0;
}

/* The lock is held, here and in all that say `locked`. */
static int flush_locked(struct out *o)
{
	if (o->dead == 0 && o->pending.n > 0)
		o->dead = o->opts.data.write(o->opts.data.ctx, buf_bytes(&o->pending));
	buf_clear(&o->pending);
	if (o->dead && !o->err)
		o->err = o->dead;
	return o->dead;
}

/* After something was appended to PENDING, or failed to (R, and then it is as BEFORE). */
static int appended_locked(struct out *o, size_t before, int r)
{
	if (r < 0) {
		o->pending.n = before;
		if (!o->err)
			o->err = r;
		return r;
	}
	if (o->pending.n >= OUT_PENDING || o->opts.terminal > 0)
		return flush_locked(o);
	return o->dead;
}

static int write_locked(struct out *o, struct record *r)
{
	size_t before = o->pending.n;
	int err = r->err;

	if (o->dead)
		return o->dead;
	record_sort(r);
	if (err == 0 && o->opts.mode == OUT_JSON) {
		err = out_json_line(o->layout, r, &o->pending);
	} else if (err == 0 && o->opts.ncolumns > 0) {
		if (!o->headed && !o->opts.no_heading)
			err = out_table_heading(o, &o->pending);
		if (err == 0)
			err = out_table_line(o, r, &o->pending);
	}
	if (err == 0) {
		o->headed = true;
		o->records++;
	}
	return appended_locked(o, before, err);
}

void out_begin(struct out *o, const char *kind)
{
	record_begin(&o->rec);
	record_now(&o->rec, o->opts.mode);
	record_u64(&o->rec, F_CSI_SCHEMA, CSI_RECORD_SCHEMA);
	record_str(&o->rec, o->opts.mode, F_EVENT_KIND, kind);
}

int out_end(struct out *o)
{
	record_seal(&o->rec, o->opts.mode);
	(void)pthread_mutex_lock(&o->lock);
	int r = write_locked(o, &o->rec);
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

int out_text(struct out *o, struct bytes escaped)
{
	if (o->opts.mode != OUT_TABLE)
		return 0;
	(void)pthread_mutex_lock(&o->lock);
	size_t before = o->pending.n;
	int r = buf_addb(&o->pending, escaped);
	if (r == 0)
		r = buf_addc(&o->pending, '\n');
	r = appended_locked(o, before, r);
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

int out_flush(struct out *o)
{
	(void)pthread_mutex_lock(&o->lock);
	int r = flush_locked(o);
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

static int gap_json_locked(struct out *o, const struct gap *gap)
{
	struct record *r = &o->gap;

	record_begin(r);
	record_now(r, OUT_JSON);
	record_u64(r, F_CSI_SCHEMA, CSI_RECORD_SCHEMA);
	record_str(r, OUT_JSON, F_EVENT_KIND, "pipeline_error");
	record_str(r, OUT_JSON, F_ERROR_CODE, err_name(gap->err));
	record_str(r, OUT_JSON, F_ERROR_MESSAGE, err_text(gap->err));
	if (gap->what)
		record_str(r, OUT_JSON, F_EVENT_ACTION, gap->what);
	if (gap->pid > 0)
		record_u64(r, F_PROCESS_PID, (uint64_t)gap->pid);
	if (gap->on.n > 0)
		record_bytes(r, OUT_JSON, F_CSI_ON, path_keep(gap->on).head);
	if (gap->on.n > PATH_KEPT)
		record_u64(r, F_CSI_ON_LENGTH, gap->on.n);
	if (gap->mend)
		record_str(r, OUT_JSON, F_CSI_MEND, gap->mend);
	if (gap->len > 0) {
		record_u64(r, F_CSI_OFFSET, gap->offset);
		record_u64(r, F_CSI_LENGTH, gap->len);
	}
	record_seal(r, OUT_JSON);
	return write_locked(o, r);
}

/* "csi: gap: EACCES open exe, pid 12 /path: permission denied (mend)" */
static int gap_line(const struct gap *gap, struct buf *b)
{
	int r = buf_addf(b, "csi: gap: %s %s", err_name(gap->err), gap->what ? gap->what : "read");

	if (r == 0 && gap->pid > 0)
		r = buf_addf(b, ", pid %d", (int)gap->pid);
	if (r == 0 && gap->on.n > 0)
		r = buf_adds(b, gap->pid > 0 ? " " : ", ");
	if (r == 0)
		r = escape_add(b, path_keep(gap->on).head);
	if (r == 0 && gap->on.n > PATH_KEPT)
		r = buf_addf(b, "... (%zu bytes in all)", gap->on.n);
	if (r == 0 && gap->len > 0)
		r = buf_addf(b, ", %llu bytes at %#llx", (unsigned long long)gap->len,
			     (unsigned long long)gap->offset);
	if (r == 0)
		r = buf_addf(b, ": %s", err_text(gap->err));
	if (r == 0 && gap->mend)
		r = buf_addf(b, " (%s)", gap->mend);
	return r == 0 ? buf_addc(b, '\n') : r;
}

static int gap_text_locked(struct out *o, const struct gap *gap)
{
	struct record *r = &o->gap;

	if (!o->opts.diag.write)
		return 0;
	buf_clear(&r->text);
	int err = gap_line(gap, &r->text);
	if (err == 0)
		err = o->opts.diag.write(o->opts.diag.ctx, buf_bytes(&r->text));
	if (err < 0 && !o->err)
		o->err = err;
	return err;
}

int out_gap(struct out *o, const struct gap *gap)
{
	(void)pthread_mutex_lock(&o->lock);
	o->gaps++;
	int r = o->opts.mode == OUT_JSON ? gap_json_locked(o, gap) : gap_text_locked(o, gap);
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

uint64_t out_gaps(struct out *o)
{
	(void)pthread_mutex_lock(&o->lock);
	uint64_t n = o->gaps;
	(void)pthread_mutex_unlock(&o->lock);
	return n;
}

uint64_t out_records(struct out *o)
{
	(void)pthread_mutex_lock(&o->lock);
	uint64_t n = o->records;
	(void)pthread_mutex_unlock(&o->lock);
	return n;
}

int out_error(struct out *o)
{
	(void)pthread_mutex_lock(&o->lock);
	int r = o->err;
	(void)pthread_mutex_unlock(&o->lock);
	return r;
}

void out_close(struct out *o)
{
	if (!o)
		return;
	(void)out_flush(o);
	(void)pthread_mutex_destroy(&o->lock);
	record_done(&o->rec);
	record_done(&o->gap);
	buf_done(&o->pending);
	free(o);
}

void out_closep(struct out **o)
{
	out_close(*o);
}
