/* SPDX-License-Identifier: Apache-2.0 */
/* case.json at the front, and what the collection itself cost at the end. */
#include "format/hash.h"
#include "format/json.h"
#include "sys/confine.h"
#include "sys/creds.h"
#include "work/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>

enum { READ_CHUNK = 64 << 10 };

static void put(struct json *j, const char *key, const char *ours)
{
	json_key(j, key);
	json_str(j, ours);
}

static void put_bytes(struct json *j, const char *key, const char *theirs)
{
	json_key(j, key);
	json_bytes(j, bytes_str(theirs));
}

/* SHA-256 of the program that is running, as hex; "" if it cannot be read. */
static void hash_self(char ret[HASH_HEX_MAX])
{
	AUTO_CLOSE int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_FREE unsigned char *chunk = malloc(READ_CHUNK);
	struct digests d;
	struct hash h;
	ssize_t n;

	ret[0] = '\0';
	if (fd < 0 || !chunk)
		return;
	hash_init(&h, HASH_SHA256);
	while ((n = read(fd, chunk, READ_CHUNK)) > 0)
		hash_add(&h, chunk, (size_t)n);
	if (n < 0)
		return;
	hash_peek(&h, &d);
	hash_hex(d.sha256, sizeof(d.sha256), ret);
}

static void put_tool(struct json *j, const struct gather_case *c)
{
	char hex[HASH_HEX_MAX];

	hash_self(hex);
	json_key(j, "tool");
	json_object(j);
	put(j, "name", "csi");
	put(j, "version", c->version);
	put(j, "dependencies", c->deps);
	put(j, "sha256", hex);
	json_key(j, "argv");
	json_array(j);
	for (int i = 0; i < c->argc; i++)
		json_bytes(j, bytes_str(c->argv[i]));
	json_array_end(j);
	json_object_end(j);
}

static void put_clocks(struct json *j)
{
	static const struct {
		const char *name;
		clockid_t id;
	} clocks[] = { { "monotonic_ns", CLOCK_MONOTONIC }, { "boottime_ns", CLOCK_BOOTTIME } };
	char text[WHEN_TEXT_MAX];

	json_key(j, "clocks");
	json_object(j);
	when_text(when_now(CLOCK_REALTIME), text);
	put(j, "utc", text);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		json_key(j, clocks[i].name);
		json_i64(j, when_now(clocks[i].id));
	}
	json_object_end(j);
}

/* What the pod knows of itself: no API is asked. MINIMISED: names of variables without values. */
static void put_pod(struct json *j, bool minimised)
{
	static const char *const names[] = { "HOSTNAME", "POD_NAME", "POD_NAMESPACE", "NODE_NAME",
					     "KUBERNETES_SERVICE_HOST" };
	struct utsname u;

	json_key(j, "pod");
	json_object(j);
	if (uname(&u) == 0)
		put_bytes(j, "hostname", u.nodename);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v)
			put_bytes(j, names[i], minimised ? "" : v);
	}
	json_object_end(j);
	json_key(j, "kernel");
	json_object(j);
	if (uname(&u) == 0) {
		put_bytes(j, "release", u.release);
		put_bytes(j, "version", u.version);
		put_bytes(j, "machine", u.machine);
	}
	json_object_end(j);
}

static void put_hex(struct json *j, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, v);
	put(j, key, text);
}

static void put_access(struct json *j)
{
	struct creds_self self;

	json_key(j, "access");
	json_object(j);
	if (creds_read_self(&self) == 0) {
		json_key(j, "uid");
		json_u64(j, self.euid);
		json_key(j, "gid");
		json_u64(j, self.egid);
		put_hex(j, "cap_eff", self.cap_eff);
		put_hex(j, "cap_bnd", self.cap_bnd);
		json_key(j, "no_new_privs");
		json_i64(j, self.no_new_privs);
		json_key(j, "seccomp");
		json_i64(j, self.seccomp);
		json_key(j, "yama");
		json_i64(j, self.yama);
		put_bytes(j, "lsm", self.lsm);
		json_key(j, "initial_user_namespace");
		json_bool(j, self.user_ns_initial);
	}
	json_object_end(j);
}

static void put_recipients(struct json *j, const struct gather_case *c)
{
	if (c->nrecipients == 0)
		return;
	json_key(j, "recipients");
	json_array(j);
	for (size_t i = 0; i < c->nrecipients; i++)
		json_bytes(j, bytes_str(c->recipients[i]));
	json_array_end(j);
}

/* What the kernel granted; the threads of the bundle are counted in the footprint. */
static void put_confinement(struct json *j, const struct gather_case *c)
{
	int abi = confine_landlock_abi();

	json_key(j, "confinement");
	json_object(j);
	put(j, "seccomp", c->confined == 0 ? "filter" : err_name(c->confined));
	if (abi > 0) {
		json_key(j, "landlock_abi");
		json_u64(j, (uint64_t)abi);
	} else {
		put(j, "landlock", err_name(abi));
	}
	json_object_end(j);
}

/* How readily it gives way to the target. */
static void put_sharing(struct json *j, const struct gentle *g)
{
	json_key(j, "cpu_sharing");
	json_object(j);
	json_key(j, "nice");
	json_i64(j, g->nice);
	json_key(j, "batch");
	json_bool(j, g->batch);
	json_key(j, "cpus");
	json_u64(j, g->cpus);
	json_key(j, "cpus_allowed");
	json_u64(j, g->allowed);
	json_object_end(j);
}

