/* SPDX-License-Identifier: Apache-2.0 */
/* Any command line is parsed or refused with a safe message. Words are separated by NUL. */
#include "format/opt.h"

#include <errno.h>

enum { WORDS_MAX = 32 };

struct args {
	bool flag;
	int count, choice;
	const char *text;
	uint64_t size, number;
	struct opt_pids pids;
};

static const char *const choices[] = { "quick", "standard", "full", NULL };

#define AT(member) .offset = offsetof(struct args, member)

static const struct opt opts[] = {
	{ .key = 'f', .name = "flag", .kind = OPT_FLAG, AT(flag), .help = "f" },
	{ .key = 'v', .name = "verbose", .kind = OPT_COUNT, AT(count), .help = "v" },
	{ .key = 'o', .name = "output", .kind = OPT_STRING, AT(text), .arg = "O", .help = "o" },
	{ .name = "max-file", .kind = OPT_SIZE, AT(size), .arg = "S", .help = "s", .min = 1 },
	{ .name = "max", .kind = OPT_NUMBER, AT(number), .arg = "N", .help = "n", .max = 50 },
	{ .key = 'p', .name = "pid", .kind = OPT_PIDS, AT(pids), .arg = "P", .help = "p" },
	{ .name = "scope",
	  .kind = OPT_CHOICE,
	  AT(choice),
	  .arg = "C",
	  .help = "c",
	  .choices = choices },
};

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check(int r, const struct args *args, int operands, int argc,
		  const struct opt_error *err)
{
	if (r == -EINVAL) {
		size_t len = strnlen(err->text, sizeof(err->text));

		must(len > 0 && len < sizeof(err->text));
		for (size_t i = 0; i < len; i++)
			must((unsigned char)err->text[i] >= 0x20 && err->text[i] != 0x7f);
		return;
	}
	must(r == 0 || r == 1);
	must(args->pids.n <= OPT_PIDS_MAX && args->number <= 50);
	must(args->choice >= 0 && args->choice < 3);
	if (r == 0)
		must(operands >= 1 && operands <= argc);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct opt_table table = { opts, ARRAY_LEN(opts) };
	static char self[] = "fuzz";
	char *text = malloc(n + 1);
	char *argv[WORDS_MAX + 2] = { self };
	struct opt_error err = { "" };
	struct args args = { 0 };
	int argc = 1, operands = 0;

	if (!text)
		return 0;
	if (n)
		memcpy(text, p, n);
	text[n] = '\0';
	for (size_t i = 0; i < n && argc <= WORDS_MAX; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	int r = opt_parse(&table, 1, argc, argv, &args, &operands, &err);
	check(r, &args, operands, argc, &err);
	free(text);
	return 0;
}
