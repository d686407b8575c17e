/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from the content of an executable, and from what argv[0] claims to be. */
#include "signs/facts_priv.h"
#include "signs/match.h"

#include "work/filehash.h"

#include <elf.h>
#include <errno.h>
#include <sys/stat.h>

enum {
	SAMPLE = 64 << 10, /* bytes of one */
	SAMPLES = 16,	   /* spread over the file; a file of up to their sum is read whole */
	HEAD = 4096,	   /* where packers leave their mark */
};

struct counting {
	uint64_t n[256], total;
};

static void count(struct counting *c, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		c->n[b.p[i]]++;
	c->total += b.n;
}

/* Binary logarithm of V > 0, with 16 bits behind the point. */
static uint64_t log2_fixed(uint64_t v)
{
	unsigned whole = 63 - (unsigned)__builtin_clzll(v);
	uint64_t m = whole > 31 ? v >> (whole - 31) : v << (31 - whole); /* 1.31 */
	uint64_t r = (uint64_t)whole << 16;

	for (unsigned i = 16; i-- > 0;) {
		m = (m * m) >> 31;
		if (m >> 32) {
			m >>= 1;
			r |= UINT64_C(1) << i;
		}
	}
	return r;
}

/* Shannon's, in thousandths of a bit a byte. At most SAMPLES * SAMPLE bytes: nothing overflows. */
static unsigned entropy(const struct counting *c)
{
	uint64_t sum = 0;

	if (c->total == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(c->n); i++)
		if (c->n[i])
			sum += c->n[i] * (log2_fixed(c->total) - log2_fixed(c->n[i]));
	return (unsigned)((sum / c->total * 1000) >> 16);
}

static void look_at_head(struct bytes b, struct exe_bytes *ret)
{
	static const char upx[] = "UPX!";
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;

	ret->elf = elf_header(b);
	if (ret->elf && b.p[EI_CLASS] == ELFCLASS64) {
		memcpy(&h64, b.p, sizeof(h64));
		ret->sections = h64.e_shnum;
	} else if (ret->elf) {
		memcpy(&h32, b.p, sizeof(h32));
		ret->sections = h32.e_shnum;
	}
	if (b.n > HEAD)
		b.n = HEAD;
	ret->upx = b.n >= sizeof(upx) && memmem(b.p, b.n, upx, sizeof(upx) - 1) != NULL;
}

/* What reading brings into the page cache goes again. */
static int sample(struct file *f, uint64_t size, struct exe_bytes *ret)
{
	AUTO_FREE unsigned char *p = malloc(SAMPLE);
	struct counting c = { 0 };
	uint64_t step = size <= (uint64_t)SAMPLE * SAMPLES ? SAMPLE : size / SAMPLES;

	if (!p)
		return -ENOMEM;
	for (uint64_t i = 0, at = 0; i < SAMPLES && at < size; i++, at += step) {
		file_cache_note(f, at, at + SAMPLE);
		ssize_t n = file_read_at(f, p, SAMPLE, at);
		if (n > 0)
			file_cache_drop(f, at, at + (uint64_t)n);
		if (n <= 0)
			return (int)n;
		if (i == 0)
			look_at_head(bytes_of(p, (size_t)n), ret);
		count(&c, bytes_of(p, (size_t)n));
	}
	ret->entropy = entropy(&c);
	return 0;
}

/* What is remembered of its executable, or NULL: there is none whose bytes could tell anything. */
static struct bytes_seen *exe_seen(struct gathering *g)
{
	if (g->bare || !(g->f->known & FACT_EXE_FILE) || !S_ISREG(g->f->exe.mode))
		return NULL;
	return shared_bytes(g->sh, &g->f->exe);
}

/* 1: it executes another file by now, whose bytes are not to be remembered as this one's. */
static int open_exe(struct gathering *g, struct file **ret)
{
	struct file_info info = { 0 };
	int r = process_file(g->p, FILE_EXE, 0, ret);

	if (r == 0)
		r = file_info(*ret, &info);
	if (r < 0)
		return r;
	return !file_same(&info, &g->f->exe);
}

int learn_exe_bytes(struct gathering *g)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct bytes_seen *seen = exe_seen(g);
	int r;

	if (!seen)
		return 1;
	if (!seen->sampled) {
		r = open_exe(g, &f);
		if (r == 0)
			r = sample(f, g->f->exe.size, &seen->bytes);
		if (r)
			return r;
		seen->sampled = true;
	}
	g->f->exe_bytes = seen->bytes;
	return 0;
}

/* Of a file that is executed, so it cannot be written meanwhile (ETXTBSY). */
static int hash_exe(struct file *f, unsigned char ret[EXE_HASH_BYTES])
{
	const struct filehash_options o = { .kinds = HASH_SHA256, .most = EXE_HASH_MAX };
	struct digests d;
	int r = filehash(f, &o, &d, NULL);

	if (r == 0)
		memcpy(ret, d.sha256, EXE_HASH_BYTES);
	return r;
}

int learn_exe_hash(struct gathering *g)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	const struct file_info *exe = &g->f->exe;
	struct bytes_seen *seen = exe_seen(g);
	int r;

	if (!seen)
		return 1;
	if (!seen->hashed) {
		r = exe->size > EXE_HASH_MAX ? -EFBIG : open_exe(g, &f);
		if (r == 0)
			r = hash_exe(f, seen->sha256);
		if (r)
			return r;
		seen->hashed = true;
	}
	memcpy(g->f->exe_sha256, seen->sha256, EXE_HASH_BYTES);
	return 0;
}

/* A symbolic link there is an alias (/bin/sh): reading where it leads would move its atime. */
int learn_argv0(struct gathering *g)
{
	struct bytes arg = facts_argv(g->f, 0);
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r;

	if (g->bare || !(g->f->known & FACT_EXE_FILE) || !(g->f->known & FACT_CMDLINE))
		return 1;
	arg.n = name_end(arg);
	if (arg.n == 0 || arg.p[0] != '/' || bytes_eq(path_name(arg), path_name(exe_path_of(g->f))))
		return 0;
	r = gathering_space(g);
	if (r)
		return r;
	if (root_pin(g->space->root, arg, &pin, &info) < 0)
		return 0;
	g->f->argv0_other = S_ISREG(info.mode) && (info.mode & 0111) && info.ino != g->f->exe.ino;
	return 0;
}
