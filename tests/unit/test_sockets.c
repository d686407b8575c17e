/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets joined to descriptors: in a fixture of /proc, and this process's own. */
#include "work/sockets.h"

#include "model/lines.h"
#include "test.h"
#include "tree.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { ROWS_MAX = 64 };

static char dir_path[TREE_PATH];

struct seen {
	size_t n, stop_at;
	struct {
		uint64_t inode, ns;
		enum socket_owner owner;
		size_t holders, in_all;
		pid_t pid;
		bool listed;
		enum sock_table table;
		char kind[16];
	} v[ROWS_MAX];
};

static int see(void *ctx, const struct socket_row *row)
{
	struct seen *s = ctx;

	CHECK(s->n < ROWS_MAX);
	s->v[s->n].inode = row->inode;
	s->v[s->n].ns = row->ns_net;
	s->v[s->n].owner = row->owner;
	s->v[s->n].holders = row->nholders;
	s->v[s->n].in_all = row->holders_in_all;
	s->v[s->n].pid = row->nholders ? row->holders[0].process->id.pid : 0;
	s->v[s->n].listed = row->sock != NULL;
	s->v[s->n].table = row->sock ? row->sock->table : SOCK_TABLES;
	snprintf(s->v[s->n].kind, sizeof(s->v[s->n].kind), "%.*s", (int)row->kind.n,
		 row->kind.n ? (const char *)row->kind.p : "");
	s->n++;
	return s->stop_at == s->n ? -EXDEV : 0;
}

struct gaps {
	size_t n;
	int last;
};

static void count_gap(void *ctx, const struct gap *gap)
{
	struct gaps *g = ctx;

	g->n++;
	g->last = gap->err;
}

static int make_process(int dir, const char *pid)
{
	char stat[96];
	int p = tree_dir(dir, pid);
	int n = snprintf(stat, sizeof(stat), "%s (s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7\n",
			 pid);

	tree_file(p, "stat", stat, (size_t)n);
	(void)close(tree_dir(p, "fd"));
	(void)close(tree_dir(p, "net"));
	(void)close(tree_dir(p, "ns"));
	return p;
}

static void put(int p, const char *name, const char *text)
{
	tree_file(p, name, text, strlen(text));
}

static void held(int p, const char *fd, const char *link)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%s", fd);
	CHECK_INT(symlinkat(link, p, name), 0);
}

#define TCP(n, inode)                                                                         \
	"  " n                                                                                \
	": 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 " inode \
	" 1\n"

static void make_fixture(int dir)
{
	int a = make_process(dir, "5"), b = make_process(dir, "6"), c = make_process(dir, "7");

	CHECK_INT(symlinkat("net:[50]", a, "ns/net"), 0);
	CHECK_INT(symlinkat("net:[50]", b, "ns/net"), 0);
	CHECK_INT(symlinkat("net:[51]", c, "ns/net"), 0);
	put(a, "net/netlink", "");
	put(c, "net/netlink", "");
	put(a, "net/tcp", "  sl\n" TCP("0", "12") TCP("1", "13") TCP("2", "0") TCP("3", "99"));
	put(c, "net/tcp", TCP("0", "22"));
	held(a, "3", "socket:[12]");
	held(b, "9", "socket:[12]");
	held(b, "8", "socket:[12]");
	held(c, "3", "socket:[22]");
	held(c, "4", "socket:[77]");
	held(c, "5", "socket:[x]");
	held(c, "6", "socket:[1");
	/* Nobody selects 8: it stands for csi itself. */
	int own = make_process(dir, "8");
	held(own, "3", "socket:[99]");
	(void)close(a);
	(void)close(b);
	(void)close(c);
	(void)close(own);
}

static const struct process_id ids[] = { { 5, 0 }, { 6, 7 }, { 7, 0 } };

static void fixture(void)
{
	struct source *s = NULL;
	struct gaps gaps = { 0 };
	const struct gap_sink sink = { count_gap, &gaps };
	struct sockets_options o = { .ids = ids, .nids = 3, .gaps = &sink };
	struct seen got = { 0 };
	atomic_bool stop = true;

	CHECK_INT(source_open(SOURCE_PROC, dir_path, &s), 0);
	CHECK_INT(sockets_each(s, &o, see, &got), 0);
	CHECK_INT(gaps.n, 0);
	CHECK_INT(got.n, 5);
	CHECK(got.v[0].inode == 12 && got.v[0].ns == 50 && got.v[0].owner == SOCKET_HELD);
	CHECK(got.v[0].holders == 2 && got.v[0].in_all == 2 && got.v[0].pid == 5);
	CHECK(got.v[1].inode == 0 && got.v[1].owner == SOCKET_KERNEL);
	CHECK(got.v[2].inode == 22 && got.v[2].ns == 51 && got.v[2].pid == 7);
	CHECK(got.v[3].inode == 77 && !got.v[3].listed && got.v[3].pid == 7);
	CHECK(got.v[4].inode == 13 && got.v[4].owner == SOCKET_UNOWNED && got.v[4].ns == 50);
	OK("holders, the kernel's, what is in no table, what nobody has; each namespace once");

	got = (struct seen){ 0 };
	o.held_only = true;
	o.ids = ids + 1;
	o.nids = 1;
	CHECK_INT(sockets_each(s, &o, see, &got), 0);
	CHECK(got.n == 1 && got.v[0].inode == 12 && got.v[0].pid == 6);
	OK("-p: what this process holds and nothing else");

	got = (struct seen){ .stop_at = 1 };
	CHECK_INT(sockets_each(s, &o, see, &got), -EXDEV);
	o.stop = &stop;
	CHECK_INT(sockets_each(s, &o, see, &got), -ECANCELED);
	OK("a callback and a signal end it");
	source_close(s);
}

