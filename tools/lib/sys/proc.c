/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc/PID/stat and status, of names in /proc, and iterators over lines and strings. */
#include "sys/proc.h"

#include "sys/scan.h"

#include <errno.h>
#include <limits.h>

/* Fields of stat after the comm, counted from the state (proc_pid_stat(5) numbers them from 3). */
enum stat_field {
	STAT_PPID = 1,
	STAT_PGRP,
	STAT_SESSION,
	STAT_TTY,
	STAT_TPGID,
	STAT_FLAGS,
	STAT_UTIME = 11,
	STAT_STIME,
	STAT_THREADS = 17,
	STAT_START = 19,
	STAT_VSIZE,
	STAT_RSS,
	STAT_FIELDS,
	STAT_NEEDED = STAT_START + 1, /* a hand-made stat may end after its start time */
};

static bool fits_int(int64_t v)
{
	return v >= INT_MIN && v <= INT_MAX;
}

/* The numbers after the state. Signed and unsigned both fit: VALUE holds the bits, NEGATIVE the
 * sign. */
struct stat_numbers {
	size_t n;
	uint64_t value[STAT_FIELDS];
	bool negative[STAT_FIELDS];
};

static int scan_numbers(struct bytes rest, struct stat_numbers *ret)
{
	ret->n = 1;
	while (ret->n < STAT_FIELDS) {
		bool negative;
		int r;

		r = scan_byte(&rest, ' ');
		if (r < 0)
			return ret->n >= STAT_NEEDED && bytes_eq(rest, bytes_str("\n")) ? 0 : r;
		negative = rest.n > 0 && rest.p[0] == '-';
		if (negative)
			scan_skip(&rest, 1);
		r = scan_dec(&rest, &ret->value[ret->n]);
		if (r < 0)
			return r;
		/* A number that the end of the text cut is not the number. */
		if (rest.n == 0)
			return -EBADMSG;
		ret->negative[ret->n++] = negative;
	}
	return rest.p[0] == ' ' || rest.p[0] == '\n' ? 0 : -EBADMSG;
}

static int stat_int(const struct stat_numbers *from, enum stat_field i, int *ret)
{
	int64_t v;

	if (from->value[i] > (uint64_t)INT_MAX + 1)
		return -EBADMSG;
	v = from->negative[i] ? -(int64_t)from->value[i] : (int64_t)from->value[i];
	if (!fits_int(v))
		return -EBADMSG;
	*ret = (int)v;
	return 0;
}

static int stat_unsigned(const struct stat_numbers *from, enum stat_field i, uint64_t *ret)
{
	if (i < from->n && from->negative[i])
		return -EBADMSG;
	*ret = i < from->n ? from->value[i] : 0;
	return 0;
}

static int fill_numbers(const struct stat_numbers *from, struct proc_stat *st)
{
	uint64_t threads = 0;
	int r = 0;

	r |= stat_int(from, STAT_PPID, &st->ppid);
	r |= stat_int(from, STAT_PGRP, &st->pgrp);
	r |= stat_int(from, STAT_SESSION, &st->session);
	r |= stat_int(from, STAT_TTY, &st->tty_nr);
	r |= stat_int(from, STAT_TPGID, &st->tpgid);
	r |= stat_unsigned(from, STAT_FLAGS, &st->flags);
	r |= stat_unsigned(from, STAT_UTIME, &st->utime);
	r |= stat_unsigned(from, STAT_STIME, &st->stime);
	r |= stat_unsigned(from, STAT_THREADS, &threads);
	r |= stat_unsigned(from, STAT_START, &st->start_ticks);
	r |= stat_unsigned(from, STAT_VSIZE, &st->vsize);
	r |= stat_unsigned(from, STAT_RSS, &st->rss);
	if (r || threads > UINT32_MAX || st->ppid < 0)
		return -EBADMSG;
	st->threads = (uint32_t)threads;
	return 0;
}

