/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: signs about a container, "could it have got out?" */
#include "signs/container.h"

#include "signs/match_container.h"

static const struct sign rows[] = {
	{ .id = "privileged",
	  .title = "Container is privileged",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_RIGHTS,
	  .match.container = match_privileged,
	  .next = "csi posture -p %d" },
	{ .id = "dangerous-caps",
	  .title = "Capabilities that lead out of a container",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_RIGHTS,
	  .match.container = match_dangerous_caps,
	  .next = "csi posture -p %d" },
	{ .id = "runtime-socket",
	  .title = "Socket of a container runtime is in the container",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611", "T1610" },
	  .needs = CONTAINER_MOUNTS,
	  .match.container = match_runtime_socket,
	  .next = "csi net -p %d" },
	{ .id = "host-root",
	  .title = "Root file system of the node is mounted",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_MOUNTS,
	  .match.container = match_host_root,
	  .next = "csi posture -p %d" },
	{ .id = "host-path",
	  .title = "Sensitive path of the node is mounted",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_MOUNTS,
	  .match.container = match_host_path,
	  .next = "csi posture -p %d" },
	{ .id = "second-proc",
	  .title = "Another proc is mounted beside /proc",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_MOUNTS,
	  .match.container = match_host_proc,
	  .next = "csi posture -p %d" },
	{ .id = "node-device",
	  .title = "Disk or memory of the node is a device in the container",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1611" },
	  .needs = CONTAINER_FILES,
	  .match.container = match_device,
	  .next = "csi posture -p %d" },
	{ .id = "cgroup-release-agent",
	  .title = "Writable cgroup hierarchy with a release_agent",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_MOUNTS | CONTAINER_FILES | CONTAINER_RIGHTS,
	  .match.container = match_release_agent,
	  .next = "csi posture -p %d" },
	{ .id = "kernel-file-writable",
	  .title = "Files of the node's kernel are writable",
	  .level = LEVEL_HIGH,
	  .technique = { "T1611" },
	  .needs = CONTAINER_MOUNTS | CONTAINER_FILES | CONTAINER_RIGHTS,
	  .match.container = match_kernel_file,
	  .next = "csi posture -p %d" },
	{ .id = "host-namespace",
	  .title = "Namespaces of the node",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1611" },
	  .needs = CONTAINER_RIGHTS,
	  .match.container = match_host_namespace,
	  .next = "csi posture -p %d" },
	{ .id = "missing-confinement",
	  .title = "Neither seccomp nor a security module confines it",
	  .level = LEVEL_LOW,
	  .technique = { "T1611" },
	  .needs = CONTAINER_RIGHTS,
	  .match.container = match_missing_confinement,
	  .next = "csi posture -p %d" },
	{ .id = "service-account-token",
	  .title = "Token of a service account can be read here",
	  .level = LEVEL_INFO,
	  .technique = { "T1552.007", "T1528" },
	  .needs = CONTAINER_FILES,
	  .match.container = match_token,
	  .next = "csi posture -p %d" },
	{ .id = "cloud-metadata",
	  .title = "Metadata service of a cloud can be reached, by configuration",
	  .level = LEVEL_LOW,
	  .technique = { "T1552.005" },
	  .needs = CONTAINER_NET,
	  .match.container = match_metadata,
	  .next = "csi net -p %d" },
};

const struct sign_table signs_container = { SUBJECT_CONTAINER, rows, ARRAY_LEN(rows) };

struct judged_container {
	const struct judging *j;
	struct sign_about about;
};

static void on_match(void *ctx, const struct sign *s, const struct finding *f)
{
	const struct judged_container *c = ctx;

	c->j->fn(c->j->ctx, &c->about, s, f);
}

static int judge_one(void *ctx, const struct container_facts *f)
{
	struct judged_container c = { .j = ctx };

	/* The node itself may do what it likes. */
	if (f->node)
		return 0;
	sign_about_container(f, &c.about);
	signs_judge_container(f, f->known, on_match, &c);
	return 0;
}

int judge_containers(struct judging *j)
{
	return containers_each(j, judge_one, j);
}
