/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: every kind, every refusal, and the help text. */
#include "format/opt.h"

#include "test.h"

#include <errno.h>

struct args {
	int first; /* so that no offset is 0 by chance */
	bool json;
	int verbose;
	const char *output;
	uint64_t size, number;
	struct opt_pids pids;
	int scope;
};

static const char *const scopes[] = { "quick", "full", NULL };

#define AT(member) .offset = offsetof(struct args, member)

static const struct opt first[] = {
	{ .name = "json", .kind = OPT_FLAG, AT(json), .help = "JSON lines" },
	{ .key = 'v', .name = "verbose", .kind = OPT_COUNT, AT(verbose), .help = "more" },
	{ .key = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  AT(output),
	  .arg = "FILE",
	  .help = "a help text so long that it has to go on in the next line of the screen, "
		  "and in one more" },
};

static const struct opt second[] = {
	{ .name = "max-file", .kind = OPT_SIZE, AT(size), .arg = "SIZE", .help = "s", .min = 1 },
	{ .name = "max-files-in-all-directories",
	  .kind = OPT_NUMBER,
	  AT(number),
	  .arg = "N",
	  .help = "n",
	  .min = 2,
	  .max = 100 },
	{ .key = 'p', .name = "pid", .kind = OPT_PIDS, AT(pids), .arg = "PID", .help = "p" },
	{ .name = "scope",
	  .kind = OPT_CHOICE,
	  AT(scope),
	  .arg = "SCOPE",
	  .help = "c",
	  .choices = scopes },
};

static const struct opt_table tables[] = {
	{ first, ARRAY_LEN(first) },
	{ second, ARRAY_LEN(second) },
};

enum { WORDS_MAX = 140 };

static struct args args;
static struct opt_error err;
static int operands;
static char *argv_now[WORDS_MAX + 2];
static int argc_now;

/* WORDS end with NULL. */
static int parse(const char *const *words)
{
	static char self[] = "test";

	args = (struct args){ 0 };
	err.text[0] = '\0';
	operands = -1;
	argc_now = 0;
	argv_now[argc_now++] = self;
	for (; *words && argc_now <= WORDS_MAX; words++)
		argv_now[argc_now++] = (char *)(uintptr_t)*words;
	argv_now[argc_now] = NULL;
	return opt_parse(tables, ARRAY_LEN(tables), argc_now, argv_now, &args, &operands, &err);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })
#define REFUSES(want, ...)                              \
	do {                                            \
		CHECK_INT(PARSE(__VA_ARGS__), -EINVAL); \
		CHECK_BYTES(bytes_str(err.text), want); \
	} while (0)

static void accepts(void)
{
	CHECK_INT(PARSE("--json", "-vv", "--verbose", "-o", "-", "-p7", "--pid=8", "-p", "7"), 0);
	CHECK(args.json);
	CHECK_INT(args.verbose, 3);
	CHECK_BYTES(bytes_str(args.output), "-");
	CHECK_INT(args.pids.n, 2);
	CHECK_INT(args.pids.v[0], 7);
	CHECK_INT(args.pids.v[1], 8);
	CHECK_INT(operands, argc_now);
	OK("every kind; a PID given twice counts once");

	CHECK_INT(PARSE("one", "--json", "two", "--", "--three", "-v"), 0);
	CHECK_INT(argc_now - operands, 4);
	CHECK_BYTES(bytes_str(argv_now[operands]), "one");
	CHECK_BYTES(bytes_str(argv_now[operands + 1]), "two");
	CHECK_BYTES(bytes_str(argv_now[operands + 2]), "--three");
	CHECK_BYTES(bytes_str(argv_now[operands + 3]), "-v");
	CHECK(args.json && !args.verbose);
	OK("words keep their order, -- ends options");

	CHECK_INT(PARSE("--js", "--sc", "full"), 0);
	CHECK(args.json);
	CHECK_INT(args.scope, 1);
	OK("long options may be shortened");

	CHECK_INT(PARSE("-h"), 1);
	CHECK_INT(PARSE("--json", "--help"), 1);
	OK("help is told");
}

