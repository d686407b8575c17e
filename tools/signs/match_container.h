/* SPDX-License-Identifier: Apache-2.0 */
/* The predicates that catalogue_container.c lists. Private to signs/. */
#ifndef CSI_SIGNS_MATCH_CONTAINER_H
#define CSI_SIGNS_MATCH_CONTAINER_H

#include "signs/signs.h"

bool match_privileged(const struct container_facts *f, struct finding *ret);
bool match_dangerous_caps(const struct container_facts *f, struct finding *ret);
bool match_runtime_socket(const struct container_facts *f, struct finding *ret);
bool match_host_root(const struct container_facts *f, struct finding *ret);
bool match_host_path(const struct container_facts *f, struct finding *ret);
bool match_host_proc(const struct container_facts *f, struct finding *ret);
bool match_device(const struct container_facts *f, struct finding *ret);
bool match_release_agent(const struct container_facts *f, struct finding *ret);
bool match_kernel_file(const struct container_facts *f, struct finding *ret);
bool match_host_namespace(const struct container_facts *f, struct finding *ret);
bool match_missing_confinement(const struct container_facts *f, struct finding *ret);
bool match_token(const struct container_facts *f, struct finding *ret);
bool match_metadata(const struct container_facts *f, struct finding *ret);

#endif
