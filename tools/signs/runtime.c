/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in interpreters and runtimes: code from an argument or a pipe, agents, debuggers. */
#include "signs/match.h"

enum { ARGS_MAX = 4096 };

static void add_exe(const struct facts *f, struct finding *ret)
{
	if (f->known & FACT_EXE_LINK)
		finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
}

/* What a one-liner that brings something in says. */
static bool fetches(struct bytes code)
{
	static const char *const words[] = { "/dev/tcp/",     "base64 -d", "b64decode",
					     "exec(base64",   "| sh",	   "|sh",
					     "| bash",	      "|bash",	   "memfd_create",
					     "socket.socket", "pty.spawn", "IO::Socket",
					     "fsockopen" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (bytes_hold(code, words[i], false))
			return true;
	return false;
}

/* Whether ARG is the option of EXE that code follows: -c, -lc of shells and python; -e; -r of php.
 */
static bool takes_code(struct bytes exe, struct bytes arg)
{
	bool c = is_shell(exe) || bytes_starts(path_name(exe), "python");
	unsigned char last = arg.n ? arg.p[arg.n - 1] : 0;

	if (arg.n < 2 || arg.p[0] != '-' || arg.p[1] == '-')
		return bytes_eq(arg, bytes_str("--eval"));
	if (c)
		return last == 'c';
	return last == 'e' || last == 'E' || (last == 'r' && bytes_starts(path_name(exe), "php"));
}

bool match_code_argument(const struct facts *f, struct finding *ret)
{
	struct bytes exe = exe_path_of(f);
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg;

	if (!is_interpreter(exe) || proc_next_string(&rest, &arg) == 0)
		return false;
	for (int n = 0; n < ARGS_MAX && proc_next_string(&rest, &arg) > 0; n++) {
		if (arg.n == 0 || arg.p[0] != '-')
			return false; /* a script, and its own arguments */
		if (!takes_code(exe, arg))
			continue;
		if (proc_next_string(&rest, &arg) == 0)
			return false;
		/* Containers start by `sh -c`; few of them fetch or decode what they run. */
		if (fetches(arg))
			ret->level = LEVEL_MEDIUM;
		add_exe(f, ret);
		finding_add(ret, "process.args", arg);
		return true;
	}
	return false;
}

/* Neither a script nor code among the arguments: it comes through standard input. */
static bool has_program(const struct facts *f)
{
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg;

	if (proc_next_string(&rest, &arg) == 0)
		return true;
	for (int n = 0; n < ARGS_MAX && proc_next_string(&rest, &arg) > 0; n++) {
		if (bytes_eq(arg, bytes_str("-")) || bytes_eq(arg, bytes_str("-s")))
			return false;
		if (arg.n == 0 || arg.p[0] != '-' || takes_code(exe_path_of(f), arg) ||
		    bytes_starts(arg, "-m") || bytes_starts(arg, "--"))
			return true;
	}
	return false;
}

bool match_code_stdin(const struct facts *f, struct finding *ret)
{
	enum stdio_kind in = f->fds.stdio[0].kind;
	struct bytes exe = exe_path_of(f);

	if (!is_interpreter(exe) || f->cmdline.n == 0 || has_program(f))
		return false;
	if (in != STDIO_PIPE && in != STDIO_DELETED)
		return false;
	/* `kubectl exec -i POD -- sh` is a pipe too. */
	if (in == STDIO_DELETED)
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "csi.fd.0", buf_bytes(&f->fds.stdio[0].link));
	add_exe(f, ret);
	finding_add(ret, "process.args", buf_bytes(&f->cmdline));
	return true;
}

static bool is_odd_place(struct bytes path)
{
	bool odd;

	return path_is_scratch(path) || path_is_hidden(path, &odd);
}

/* The path behind "-javaagent:" or "-agentpath:", up to its options. */
static bool agent_in(struct bytes text, struct bytes *ret)
{
	static const char *const options[] = { "-javaagent:", "-agentpath:" };

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const unsigned char *at =
			text.n ? memmem(text.p, text.n, options[i], strlen(options[i])) : NULL;
		size_t n = 0;

		if (!at)
			continue;
		at += strlen(options[i]);
		size_t most = (size_t)(text.p + text.n - at);
		while (n < most && at[n] != '=' && at[n] != ' ' && at[n] != '\0')
			n++;
		*ret = bytes_of(at, n);
		return n > 0;
	}
	return false;
}

