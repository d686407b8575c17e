/* SPDX-License-Identifier: Apache-2.0 */
/* Base: byte ranges, ownership attributes, small macros. Included everywhere. */
#ifndef CSI_BASE_BASE_H
#define CSI_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_LEN(a)	      (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define NS_PER_SEC	      UINT64_C(1000000000)

/* A range of bytes that somebody else owns. Target data always travels as this: never a C string.
 */
struct bytes {
	const unsigned char *p;
	size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ .p = p, .n = n };
}

/* Only for literals and other strings of our own. */
static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_starts(struct bytes b, const char *prefix)
{
	size_t n = strlen(prefix);

	return b.n >= n && memcmp(b.p, prefix, n) == 0;
}

static inline bool bytes_ends(struct bytes b, const char *suffix)
{
	size_t n = strlen(suffix);

	return b.n >= n && memcmp(b.p + (b.n - n), suffix, n) == 0;
}

/*
 * memcpy(3) for the many short copies of records: musl's is a `rep movs`, which costs more to start
 * than such a copy takes. Two fixed moves that may overlap each other cover 8 to 32 bytes.
 */
static inline void copy_bytes(unsigned char *to, const void *from, size_t n)
{
	const unsigned char *p = from;

	if (n > 32) {
		memcpy(to, p, n);
	} else if (n >= 16) {
		unsigned char a[16], b[16];

		memcpy(a, p, 16);
		memcpy(b, p + n - 16, 16);
		memcpy(to, a, 16);
		memcpy(to + n - 16, b, 16);
	} else if (n >= 8) {
		uint64_t a, b;

		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = p[i];
	}
}

/* Ownership is visible at the declaration. Every done-function accepts the empty value. */
/* "unused": a variable may be there for its cleanup alone. */
#define AUTO_DONE(fn) __attribute__((cleanup(fn), unused))
#define AUTO_CLOSE    AUTO_DONE(base_closep)
#define AUTO_FREE     AUTO_DONE(base_freep)

/* close(2) is never retried: on Linux the descriptor is gone even after EINTR. */
static inline void base_closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void base_freep(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p));
	free(p);
}

/* Hand an AUTO_CLOSE descriptor on to a new owner. */
static inline int take_fd(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

static inline void *take_ptr_raw(void *pp)
{
	void *p;
	void *none = NULL;

	memcpy(&p, pp, sizeof(p));
	memcpy(pp, &none, sizeof(none));
	return p;
}

/* Hand an AUTO_* pointer on to a new owner: type-safe through the conditional's type. */
#define take_ptr(pp) (1 ? take_ptr_raw(pp) : *(pp))

#endif
