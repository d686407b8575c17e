/* SPDX-License-Identifier: Apache-2.0 */
/* The predicates that catalogue_process.c lists, by what they look at. Private to signs/. */
#ifndef CSI_SIGNS_MATCH_H
#define CSI_SIGNS_MATCH_H

#include "signs/signs.h"

/* exe.c */
bool match_deleted_exe(const struct facts *f, struct finding *ret);
bool match_exe_replaced(const struct facts *f, struct finding *ret);
bool match_memfd_exe(const struct facts *f, struct finding *ret);
bool match_exe_writable_dir(const struct facts *f, struct finding *ret);
bool match_exe_hidden_dir(const struct facts *f, struct finding *ret);
bool match_exe_new(const struct facts *f, struct finding *ret);
bool match_exe_packed(const struct facts *f, struct finding *ret);

/* name.c */
bool match_kthread_masquerade(const struct facts *f, struct finding *ret);
bool match_name_mismatch(const struct facts *f, struct finding *ret);
bool match_kinsing(const struct facts *f, struct finding *ret);

/* preload.c */
bool match_ld_preload(const struct facts *f, struct finding *ret);
bool match_ld_so_preload(const struct facts *f, struct finding *ret);
bool match_loader_new(const struct facts *f, struct finding *ret);
bool match_deleted_library(const struct facts *f, struct finding *ret);
bool match_library_odd_dir(const struct facts *f, struct finding *ret);

/* hidden.c */
bool match_proc_hidden(const struct facts *f, struct finding *ret);
bool match_proc_replaced(const struct facts *f, struct finding *ret);
bool match_pid_unlisted(const struct facts *f, struct finding *ret);
bool match_parent_missing(const struct facts *f, struct finding *ret);
bool match_traced(const struct facts *f, struct finding *ret);
bool match_less_confined(const struct facts *f, struct finding *ret);

/* memory.c */
bool match_rwx_memory(const struct facts *f, struct finding *ret);
bool match_rx_memory(const struct facts *f, struct finding *ret);
bool match_elf_memory(const struct facts *f, struct finding *ret);
bool match_memfd_map(const struct facts *f, struct finding *ret);
bool match_memfd_elf(const struct facts *f, struct finding *ret);
bool match_exe_unmapped(const struct facts *f, struct finding *ret);
bool match_patched_code(const struct facts *f, struct finding *ret);

/* conduct.c */
bool match_miner_args(const struct facts *f, struct finding *ret);
bool match_pool_port(const struct facts *f, struct finding *ret);
bool match_busy(const struct facts *f, struct finding *ret);
bool match_reverse_shell(const struct facts *f, struct finding *ret);
bool match_raw_socket(const struct facts *f, struct finding *ret);
bool match_packet_socket(const struct facts *f, struct finding *ret);
bool match_empty_environ(const struct facts *f, struct finding *ret);
bool match_odd_cwd(const struct facts *f, struct finding *ret);
bool match_token_open(const struct facts *f, struct finding *ret);

/* runtime.c */
bool match_code_argument(const struct facts *f, struct finding *ret);
bool match_code_stdin(const struct facts *f, struct finding *ret);
bool match_java_agent(const struct facts *f, struct finding *ret);
bool match_jvm_attach(const struct facts *f, struct finding *ret);
bool match_deleted_jar(const struct facts *f, struct finding *ret);
bool match_node_inspect(const struct facts *f, struct finding *ret);
bool match_node_options(const struct facts *f, struct finding *ret);

/* exe.c: the path of the exe link without the kernel's " (deleted)". */
struct bytes exe_path_of(const struct facts *f);
/* Whether PATH lies below a directory that everyone writes to by custom: /tmp, /dev/shm, ... */
bool path_is_scratch(struct bytes path);
/* Whether a component of PATH begins with '.'; *RET_ODD: one made to be overlooked ("...", ". ").
 */
bool path_is_hidden(struct bytes path, bool *ret_odd);
/* Whether WAS and NOW, what the exe link said, may be the same file: it may have lost its name. */
bool exe_link_same(struct bytes was, struct bytes now);
bool exe_is_memfd(const struct facts *f);
/*
 * The corroboration of many signs: the exe has no name any more, lives in memory, lies where
 * everyone writes or nobody looks, or came after the container started.
 */
bool exe_is_suspect(const struct facts *f);

/* text.c: the last component of PATH. */
struct bytes path_name(struct bytes path);
/* A service account's token, as Kubernetes mounts it. */
bool path_is_token(struct bytes path);
/* "x.jar (deleted)", "x.war (deleted)". */
bool path_is_deleted_jar(struct bytes path);
/* Whether B holds WORD somewhere, in any case of letters if FOLD. */
bool bytes_hold(struct bytes b, const char *word, bool fold);
/* Argument N of the command line, empty if there is none. */
struct bytes facts_argv(const struct facts *f, size_t n);
/* "NAME=value" of the environment, without the name: false if there is none. */
bool facts_env(const struct facts *f, const char *name, struct bytes *ret);
/* Bytes of a title such as "nginx: master process" that are the name: up to ' ' or ':'. */
size_t name_end(struct bytes title);
/* What runs as EXE writes code of its own by trade: java, node, php, qemu, ... */
bool jit_of_exe(struct bytes exe);
enum jit jit_of_library(struct bytes path);
/* sh, bash, ...; and python3.11, perl, node, ... as well. */
bool is_shell(struct bytes exe);
bool is_interpreter(struct bytes exe);

/* facts_maps.c: whether B begins with a header of an ELF program or library. */
bool elf_header(struct bytes b);

#endif
