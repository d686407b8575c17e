/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in what a process does: mining, talking, and where it stands. */
#include "signs/match.h"

enum {
	BUSY_AGE_SECONDS = 20, /* before that a start looks the same */
	BUSY_PERCENT = 80,     /* of one CPU, over its life */
};

static void add_exe(const struct facts *f, struct finding *ret)
{
	if (f->known & FACT_EXE_LINK)
		finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
}

static bool is_busy(const struct facts *f)
{
	int64_t seconds = f->age == INT64_MIN ? 0 : f->age / (int64_t)NS_PER_SEC;

	return seconds >= BUSY_AGE_SECONDS && f->cpu_ms / 10 / (uint64_t)seconds >= BUSY_PERCENT;
}

bool match_miner_args(const struct facts *f, struct finding *ret)
{
	static const char *const words[] = {
		"stratum+tcp://", "stratum+ssl://",	    "stratum2+tcp://", "stratum2+ssl://",
		"stratum+tls://", "stratum1+tcp://",	    "daemon+http://",  "--donate-level",
		"--randomx",	  "--cpu-max-threads-hint", "--rig-id"
	};
	struct bytes args = buf_bytes(&f->cmdline);

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!bytes_hold(args, words[i], true))
			continue;
		/* One who looks for them has the word in his arguments too. */
		if (is_busy(f) || exe_is_suspect(f))
			ret->level = LEVEL_HIGH;
		finding_add(ret, "csi.text", bytes_str(words[i]));
		finding_add(ret, "process.args", args);
		add_exe(f, ret);
		return true;
	}
	return false;
}

bool match_pool_port(const struct facts *f, struct finding *ret)
{
	const struct first *s = &f->fds.v[FD_POOL];

	if (!s->n)
		return false;
	if (exe_is_suspect(f))
		ret->level = is_busy(f) ? LEVEL_HIGH : LEVEL_MEDIUM;
	finding_add(ret, "destination.address", buf_bytes(&s->text));
	finding_add_u64(ret, "csi.socket.inode", s->end);
	add_exe(f, ret);
	return true;
}

/* Work is no sign; work of a program that nobody installed is. */
bool match_busy(const struct facts *f, struct finding *ret)
{
	if (!is_busy(f))
		return false;
	if (exe_is_suspect(f))
		ret->level = LEVEL_MEDIUM;
	finding_add_u64(ret, "csi.cpu.seconds", f->cpu_ms / 1000);
	finding_add_u64(ret, "csi.age.seconds", (uint64_t)(f->age / (int64_t)NS_PER_SEC));
	add_exe(f, ret);
	return true;
}

static bool is_interactive(const struct facts *f)
{
	struct bytes arg = facts_argv(f, 1);

	return arg.n >= 2 && arg.p[0] == '-' && arg.p[1] != '-' && memchr(arg.p, 'i', arg.n) &&
	       !memchr(arg.p, 'c', arg.n);
}

/* Both ways: what only reads from a socket is a filter. */
static bool talks_inet(const struct facts *f)
{
	enum stdio_kind out = f->fds.stdio[1].kind;

	return out == STDIO_INET || out == STDIO_TTY || f->fds.stdio[2].kind == STDIO_INET;
}

/*
 * Less sure: sockets whose table could not be read, or that are of another network namespace; and
 * mkfifo, sh -i, nc: an interactive shell without a terminal.
 */
static bool may_be_remote(const struct facts *f, struct bytes exe)
{
	enum stdio_kind in = f->fds.stdio[0].kind, out = f->fds.stdio[1].kind;

	if (in == STDIO_SOCKET && out == STDIO_SOCKET)
		return true;
	return is_shell(exe) && in == STDIO_PIPE && is_interactive(f);
}

bool match_reverse_shell(const struct facts *f, struct finding *ret)
{
	struct bytes exe = exe_path_of(f);
	bool inet = f->fds.stdio[0].kind == STDIO_INET;

	if (!is_interpreter(exe) && !(exe.n && exe_is_suspect(f) && inet))
		return false;
	if (!inet && !may_be_remote(f, exe))
		return false;
	if (!inet || !talks_inet(f))
		ret->level = LEVEL_MEDIUM;
	if (f->fds.stdio[0].peer.n)
		finding_add(ret, "destination.address", buf_bytes(&f->fds.stdio[0].peer));
	finding_add(ret, "csi.fd.0", buf_bytes(&f->fds.stdio[0].link));
	finding_add(ret, "csi.fd.1", buf_bytes(&f->fds.stdio[1].link));
	add_exe(f, ret);
	finding_add(ret, "process.args", buf_bytes(&f->cmdline));
	return true;
}

static bool held_socket(const struct facts *f, enum fd_kind kind, struct finding *ret)
{
	const struct first *s = &f->fds.v[kind];

	if (!s->n)
		return false;
	if (exe_is_suspect(f))
		ret->level = LEVEL_HIGH;
	finding_add_u64(ret, "csi.socket.inode", s->end);
	finding_add_u64(ret, "csi.socket.protocol", s->start);
	add_exe(f, ret);
	return true;
}

bool match_raw_socket(const struct facts *f, struct finding *ret)
{
	return held_socket(f, FD_RAW, ret);
}

bool match_packet_socket(const struct facts *f, struct finding *ret)
{
	return held_socket(f, FD_PACKET, ret);
}

bool match_empty_environ(const struct facts *f, struct finding *ret)
{
	if (f->environ.n || f->uid != 0 || f->cmdline.n == 0 || f->stat->vsize == 0)
		return false;
	if (exe_is_suspect(f))
		ret->level = LEVEL_MEDIUM;
	add_exe(f, ret);
	return true;
}

bool match_odd_cwd(const struct facts *f, struct finding *ret)
{
	struct bytes cwd = buf_bytes(&f->cwd);
	bool odd = false;

	(void)path_is_hidden(cwd, &odd);
	if (!f->cwd_deleted && !odd)
		return false;
	if (odd || exe_is_suspect(f))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "process.working_directory", cwd);
	add_exe(f, ret);
	return true;
}

bool match_token_open(const struct facts *f, struct finding *ret)
{
	const struct first *d = &f->fds.v[FD_TOKEN];
	const struct first *m = &f->maps.v[MAP_TOKEN];
	struct bytes exe = exe_path_of(f);

	if (!d->n && !((f->known & FACT_MAPS) && m->n))
		return false;
	/* A client reads it and lets it go; a shell or a dropped program has no business there. */
	if (exe_is_suspect(f))
		ret->level = LEVEL_HIGH;
	else if (is_shell(exe))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "file.path", buf_bytes(d->n ? &d->text : &m->text));
	add_exe(f, ret);
	return true;
}
