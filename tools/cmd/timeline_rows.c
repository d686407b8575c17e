/* SPDX-License-Identifier: Apache-2.0 */
/* csi timeline: one event as a row, a record, a line for Timesketch or of a bodyfile; the bars. */
#include "cmd/timeline.h"

#include "base/escape.h"
#include "format/json.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { TABLE_TIME = 23, LIST_FLUSH = 64 << 10, BAR_WIDTH = 40 };

const struct column timeline_columns[TIMELINE_COLUMNS] = {
	{ F_CSI_TIMELINE_TIME, "TIME (UTC)", -TABLE_TIME },
	{ F_CSI_TIMELINE_WHAT, "WHAT", -7 },
	{ F_CSI_TIMELINE_SOURCE, "SOURCE", -7 },
	{ F_FILE_MODE, "MODE", -ROWS_MODE_TEXT },
	{ F_FILE_UID, "UID", 6 },
	{ F_FILE_SIZE, "SIZE", 11 },
	{ F_MESSAGE, "MESSAGE", 0 },
};

bool timeline_is_list(enum timeline_format f)
{
	return f != TIMELINE_TABLE && f != TIMELINE_JSON;
}

bool timeline_is_body(enum timeline_format f)
{
	return f == TIMELINE_BODYFILE || f == TIMELINE_BODYFILE_PLASO;
}

/* ---- words --------------------------------------------------------------------------------- */

/* As mactime(1) shows it: which of the four times of a file these are. */
static void macb(unsigned what, char ret[4])
{
	static const struct {
		unsigned bit;
		char letter;
	} letters[] = { { TIMELINE_MODIFIED, 'm' },
			{ TIMELINE_ACCESSED, 'a' },
			{ TIMELINE_CHANGED, 'c' },
			{ TIMELINE_BORN, 'b' } };

	memset(ret, '.', 4);
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (what & letters[i].bit)
			ret[i] = letters[i].letter;
}

/* What happened, for a person: a path, "process 7 started: ...", a line. */
static int add_message(struct buf *b, const struct timeline_event *e)
{
	int r = 0;

	if (e->source == TIMELINE_PROCESS)
		r = buf_addf(b, "process %d started: ", (int)e->pid);
	else if (e->source == TIMELINE_LOG && e->stream.n)
		r = buf_addb(b, e->stream);
	if (r == 0 && e->source == TIMELINE_LOG)
		r = buf_adds(b, e->stream.n ? ": " : "log: ");
	return r < 0 ? r : buf_addb(b, e->text);
}

/* ---- rows and records ---------------------------------------------------------------------- */

static void put_row(struct out *o, const struct timeline_event *e, struct bytes message)
{
	char when[WHEN_TEXT_MAX], mode[ROWS_MODE_TEXT], times[4];

	when_text(e->time, when);
	when[10] = ' ';
	out_bytes(o, F_CSI_TIMELINE_TIME, bytes_of(when, TABLE_TIME));
	if (e->source == TIMELINE_FILE) {
		macb(e->what, times);
		out_bytes(o, F_CSI_TIMELINE_WHAT, bytes_of(times, sizeof(times)));
		rows_mode(e->mode, mode);
		out_bytes(o, F_FILE_MODE, bytes_of(mode, sizeof(mode)));
		out_u64(o, F_FILE_UID, e->uid);
		out_u64(o, F_FILE_SIZE, e->size);
	} else {
		out_str(o, F_CSI_TIMELINE_WHAT, timeline_what_name(e->what));
	}
	out_str(o, F_CSI_TIMELINE_SOURCE, timeline_source_name(e->source));
	out_bytes(o, F_MESSAGE, message);
}

static void put_file(struct out *o, const struct timeline_event *e)
{
	char mode[8];
	int n = snprintf(mode, sizeof(mode), "%04o", e->mode & 07777U);

	out_id(o, F_FILE_GID, e->gid);
	out_id(o, F_FILE_INODE, e->ino);
	out_bytes(o, F_FILE_MODE, bytes_of(mode, (size_t)n));
	out_bytes(o, F_FILE_PATH, e->text);
	out_u64(o, F_FILE_SIZE, e->size);
	out_str(o, F_FILE_TYPE, file_type_name(e->mode));
	out_id(o, F_FILE_UID, e->uid);
	if (e->left_off) {
		out_u64(o, F_CSI_LENGTH, e->left_off);
		out_u64(o, F_CSI_PARENT_INODE, e->parent_ino);
	}
}

static void put_record(const struct timeline_show *show, const struct timeline_event *e,
		       struct bytes message)
{
	struct out *o = show->run->out;

