/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks as personalities of the test target, `target NAME ARGS...`; the table is in
 * attacks.c. */
#ifndef ATTACKS_H
#define ATTACKS_H

#include "../../helpers/target.h"

extern const struct mode attacks[];

/* memory.c */
int attack_rwx(int argc, char **argv);
int attack_rx(int argc, char **argv);
int attack_elf(int argc, char **argv);
int attack_memfd_map(int argc, char **argv);
int attack_memfd_elf(int argc, char **argv);
int attack_patch(int argc, char **argv);
int attack_replace(int argc, char **argv);
int attack_traced(int argc, char **argv);
int attack_deleted_library(int argc, char **argv);

/* network.c */
int attack_listen(int argc, char **argv);
int attack_connect(int argc, char **argv);
int attack_raw(int argc, char **argv);
int attack_packet(int argc, char **argv);
int attack_orphan(int argc, char **argv);

/* rootkit.c */
int attack_rootkit(int argc, char **argv);

#endif
