/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may do, as records: the same in `csi posture` and in a bundle. */
#ifndef CSI_WORK_POSTURE_RECORD_H
#define CSI_WORK_POSTURE_RECORD_H

#include "format/out.h"
#include "signs/container.h"

/*
 * One record a fact: the container, each different set of rights, each risk among its mounts and
 * files, each token, its network. Each ends with out_end(), after which STEP is called. Returns
 * what ended it, or 0.
 */
typedef int (*posture_step)(void *ctx);
int posture_records(struct out *o, const struct container_facts *f, posture_step step, void *ctx);

#endif
