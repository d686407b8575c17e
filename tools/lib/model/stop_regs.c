/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of stopped threads, and what they tell of system calls that the stop interrupted. */
#include "model/stop_priv.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* NT_ARM_TLS, NT_X86_XSTATE: include/uapi/linux/elf.h */
enum { NOTE_ARM_TLS = 0x401, NOTE_X86_XSTATE = 0x202, SET_MOST = 64 << 10 };

/* Where things are in NT_PRSTATUS's registers of a 64-bit thread, in words of 8 bytes. */
#if defined(__x86_64__)
static const struct {
	uint32_t type;
	const char *owner;
} kinds[STOP_SETS_MAX] = { { NT_PRSTATUS, "CORE" },
			   { NT_PRFPREG, "CORE" },
			   { NOTE_X86_XSTATE, "LINUX" } };
enum { WORDS = 27, WORD_SP = 19, WORD_RESULT = 10, WORD_CALL = 15 };
#else
static const struct {
	uint32_t type;
	const char *owner;
} kinds[STOP_SETS_MAX] = { { NT_PRSTATUS, "CORE" },
			   { NT_PRFPREG, "CORE" },
			   { NOTE_ARM_TLS, "LINUX" } };
/* arm64 puts the registers back to the call's begin before it stops: nothing is told. */
enum { WORDS = 34, WORD_SP = 31, WORD_RESULT = -1, WORD_CALL = -1 };
#endif

/* include/linux/errno.h: a call with one of these is started again; EINTR is the program's. */
enum { RESTART_FIRST = 512, RESTART_LAST = 516 };

static int64_t word(const struct stop *s, const struct stop_thread *t, int i)
{
	int64_t v = 0;

	if (i >= 0 && (t->set & 1) && t->sets[0].n == WORDS * sizeof(v))
		memcpy(&v, s->registers.p + t->sets[0].at + (size_t)i * sizeof(v), sizeof(v));
	return v;
}

static void count_call(struct stop *s, const struct stop_thread *t)
{
	int64_t result;

	if (WORD_CALL < 0 || word(s, t, WORD_CALL) < 0)
		return; /* in no system call */
	result = -word(s, t, WORD_RESULT);
	s->effects.interrupted += result == EINTR;
	s->effects.restarted += result >= RESTART_FIRST && result <= RESTART_LAST;
}

static void read_set(struct stop *s, struct stop_thread *t, size_t k, unsigned char *set)
{
	struct iovec io = { .iov_base = set, .iov_len = SET_MOST };

	if (stop_ptrace(PTRACE_GETREGSET, t->tid, kinds[k].type, (uintptr_t)&io) < 0)
		return; /* gone, or a set that this processor has not */
	if (k == 0 && io.iov_len != WORDS * sizeof(uint64_t)) {
		s->effects.sets_left_out++;
		return;
	}
	t->sets[k].at = (uint32_t)s->registers.n;
	t->sets[k].n = (uint32_t)io.iov_len;
	if (buf_add(&s->registers, set, io.iov_len) < 0)
		s->effects.sets_left_out++;
	else
		t->set |= UINT64_C(1) << k;
}

void stop_read_registers(struct stop *s)
{
	AUTO_FREE unsigned char *set = malloc(SET_MOST);

	if (!set) {
		s->effects.sets_left_out = s->n * STOP_SETS_MAX;
		return;
	}
	/* The sets of all threads in turn: where they do not all fit, each has its first. */
	for (size_t k = 0; k < STOP_SETS_MAX; k++)
		for (size_t i = 0; i < s->n; i++)
			read_set(s, &s->v[i], k, set);
	for (size_t i = 0; i < s->n; i++)
		count_call(s, &s->v[i]);
}

uint64_t stop_pointer(const struct stop *s, size_t i)
{
	return (uint64_t)word(s, &s->v[i], WORD_SP);
}

bool stop_set(const struct stop *s, size_t i, size_t k, struct stop_set *ret)
{
	const struct stop_thread *t = &s->v[i];

	if (k >= STOP_SETS_MAX || !(t->set >> k & 1))
		return false;
	*ret = (struct stop_set){ .type = kinds[k].type,
				  .owner = kinds[k].owner,
				  .regs = bytes_of(s->registers.p + t->sets[k].at, t->sets[k].n) };
	return true;
}
