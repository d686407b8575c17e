/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up facts of a quiet process, and what signs say of them, as "id:level id:level". */
#ifndef CSI_UNIT_SIGN_KIT_H
#define CSI_UNIT_SIGN_KIT_H

#include "signs/signs.h"

#include "test.h"

#define ALL_KNOWN (~0u)

static struct buf seen __attribute__((unused)); /* "id:level id:level" */

static inline void note(void *ctx, const struct sign *s, const struct finding *f)
{
	(void)ctx;
	CHECK(f->n <= FINDING_EVIDENCE_MAX);
	CHECK_INT(buf_addf(&seen, "%s%s:%s", seen.n ? " " : "", s->id, sign_level_name(f->level)),
		  0);
}

static inline const char *judged(const struct facts *f)
{
	buf_clear(&seen);
	signs_judge_process(f, note, NULL);
	CHECK_INT(buf_addc(&seen, '\0'), 0);
	return (const char *)seen.p;
}

#define CHECK_SIGNS(facts, want)                                                         \
	do {                                                                             \
		const char *test_got = judged(facts);                                    \
		if (strcmp(test_got, want) != 0)                                         \
			fprintf(stderr, "%s:%d: signs are \"%s\"\n", __FILE__, __LINE__, \
				test_got);                                               \
		CHECK(strcmp(test_got, want) == 0);                                      \
	} while (0)

/* A quiet process: everything known, nothing odd. */
static inline void quiet(struct facts *f, struct proc_stat *st, const char *exe, const char *comm)
{
	facts_reset(f);
	*st = (struct proc_stat){ .pid = 7, .ppid = 1, .state = 'S', .comm_len = strlen(comm) };
	memcpy(st->comm, comm, st->comm_len);
	f->known = ALL_KNOWN;
	f->stat = st;
	f->age = 60 * (int64_t)NS_PER_SEC;
	f->exe.nlink = 1;
	f->birth = BIRTH_OLD;
	f->birth_basis = BIRTH_OVERLAY;
	CHECK_INT(buf_adds(&f->exe_link, exe), 0);
	CHECK_INT(buf_adds(&f->cmdline, exe), 0);
}

static inline void cmdline(struct facts *f, const void *p, size_t n)
{
	buf_clear(&f->cmdline);
	CHECK_INT(buf_add(&f->cmdline, p, n), 0);
}

#endif