static bool is_letter(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int proc_parse_stat(struct bytes text, struct proc_stat *ret)
{
	struct proc_stat st = { 0 };
	struct stat_numbers numbers;
	struct bytes rest = text;
	const unsigned char *end;
	uint64_t pid;

	if (scan_dec(&rest, &pid) < 0 || pid > INT_MAX || !bytes_starts(rest, " ("))
		return -EBADMSG;
	scan_skip(&rest, 2);
	/* A name may hold ')' and newlines; what the kernel writes after it holds none. */
	end = rest.n ? memrchr(rest.p, ')', rest.n) : NULL;
	if (!end || (size_t)(end - rest.p) > sizeof(st.comm))
		return -EBADMSG;
	st.pid = (pid_t)pid;
	st.comm_len = (size_t)(end - rest.p);
	memcpy(st.comm, rest.p, st.comm_len);
	scan_skip(&rest, st.comm_len + 1);

	if (rest.n < 2 || rest.p[0] != ' ' || !is_letter(rest.p[1]))
		return -EBADMSG;
	st.state = (char)rest.p[1];
	scan_skip(&rest, 2);
	if (scan_numbers(rest, &numbers) < 0 || fill_numbers(&numbers, &st) < 0)
		return -EBADMSG;
	*ret = st;
	return 0;
}

/* How the value of a status line is read into proc_status. */
enum status_shape {
	SHAPE_IDS,  /* four ids */
	SHAPE_PID,  /* one int */
	SHAPE_LAST, /* the last of several ints */
	SHAPE_U32,
	SHAPE_KB,
	SHAPE_HEX,
};

static const struct status_row {
	const char *key;
	size_t offset;
	enum status_shape shape;
	unsigned have;
} status_rows[] = {
	{ "Tgid", offsetof(struct proc_status, tgid), SHAPE_PID, 0 },
	{ "PPid", offsetof(struct proc_status, ppid), SHAPE_PID, 0 },
	{ "TracerPid", offsetof(struct proc_status, tracer), SHAPE_PID, STATUS_TRACER },
	{ "Uid", offsetof(struct proc_status, uid), SHAPE_IDS, STATUS_UIDS },
	{ "Gid", offsetof(struct proc_status, gid), SHAPE_IDS, STATUS_GIDS },
	{ "NSpid", offsetof(struct proc_status, nspid), SHAPE_LAST, STATUS_NSPID },
	{ "VmSize", offsetof(struct proc_status, vm_size_kb), SHAPE_KB, 0 },
	{ "VmRSS", offsetof(struct proc_status, vm_rss_kb), SHAPE_KB, STATUS_RSS },
	{ "RssAnon", offsetof(struct proc_status, rss_anon_kb), SHAPE_KB, 0 },
	{ "VmSwap", offsetof(struct proc_status, vm_swap_kb), SHAPE_KB, 0 },
	{ "Threads", offsetof(struct proc_status, threads), SHAPE_U32, 0 },
	{ "CapInh", offsetof(struct proc_status, cap_inh), SHAPE_HEX, 0 },
	{ "CapPrm", offsetof(struct proc_status, cap_prm), SHAPE_HEX, 0 },
	{ "CapEff", offsetof(struct proc_status, cap_eff), SHAPE_HEX, STATUS_CAPS },
	{ "CapBnd", offsetof(struct proc_status, cap_bnd), SHAPE_HEX, 0 },
	{ "CapAmb", offsetof(struct proc_status, cap_amb), SHAPE_HEX, 0 },
	{ "NoNewPrivs", offsetof(struct proc_status, no_new_privs), SHAPE_PID, STATUS_NNP },
	{ "Seccomp", offsetof(struct proc_status, seccomp), SHAPE_PID, STATUS_SECCOMP },
};

static int shape_ids(struct bytes rest, void *to)
{
	uint32_t ids[4];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		uint64_t v;

		scan_blanks(&rest);
		if (scan_dec(&rest, &v) < 0 || v > UINT32_MAX)
			return -EBADMSG;
		ids[i] = (uint32_t)v;
	}
	memcpy(to, ids, sizeof(ids));
	return rest.n == 0 ? 0 : -EBADMSG;
}

static int shape_ints(struct bytes rest, bool several, void *to)
{
	uint64_t v;
	int last;

	do {
		if (scan_dec(&rest, &v) < 0 || v > INT_MAX)
			return -EBADMSG;
		last = (int)v;
	} while (several && scan_blanks(&rest) > 0 && rest.n > 0);
	memcpy(to, &last, sizeof(last));
	return rest.n == 0 ? 0 : -EBADMSG;
}

static int shape_value(enum status_shape shape, struct bytes rest, void *to)
{
	uint64_t v;
	uint32_t small;

	scan_blanks(&rest);
	switch (shape) {
	case SHAPE_IDS:
		return shape_ids(rest, to);
	case SHAPE_PID:
	case SHAPE_LAST:
		return shape_ints(rest, shape == SHAPE_LAST, to);
	case SHAPE_U32:
		if (scan_dec(&rest, &v) < 0 || v > UINT32_MAX || rest.n)
			return -EBADMSG;
		small = (uint32_t)v;
		memcpy(to, &small, sizeof(small));
		return 0;
	case SHAPE_KB:
		if (scan_dec(&rest, &v) < 0 || !bytes_eq(rest, bytes_str(" kB")))
			return -EBADMSG;
		break;
	case SHAPE_HEX:
		if (scan_hex(&rest, &v) < 0 || rest.n)
			return -EBADMSG;
		break;
	}
	memcpy(to, &v, sizeof(v));
	return 0;
}

int proc_parse_status(struct bytes text, struct proc_status *ret)
{
	struct proc_status st = { 0 };
	struct bytes rest = text, line;

	/* The kernel ends each line; without the last newline a value may be cut. */
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return -EBADMSG;
	/* Name comes first and is the only line the target writes: of equal keys the last one
	 * holds. */
	while (proc_next_line(&rest, &line)) {
		const unsigned char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
		struct bytes key, value;

		if (!colon)
			continue;
		key = bytes_of(line.p, (size_t)(colon - line.p));
		value = bytes_of(colon + 1, line.n - key.n - 1);
		for (size_t i = 0; i < ARRAY_LEN(status_rows); i++) {
			const struct status_row *row = &status_rows[i];

			if (!bytes_eq(key, bytes_str(row->key)))
				continue;
			if (shape_value(row->shape, value, (char *)&st + row->offset) < 0)
				return -EBADMSG;
			st.have |= row->have;
			break;
		}
	}
	*ret = st;
	return 0;
}

int proc_parse_pid(struct bytes name, pid_t *ret)
{
	struct bytes rest = name;
	uint64_t v;

	if (name.n == 0 || name.p[0] == '0')
		return -EINVAL;
	if (scan_dec(&rest, &v) < 0 || rest.n || v > INT_MAX)
		return -EINVAL;
	*ret = (pid_t)v;
	return 0;
}

static int next_part(struct bytes *rest, unsigned char separator, struct bytes *ret)
{
	const unsigned char *end;

	if (rest->n == 0)
		return 0;
	end = memchr(rest->p, separator, rest->n);
	*ret = bytes_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
	scan_skip(rest, ret->n + 1);
	return 1;
}

int proc_next_line(struct bytes *rest, struct bytes *ret_line)
{
	return next_part(rest, '\n', ret_line);
}

int proc_next_string(struct bytes *rest, struct bytes *ret)
{
	return next_part(rest, '\0', ret);
}
