/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over the memory of a process that changes after its pages were listed. */
#include "work/sweep.h"

#include "test.h"

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

	CHECK(j);
	j->pid = pid;
	CHECK_INT(process_open(source, (struct process_id){ .pid = pid }, &j->process), 0);
	CHECK_INT(sweep_memory_open(j->process, &j->memory), 0);
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
	TEST_END();
}
