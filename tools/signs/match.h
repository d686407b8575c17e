/* SPDX-License-Identifier: Apache-2.0 */
/* The predicates that catalogue_process.c lists, by what they look at. Private to signs/. */
#ifndef CSI_SIGNS_MATCH_H
#define CSI_SIGNS_MATCH_H

#include "signs/signs.h"

/* exe.c */
bool match_deleted_exe(const struct facts *f, struct finding *ret);
bool match_memfd_exe(const struct facts *f, struct finding *ret);
bool match_exe_writable_dir(const struct facts *f, struct finding *ret);
bool match_exe_hidden_dir(const struct facts *f, struct finding *ret);
bool match_exe_new(const struct facts *f, struct finding *ret);

/* name.c */
bool match_kthread_masquerade(const struct facts *f, struct finding *ret);

/* preload.c */
bool match_ld_preload(const struct facts *f, struct finding *ret);
bool match_ld_so_preload(const struct facts *f, struct finding *ret);

/* hidden.c */
bool match_proc_hidden(const struct facts *f, struct finding *ret);
bool match_proc_replaced(const struct facts *f, struct finding *ret);

/* The path of the exe link without the kernel's " (deleted)". */
struct bytes exe_path_of(const struct facts *f);
/* Whether PATH lies below a directory that everyone writes to by custom: /tmp, /dev/shm, ... */
bool path_is_scratch(struct bytes path);
/* Whether a component of PATH begins with '.'; *RET_ODD: one made to be overlooked ("...", ". ").
 */
bool path_is_hidden(struct bytes path, bool *ret_odd);

#endif
