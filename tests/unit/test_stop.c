/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping a process: all threads, all registers, no signal lost, and always let go. */
#include "model/stop.h"

#include "test.h"
#include "tree.h"

#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 12, KILLS = 100, STOPS = 40, STOPS_MOST = 2000, HELD_UP = 4, WAIT_MS = 10000 };

/* What the child tells, in memory that it shares with the test. */
struct shared {
	atomic_ulong spins[THREADS];
	atomic_int ready, caught, churned, vforked;
};

static struct shared *shared;
static struct source *source;

static void nap(long us)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* Until COND holds, at most WAIT_MS. */
#define AWAIT(cond)                                                         \
	do {                                                                \
		for (int test_i = 0; test_i < WAIT_MS && !(cond); test_i++) \
			nap(1000);                                          \
		CHECK(cond);                                                \
	} while (0)

static void *spin(void *arg)
{
	atomic_ulong *mine = arg;

	atomic_fetch_add(&shared->ready, 1);
	for (;;) {
		atomic_fetch_add(mine, 1);
		if ((mine - shared->spins) % 2)
			nap(500);
	}
	return NULL;
}

static void spin_all(void)
{
	pthread_t t;

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&t, NULL, spin, &shared->spins[i]) != 0)
			_exit(2);
	for (;;)
		(void)pause();
}

static void *nothing(void *arg)
{
	return arg;
}

/* Makes threads and ends them, as fast as it can. */
static void churn(void)
{
	pthread_t t;

	atomic_store(&shared->ready, 1);
	for (;;)
		if (pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0)
			atomic_fetch_add(&shared->churned, 1);
}

static void on_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&shared->caught, 1);
}

static void catch_all(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	(void)sigaction(SIGRTMIN + 5, &sa, NULL);
	spin_all();
}

/* Waits in the kernel where nothing but its child's end wakes it. */
static void vfork_parent(void)
{
	atomic_store(&shared->ready, 1);
	/* vfork(2) by clone(2), so that no libc's rules of it are broken. */
	long pid = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (atomic_load(&shared->vforked) == 0)
			nap(1000);
		_exit(0);
	}
	atomic_store(&shared->vforked, 2);
	for (;;)
		(void)pause();
}

static pid_t start(void (*fn)(void))
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	(void)fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn();
		_exit(0);
	}
	AWAIT(atomic_load(&shared->ready) >= (fn == churn || fn == vfork_parent ? 1 : THREADS));
	return pid;
}

