/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about paths, arguments and environments that several signs ask. */
#include "signs/match.h"

enum { STRINGS_MAX = 65536, VERSION_CHARS = 16 };

struct bytes path_name(struct bytes path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return bytes_of(path.p + at, path.n - at);
}

static unsigned char fold_case(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool same_folded(const unsigned char *p, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fold_case(p[i]) != (unsigned char)word[i])
			return false;
	return true;
}

bool bytes_hold(struct bytes b, const char *word, bool fold)
{
	size_t n = strlen(word);

	if (b.n < n)
		return false;
	if (!fold)
		return memmem(b.p, b.n, word, n) != NULL;
	for (size_t i = 0; i + n <= b.n; i++)
		if (same_folded(b.p + i, word, n))
			return true;
	return false;
}

bool path_is_token(struct bytes path)
{
	return bytes_hold(path, "kubernetes.io/serviceaccount/", false) &&
	       bytes_eq(path_name(path), bytes_str("token"));
}

bool path_is_deleted_jar(struct bytes path)
{
	return bytes_ends(path, ".jar (deleted)") || bytes_ends(path, ".war (deleted)");
}

struct bytes facts_argv(const struct facts *f, size_t n)
{
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg = bytes_of(NULL, 0);

	for (size_t i = 0; i <= n; i++)
		if (i == STRINGS_MAX || proc_next_string(&rest, &arg) == 0)
			return bytes_of(NULL, 0);
	return arg;
}

bool facts_env(const struct facts *f, const char *name, struct bytes *ret)
{
	struct bytes rest = buf_bytes(&f->environ);
	size_t len = strlen(name);
	struct bytes s;

	for (int n = 0; n < STRINGS_MAX && proc_next_string(&rest, &s) > 0; n++) {
		if (!bytes_starts(s, name) || s.n <= len || s.p[len] != '=')
			continue;
		*ret = bytes_of(s.p + len + 1, s.n - len - 1);
		return true;
	}
	return false;
}

size_t name_end(struct bytes title)
{
	size_t n = 0;

	while (n < title.n && title.p[n] != ' ' && title.p[n] != ':')
		n++;
	return n;
}

/* NAME, or NAME and a version: "python3.11", "php-fpm8.2", "ruby3.1", "qemu-x86_64". */
static bool is_version_of(struct bytes name, const char *base)
{
	size_t n = strlen(base);

	if (!bytes_starts(name, base) || name.n > n + VERSION_CHARS)
		return false;
	for (; n < name.n; n++)
		if (name.p[n] != '.' && name.p[n] != '-' && (name.p[n] < '0' || name.p[n] > '9'))
			return false;
	return true;
}

static bool is_one_of(struct bytes name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_version_of(name, names[i]))
			return true;
	return false;
}

bool jit_of_exe(struct bytes exe)
{
	static const char *const names[] = {
		"java",
		"javac",
		"node",
		"nodejs",
		"dotnet",
		"php",
		"php-fpm",
		"php-cgi",
		"mono",
		"mono-sgen",
		"beam.smp",
		"luajit",
		"ruby",
		"deno",
		"bun",
		"pypy",
		"chrome",
		"chromium",
		"firefox",
		"electron",
		"wasmtime",
		"julia",
		"qemu-system-x86_64",
		"qemu-x86_64",
		"qemu-aarch64",
		"qemu-arm",
	};
	struct bytes name = path_name(exe);

	return is_one_of(name, names, ARRAY_LEN(names));
}

enum jit jit_of_library(struct bytes path)
{
	static const struct {
		const char *start;
		enum jit jit;
	} known[] = {
		{ "libjvm.so", JIT_RUNTIME },
		{ "libcoreclr.so", JIT_RUNTIME },
		{ "libclrjit.so", JIT_RUNTIME },
		{ "libnode.so", JIT_RUNTIME },
		{ "libv8", JIT_RUNTIME },
		{ "libmono", JIT_RUNTIME },
		{ "libruby", JIT_RUNTIME },
		{ "libluajit", JIT_RUNTIME },
		{ "libphp", JIT_RUNTIME },
		{ "libmozjs", JIT_RUNTIME },
		{ "libjavascriptcore", JIT_RUNTIME },
		{ "llvmjit.so", JIT_RUNTIME },
		{ "libpcre", JIT_LIBRARY },
		{ "libffi", JIT_LIBRARY },
		{ "libLLVM", JIT_LIBRARY },
		{ "libgccjit", JIT_LIBRARY },
		{ "liborc", JIT_LIBRARY },
	};
	struct bytes name = path_name(path);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (bytes_starts(name, known[i].start))
			return known[i].jit;
	return JIT_NONE;
}

bool is_shell(struct bytes exe)
{
	static const char *const names[] = { "sh",  "bash", "dash", "ash",  "zsh",
					     "ksh", "mksh", "csh",  "tcsh", "fish" };

	return is_one_of(path_name(exe), names, ARRAY_LEN(names));
}

bool is_interpreter(struct bytes exe)
{
	static const char *const names[] = { "python", "perl", "ruby",	 "php",	 "php-cli",
					     "lua",    "node", "nodejs", "pypy", "tclsh" };

	return is_shell(exe) || is_one_of(path_name(exe), names, ARRAY_LEN(names));
}
