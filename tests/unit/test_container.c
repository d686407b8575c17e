/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: facts from a fixture of /proc, and each sign over made-up facts. */
#include "signs/container.h"

#include "test.h"
#include "tree.h"

#include <errno.h>

static char dir_path[TREE_PATH];
static struct buf seen; /* "id:level id:level" */

static void note(void *ctx, const struct sign *s, const struct finding *f)
{
	(void)ctx;
	CHECK(f->n <= FINDING_EVIDENCE_MAX);
	CHECK_INT(buf_addf(&seen, "%s%s:%s", seen.n ? " " : "", s->id, sign_level_name(f->level)),
		  0);
}

static bool judged(const struct container_facts *f, const char *want)
{
	buf_clear(&seen);
	signs_judge_container(f, f->known, note, NULL);
	CHECK_INT(buf_addc(&seen, '\0'), 0);
	if (strcmp((const char *)seen.p, want) != 0)
		fprintf(stderr, "signs are \"%s\", not \"%s\"\n", (const char *)seen.p, want);
	return strcmp((const char *)seen.p, want) == 0;
}

/* ---- made-up facts ----------------------------------------------------------------------------
 */

enum { NOT_YET = CONTAINER_RIGHTS | CONTAINER_MOUNTS | CONTAINER_FILES | CONTAINER_NET };

#define CAP(n) (UINT64_C(1) << (n))

static struct container_facts confined(uint64_t caps)
{
	struct container_facts f = { .known = NOT_YET, .nrights = 1, .first = { 1, 1 } };

	f.rights[0] = (struct rights){ .cap_eff = caps,
				       .seccomp = 2,
				       .no_new_privs = 0,
				       .user_ns_known = true,
				       .user_ns_initial = true,
				       .pid = 1,
				       .n = 1 };
	return f;
}

static void test_rights(void)
{
	static const struct {
		uint64_t caps;
		const char *want, *with_node_pids;
	} cases[] = {
		{ 0, "", "" },
		{ UINT64_C(0xa80425fb), "", "" },
		{ CAP(12), "dangerous-caps:low", "dangerous-caps:low" },
		{ CAP(19), "dangerous-caps:low", "dangerous-caps:medium" },
		{ CAP(2), "dangerous-caps:medium", "dangerous-caps:medium" },
		{ CAP(21), "dangerous-caps:high", "dangerous-caps:high" },
		{ CAP(16) | CAP(12), "dangerous-caps:high", "dangerous-caps:high" },
		{ UINT64_C(0x1ffffffffff), "privileged:high", "privileged:high" },
		{ UINT64_C(0x3fffffffff), "privileged:high", "privileged:high" },
	};
	char want[96];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct container_facts f = confined(cases[i].caps);

		CHECK(judged(&f, cases[i].want));
		f.host_pid = true;
		snprintf(want, sizeof(want), "%s%shost-namespace:medium", cases[i].with_node_pids,
			 *cases[i].with_node_pids ? " " : "");
		CHECK(judged(&f, want));
		/* In a user namespace of its own they are nothing to the node. */
		f.host_pid = false;
		f.rights[0].user_ns_initial = false;
		CHECK(judged(&f, ""));
		f.known = 0;
		CHECK(judged(&f, ""));
	}
	OK("capabilities: the runtime's default is none, a user namespace takes them back");
}

static void test_confinement(void)
{
	struct container_facts f = confined(0);

	f.rights[0].seccomp = 0;
	CHECK(judged(&f, "missing-confinement:low"));
	f.rights[0].uid = 1000;
	CHECK(judged(&f, "missing-confinement:info"));
	f.rights[0].seccomp = -1;
	CHECK(judged(&f, ""));
	f.rights[0].seccomp = 2;
	memcpy(f.rights[0].lsm, "unconfined", 10);
	f.rights[0].lsm_len = 10;
	CHECK(judged(&f, "missing-confinement:info"));
	f = confined(0);
	f.host_net = true;
	CHECK(judged(&f, "host-namespace:low"));
	f.metadata_route = true;
	CHECK(judged(&f, "host-namespace:low cloud-metadata:low"));
	f.host_net = false;
	CHECK(judged(&f, ""));
	f.metadata_own_route = true;
	CHECK(judged(&f, "cloud-metadata:low"));
	OK("seccomp, LSM, namespaces, the way to a metadata service");
}

