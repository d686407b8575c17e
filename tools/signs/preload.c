/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in what the dynamic loader is told to bring along; ld.so(8). */
#include "signs/match.h"

enum { ENVIRON_STRINGS_MAX = 65536 };

/* Somewhere that a package does not put its libraries. */
static bool is_odd_place(struct bytes value)
{
	bool odd = false;
	size_t at = 0;

	while (at < value.n) {
		size_t end = at;

		while (end < value.n && value.p[end] != ':' && value.p[end] != ' ' &&
		       value.p[end] != '\n')
			end++;
		struct bytes path = bytes_of(value.p + at, end - at);
		if (path_is_scratch(path) || path_is_hidden(path, &odd))
			return true;
		at = end + 1;
	}
	return false;
}

bool match_ld_preload(const struct facts *f, struct finding *ret)
{
	static const char *const names[] = { "LD_PRELOAD=", "LD_AUDIT=" };
	struct bytes rest = buf_bytes(&f->environ);
	struct bytes s;
	bool found = false;

	for (int n = 0; n < ENVIRON_STRINGS_MAX && proc_next_string(&rest, &s) > 0; n++) {
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			size_t len = strlen(names[i]);

			if (!bytes_starts(s, names[i]) || s.n == len)
				continue;
			if (is_odd_place(bytes_of(s.p + len, s.n - len)))
				ret->level = LEVEL_MEDIUM;
			finding_add(ret, "process.env_vars", s);
			found = true;
		}
	}
	return found;
}

bool match_ld_so_preload(const struct facts *f, struct finding *ret)
{
	struct bytes text = buf_bytes(&f->preload);
	size_t i = 0;

	while (i < text.n && text.p[i] <= ' ')
		i++;
	if (!f->preload_exists || i == text.n)
		return false;
	if (f->preload_birth == BIRTH_OLD)
		ret->level = LEVEL_LOW;
	else if (f->preload_birth == BIRTH_NEW || f->preload_birth == BIRTH_BELOW)
		ret->level = LEVEL_HIGH;
	finding_add(ret, "file.path", bytes_str("/etc/ld.so.preload"));
	finding_add(ret, "csi.text", text);
	return true;
}

bool match_loader_new(const struct facts *f, struct finding *ret)
{
	if (f->loader_birth != BIRTH_NEW && f->loader_birth != BIRTH_BELOW)
		return false;
	finding_add(ret, "file.path", buf_bytes(&f->maps.loader));
	finding_add(ret, "csi.birth", bytes_str(f->loader_birth == BIRTH_BELOW ? "below" : "new"));
	return true;
}

static void add_map(const struct first *m, struct finding *ret)
{
	finding_add(ret, "file.path", buf_bytes(&m->text));
	finding_add_hex(ret, "csi.map.start", m->start);
	if (m->n > 1)
		finding_add_u64(ret, "csi.map.number", m->n);
}

bool match_deleted_library(const struct facts *f, struct finding *ret)
{
	const struct first *m = &f->maps.v[MAP_DELETED_X];

	if (!m->n)
		return false;
	/* An upgrade in place does this to every library; in a scratch directory nothing is
	 * upgraded. A JVM unpacks its native libraries there and deletes them. */
	if (is_odd_place(buf_bytes(&m->text)) && f->maps.jit != JIT_RUNTIME)
		ret->level = LEVEL_MEDIUM;
	add_map(m, ret);
	return true;
}

bool match_library_odd_dir(const struct facts *f, struct finding *ret)
{
	const struct first *m = &f->maps.v[MAP_ODD_X];
	struct bytes path = buf_bytes(&m->text);
	bool odd = false;

	if (!m->n)
		return false;
	/* ~/.pyenv and its like are ordinary, and a JVM unpacks its libraries in /tmp. */
	(void)path_is_hidden(path, &odd);
	if (f->maps.jit == JIT_RUNTIME || (!odd && !path_is_scratch(path)))
		ret->level = LEVEL_LOW;
	add_map(m, ret);
	return true;
}