	if (e->source != TIMELINE_LOG && e->root < show->roots->n) {
		struct seen_root where = show->roots->v[e->root];

		/* Of a process it is its own number that counts. */
		where.pid = e->source == TIMELINE_PROCESS ? 0 : where.pid;
		rows_where(o, &where);
	}
	out_str(o, F_CSI_TIMELINE_SOURCE, timeline_source_name(e->source));
	out_time(o, F_CSI_TIMELINE_TIME, e->time);
	out_list(o, F_CSI_TIMELINE_WHAT);
	for (unsigned i = 0; i < TIMELINE_WHATS; i++)
		if (e->what & 1U << i)
			out_list_add(o, bytes_str(timeline_what_name(1U << i)));
	if (e->source == TIMELINE_FILE)
		put_file(o, e);
	if (e->source == TIMELINE_PROCESS)
		out_u64(o, F_PROCESS_PID, (uint64_t)e->pid);
	out_bytes(o, F_MESSAGE, message);
}

static int tell_gap(const struct timeline_show *show, const struct timeline_event *e, int err)
{
	return out_gap(show->run->out, &(struct gap){ .err = err, .what = "show", .on = e->text });
}

static int show_row(struct timeline_show *show, const struct timeline_event *e,
		    struct bytes message)
{
	struct out *o = show->run->out;
	int r;

	out_begin(o, "event");
	if (show->format == TIMELINE_JSON)
		put_record(show, e, message);
	else
		put_row(o, e, message);
	r = out_end(o);
	return r == -EFBIG || r == -E2BIG ? tell_gap(show, e, r) : r;
}

/* ---- Timesketch ---------------------------------------------------------------------------- */

/* The words that plaso has for these times, which is what Timesketch's analyzers know. */
static void put_description(struct json *j, const struct timeline_event *e)
{
	static const struct {
		unsigned bit;
		const char *words;
	} kinds[] = {
		{ TIMELINE_MODIFIED, "Content Modification Time" },
		{ TIMELINE_ACCESSED, "Last Access Time" },
		{ TIMELINE_CHANGED, "Metadata Modification Time" },
		{ TIMELINE_BORN, "Creation Time" },
		{ TIMELINE_STARTED, "Start Time" },
		{ TIMELINE_INSTALLED, "Installation Time" },
		{ TIMELINE_LOGGED, "Recorded Time" },
	};
	char text[160] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (e->what & kinds[i].bit)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? "; " : "",
					      kinds[i].words);
	json_key(j, "timestamp_desc");
	json_str(j, text);
}

/* Required: message, datetime, timestamp_desc; timestamp is microseconds. */
static int add_timesketch(struct timeline_show *show, const struct timeline_event *e,
			  struct bytes message)
{
	char when[WHEN_TEXT_MAX];
	struct json j;

	when_text(e->time, when);
	json_init(&j, &show->text);
	json_object(&j);
	json_key(&j, "message");
	json_bytes(&j, message);
	json_key(&j, "datetime");
	json_str(&j, when);
	put_description(&j, e);
	json_key(&j, "timestamp");
	json_i64(&j, e->time / 1000);
	json_key(&j, "source");
	json_str(&j, timeline_source_name(e->source));
	if (e->what & (unsigned)TIMELINE_OUTSIDE) {
		json_key(&j, "out_of_range");
		json_bool(&j, true);
	}
	if (e->source == TIMELINE_FILE) {
		json_key(&j, "path");
		json_bytes(&j, e->text);
		json_key(&j, "inode");
		json_u64(&j, e->ino);
		json_key(&j, "size");
		json_u64(&j, e->size);
		json_key(&j, "uid");
		json_u64(&j, e->uid);
	}
	if (e->source == TIMELINE_PROCESS) {
		json_key(&j, "pid");
		json_u64(&j, (uint64_t)e->pid);
	}
	if (e->source != TIMELINE_LOG && e->root < show->roots->n &&
	    show->roots->v[e->root].container_id.n) {
		json_key(&j, "container_id");
		json_bytes(&j, buf_bytes(&show->roots->v[e->root].container_id));
	}
	json_object_end(&j);
	return j.err ? j.err : buf_addc(&show->text, '\n');
}

/* ---- bodyfile ------------------------------------------------------------------------------ */

static int add_body(struct timeline_show *show, struct bytes name, const struct file_info *info)
{
	const struct hashwalk_item it = { .info = *info };

	return show->format == TIMELINE_BODYFILE ? walk_body_line(&show->text, name, &it)
						 : walk_body_line_plaso(&show->text, name, &it);
}