static void unreadable(int dir)
{
	struct source *s = NULL;
	struct gaps gaps = { 0 };
	const struct gap_sink sink = { count_gap, &gaps };
	const struct sockets_options o = { .ids = ids, .nids = 3, .gaps = &sink };
	struct seen got = { 0 };

	/* Its descriptors are no directory: who holds 13 is not known. */
	int own = openat(dir, "8", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(unlinkat(own, "fd/3", 0), 0);
	CHECK_INT(unlinkat(own, "fd", AT_REMOVEDIR), 0);
	put(own, "fd", "");
	(void)close(own);
	CHECK_INT(source_open(SOURCE_PROC, dir_path, &s), 0);
	CHECK_INT(sockets_each(s, &o, see, &got), 0);
	CHECK_INT(gaps.n, 1);
	CHECK_INT(gaps.last, -ENOTDIR);
	for (size_t i = 0; i < got.n; i++)
		CHECK(got.v[i].owner != SOCKET_UNOWNED);
	OK("where descriptors cannot be read, nothing is called unowned");
	source_close(s);
}

static void long_lines(int dir)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(lines_closep) struct lines *l = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct source *s = NULL;
	struct bytes line;

	CHECK_INT(buf_adds(&text, "first\n\n"), 0);
	for (size_t i = 0; i < (size_t)5 * LINES_LINE_MAX; i++)
		CHECK_INT(buf_addc(&text, 'x'), 0);
	CHECK_INT(buf_addc(&text, '\n'), 0);
	for (size_t i = 0; i < LINES_LINE_MAX; i++)
		CHECK_INT(buf_addc(&text, 'y'), 0);
	CHECK_INT(buf_adds(&text, "\nlast"), 0);
	int a = openat(dir, "5", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_file(a, "net/unix", text.p, text.n);
	(void)close(a);
	CHECK_INT(source_open(SOURCE_PROC, dir_path, &s), 0);
	CHECK_INT(process_open(s, ids[0], &p), 0);
	CHECK_INT(lines_open(p, TEXT_NET_UNIX, &l), 0);
	CHECK_INT(lines_next(l, &line), 1);
	CHECK_BYTES(line, "first");
	CHECK_INT(lines_next(l, &line), 1);
	CHECK_INT(line.n, 0);
	CHECK_INT(lines_next(l, &line), -EFBIG);
	CHECK_INT(lines_next(l, &line), 1);
	CHECK(line.n == LINES_LINE_MAX && line.p[0] == 'y');
	CHECK_INT(lines_next(l, &line), 1);
	CHECK_BYTES(line, "last");
	CHECK_INT(lines_next(l, &line), 0);
	CHECK_INT(lines_next(l, &line), 0);
	OK("lines: empty, longest, too long, the last without newline");
	source_close(s);
}

static void live(void)
{
	AUTO_CLOSE int listening = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int unbound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int twice = dup(unbound);
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const struct process_id self = { .pid = getpid() };
	const struct sockets_options o = { .ids = &self, .nids = 1, .held_only = true };
	struct source *s = NULL;
	struct seen got = { 0 };
	struct stat st[2];
	bool found[2] = { false, false };

	if (listening < 0 || bind(listening, (struct sockaddr *)&at, sizeof(at)) < 0) {
		SKIP("sockets of this process", "no IPv6 here");
		return;
	}
	CHECK(listen(listening, 1) == 0 && unbound >= 0 && twice >= 0);
	CHECK(fstat(listening, &st[0]) == 0 && fstat(unbound, &st[1]) == 0);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_INT(sockets_each(s, &o, see, &got), 0);
	for (size_t i = 0; i < got.n; i++) {
		CHECK(got.v[i].pid == self.pid && got.v[i].owner == SOCKET_HELD);
		if (got.v[i].inode == st[0].st_ino)
			found[0] = got.v[i].listed && got.v[i].table == TABLE_TCP6;
		if (got.v[i].inode == st[1].st_ino)
			found[1] = !got.v[i].listed && strcmp(got.v[i].kind, "TCP") == 0 &&
				   got.v[i].in_all == 1;
	}
	CHECK(found[0] && found[1]);
	OK("this process: a listening socket by its table, one that is not bound by its name");
	source_close(s);
}

int main(void)
{
	int dir = tree_make(NULL, dir_path);

	make_fixture(dir);
	fixture();
	unreadable(dir);
	long_lines(dir);
	live();
	(void)close(dir);
	tree_remove(dir_path);
	TEST_END();
}
