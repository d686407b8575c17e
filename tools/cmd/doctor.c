/* SPDX-License-Identifier: Apache-2.0 */
/* csi doctor - what can be read from here, what cannot and why, and the line that mends it. */
#include "cmd/doctor.h"

#include "base/escape.h"
#include "cmd/cmd.h"
#include "sys/confine.h"

#include <errno.h>
#include <stdio.h>

enum {
	MENDS_MAX = 16,	     /* different lines; more say the same with other numbers */
	MEND_PIDS_MAX = 400, /* bytes of PIDs listed before one */
	CGROUP_MAX = 64 << 10,
	UID_MAP_MAX = 64 << 10,
	CAPS_MAX = 64,
};

static const struct column columns[] = {
	{ F_PROCESS_PID, "PID", 6 },
	{ F_PROCESS_USER_ID, "UID", 5 },
	{ F_PROCESS_NAME, "NAME", -11 },
	{ F_CSI_ACCESS_EXE, "EXE", -6 },
	{ F_CSI_ACCESS_ROOT, "ROOT", -6 },
	{ F_CSI_ACCESS_FD, "FD", -6 },
	{ F_CSI_ACCESS_ENVIRON, "ENV", -6 },
	{ F_CSI_ACCESS_MAPS, "MAPS", -6 },
	{ F_CSI_ACCESS_PAGEMAP, "PMAP", -6 },
	{ F_CSI_ACCESS_MEM, "MEM", -6 },
	{ F_CSI_ACCESS_VM_READV, "READV", -6 },
};

/* By enum access_object. */
static const enum field fields[ACCESS_OBJECTS] = {
	[ACCESS_EXE] = F_CSI_ACCESS_EXE,	   [ACCESS_ROOT] = F_CSI_ACCESS_ROOT,
	[ACCESS_CWD] = F_CSI_ACCESS_CWD,	   [ACCESS_FD] = F_CSI_ACCESS_FD,
	[ACCESS_ENVIRON] = F_CSI_ACCESS_ENVIRON,   [ACCESS_MAPS] = F_CSI_ACCESS_MAPS,
	[ACCESS_MEM] = F_CSI_ACCESS_MEM,	   [ACCESS_PAGEMAP] = F_CSI_ACCESS_PAGEMAP,
	[ACCESS_VM_READV] = F_CSI_ACCESS_VM_READV,
};

/* A line that mends, and whom. */
struct mend_for {
	struct buf line, pids;
	enum access_lack lack;
	size_t n;
};

struct doctor_args {
	struct common_args common;
};

struct doctor {
	struct run *run;
	struct creds_self self;
	struct mend_for mends[MENDS_MAX];
	size_t nmends;
	size_t looked, lacking;
};

static void doctor_done(struct doctor *d)
{
	for (size_t i = 0; i < d->nmends; i++) {
		buf_done(&d->mends[i].line);
		buf_done(&d->mends[i].pids);
	}
}

static void caps_list(struct out *o, uint64_t caps)
{
	out_list(o, F_CSI_POSTURE_CAPS);
	for (int i = 0; i < CAPS_MAX; i++)
		if (caps >> i & 1 && creds_cap_name(i))
			out_list_add(o, bytes_str(creds_cap_name(i)));
}

static void cap_hex(struct out *o, enum field f, uint64_t caps)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%016llx", (unsigned long long)caps);

	out_bytes(o, f, bytes_of(text, (size_t)n));
}

static void id_text(struct out *o, enum field f, unsigned id)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", id);

	out_bytes(o, f, bytes_of(text, (size_t)n));
}

static void known_int(struct out *o, enum field f, int v)
{
	if (v >= 0)
		out_i64(o, f, v);
}

static void uid_map(struct run *run)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	uint64_t ns;

	if (process_open(run->source, (struct process_id){ .pid = getpid() }, &p) < 0)
		return;
	if (process_ns(p, LINK_NS_USER, &ns) == 0)
		out_u64(run->out, F_CSI_NS_USER, ns);
	if (process_text(p, TEXT_UID_MAP, &text, UID_MAP_MAX) < 0)
		return;
	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	out_bytes(run->out, F_CSI_POSTURE_USERNS, buf_bytes(&text));
}

/* Whether csi can confine itself here: "filter" or an errno's name, and Landlock's version or one.
 */
struct confinement {
	const char *seccomp;
	char landlock[24];
};

static struct confinement confinement(void)
{
	int r = confine_seccomp_there(), abi = confine_landlock_abi();
	struct confinement c = { .seccomp = r == 0 ? "filter" : err_name(r) };

	if (abi > 0)
		(void)snprintf(c.landlock, sizeof(c.landlock), "%d", abi);
	else
		(void)snprintf(c.landlock, sizeof(c.landlock), "%s", err_name(abi));
	return c;
}

