/* SPDX-License-Identifier: Apache-2.0 */
/* case.json of a case directory. */
#include "work/custody_case.h"

#include "base/escape.h"
#include "format/json.h"
#include "format/json_get.h"

#include <errno.h>

enum { CASE_VERSION = 1, SKEW_TEXT_MAX = 24 };

static const struct {
	const char *name;
	bool number;
} values[] = {
	[CUSTODY_CREATED] = { "created", false },
	[CUSTODY_CASE_ID] = { "case_id", false },
	[CUSTODY_OPERATOR] = { "operator", false },
	[CUSTODY_AUTHORITY] = { "authority", false },
	[CUSTODY_CLUSTER] = { "cluster_uid", false },
	[CUSTODY_SKEW_NODE] = { "skew_node_s", true },
	[CUSTODY_SKEW_WORKSTATION] = { "skew_workstation_s", true },
	[CUSTODY_API_NAMESPACE] = { "namespace", false },
	[CUSTODY_API_POD] = { "pod", false },
	[CUSTODY_API_POD_UID] = { "pod_uid", false },
	[CUSTODY_API_NODE] = { "node", false },
};

const char *custody_value_name(enum custody_value v)
{
	return values[v].name;
}

int custody_value_check(struct bytes text)
{
	AUTO_DONE(buf_done) struct buf escaped = BUF_NONE;
	size_t backslashes = 0;

	if (text.n > CUSTODY_VALUE_MAX)
		return -E2BIG;
	for (size_t i = 0; i < text.n; i++)
		backslashes += text.p[i] == '\\';
	int r = escape_add(&escaped, text);
	if (r < 0)
		return r;
	/* Each \xhh is longer by three, so only doubled backslashes can give this length. */
	return text.n > 0 && escaped.n == text.n + backslashes ? 0 : -EINVAL;
}

/* RFC 8259, section 6, as far as a person or a shell would write it: -12.5 */
static bool is_number(struct bytes b)
{
	size_t i = b.n > 0 && b.p[0] == '-', digits = 0, dots = 0;

	if (b.n == 0 || b.n > SKEW_TEXT_MAX)
		return false;
	for (; i < b.n; i++) {
		if (b.p[i] == '.' && digits > 0 && dots == 0 && i + 1 < b.n)
			dots++;
		else if (b.p[i] >= '0' && b.p[i] <= '9')
			digits++;
		else
			return false;
	}
	return digits > 0;
}

static int parse_value(struct bytes raw, bool number, char *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(CUSTODY_CASE_MAX);

	if (number) {
		if (!is_number(raw))
			return -EBADMSG;
		memcpy(ret, raw.p, raw.n);
		return 0;
	}
	int r = json_undo(&text, raw);
	if (r == 0)
		r = custody_value_check(buf_bytes(&text));
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	memcpy(ret, text.p, text.n);
	return 0;
}

int custody_case_parse(struct bytes text, struct custody_case *ret, enum custody_value *ret_bad)
{
	struct custody_case c = { 0 };
	struct bytes raw;

	*ret_bad = CUSTODY_VALUES;
	if (json_get(text, "case", &raw) < 0 || !bytes_eq(raw, bytes_str("1")))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		int r = json_get(text, values[i].name, &raw);

		if (r == 0)
			r = parse_value(raw, values[i].number, c.v[i]);
		if (r < 0 && r != -ENOENT) {
			*ret_bad = (enum custody_value)i;
			return r;
		}
	}
	*ret = c;
	return 0;
}

int custody_case_write(const struct custody_case *c, struct buf *ret)
{
	struct json j;

	json_init(&j, ret);
	json_object(&j);
	json_key(&j, "case");
	json_u64(&j, CASE_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct bytes v = bytes_str(c->v[i]);

		if (v.n == 0)
			continue;
		json_key(&j, values[i].name);
		if (values[i].number)
			json_raw(&j, v);
		else
			json_bytes(&j, v);
	}
	json_object_end(&j);
	return j.err < 0 ? j.err : buf_addc(ret, '\n');
}