static bool is_java(const struct facts *f)
{
	return bytes_eq(path_name(exe_path_of(f)), bytes_str("java"));
}

bool match_java_agent(const struct facts *f, struct finding *ret)
{
	static const char *const names[] = { "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
					     "_JAVA_OPTIONS" };
	struct bytes agent = bytes_of(NULL, 0);
	struct bytes value;
	bool found = agent_in(buf_bytes(&f->cmdline), &agent);

	if (!is_java(f))
		return false;
	for (size_t i = 0; !found && i < ARRAY_LEN(names) && (f->known & FACT_ENVIRON); i++)
		found = facts_env(f, names[i], &value) && agent_in(value, &agent);
	if (!found)
		return false;
	/* Agents of monitoring come with the image; nobody installs one in /tmp. */
	if (is_odd_place(agent))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "file.path", agent);
	add_exe(f, ret);
	return true;
}

bool match_jvm_attach(const struct facts *f, struct finding *ret)
{
	if (!is_java(f) || f->jvm_attach.n == 0)
		return false;
	finding_add(ret, "file.path", buf_bytes(&f->jvm_attach));
	return true;
}

bool match_deleted_jar(const struct facts *f, struct finding *ret)
{
	const struct first *m = &f->maps.v[MAP_DELETED_JAR];
	const struct first *d = &f->fds.v[FD_DELETED_JAR];
	const struct first *v = m->n ? m : d;

	if (!v->n)
		return false;
	/* A redeployment leaves one behind; one that lay in /tmp was nobody's deployment. */
	if (is_odd_place(buf_bytes(&v->text)))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "file.path", buf_bytes(&v->text));
	if (!m->n)
		finding_add_u64(ret, "csi.fd", d->start);
	return true;
}

static bool is_node(const struct facts *f)
{
	struct bytes name = path_name(exe_path_of(f));

	return bytes_eq(name, bytes_str("node")) || bytes_eq(name, bytes_str("nodejs"));
}

/* The option that opens the debugger, in arguments or in a value of the environment. */
static struct bytes inspect_in(struct bytes text)
{
	static const char option[] = "--inspect";
	const unsigned char *at =
		text.n ? memmem(text.p, text.n, option, sizeof(option) - 1) : NULL;
	size_t n = 0;

	if (!at)
		return bytes_of(NULL, 0);
	size_t most = (size_t)(text.p + text.n - at);
	while (n < most && at[n] != ' ' && at[n] != '\0')
		n++;
	return bytes_of(at, n);
}

bool match_node_inspect(const struct facts *f, struct finding *ret)
{
	const struct first *s = &f->fds.v[FD_INSPECT];
	bool listens = (f->known & FACT_SOCKETS) && s->n;
	struct bytes option = inspect_in(buf_bytes(&f->cmdline));
	struct bytes value;

	if (!is_node(f))
		return false;
	if (option.n == 0 && (f->known & FACT_ENVIRON) && facts_env(f, "NODE_OPTIONS", &value))
		option = inspect_in(value);
	if (option.n == 0 && !listens)
		return false;
	/* Open to others, or opened by a signal without having been asked for at its start. */
	if (bytes_hold(option, "0.0.0.0", false) || bytes_hold(option, "[::]", false) ||
	    option.n == 0)
		ret->level = LEVEL_MEDIUM;
	if (option.n)
		finding_add(ret, "process.args", option);
	if (listens)
		finding_add_u64(ret, "source.port", s->start);
	return true;
}

bool match_node_options(const struct facts *f, struct finding *ret)
{
	static const char *const words[] = { "--require", "-r ", "--import", "--loader",
					     "--experimental-loader" };
	struct bytes value;
	bool found = false;

	if (!is_node(f) || !facts_env(f, "NODE_OPTIONS", &value))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		found |= bytes_hold(value, words[i], false);
	if (!found)
		return false;
	if (bytes_hold(value, "/tmp/", false) || bytes_hold(value, "/dev/shm/", false) ||
	    bytes_hold(value, "/.", false) || bytes_hold(value, "data:", false))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "process.env_vars", value);
	return true;
}
