/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over the memory of a process that changes after its pages were listed. */
#include "work/sweep.h"

#include "tree.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { PAGES = 4 };

struct seen {
	pthread_mutex_t lock;
	int matches, gaps, err;
	uint64_t missing;
};

static int on_found(void *ctx, const struct sweep_job *j, const struct rules_match *m)
{
	struct seen *s = ctx;

	(void)j;
	CHECK(strcmp(m->name, "both") == 0);
	(void)pthread_mutex_lock(&s->lock);
	s->matches++;
	(void)pthread_mutex_unlock(&s->lock);
	return 0;
}

static void on_gap(void *ctx, const struct gap *gap)
{
	struct seen *s = ctx;

	(void)pthread_mutex_lock(&s->lock);
	s->gaps++;
	s->err = gap->err;
	s->missing += gap->len;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Unmaps its second page at the first word, ends at the second. */
static void child_main(int gate, unsigned char *pages, size_t size)
{
	char word;

	(void)prctl(PR_SET_DUMPABLE, 1);
	if (read(gate, &word, 1) == 1 && munmap(pages + size, size) == 0 &&
	    write(gate, &word, 1) == 1)
		(void)!read(gate, &word, 1);
	_exit(0);
}

static struct sweep_job *memory_job(struct source *source, pid_t pid)
{
	struct sweep_job *j = sweep_job_new(SWEEP_MEMORY, bytes_str("/child"), bytes_str("child"));
	uint64_t next = 1;

	CHECK(j);
	j->pid = pid;
	CHECK_INT(process_open(source, (struct process_id){ .pid = pid }, &j->process), 0);
	CHECK_INT(sweep_memory_open(j->process, 0, &j->memory, &next), 0);
	CHECK_INT(next, 0);
	return j;
}

static void scan(const struct rules *rules, struct sweep_job *j, struct seen *s)
{
	const struct gap_sink gaps = { on_gap, s };
	const struct sweep_options o = {
		.rules = rules, .jobs = 1, .gaps = &gaps, .found = on_found, .ctx = s
	};
	struct sweep *sweep = NULL;

	CHECK_INT(sweep_start(&o, &sweep), 0);
	CHECK_INT(sweep_push(sweep, j), 0);
	CHECK_INT(sweep_end(&sweep), 0);
}

/* The words of the rule are put together here, so that they stand nowhere else. */
static void mark(unsigned char *p, const char *half)
{
	(void)snprintf((char *)p, 64, "%s-%s", half, "of-the-child");
}

static void test_unmapped(struct source *source, const struct rules *rules)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct seen s = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct sweep_job *j;
	int gate[2];
	char word = 'u';
	pid_t pid;

	CHECK(pages != MAP_FAILED);
	memset(pages, 'x', PAGES * size);
	mark(pages, "first");
	mark(pages + 3 * size, "last");
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)close(gate[0]);
		child_main(gate[1], pages, size);
	}
	(void)close(gate[1]);
	j = memory_job(source, pid);
	CHECK(write(gate[0], &word, 1) == 1 && read(gate[0], &word, 1) == 1);
	scan(rules, j, &s);
	CHECK_INT(s.matches, 1); /* what stands behind the page that went is scanned too */
	CHECK_INT(s.gaps, 1);
	CHECK_INT(s.err, -ESTALE);
	CHECK_INT(s.missing, size);
	(void)close(gate[0]);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(munmap(pages, PAGES * size), 0);
	OK("a page that went away is the only one that is missing, and is told as changed");
}

/* Every other page of what it maps is there, and costs nothing: the kernel's page of zeros. */
static pid_t child_of_runs(int *ret_gate, const unsigned char **ret_at, size_t runs)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 2 * page * runs;
	unsigned char *p =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned sum = 0;
	int gate[2];
	char word = 0;
	pid_t pid;

	CHECK(p != MAP_FAILED);
	(void)madvise(p, size, MADV_NOHUGEPAGE);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_DUMPABLE, 1);
		for (size_t i = 0; i < runs; i++)
			sum += *(volatile unsigned char *)(p + 2 * page * i);
		(void)close(gate[0]);
		if (sum == 0 && write(gate[1], &word, 1) == 1)
			(void)!read(gate[1], &word, 1);
		_exit(0);
	}
	(void)close(gate[1]);
	CHECK(read(gate[0], &word, 1) == 1);
	CHECK_INT(munmap(p, size), 0);
	*ret_gate = gate[0];
	*ret_at = p;
	return pid;
}