static void add_risk(struct container_facts *f, enum risk_kind kind, bool writable)
{
	struct risk *r = &f->risks[f->nrisks++];

	*r = (struct risk){ .kind = kind, .writable = writable };
	CHECK_INT(buf_adds(&r->path, "/x\x1b[2J"), 0);
}

static void test_risks(void)
{
	static const struct {
		enum risk_kind kind;
		bool writable;
		uint64_t caps;
		uid_t uid;
		const char *want;
	} cases[] = {
		{ RISK_RUNTIME_SOCKET, false, 0, 1000, "runtime-socket:high" },
		{ RISK_HOST_ROOT, true, 0, 0, "host-root:high" },
		{ RISK_HOST_ROOT, false, 0, 0, "host-root:medium" },
		{ RISK_HOST_PATH, true, 0, 0, "host-path:high" },
		{ RISK_HOST_PATH, true, 0, 1000, "host-path:medium" },
		{ RISK_HOST_PATH, false, 0, 0, "host-path:low" },
		{ RISK_HOST_PROC, true, 0, 0, "second-proc:high" },
		{ RISK_HOST_PROC, true, 0, 1000, "second-proc:medium" },
		{ RISK_DEVICE, true, 0, 0, "node-device:medium" },
		{ RISK_DEVICE, true, CAP(21), 0, "dangerous-caps:high node-device:high" },
		{ RISK_CGROUP, true, 0, 0, "cgroup-release-agent:medium" },
		{ RISK_CGROUP, true, CAP(21), 0, "dangerous-caps:high cgroup-release-agent:high" },
		{ RISK_KERNEL_FILE, true, 0, 0, "kernel-file-writable:high" },
		{ RISK_KERNEL_FILE, true, 0, 1000, "kernel-file-writable:low" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct container_facts f = confined(cases[i].caps);

		f.rights[0].uid = cases[i].uid;
		for (size_t k = 0; k < 10; k++)
			add_risk(&f, cases[i].kind, cases[i].writable);
		CHECK(judged(&f, cases[i].want));
		for (size_t k = 0; k < f.nrisks; k++)
			buf_done(&f.risks[k].path);
	}
	OK("mounts, devices and kernel files, by what their holders may do");
}

static void test_tokens(void)
{
	struct container_facts f = confined(0);
	struct token *t = &f.tokens[f.ntokens++];

	CHECK_INT(buf_adds(&t->path, "/var/run/secrets/x/token"), 0);
	CHECK(judged(&f, "service-account-token:info"));
	t->holder = 7;
	CHECK_INT(buf_adds(&t->holder_exe, "/usr/bin/app"), 0);
	CHECK(judged(&f, "service-account-token:low"));
	buf_clear(&t->holder_exe);
	CHECK_INT(buf_adds(&t->holder_exe, "/tmp/x (deleted)"), 0);
	CHECK(judged(&f, "service-account-token:high"));
	buf_done(&t->path);
	buf_done(&t->holder_exe);
	OK("a token, and who has it open");
}

/* ---- a fixture --------------------------------------------------------------------------------
 */

static void put(int dir, const char *name, const char *text)
{
	tree_file(dir, name, text, strlen(text));
}

static void make_process(int dir, const char *pid, const char *ns, const char *caps)
{
	char text[512];
	int p = tree_dir(dir, pid);

	snprintf(text, sizeof(text), "%s (a) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7\n", pid);
	put(p, "stat", text);
	snprintf(text, sizeof(text),
		 "Name:\ta\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapInh:\t0\nCapPrm:\t%s\nCapEff:\t%"
		 "s\n"
		 "CapBnd:\t%s\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n",
		 caps, caps, caps);
	put(p, "status", text);
	put(p, "uid_map", "         0          0 4294967295\n");
	put(p, "environ", "");
	put(p, "cgroup", "0::/\n");
	tree_file(p, "environ", "A=b\0MSI_ENDPOINT=secret\0", 24);
	(void)close(tree_dir(p, "ns"));
	(void)close(tree_dir(p, "net"));
	CHECK_INT(symlinkat(ns, p, "ns/mnt"), 0);
	put(p, "net/dev", "Inter-| x\n face | y\n    lo: 1 2\n  eth0: 3 4\n vethab: 5\n");
	put(p, "net/route",
	    "Iface\tDestination\tGateway\n"
	    "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	    "eth0\tFEA9FEA9\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
	    "eth0\tx\n");
	put(p, "mountinfo",
	    "1 0 0:1 / / rw - overlay overlay rw\n"
	    "2 1 0:2 / /proc rw - proc proc rw\n"
	    "3 2 0:2 /sys /proc/sys ro - proc proc rw\n"
	    "4 1 8:1 /etc /host/e\\040tc rw - ext4 /dev/sda1 rw\n"
	    "5 1 8:1 /home /host/home ro,nosuid - ext4 /dev/sda1 rw\n"
	    "6 1 0:9 /docker.sock /var/run/docker.sock ro - tmpfs tmpfs rw\n"
	    "7 1 0:2 / /host/proc rw - proc proc rw\n"
	    "8 1 0:5 / /host/dev rw - devtmpfs udev rw\n"
	    "9 1 0:30 /docker.sock /nfs rw - nfs4 server:/docker.sock rw\n"
	    "a line of nobody\n"
	    "10 1 8:1 /etcetera /data rw - ext4 /dev/sda1 ro\n");
	(void)close(p);
}

struct got {
	size_t n, processes[4], rights[4], risks[4];
	uint64_t ns[4];
	bool node_net, own_route;
	size_t cloud;
	struct buf paths;
};

static int see(void *ctx, const struct container_facts *f)
{
	struct got *g = ctx;

	CHECK(g->n < 4);
	g->processes[g->n] = f->processes;
	g->rights[g->n] = f->nrights;
	g->risks[g->n] = f->nrisks;
	g->ns[g->n] = f->ns_mnt;
	g->node_net |= f->host_net;
	g->own_route |= f->metadata_own_route && f->metadata_route;
	g->cloud += f->cloud_names.n;
	CHECK(!f->host_pid && !f->node);
	for (size_t i = 0; g->n == 0 && i < f->nrisks; i++)
		CHECK_INT(buf_addf(&g->paths, "%s:%.*s:%d ", risk_name(f->risks[i].kind),
				   (int)f->risks[i].path.n, (const char *)f->risks[i].path.p,
				   f->risks[i].writable),
			  0);
	g->n++;
	return g->n == 4 ? -EXDEV : 0;
}

static size_t told;

static void count_gap(void *ctx, const struct gap *gap)
{
	(void)ctx;
	told += gap->err == -EBADMSG;
}

static void test_fixture(void)
{
	static const struct process_id ids[] = { { 5, 0 }, { 6, 0 }, { 7, 0 }, { 99, 0 } };
	static const atomic_bool never = false;
	const struct gap_sink gaps = { count_gap, NULL };
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	struct judging j = { .ids = ids, .nids = 4, .gaps = &gaps, .stop = &never };
	struct got got = { 0 };
	int dir = tree_make(NULL, dir_path);

	make_process(dir, "5", "mnt:[50]", "00000000a80425fb");
	make_process(dir, "6", "mnt:[51]", "00000000a80425fb");
	make_process(dir, "7", "mnt:[50]", "00000000a82425fb");
	CHECK_INT(source_open(SOURCE_PROC, dir_path, &j.source), 0);
	CHECK_INT(facts_shared_open(j.source, &shared), 0);
	j.shared = shared;
	CHECK_INT(containers_each(&j, see, &got), 0);
	CHECK_INT(got.n, 2);
	CHECK(got.ns[0] == 50 && got.processes[0] == 2 && got.rights[0] == 2);
	CHECK(got.ns[1] == 51 && got.processes[1] == 1 && got.rights[1] == 1);
	CHECK(got.node_net && got.own_route && got.cloud == 2);
	CHECK_INT(told, 2); /* the line of nobody, in each namespace's mountinfo */
	CHECK_BYTES(buf_bytes(&got.paths),
		    "path of the node:/host/e tc:1 path of the node:/host/home:0 "
		    "runtime socket:/var/run/docker.sock:0 second proc:/host/proc:1 "
		    "device:/host/dev:1 ");
	OK("containers of a fixture: rights, mounts, network, names of variables");
	buf_done(&got.paths);
	facts_shared_closep(&shared);
	shared = NULL;
	source_closep(&j.source);
	(void)close(dir);
	tree_remove(dir_path);
}

int main(void)
{
	test_rights();
	test_confinement();
	test_risks();
	test_tokens();
	test_fixture();
	buf_done(&seen);
	TEST_END();
}
