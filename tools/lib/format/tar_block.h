/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of tar needs: fields of a header block (tar(5)) and records of a pax extended
 * header (POSIX.1-2001). */
#ifndef CSI_FORMAT_TAR_BLOCK_H
#define CSI_FORMAT_TAR_BLOCK_H

#include "base/base.h"

enum { TAR_BLOCK = 512 };

/* Fields of a ustar header: offset and length. */
enum {
	TAR_NAME = 0,
	TAR_NAME_LEN = 100,
	TAR_MODE = 100,
	TAR_UID = 108,
	TAR_GID = 116,
	TAR_ID_LEN = 8,
	TAR_SIZE = 124,
	TAR_MTIME = 136,
	TAR_NUMBER_LEN = 12,
	TAR_SUM = 148,
	TAR_SUM_LEN = 8,
	TAR_TYPE = 156,
	TAR_LINK = 157,
	TAR_LINK_LEN = 100,
	TAR_MAGIC = 257,
	TAR_MAGIC_LEN = 8,
	TAR_DEV_MAJOR = 329,
	TAR_DEV_MINOR = 337,
	TAR_PREFIX = 345,
	TAR_PREFIX_LEN = 155,
};

/* Octal with spaces or NUL at its end, or base 256 with the top bit set. 0 or -EBADMSG. */
int tar_number(const unsigned char *p, size_t n, uint64_t *ret);
/* Whether the header checksum holds. */
bool tar_sum_ok(const unsigned char *block);
/* Up to the first NUL. */
struct bytes tar_text(const unsigned char *p, size_t n);

/* Decimal digits and nothing else, up to INT64_MAX. 0 or -EBADMSG. */
int tar_decimal(struct bytes v, uint64_t *ret);
/* "LENGTH KEY=VALUE\n" at the beginning of *rest, LENGTH over all of it; *rest moves on. 0 or
 * -EBADMSG. */
int tar_record(struct bytes *rest, struct bytes *key, struct bytes *value);

#endif
