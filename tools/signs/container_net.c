/* SPDX-License-Identifier: Apache-2.0 */
/* The network as configured: interfaces, routes, names of environment variables. No packet is sent.
 */
#include "signs/container_priv.h"

#include "model/lines.h"
#include "sys/proc_net.h"

#include <arpa/inet.h>
#include <errno.h>

enum { LINES_MAX = 65536, ENVIRON_MAX = 1 << 20 };

static int add_name(struct name_list *l, struct bytes name)
{
	int r;

	if (l->n == CONTAINER_NAMES_MAX)
		return 0;
	r = l->n ? buf_addc(&l->names, ' ') : 0;
	if (r == 0)
		r = buf_addb(&l->names, name);
	l->n++;
	return r;
}

/* What network plugins and runtimes make on a node, and never inside a pod. */
static bool is_of_node(struct bytes name)
{
	static const char *const prefixes[] = { "veth",	  "cali",    "cni",   "flannel",
						"docker", "cilium_", "lxc",   "cbr",
						"weave",  "azv",     "kube-", "nodelocaldns",
						"br-",	  "vxlan",   "podman" };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (bytes_starts(name, prefixes[i]))
			return true;
	return false;
}

static int take_interface(struct look *l, struct bytes line)
{
	struct bytes name;

	if (proc_parse_interface(line, &name) < 0 || !is_of_node(name))
		return 0;
	return add_name(&l->f->node_interfaces, name);
}

static int take_route(struct look *l, struct bytes line)
{
	const uint32_t metadata = htonl(UINT32_C(0xa9fea9fe)); /* 169.254.169.254 */
	struct proc_route r;

	if (proc_parse_route(line, &r) < 0 || !(r.flags & ROUTE_UP) || (r.flags & ROUTE_REJECT) ||
	    (metadata & r.mask) != r.destination)
		return 0;
	l->f->metadata_route = true;
	l->f->metadata_own_route |= r.mask == UINT32_MAX;
	return 0;
}

static int each_line(struct look *l, enum proc_text t, int (*take)(struct look *, struct bytes))
{
	AUTO_DONE(lines_closep) struct lines *lines = NULL;
	struct bytes line;
	int r = lines_open(l->p, t, &lines);

	if (r < 0) {
		look_tell(l, r, "read network", bytes_str(proc_text_name(t)));
		return r;
	}
	l->f->known |= CONTAINER_NET;
	for (int n = 0; (r = lines_next(lines, &line)) != 0; n++) {
		if (n == LINES_MAX)
			r = -E2BIG;
		if (r < 0 && r != -EFBIG) {
			look_tell(l, r, "read network", bytes_str(proc_text_name(t)));
			break;
		}
		r = take(l, line);
		if (r < 0)
			return r;
	}
	return 0;
}

int look_at_network(struct look *l)
{
	int r = each_line(l, TEXT_NET_DEV, take_interface);

	if (r != -ENOMEM)
		r = each_line(l, TEXT_NET_ROUTE, take_route);
	l->f->host_net |= l->f->node_interfaces.n > 0;
	return r == -ENOMEM ? r : 0;
}

/* Where a cloud's own libraries look for credentials. */
static bool is_cloud_name(struct bytes name)
{
	static const char *const known[] = {
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_ROLE_ARN",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT",
		"ECS_CONTAINER_METADATA_URI",
		"ECS_CONTAINER_METADATA_URI_V4",
		"GCE_METADATA_HOST",
		"GCE_METADATA_ROOT",
		"IDENTITY_ENDPOINT",
		"MSI_ENDPOINT",
		"AZURE_FEDERATED_TOKEN_FILE",
		"ALIBABA_CLOUD_ECS_METADATA",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (bytes_eq(name, bytes_str(known[i])))
			return true;
	return false;
}

/* Names alone: the values are the target's secrets. */
int look_at_environ(struct look *l)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(ENVIRON_MAX + 1);
	struct bytes rest, one;
	int r = process_text(l->p, TEXT_ENVIRON, &text, ENVIRON_MAX);

	if (r < 0)
		look_tell(l, r, "read environ", bytes_of("", 0));
	if (r < 0 && r != -EFBIG)
		return r == -ENOMEM ? r : 0;
	l->f->known |= CONTAINER_ENVIRON;
	rest = buf_bytes(&text);
	r = 0;
	while (r == 0 && proc_next_string(&rest, &one)) {
		const unsigned char *equals = one.n ? memchr(one.p, '=', one.n) : NULL;
		struct bytes name = bytes_of(one.p, equals ? (size_t)(equals - one.p) : one.n);

		if (is_cloud_name(name))
			r = add_name(&l->f->cloud_names, name);
	}
	return r;
}
