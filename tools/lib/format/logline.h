/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a container's log: as the CRI writes it ("TIME STREAM TAG TEXT", kubernetes
 * staging/src/k8s.io/cri-client/pkg/logs), or docker's json-file ({"log":,"stream":,"time":}). What
 * `kubectl logs --timestamps` prints ("TIME TEXT") is read too. Foreign bytes.
 */
#ifndef CSI_FORMAT_LOGLINE_H
#define CSI_FORMAT_LOGLINE_H

#include "base/buf.h"

struct logline {
	int64_t time;	     /* ns since 1970 */
	struct bytes stream; /* "stdout", "stderr", or empty */
	struct bytes text;   /* without the newline at its end */
};

/*
 * LINE has no newline. What RET points to lies in LINE or, unescaped, in TEXT (cleared first). 0,
 * -EBADMSG: no time is in it, -ENOMEM, -EFBIG.
 */
int logline_read(struct bytes line, struct buf *text, struct logline *ret);

/* "2026-11-28T01:02:03.5Z" or with "+02:00" at its end. 0, or -EBADMSG. */
int logline_time(struct bytes v, int64_t *ret);

/* A line of dpkg.log: "2026-11-28 01:02:03 install NAME OLD NEW". TEXT then is what follows the
 * time. 0; -ENOENT: of no action on a package; -EBADMSG. */
int logline_dpkg(struct bytes line, struct logline *ret);

#endif
