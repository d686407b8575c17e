/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of package databases: dpkg(1) md5sums, status, dpkg.cfg, and apk's installed (all
 * hostile). */
#ifndef CSI_FORMAT_PKGLIST_H
#define CSI_FORMAT_PKGLIST_H

#include "base/buf.h"
#include "format/hash.h"

/*
 * "<32 hex>  path" as md5sum(1) writes it, "\" before it where the name is escaped. PATH (cleared
 * first) becomes absolute: "./" and "/" before it do not matter. 0, -EBADMSG, -ENOMEM.
 */
int pkglist_md5sum(struct bytes line, struct digests *ret, struct buf *path);

/* A path of *.list, or of apk: to an absolute one without "." at its start or a slash at its end.
 */
int pkglist_path(struct bytes text, struct buf *path);

/* " /etc/x <32 hex> [obsolete]" below "Conffiles:" of status: 0, -ENOENT (no digest, or obsolete),
 * -EBADMSG. */
int pkglist_conffile(struct bytes line, struct digests *ret, struct buf *path);

/* "Q1<base64>" of apk: SHA-1. 0 or -EBADMSG. */
int pkglist_apk_sum(struct bytes text, struct digests *ret);

#endif
