/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All threads of a process stopped, by ptrace(2): PTRACE_SEIZE and PTRACE_INTERRUPT, which send no
 * signal. The tracer is a thread of its own that lives as long as the stop: what it traces is let
 * go by the kernel when it ends, however it ends, a SIGKILL of all of csi too. PTRACE_O_EXITKILL is
 * never set. Stops are looked at (WNOWAIT), never taken: a signal on its way to a thread stays with
 * the kernel, and is delivered whether we pass it on or die before.
 */
#ifndef CSI_MODEL_STOP_H
#define CSI_MODEL_STOP_H

#include "model/source.h"

enum {
	STOP_THREADS_MAX = 8192,
	STOP_PASSES_MAX = 64,	       /* looks for threads that were made meanwhile */
	STOP_REGISTERS_MAX = 12 << 20, /* bytes of register sets, of all threads */
	STOP_SETS_MAX = 3,
	STOP_MOST_MS = 2000,   /* the same for one that only waits for a processor */
	STOP_WAIT_MS = 250,    /* for the last thread to stop */
	STOP_STALL_MS = 10000, /* without stop_go_on(): let go */
};

/* Why a process was not stopped. */
struct stop_refusal {
	int err; /* -EBUSY traced already, -EPERM, -ETIMEDOUT a thread did not stop, -E2BIG, ... */
	pid_t tid;    /* which thread, or 0 */
	pid_t tracer; /* EBUSY: by whom; 0: not of our PID namespace */
	char state;   /* ETIMEDOUT: "D" and so on */
};

/* What the stop did, counted. */
struct stop_effects {
	uint64_t threads;	/* stopped */
	uint64_t ended;		/* ended while they were being stopped */
	uint64_t was_stopped;	/* by job control before; they stay so */
	uint64_t signals;	/* were on their way to a thread, and are passed on */
	uint64_t restarted;	/* system calls that the kernel starts again by itself */
	uint64_t interrupted;	/* system calls that return EINTR */
	uint64_t sets_left_out; /* register sets beyond STOP_REGISTERS_MAX, or of a 32-bit thread */
	int64_t ns;		/* from the first thread's stop to the last one's release */
	bool stalled;		/* let go by itself: nothing went on for STOP_STALL_MS */
};

/* One register set as PTRACE_GETREGSET gives it, and how a core's note of it is called. */
struct stop_set {
	uint32_t type;	   /* NT_PRSTATUS, NT_PRFPREG, NT_X86_XSTATE, NT_ARM_TLS */
	const char *owner; /* "CORE", "LINUX" */
	struct bytes regs; /* of the stop */
};

struct stop;
/*
 * stop_begin - returns when every thread of P is stopped and its registers are read: 0, or the
 * refusal's -errno, and then all are let go again. P is borrowed. Needs the rights of
 * PTRACE_MODE_ATTACH_REALCREDS. -EOPNOTSUPP: PIDs of this source are not ours.
 */
int stop_begin(struct process *p, struct stop **ret, struct stop_refusal *why);
size_t stop_threads(const struct stop *s);
pid_t stop_tid(const struct stop *s, size_t i);
/* Stack pointer, 0 unknown. */
uint64_t stop_pointer(const struct stop *s, size_t i);
/* Set K of thread I: false when there is none. */
bool stop_set(const struct stop *s, size_t i, size_t k, struct stop_set *ret);
/* Something went on: the caller is not stuck. */
void stop_go_on(struct stop *s);
/* Whether the process is still stopped by us. */
bool stop_holds(struct stop *s);
/*
 * stop_end - lets all threads go, unless that was done; what was read of them stays until
 * stop_close(). CONFINED: ptrace(2) may no longer be called, so the tracer ends instead, which does
 * the same. Returns when they are free.
 */
void stop_end(struct stop *s, bool confined);
/* After stop_end(). */
void stop_effects(const struct stop *s, struct stop_effects *ret);
/* Ends it too, as if not confined. NULL is allowed. */
void stop_close(struct stop *s);
void stop_closep(struct stop **s);

#endif