/* However many runs there are, a listing is small, and the next one goes on where it ended. */
static void test_parts(struct source *source)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), runs = SWEEP_BLOCKS_MAX + 1000;
	const unsigned char *p;
	uint64_t from = 0, expected;
	size_t seen = 0, wrong = 0, parts = 0;
	int gate;
	pid_t pid = child_of_runs(&gate, &p, runs);

	expected = (uint64_t)(uintptr_t)p;
	do {
		AUTO_DONE(process_closep) struct process *process = NULL;
		AUTO_DONE(sweep_memory_done) struct sweep_memory m = { 0 };

		CHECK_INT(process_open(source, (struct process_id){ .pid = pid }, &process), 0);
		CHECK_INT(sweep_memory_open(process, from, &m, &from), 0);
		CHECK(sweep_memory_bytes(&m) <= SWEEP_LIST_MAX);
		for (size_t i = 0; i < m.nblocks && seen < runs; i++) {
			if (m.blocks[i].base != expected || m.blocks[i].size != page)
				continue;
			wrong += !sweep_memory_vma(&m, expected);
			expected += 2 * page;
			seen++;
		}
	} while (++parts < 4 && from);
	CHECK_INT(seen, runs);
	CHECK_INT(wrong, 0);
	CHECK_INT(parts, 2);
	(void)close(gate);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	OK("more runs of pages than one listing takes are the next one's");
}

static int on_hashed(void *ctx, const struct sweep_job *j)
{
	struct seen *s = ctx;

	(void)j;
	s->matches++;
	return 0;
}

/* A file that grew since it was pinned is hashed up to the limit, however fast it grows. */
static void test_growing(void)
{
	struct seen s = { .lock = PTHREAD_MUTEX_INITIALIZER };
	const struct gap_sink gaps = { on_gap, &s };
	const struct sweep_options o = { .jobs = 1,
					 .max_file = 1 << 20,
					 .gaps = &gaps,
					 .hashes = HASH_SHA256,
					 .hashed = on_hashed,
					 .ctx = &s };
	struct sweep_job *j = sweep_job_new(SWEEP_FILE, bytes_str("/f"), bytes_of(NULL, 0));
	struct sweep *sweep = NULL;
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	AUTO_CLOSE int pin = -1;
	int fd;

	CHECK(j);
	tree_file(dir, "f", "begun", 5);
	pin = openat(dir, "f", O_PATH | O_CLOEXEC);
	CHECK_INT(file_info_fd(pin, &j->info), 0);
	CHECK_INT(file_open_pinned(pin, &j->info, &j->file), 0);
	fd = openat(dir, "f", O_WRONLY | O_CLOEXEC);
	CHECK_INT(ftruncate(fd, INT64_C(1) << 40), 0);
	(void)close(fd);
	CHECK_INT(sweep_start(&o, &sweep), 0);
	CHECK_INT(sweep_push(sweep, j), 0);
	CHECK_INT(sweep_end(&sweep), 0);
	CHECK_INT(s.matches, 0);
	CHECK_INT(s.gaps, 1);
	CHECK_INT(s.err, -EFBIG);
	tree_remove(path);
	OK("a file that grows is not hashed without end");
}

int main(void)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	AUTO_DONE(rules_closep) struct rules *rules = NULL;
	AUTO_DONE(source_closep) struct source *source = NULL;

	CHECK_INT(rules_list_text(&l, "t",
				  bytes_str("rule both { strings: $a = \"first-of-the-child\" "
					    "$b = \"last-of-the-child\" condition: all of them }")),
		  0);
	CHECK_INT(rules_load(&l, NULL, NULL, &rules), 0);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &source), 0);
	test_unmapped(source, rules);
	test_parts(source);
	test_growing();
	TEST_END();
}
