/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAGEMAP_SCAN, Documentation/admin-guide/mm/pagemap.rst: linux/fs.h since 6.7; the libc's headers
 * may be older.
 */
#ifndef CSI_SYS_PAGEMAP_H
#define CSI_SYS_PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

/* struct pm_scan_arg */
struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, all_of, any_of, returned;
};
#define PAGEMAP_SCAN_CALL _IOWR('f', 16, struct pagemap_scan)

#endif
