/* SPDX-License-Identifier: Apache-2.0 */
/* case.json of a case, the ledger's lines as the summary counts them, and the directory's sums. */
#include "tree.h"

#include "work/casedir.h"
#include "work/custody.h"

static void values(void)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "IR-7", 0 },	     { "CORP\\jane", 0 },	  { "\xc3\x84", 0 },
		{ "", -EINVAL },     { "a\nb", -EINVAL },	  { "\x1b[2J", -EINVAL },
		{ "\xff", -EINVAL }, { "\xe2\x80\xae", -EINVAL },
	};
	char long_text[CUSTODY_VALUE_MAX + 2];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(custody_value_check(bytes_str(rows[i].text)), rows[i].want);
	memset(long_text, 'x', sizeof(long_text));
	CHECK_INT(custody_value_check(bytes_of(long_text, CUSTODY_VALUE_MAX)), 0);
	CHECK_INT(custody_value_check(bytes_of(long_text, CUSTODY_VALUE_MAX + 1)), -E2BIG);
	OK("values: printable, bounded");
}

static void case_json(void)
{
	static const struct {
		const char *text;
		enum custody_value bad;
	} rows[] = {
		{ "", CUSTODY_VALUES },
		{ "[]", CUSTODY_VALUES },
		{ "{\"case\":2}", CUSTODY_VALUES },
		{ "{\"case\":1,\"operator\":\"a\\\\x0ab\"}", CUSTODY_OPERATOR },
		{ "{\"case\":1,\"operator\":7}", CUSTODY_OPERATOR },
		{ "{\"case\":1,\"skew_node_s\":\"1\"}", CUSTODY_SKEW_NODE },
		{ "{\"case\":1,\"skew_node_s\":1.}", CUSTODY_SKEW_NODE },
	};
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct custody_case c = { 0 }, again;
	enum custody_value bad;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(custody_case_parse(bytes_str(rows[i].text), &again, &bad), -EBADMSG);
		CHECK_INT(bad, rows[i].bad);
	}
	memcpy(c.v[CUSTODY_OPERATOR], "CORP\\\"jane\"", 11);
	memcpy(c.v[CUSTODY_SKEW_NODE], "-12.5", 5);
	CHECK_INT(custody_case_write(&c, &text), 0);
	CHECK_INT(custody_case_parse(buf_bytes(&text), &again, &bad), 0);
	CHECK_INT(memcmp(&c, &again, sizeof(c)), 0);
	OK("case.json: round, and refused where it breaks its rule");
}

#define LINE(csi, more) "{\"@timestamp\":\"T\",\"csi\":{" csi "}," more "}\n"

/* More kinds of gaps than there are rows, lines that are none, and records of each sort. */
static void ledger(void)
{
	static const char some[] = LINE(
		"\"action\":\"collect file\",\"item\":\"files/a\",\"outcome\":\"partial\"",
		"\"event\":{\"kind\":\"event\"},\"file\":{\"size\":7,\"type\":\"file\"}")
		LINE("\"action\":\"skip mount\",\"outcome\":\"skipped\"",
		     "\"event\":{\"kind\":\"event\"},\"file\":{\"path\":\"/v\"}")
			LINE("\"action\":\"footprint\",\"key\":\"own peak RSS, kB\",\"text\":\"5\"",
			     "\"event\":{\"kind\":\"event\"}")
				LINE("\"action\":\"footprint\",\"key\":\"bytes\",\"text\":\"5\"",
				     "\"event\":{\"kind\":\"event\"}") "no record\n{\"\n";
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(custody_closep) struct custody *c = NULL;

	CHECK_INT(custody_new(&c), 0);
	for (int i = 0; i < 2; i++)
		CHECK_INT(custody_content(c, bytes_str("ledger/000001.jsonl"), bytes_str(some)), 0);
	CHECK_INT(c->kind[CUSTODY_FILES].entries, 2);
	CHECK_INT(c->kind[CUSTODY_FILES].partial, 2);
	CHECK_INT(c->kind[CUSTODY_FILES].bytes, 14);
	CHECK_INT(c->ngroups, 1);
	CHECK_INT(c->group[0].n, 2);
	CHECK_INT(c->odd, 4);
	CHECK_INT(c->nfacts, 2);
	CHECK(c->fact[0].text.n == 1 && c->fact[0].text.p[0] == '5');
	CHECK(c->fact[1].text.n == 2 && memcmp(c->fact[1].text.p, "10", 2) == 0);
	for (int i = 0; i < CUSTODY_GROUPS_MAX + 3; i++) {
		buf_clear(&text);
		CHECK_INT(
			buf_addf(&text,
				 "{\"csi\":{\"on\":\"x\"},\"error\":{\"code\":\"E%d\"},\"event\":{"
				 "\"action\":\"read\",\"kind\":\"pipeline_error\"}}\n",
				 i),
			0);
		(void)custody_content(c, bytes_str("ledger/000002.jsonl"), buf_bytes(&text));
	}
	CHECK_INT(c->ngroups, CUSTODY_GROUPS_MAX);
	CHECK_INT(c->others, 4);
	OK("ledger lines: counted, bounded");
	CHECK_INT(custody_settle(c, false), 0);
	CHECK_INT(c->ngroups + c->nfacts + c->odd + c->kind[CUSTODY_FILES].entries, 0);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(custody_content(c, bytes_str("ledger/000001.jsonl"), bytes_str(some)), 0);
		CHECK_INT(custody_settle(c, i < 2), 0);
		CHECK_INT(c->kind[CUSTODY_FILES].entries, i < 2 ? i + 1 : 2);
	}
	CHECK_INT(custody_settle(c, false), 0);
	CHECK_INT(c->odd, 4);
	OK("what no checkpoint proves is forgotten");
}

static int check_dir(int dir)
{
	struct casedir_ops ops = { 0 };
	struct casedir_result res;
	int r = casedir_check(dir, &ops, &res);

	buf_done(&res.sums);
	return r;
}

static void sums(void)
{
#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "", 0 },
		{ D "  a\n", 0 },
		{ D " *a\n", 0 },
		{ "\\" D "  a\\nb\\\n", 0 },
		{ D "  a", -EBADMSG },
		{ D "  \n", -EBADMSG },
		{ D " a\n", -EBADMSG },
		{ "\\\n", -EBADMSG },
		{ "X" D "  a\n", -EBADMSG },
		{ D "  a\n" D "  a\n", -EBADMSG },
	};
	char path[TREE_PATH];
	int dir = tree_make(NULL, path);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tree_file(dir, "SHA256SUMS", rows[i].text, strlen(rows[i].text));
		CHECK_INT(check_dir(dir), rows[i].want);
	}
	CHECK_INT(casedir_write(dir, "SHA256SUMS", bytes_str("x")), -EEXIST);
	CHECK_INT(unlinkat(dir, "SHA256SUMS", 0), 0);
	CHECK_INT(symlinkat("/etc/passwd", dir, "SHA256SUMS"), 0);
	CHECK_INT(check_dir(dir), -ELOOP);
	CHECK_INT(close(dir), 0);
	tree_remove(path);
	OK("SHA256SUMS: malformed ones are refused, nothing is overwritten or followed");
}

int main(void)
{
	values();
	case_json();
	ledger();
	sums();
	TEST_END();
}