/* What is no file has its message for a name, and one time: mactime shows a time that is not there
 * as one of the year 0, so it stands in all four. */
static int add_body_event(struct timeline_show *show, const struct timeline_event *e,
			  struct bytes message)
{
	const struct file_stamp at = { .sec = e->time / (int64_t)NS_PER_SEC,
				       .nsec = (uint32_t)(e->time % (int64_t)NS_PER_SEC) };
	const struct file_info info = { .have = FILE_BTIME,
					.uid = e->uid,
					.atime = at,
					.mtime = at,
					.ctime = at,
					.btime = at };

	return add_body(show, message, &info);
}

static int flush(struct timeline_show *show)
{
	if (show->err == 0 && show->text.n > 0)
		show->err = sink_write(show->sink, show->text.p, show->text.n);
	buf_clear(&show->text);
	return show->err;
}

static int add_line(struct timeline_show *show, const struct timeline_event *e,
		    struct bytes message)
{
	size_t before = show->text.n;
	int r = show->format == TIMELINE_TIMESKETCH ? add_timesketch(show, e, message)
						    : add_body_event(show, e, message);

	if (r == -EFBIG) {
		show->text.n = before;
		return tell_gap(show, e, r);
	}
	return r == 0 && show->text.n >= LIST_FLUSH ? flush(show) : r;
}

static bool is_between(const struct timeline_show *show, const struct file_stamp *t)
{
	int64_t ns;

	if (when_from_parts(t->sec, t->nsec, &ns) < 0)
		ns = t->sec < 0 ? 0 : INT64_MAX;
	return ns >= show->since && ns <= show->until;
}

int timeline_show_file(void *ctx, const struct timeline_event *e, const struct file_info *info)
{
	struct timeline_show *show = ctx;
	size_t before = show->text.n;

	if (!is_between(show, &info->mtime) && !is_between(show, &info->atime) &&
	    !is_between(show, &info->ctime) &&
	    !((info->have & (unsigned)FILE_BTIME) && is_between(show, &info->btime)))
		return 0;
	int r = add_body(show, e->text, info);
	if (r == -EFBIG) {
		show->text.n = before;
		return tell_gap(show, e, r);
	}
	return r == 0 && show->text.n >= LIST_FLUSH ? flush(show) : r;
}

/* ---- all of them --------------------------------------------------------------------------- */

int timeline_show_event(void *ctx, const struct timeline_event *e)
{
	AUTO_DONE(buf_done) struct buf message = BUF_NONE;
	struct timeline_show *show = ctx;
	char text[48];
	int r = add_message(&message, e);

	if (r < 0)
		return r;
	if (++show->told % 1024 == 0) {
		(void)snprintf(text, sizeof(text), "%llu events", (unsigned long long)show->told);
		cmd_progress(show->run, text);
	}
	return show->sink ? add_line(show, e, buf_bytes(&message))
			  : show_row(show, e, buf_bytes(&message));
}

static int show_bar(struct run *run, const char *label, uint64_t n, uint64_t most)
{
	static const char bar[BAR_WIDTH + 1] = "########################################";
	uint64_t len = most ? (n * BAR_WIDTH + most - 1) / most : 0;
	char text[128];
	int k = snprintf(text, sizeof(text), "%-19s %9llu %.*s", label, (unsigned long long)n,
			 (int)len, bar);

	return out_text(run->out, bytes_of(text, (size_t)k));
}

int timeline_show_bars(void *ctx, const struct timeline *t)
{
	struct timeline_show *show = ctx;
	uint64_t most = 0;
	int64_t from;
	int r = 0;

	if (show->format != TIMELINE_TABLE || show->run->args->quiet || !isatty(STDOUT_FILENO))
		return 0;
	for (unsigned i = 0; i < TIMELINE_BARS; i++) {
		uint64_t n = timeline_bar(t, i, &from);

		most = n > most ? n : most;
	}
	if (timeline_before(t))
		r = show_bar(show->run, "before", timeline_before(t), 0);
	for (unsigned i = 0; r == 0 && most && i < TIMELINE_BARS; i++) {
		uint64_t n = timeline_bar(t, i, &from);
		char when[WHEN_TEXT_MAX];

		when_text(from, when);
		when[10] = ' ';
		when[19] = 0;
		r = show_bar(show->run, when, n, most);
	}
	return r;
}

int timeline_show_end(struct timeline_show *show)
{
	int r = show->sink ? flush(show) : 0;
	int closed = sink_close(take_ptr(&show->sink));

	buf_done(&show->text);
	return r < 0 ? r : closed;
}