/* What this process may do, as a record. */
static int self_record(struct doctor *d)
{
	const struct creds_self *s = &d->self;
	const struct confinement own = confinement();
	struct out *o = d->run->out;

	out_begin(o, "state");
	out_str(o, F_CSI_CONFINE_LANDLOCK, own.landlock);
	out_str(o, F_CSI_CONFINE_SECCOMP, own.seccomp);
	out_str(o, F_CSI_KEY, "self");
	out_i64(o, F_PROCESS_PID, getpid());
	out_str(o, F_PROCESS_NAME, "csi");
	id_text(o, F_PROCESS_USER_ID, s->euid);
	id_text(o, F_PROCESS_GROUP_ID, s->egid);
	caps_list(o, s->cap_eff);
	cap_hex(o, F_CSI_POSTURE_CAP_EFF, s->cap_eff);
	cap_hex(o, F_CSI_POSTURE_CAP_PRM, s->cap_prm);
	cap_hex(o, F_CSI_POSTURE_CAP_BND, s->cap_bnd);
	known_int(o, F_CSI_POSTURE_NNP, s->no_new_privs);
	known_int(o, F_CSI_POSTURE_SECCOMP, s->seccomp);
	known_int(o, F_CSI_POSTURE_YAMA, s->yama);
	if (s->lsm[0])
		out_bytes(o, F_CSI_POSTURE_LSM, bytes_of(s->lsm, strlen(s->lsm)));
	uid_map(d->run);
	return out_end(o);
}

static int add_int(struct buf *b, const char *label, int v)
{
	return v < 0 ? buf_addf(b, "  %s none", label) : buf_addf(b, "  %s %d", label, v);
}

/* "SYS_PTRACE SETUID", or "nothing". */
static int add_caps(struct buf *b, const char *before, uint64_t caps)
{
	/* Those that reading can need. */
	static const int useful[] = { CREDS_CAP_SYS_PTRACE, CREDS_CAP_DAC_READ_SEARCH,
				      CREDS_CAP_DAC_OVERRIDE, CREDS_CAP_SETUID, CREDS_CAP_SETGID };
	bool some = false;
	int r = buf_adds(b, before);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(useful); i++) {
		if (!(caps >> useful[i] & 1))
			continue;
		some = true;
		r = buf_addf(b, " %s", creds_cap_name(useful[i]));
	}
	return r == 0 && !some ? buf_adds(b, " nothing") : r;
}

/* The same as lines above the table. */
static int self_lines(struct doctor *d)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	const struct creds_self *s = &d->self;
	const struct confinement own = confinement();
	int r = buf_addf(&b, "uid %u  gid %u  CapEff %016llx", (unsigned)s->euid, (unsigned)s->egid,
			 (unsigned long long)s->cap_eff);

	if (r == 0)
		r = add_int(&b, "NoNewPrivs", s->no_new_privs);
	if (r == 0)
		r = add_int(&b, "seccomp", s->seccomp);
	if (r == 0)
		r = add_int(&b, "Yama", s->yama);
	if (r == 0)
		r = add_caps(&b, "\nhas", s->cap_eff);
	if (r == 0)
		r = add_caps(&b, ", lacks", ~s->cap_eff);
	if (r == 0)
		r = buf_addf(&b, "\nuser namespace %s  LSM ",
			     s->user_ns_initial ? "initial" : "of its own");
	if (r == 0)
		r = escape_add(&b, s->lsm[0] ? bytes_str(s->lsm) : bytes_str("none"));
	if (r == 0)
		r = buf_addf(&b, "\nconfines itself by seccomp %s, Landlock %s\n", own.seccomp,
			     own.landlock);
	return r < 0 ? r : out_text(d->run->out, buf_bytes(&b));
}

static struct mend_for *find_mend(struct doctor *d, struct bytes line)
{
	for (size_t i = 0; i < d->nmends; i++)
		if (bytes_eq(buf_bytes(&d->mends[i].line), line))
			return &d->mends[i];
	if (d->nmends == MENDS_MAX)
		return NULL;
	struct mend_for *m = &d->mends[d->nmends];
	if (buf_addb(&m->line, line) < 0) {
		buf_done(&m->line);
		return NULL;
	}
	d->nmends++;
	return m;
}

/* For the lines below the table. */
static void remember_mend(struct doctor *d, struct bytes line, enum access_lack lack, pid_t pid)
{
	struct mend_for *m = find_mend(d, line);

	if (!m)
		return;
	m->lack = lack;
	if (m->pids.n < MEND_PIDS_MAX)
		(void)buf_addf(&m->pids, "%s%d", m->n ? ", " : "", (int)pid);
	else if (m->pids.p[m->pids.n - 1] != '.')
		(void)buf_adds(&m->pids, ", ...");
	m->n++;
}

static void lack_fields(struct doctor *d, enum access_lack lack, struct bytes line)
{
	struct out *o = d->run->out;
	const char *cap = mend_capability(lack);

	out_list(o, F_CSI_ACCESS_MISSING);
	if (cap)
		out_list_add(o, bytes_str(cap));
	if (line.n)
		out_bytes(o, F_CSI_ACCESS_MEND, line);
}

