/* SPDX-License-Identifier: Apache-2.0 */
/* Records of findings and of the catalogue. */
#include "work/finding_record.h"

#include "format/hash.h"

#include <stdio.h>

/* "csi dump -p %d ..." with the PID; a row's text has at most that one. */
void finding_next(const struct sign *s, pid_t pid, char ret[NEXT_MAX])
{
	const char *mark = strstr(s->next, "%d");

	if (mark)
		(void)snprintf(ret, NEXT_MAX, "%.*s%d%s", (int)(mark - s->next), s->next, (int)pid,
			       mark + 2);
	else
		(void)snprintf(ret, NEXT_MAX, "%s", s->next);
}

/* The same fields of a sign in a finding and in the catalogue, in the order of fields.h. */
static void put_rule(struct out *o, const struct sign *s)
{
	out_str(o, F_RULE_ID, s->id);
	out_str(o, F_RULE_NAME, s->title);
	out_list(o, F_THREAT_TECHNIQUE_ID);
	for (size_t i = 0; i < ARRAY_LEN(s->technique) && s->technique[i]; i++)
		out_list_add(o, bytes_str(s->technique[i]));
}

static void put_evidence(struct out *o, const struct finding *f)
{
	out_pairs(o, F_CSI_EVIDENCE, "field", "value");
	for (size_t i = 0; i < f->n; i++)
		out_pair_add(o, bytes_str(f->evidence[i].field),
			     bytes_of(f->evidence[i].value, f->evidence[i].len));
}

int finding_record(struct out *o, const struct sign_about *about, const struct sign *s,
		   const struct finding *f)
{
	char next[NEXT_MAX];
	char hex[HASH_HEX_MAX];

	finding_next(s, about->pid, next);
	out_begin(o, "alert");
	if (about->container_id.n)
		out_bytes(o, F_CONTAINER_ID, about->container_id);
	put_evidence(o, f);
	out_str(o, F_CSI_LEVEL, sign_level_name(f->level));
	out_str(o, F_CSI_NEXT, next);
	if (about->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, about->ns_mnt);
	out_str(o, F_CSI_SUBJECT, sign_subject_name(about->subject));
	out_u64(o, F_EVENT_SEVERITY, sign_level_severity(f->level));
	if (about->path.n)
		out_bytes(o, F_FILE_PATH, about->path);
	if (about->entity_id[0])
		out_str(o, F_PROCESS_ENTITY_ID, about->entity_id);
	if (about->hashed) {
		hash_hex(about->exe_sha256, sizeof(about->exe_sha256), hex);
		out_str(o, F_PROCESS_HASH_SHA256, hex);
	}
	if (about->name.n)
		out_bytes(o, F_PROCESS_NAME, about->name);
	if (about->pid)
		out_u64(o, F_PROCESS_PID, (uint64_t)about->pid);
	put_rule(o, s);
	return out_end(o);
}

int sign_record(struct out *o, enum sign_subject subject, const struct sign *s)
{
	out_begin(o, "state");
	out_str(o, F_CSI_LEVEL, sign_level_name(s->level));
	out_str(o, F_CSI_NEXT, s->next);
	out_str(o, F_CSI_SUBJECT, sign_subject_name(subject));
	out_u64(o, F_EVENT_SEVERITY, sign_level_severity(s->level));
	put_rule(o, s);
	return out_end(o);
}
