/* SPDX-License-Identifier: Apache-2.0 */
/* A stop. Private to stop.c, stop_seize.c and stop_regs.c. */
#ifndef CSI_MODEL_STOP_PRIV_H
#define CSI_MODEL_STOP_PRIV_H

#include "model/source_priv.h"
#include "model/stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum stop_state { STOP_STARTING, STOP_FAILED, STOP_HELD, STOP_LET_GO };
enum stop_order { STOP_ORDER_NONE, STOP_ORDER_DETACH, STOP_ORDER_EXIT };

struct stop_thread {
	pid_t tid;
	bool seized;
	bool stopped;
	int status;   /* of its stop: signal, and the event in the second byte */
	uint64_t set; /* which register sets there are: bit K */
	struct {
		uint32_t at, n;
	} sets[STOP_SETS_MAX]; /* in stop.registers */
};

struct stop {
	struct process *p; /* borrowed */
	pthread_t thread;
	bool started;
	pid_t tracer; /* the thread */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* STATE or ORDER */
	enum stop_state state;
	enum stop_order order;
	_Atomic int64_t alive; /* CLOCK_MONOTONIC ns of stop_go_on() */

	/* Of the tracer, until it says STOP_HELD or STOP_FAILED. */
	struct stop_thread *v; /* by tid */
	size_t n, cap;
	int64_t since, until; /* CLOCK_MONOTONIC ns */
	struct stop_refusal why;
	struct stop_effects effects;
	struct buf registers;
};

/* Raw, since the two libcs declare it differently. 0 or -errno. */
static inline int stop_ptrace(long request, pid_t tid, uintptr_t addr, uintptr_t data)
{
	return syscall(SYS_ptrace, request, (long)tid, addr, data) < 0 ? -errno : 0;
}

bool stop_may_ask(const struct process *p);
/* By the tracer alone. Fails by S->why. */
void stop_seize_all(struct stop *s);
void stop_detach_all(struct stop *s);
void stop_read_registers(struct stop *s);

#endif