static void identity(struct out *o, struct process *p, const struct proc_status *status)
{
	AUTO_DONE(buf_done) struct buf cgroup = BUF_NONE;
	const struct proc_stat *st = process_stat(p);
	char entity[96];

	process_entity_id(p, entity);
	out_i64(o, F_PROCESS_PID, process_id(p).pid);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	out_bytes(o, F_PROCESS_NAME, bytes_of(st->comm, st->comm_len));
	if (status->have & STATUS_UIDS)
		id_text(o, F_PROCESS_USER_ID, status->uid[1]);
	if (status->have & STATUS_GIDS)
		id_text(o, F_PROCESS_GROUP_ID, status->gid[1]);
	if (status->have & STATUS_CAPS)
		cap_hex(o, F_CSI_POSTURE_CAP_PRM, status->cap_prm);
	if (process_text(p, TEXT_CGROUP, &cgroup, CGROUP_MAX) == 0) {
		struct bytes id = proc_container_id(buf_bytes(&cgroup));
		if (id.n)
			out_bytes(o, F_CONTAINER_ID, id);
	}
}

static int process_record(struct doctor *d, struct process *p, const struct proc_status *status)
{
	AUTO_DONE(buf_done) struct buf line = BUF_NONE;
	struct out *o = d->run->out;
	struct access a;
	int r = access_try(p, &a);

	if (r < 0)
		return r;
	enum access_lack lack = access_judge(&a, &d->self);
	if (lack != LACK_NOTHING) {
		r = mend_line(lack, &a, &d->self, status, &line);
		if (r < 0)
			return r;
		remember_mend(d, buf_bytes(&line), lack, process_id(p).pid);
		d->lacking++;
	}
	d->looked++;
	out_begin(o, "state");
	identity(o, p, status);
	for (size_t i = 0; i < ACCESS_OBJECTS; i++)
		out_str(o, fields[i], a.err[i] ? err_name(a.err[i]) : "ok");
	lack_fields(d, lack, buf_bytes(&line));
	return out_end(o);
}

static int look(struct doctor *d, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	const struct proc_status *status;
	int r = process_open(d->run->source, id, &p);

	if (r == 0 && proc_is_bare(process_stat(p)))
		return 0;
	if (r == 0)
		r = process_status(p, &status);
	if (r == 0)
		r = process_record(d, p, status);
	if (err_is_gone(r))
		return 0;
	if (r < 0) {
		const struct gap gap = { .err = r, .what = "look at process", .pid = id.pid };

		gap_tell(&d->run->gaps, &gap);
	}
	return out_error(d->run->out);
}

static const char *reason(enum access_lack lack)
{
	static const char *const reasons[] = {
		[LACK_NOTHING] = "",
		[LACK_PTRACE] = "missing here: SYS_PTRACE, or the same user",
		[LACK_DAC] = "missing here: DAC_READ_SEARCH",
		[LACK_YAMA] = "forbidden to all by Yama",
		[LACK_OTHER] = "no capability is missing: an LSM, or its user namespace",
	};

	return reasons[lack];
}

static int mend_lines(struct doctor *d)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = buf_addf(&b, "\n%zu of %zu processes can be read whole.", d->looked - d->lacking,
			 d->looked);

	for (size_t i = 0; r == 0 && i < d->nmends; i++) {
		const struct mend_for *m = &d->mends[i];

		r = buf_addf(&b, "\nFor process %.*s (%s):\n  %.*s", (int)m->pids.n,
			     (const char *)m->pids.p, reason(m->lack), (int)m->line.n,
			     (const char *)m->line.p);
	}
	return r < 0 ? r : out_text(d->run->out, buf_bytes(&b));
}

static void examine(struct run *run)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_DONE(doctor_done) struct doctor d = { .run = run };
	int r = creds_read_self(&d.self);

	if (r < 0) {
		cmd_fail(run, "read own powers", bytes_of(NULL, 0), r, NULL);
		run->exit = EXIT_FAILED;
		return;
	}
	int code = cmd_select(run, &sel);
	if (code >= 0) {
		run->exit = code;
		return;
	}
	r = run->args->json ? self_record(&d) : self_lines(&d);
	for (size_t i = 0; r == 0 && i < sel.n && !atomic_load(&run->stop); i++)
		r = look(&d, sel.ids[i]);
	if (r == 0)
		r = mend_lines(&d);
	if (d.lacking > 0)
		run->exit = EXIT_PARTIAL;
	if (r < 0)
		run->exit = EXIT_FAILED;
}

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),
	OPT_TABLE(common_output_opts),
	OPT_TABLE(common_timeout_opts),
	OPT_TABLE(common_talk_opts),
};

static int doctor_run(const struct command *self, int argc, char **argv)
{
	struct doctor_args args = { 0 };
	struct run run = { 0 };
	int r = cmd_parse_only(self, argc, argv, &args);
	if (r < 0)
		r = cmd_begin(&run, self, &args.common, columns, ARRAY_LEN(columns));
	if (r >= 0)
		return r;
	examine(&run);
	return cmd_end(&run);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "what can be read from here, what cannot and why, and what mends it",
	.usage = "[-p PID]... [--json] [-o FILE]",
	.example = "csi doctor\n"
		   "csi doctor --json -p 1",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = doctor_run,
};