static const char *scope_name(enum gather_scope s)
{
	static const char *const names[] = { "quick", "standard", "full" };

	return names[s];
}

int gather_case(struct gather *g, const struct gather_case *c)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bundle_entry e = { .path = bytes_str("case.json"), .action = "describe the run" };
	char when[WHEN_TEXT_MAX];
	struct json j;
	int64_t boot;
	uint64_t ticks;

	json_init(&j, &text);
	json_object(&j);
	put(&j, "run_id", c->run_id);
	json_key(&j, "schema");
	json_u64(&j, CSI_RECORD_SCHEMA);
	json_key(&j, "source");
	json_bytes(&j, bytes_str(source_name(g->source)));
	put(&j, "scope", scope_name(g->scope));
	put_tool(&j, c);
	put_recipients(&j, c);
	json_key(&j, "minimised");
	json_bool(&j, g->minimise != NULL);
	put_pod(&j, g->minimise != NULL);
	put_clocks(&j);
	put_bytes(&j, "boot_id", source_boot_id(g->source));
	if (source_boot(g->source, &boot, &ticks) == 0) {
		when_text(boot, when);
		put(&j, "boot_time", when);
	}
	put_access(&j);
	put_confinement(&j, c);
	put_sharing(&j, c->gentle);
	json_object_end(&j);
	if (j.err < 0)
		return j.err;
	if (buf_addc(&text, '\n') < 0)
		return -ENOMEM;
	return gather_add_bytes(g, &e, buf_bytes(&text));
}

/* PID: of the process that it is about, or 0. */
static int put_fact_of(struct gather *g, const char *key, const char *text, pid_t pid)
{
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "footprint");
	out_str(g->record, F_CSI_KEY, key);
	out_str(g->record, F_CSI_TEXT, text);
	if (pid)
		out_u64(g->record, F_PROCESS_PID, (uint64_t)pid);
	if (out_end(g->record) < 0)
		return -ENOMEM;
	return gather_record_end(g);
}

static int put_text_fact(struct gather *g, const char *key, const char *text)
{
	return put_fact_of(g, key, text, 0);
}

int gather_fact(struct gather *g, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	return put_text_fact(g, key, text);
}

/* The same clocks as at the start, in case.json. */
static int put_end(struct gather *g)
{
	char utc[WHEN_TEXT_MAX];

	when_text(when_now(CLOCK_REALTIME), utc);
	int r = put_text_fact(g, "ended, UTC", utc);
	if (r == 0)
		r = gather_fact(g, "ended, monotonic_ns", (uint64_t)when_now(CLOCK_MONOTONIC));
	if (r == 0)
		r = gather_fact(g, "ended, boottime_ns", (uint64_t)when_now(CLOCK_BOOTTIME));
	return r;
}

/* How much longer each group was held back since the start; a group without a quota never is. */
static int put_throttling(struct gather *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && g->throttle && i < g->throttle->n; i++) {
		const struct throttle_group *v = &g->throttle->v[i];
		struct cgroup_cpu now;
		char text[128];

		if (throttle_read(g->throttle, i, &now) < 0)
			continue;
		if (now.periods == 0)
			snprintf(text, sizeof(text), "no quota");
		else
			snprintf(text, sizeof(text),
				 "%" PRIu64 " of %" PRIu64 " periods, %" PRIu64
				 " us; before: %" PRIu64 " of %" PRIu64 ", %" PRIu64 " us",
				 now.throttled, now.periods, now.throttled_us, v->before.throttled,
				 v->before.periods, v->before.throttled_us);
		r = put_fact_of(g,
				v->pid ? "CPU throttling of a process's cgroup"
				       : "CPU throttling of the own cgroup",
				text, v->pid);
	}
	return r;
}

int gather_footprint(struct gather *g)
{
	struct bundle_confinement threads;
	struct bundle_totals sum;
	struct rusage u;
	int r;

	if (g->plan)
		return 0;
	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	bundle_progress(g->bundle, &sum);
	bundle_confined(g->bundle, &threads);
	const struct {
		const char *key;
		uint64_t v;
	} facts[] = {
		{ "symbolic links read: their atime moved", g->links_read },
		{ "files and directories read without O_NOATIME", g->noatime_refused },
		{ "own peak RSS, kB", (uint64_t)u.ru_maxrss },
		{ "own CPU time in user mode, us",
		  (uint64_t)u.ru_utime.tv_sec * 1000000 + (uint64_t)u.ru_utime.tv_usec },
		{ "own CPU time in the kernel, us",
		  (uint64_t)u.ru_stime.tv_sec * 1000000 + (uint64_t)u.ru_stime.tv_usec },
		{ "own blocks read from disk, of 512 bytes", (uint64_t)u.ru_inblock },
		{ "time taken, ns", (uint64_t)when_now(CLOCK_MONOTONIC) - g->started },
		{ "bytes archived so far", sum.bytes_in },
		{ "threads that read, archive, compress and seal", threads.threads },
		{ "of them under a seccomp filter", threads.seccomp },
		{ "of them under Landlock", threads.landlock },
	};

	r = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(facts); i++)
		r = gather_fact(g, facts[i].key, facts[i].v);
	if (r == 0)
		r = put_throttling(g);
	return r < 0 ? r : put_end(g);
}
