/* SPDX-License-Identifier: Apache-2.0 */
/* Who a file belongs to, by the passwd of the root that it is in: for the external variable owner.
 */
#include "cmd/scan.h"

#include "sys/passwd.h"

static void read_passwd(struct scan *s, const struct target_root *root)
{
	struct scan_owner *o = &s->owner;
	int r;

	buf_done(&o->passwd);
	o->root = root;
	r = root_passwd(root->root, &o->passwd);
	if (r < 0)
		gap_tell(&s->run->gaps, &(struct gap){ .err = r,
						       .what = "read /etc/passwd",
						       .on = bytes_str(root->label) });
}

void scan_owner_of(struct scan *s, const struct target_root *root, uid_t uid,
		   char ret[SWEEP_OWNER_MAX])
{
	struct bytes name;

	ret[0] = '\0';
	if (!root || !root->root)
		return;
	if (s->owner.root != root)
		read_passwd(s, root);
	name = passwd_name(buf_bytes(&s->owner.passwd), uid);
	if (name.n >= SWEEP_OWNER_MAX || (name.n && memchr(name.p, 0, name.n)))
		return;
	memcpy(ret, name.p, name.n);
	ret[name.n] = '\0';
}

void scan_owner_done(struct scan *s)
{
	buf_done(&s->owner.passwd);
}
