/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case.json of a case directory: what no pod knows. One JSON object, written once on the
 * workstation; strings as in csi's records (escaped, then JSON), every member but "case" optional:
 *
 *   {"case":1,"created":"2026-11-23T22:00:00.000000000Z","case_id":"IR-7","operator":"...",
 *    "authority":"...","cluster_uid":"...","skew_node_s":-0.4,"skew_workstation_s":0.1,
 *    "namespace":"shop","pod":"shop-7d9f","pod_uid":"...","node":"node-3"}
 *
 * cluster_uid is the uid of the namespace kube-system; the skews are seconds by which the node's
 * and the workstation's clock are ahead of the Date that the API server sent; the last four are
 * what the API server calls the target.
 */
#ifndef CSI_WORK_CUSTODY_CASE_H
#define CSI_WORK_CUSTODY_CASE_H

#include "base/buf.h"

enum { CUSTODY_VALUE_MAX = 256, CUSTODY_CASE_MAX = 64 << 10 };

enum custody_value {
	CUSTODY_CREATED,
	CUSTODY_CASE_ID,
	CUSTODY_OPERATOR,
	CUSTODY_AUTHORITY,
	CUSTODY_CLUSTER,
	CUSTODY_SKEW_NODE,	  /* as it stands there: a JSON number */
	CUSTODY_SKEW_WORKSTATION, /* the same */
	CUSTODY_API_NAMESPACE,
	CUSTODY_API_POD,
	CUSTODY_API_POD_UID,
	CUSTODY_API_NODE,
	CUSTODY_VALUES
};

/* NUL-terminated, printable, "" where it is not known. */
struct custody_case {
	char v[CUSTODY_VALUES][CUSTODY_VALUE_MAX + 1];
};

/* Name of the member: "case_id". */
const char *custody_value_name(enum custody_value v);
/*
 * custody_value_check - whether TEXT may stand in case.json: 1 to CUSTODY_VALUE_MAX bytes of UTF-8
 * that the escape leaves as they are (a backslash may be in it). 0, -EINVAL, -E2BIG.
 */
int custody_value_check(struct bytes text);
/* 0, or -EBADMSG: not such an object, or *ret_bad (if not CUSTODY_VALUES) breaks the rule above. */
int custody_case_parse(struct bytes text, struct custody_case *ret, enum custody_value *ret_bad);
/* The object and a newline. 0, -ENOMEM. */
int custody_case_write(const struct custody_case *c, struct buf *ret);

#endif