static void end(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

static struct process *open_it(pid_t pid)
{
	struct process *p = NULL;

	CHECK_INT(process_open(source, (struct process_id){ .pid = pid }, &p), 0);
	return p;
}

/* State letter and tracer of a thread, as they are now. */
static char state_of(pid_t pid, pid_t *ret_tracer)
{
	struct process *p = open_it(pid);
	const struct proc_status *st;
	char state = process_stat(p)->state;

	CHECK_INT(process_status(p, &st), 0);
	*ret_tracer = st->tracer;
	process_close(p);
	return state;
}

static unsigned long total(void)
{
	unsigned long n = 0;

	for (size_t i = 0; i < THREADS; i++)
		n += atomic_load(&shared->spins[i]);
	return n;
}

/* Nobody traces it, and each of its threads goes on. */
static void check_free(pid_t pid)
{
	unsigned long before[THREADS];
	pid_t tracer;

	for (size_t i = 0; i < THREADS; i++)
		before[i] = atomic_load(&shared->spins[i]);
	(void)state_of(pid, &tracer);
	CHECK_INT(tracer, 0);
	for (size_t i = 0; i < THREADS; i++)
		AWAIT(atomic_load(&shared->spins[i]) != before[i]);
}

static void check_registers(const struct stop *s)
{
	struct stop_set set;

	for (size_t i = 0; i < stop_threads(s); i++) {
		CHECK(stop_set(s, i, 0, &set));
		CHECK(set.type == NT_PRSTATUS && set.regs.n > 200);
		CHECK(stop_set(s, i, 1, &set));
		CHECK(set.type == NT_PRFPREG && set.regs.n >= 512);
		CHECK(stop_pointer(s, i) > 4096);
		CHECK(i == 0 || stop_tid(s, i) > stop_tid(s, i - 1));
	}
	CHECK(!stop_set(s, 0, STOP_SETS_MAX, &set));
}

static void all_threads(void)
{
	pid_t pid = start(spin_all);
	struct process *p = open_it(pid);
	struct stop_refusal why;
	struct stop_effects e;
	struct stop *s = NULL;
	unsigned long before;

	for (int confined = 0; confined < 2; confined++) {
		CHECK_INT(stop_begin(p, &s, &why), 0);
		CHECK_INT(stop_threads(s), THREADS + 1);
		CHECK(stop_holds(s));
		check_registers(s);
		before = total();
		nap(20000);
		CHECK_INT(total(), before);
		stop_end(s, confined);
		CHECK(!stop_holds(s));
		stop_effects(s, &e);
		CHECK(e.threads == THREADS + 1 && e.ns > 20000000 && e.was_stopped == 0);
		CHECK_INT(e.signals, 0);
		check_free(pid);
		stop_closep(&s);
	}
	process_close(p);
	end(pid);
	OK("all threads stop, have registers, and go on, detached or by the tracer's end");
}

static void job_control(void)
{
	pid_t pid = start(spin_all), tracer;
	struct process *p = open_it(pid);
	struct stop_refusal why;
	struct stop_effects e;
	struct stop *s = NULL;
	unsigned long before;

	CHECK_INT(kill(pid, SIGSTOP), 0);
	AWAIT(state_of(pid, &tracer) == 'T');
	for (int confined = 0; confined < 2; confined++) {
		CHECK_INT(stop_begin(p, &s, &why), 0);
		stop_end(s, confined);
		stop_effects(s, &e);
		CHECK_INT(e.was_stopped, THREADS + 1);
		stop_closep(&s);
		AWAIT(state_of(pid, &tracer) == 'T');
		CHECK_INT(tracer, 0);
		before = total();
		nap(20000);
		CHECK_INT(total(), before);
	}
	CHECK_INT(kill(pid, SIGCONT), 0);
	check_free(pid);
	process_close(p);
	end(pid);
	OK("what job control had stopped stays stopped, and continues by SIGCONT");
}

static atomic_bool sent_enough;
static atomic_int sent;

/* As many as the queue takes: threads are to be found with one on its way. */
static void *send_signals(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	while (!atomic_load(&sent_enough)) {
		if (sigqueue(pid, SIGRTMIN + 5, (union sigval){ .sival_int = 1 }) == 0) {
			atomic_fetch_add(&sent, 1);
			continue;
		}
		CHECK_INT(errno, EAGAIN);
		nap(100);
	}
	return NULL;
}

/* Between its seizure and its stop a thread may have met a signal: then that is its stop. */
static void signals(void)
{
	pid_t pid = start(catch_all);
	struct process *p = open_it(pid);
	struct stop_refusal why;
	struct stop_effects e;
	struct stop *s = NULL;
	uint64_t passed = 0;
	pthread_t sender;

	CHECK_INT(pthread_create(&sender, NULL, send_signals, &pid), 0);
	for (int i = 0; i < STOPS || (i < STOPS_MOST && passed < HELD_UP); i++) {
		CHECK_INT(stop_begin(p, &s, &why), 0);
		stop_end(s, i % 2);
		stop_effects(s, &e);
		passed += e.signals;
		stop_closep(&s);
	}
	atomic_store(&sent_enough, true);
	CHECK_INT(pthread_join(sender, NULL), 0);
	AWAIT(atomic_load(&shared->caught) == atomic_load(&sent));
	nap(20000);
	CHECK_INT(atomic_load(&shared->caught), atomic_load(&sent));
	check_free(pid);
	process_close(p);
	end(pid);
	printf("# %d signals of %d were held up by a stop\n", (int)passed, atomic_load(&sent));
	OK("signals that arrive during stops are passed on, each once");
}

static void churning(void)
{
	pid_t pid = start(churn), tracer;
	struct process *p = open_it(pid);
	struct stop_refusal why;
	struct stop *s = NULL;
	int stopped = 0, before;

	for (int i = 0; i < STOPS; i++) {
		int r = stop_begin(p, &s, &why);

		CHECK(r == 0 || r == -EAGAIN);
		if (r == 0) {
			stopped++;
			before = atomic_load(&shared->churned);
			nap(2000);
			CHECK_INT(atomic_load(&shared->churned), before);
			stop_end(s, i % 2);
		}
		stop_closep(&s);
	}
	CHECK(stopped > STOPS / 2);
	before = atomic_load(&shared->churned);
	AWAIT(atomic_load(&shared->churned) > before + 10);
	(void)state_of(pid, &tracer);
	CHECK_INT(tracer, 0);
	process_close(p);
	end(pid);
	OK("threads that are made and end meanwhile");
}

static void refused(void)
{
	pid_t pid = start(vfork_parent), tracer;
	struct process *p = open_it(pid);
	struct stop_refusal why;
	struct stop *s = NULL;

	AWAIT(state_of(pid, &tracer) == 'D');
	CHECK_INT(stop_begin(p, &s, &why), -ETIMEDOUT);
	CHECK(why.err == -ETIMEDOUT && why.tid == pid && why.state == 'D' && !s);
	(void)state_of(pid, &tracer);
	CHECK_INT(tracer, 0);
	atomic_store(&shared->vforked, 1);
	AWAIT(atomic_load(&shared->vforked) == 2);
	CHECK_INT(stop_begin(p, &s, &why), 0);
	stop_closep(&s);
	process_close(p);
	end(pid);
	OK("a parent in vfork cannot be stopped: refused, let go, and stopped once it is back");

	pid = start(spin_all);
	p = open_it(pid);
	CHECK_INT(ptrace(PTRACE_SEIZE, pid, 0, 0), 0);
	CHECK_INT(stop_begin(p, &s, &why), -EBUSY);
	CHECK_INT(why.tracer, getpid());
	process_close(p);
	end(pid);
	OK("a process that is traced already is refused, with its tracer");
}

/* Stops and lets go for ever, in all the ways there are. */
static void stopper(pid_t pid)
{
	struct process *p = open_it(pid);
	struct stop_refusal why;

	for (int i = 0;; i++) {
		struct stop *s = NULL;

		if (stop_begin(p, &s, &why) == 0) {
			nap(i % 3 * 700L);
			stop_end(s, i % 2);
		}
		stop_closep(&s);
	}
}

static void killed(void)
{
	pid_t pid = start(catch_all);

	for (int i = 0; i < KILLS; i++) {
		pid_t mine = fork();

		CHECK(mine >= 0);
		if (mine == 0)
			stopper(pid);
		nap(500 + i * 7919L % 9000);
		CHECK_INT(sigqueue(pid, SIGRTMIN + 5, (union sigval){ .sival_int = i }), 0);
		nap(i * 104729L % 900);
		end(mine);
		check_free(pid);
		AWAIT(atomic_load(&shared->caught) == i + 1);
	}
	end(pid);
	OK("SIGKILL at any moment of a stop: 100 of 100 times the target runs on, and has its "
	   "signal");
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &source), 0);
	all_threads();
	job_control();
	signals();
	churning();
	refused();
	killed();
	source_close(source);
	TEST_END();
}
