/* SPDX-License-Identifier: Apache-2.0 */
/* What rules.c needs of files. Private to rules.c and rules_list.c. */
#ifndef CSI_WORK_RULES_PRIV_H
#define CSI_WORK_RULES_PRIV_H

#include "base/base.h"

/* A regular file of at most RULES_FILE_MAX bytes, open for reading: a descriptor or -errno. */
int rules_open(const char *path);
/* As fread(3) and fwrite(3), CTX is an int *: a descriptor. */
size_t rules_read(void *p, size_t size, size_t count, void *ctx);
size_t rules_write(const void *p, size_t size, size_t count, void *ctx);

#endif