static void sizes(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {
		{ "1", 1 },
		{ "4096", 4096 },
		{ "64K", 65536 },
		{ "64k", 65536 },
		{ "2M", 2 << 20 },
		{ "1G", 1 << 30 },
		{ "1T", UINT64_C(1) << 40 },
		{ "16777215T", UINT64_C(16777215) << 40 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = { "",	 "K",	"-1",	"+1", "0x10", "1 ",
					   " 1", "1KB", "1.5G", "1E", "KK",   "1K1" };
	static const char *const large[] = { "18446744073709551616", "16777216T",
					     "99999999999999999999999999999999K" };
	uint64_t v = 5;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CHECK_INT(PARSE("--max-file", good[i].text), 0);
		CHECK(args.size == good[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(opt_parse_size(bad[i], &v), -EINVAL);
		CHECK_INT(PARSE("--max-file", bad[i]), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_LEN(large); i++)
		CHECK_INT(opt_parse_size(large[i], &v), -ERANGE);
	CHECK_INT(v, 5);
	REFUSES("--max-file 16777216T is too large", "--max-file", "16777216T");
	REFUSES("--max-file 0 is too small", "--max-file", "0");
	REFUSES("--max-file wants a size such as 4096, 64K, 2M or 1G, not 1KB", "--max-file=1KB");
	OK("sizes, up to 64 bits and not beyond");
}

static void refuses(void)
{
	REFUSES("unknown option --foo", "--foo");
	REFUSES("unknown option --foo", "--foo=bar");
	REFUSES("unknown option -x", "-x");
	REFUSES("unknown option -x", "-vx");
	REFUSES("unknown option --\\x1b[31m\\xff", "--\x1b[31m\xff");
	REFUSES("option --max is ambiguous", "--max", "1");
	REFUSES("option --json takes no value", "--json=yes");
	REFUSES("option --help takes no value", "--help=me");
	REFUSES("option --output needs FILE", "-o");
	REFUSES("option --pid needs PID", "--pid");
	REFUSES("option --output is given twice", "-o", "a", "--output=b");
	REFUSES("--pid wants a process id, not 0", "-p", "0");
	REFUSES("--pid wants a process id, not -5", "-p", "-5");
	REFUSES("--pid wants a process id, not 2147483648", "-p", "2147483648");
	REFUSES("--pid wants a process id, not self", "-p", "self");
	REFUSES("--scope wants one of quick, full, not quic", "--scope", "quic");
	REFUSES("--max-files-in-all-directories 1 is too small", "--max-files", "1");
	REFUSES("--max-files-in-all-directories 101 is too large", "--max-files", "101");
	OK("each refusal names what was wrong, escaped");
}

static void long_words(void)
{
	char word[4096] = "--";
	const char *const words[] = { word, NULL };

	memset(word + 2, '\x01', sizeof(word) - 3);
	CHECK_INT(parse(words), -EINVAL);
	CHECK(strlen(err.text) < sizeof(err.text));
	CHECK(bytes_starts(bytes_str(err.text), "unknown option --\\x01\\x01"));
	CHECK(bytes_ends(bytes_str(err.text), "..."));
	/* Four bytes a column, the most that a message can need. */
	for (size_t i = 2; i + 4 < sizeof(word); i++)
		word[i] = "\xf0\x90\x80\x80"[(i - 2) % 4];
	CHECK_INT(parse(words), -EINVAL);
	OK("a word of any length fits into a message");
}

static void many_pids(void)
{
	static char text[OPT_PIDS_MAX + 1][16];
	const char *words[OPT_PIDS_MAX + 2] = { 0 };

	for (int i = 0; i <= OPT_PIDS_MAX; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "-p%d", i + 1);
		words[i] = text[i];
	}
	CHECK_INT(parse(words), -EINVAL);
	CHECK_BYTES(bytes_str(err.text), "--pid may be given 64 times");
	words[OPT_PIDS_MAX] = NULL;
	CHECK_INT(parse(words), 0);
	CHECK_INT(args.pids.n, OPT_PIDS_MAX);
	OK("64 PIDs, not 65");
}

static void helps(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(opt_help(tables, ARRAY_LEN(tables), &b), 0);
	CHECK_BYTES(
		buf_bytes(&b),
		"      --json              JSON lines\n"
		"  -v, --verbose           more\n"
		"  -o, --output FILE       a help text so long that it has to go on in the next\n"
		"                          line of the screen, and in one more\n"
		"      --max-file SIZE     s\n"
		"      --max-files-in-all-directories N\n"
		"                          n\n"
		"  -p, --pid PID           p\n"
		"      --scope SCOPE       c\n"
		"  -h, --help              this text\n");
	OK("help is two columns within 80");
}

int main(void)
{
	accepts();
	sizes();
	refuses();
	long_words();
	many_pids();
	helps();
	TEST_END();
}
