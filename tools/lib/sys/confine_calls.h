/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of each job, for confine.c alone. Calls that only x86-64 has, and numbers newer
 * than a libc's headers (the same on all architectures since 424), are sorted out here.
 */
#ifndef CSI_SYS_CONFINE_CALLS_H
#define CSI_SYS_CONFINE_CALLS_H

#include <linux/audit.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define CONFINE_ARCH	 AUDIT_ARCH_X86_64
#define CONFINE_X32_BIT	 0x40000000u
#define CONFINE_OPEN	 SYS_open
#define CONFINE_OLD_READ SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_getdents
#define CONFINE_OLD_WAIT SYS_poll, SYS_select, SYS_alarm, SYS_pause, SYS_arch_prctl, SYS_dup2
#define CONFINE_OLD_MAKE SYS_mkdir, SYS_unlink, SYS_rename, SYS_link
#define CONFINE_OLD_DENY                                                                         \
	SYS_fork, SYS_vfork, SYS_creat, SYS_rmdir, SYS_symlink, SYS_mknod, SYS_chmod, SYS_chown, \
		SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_uselib, SYS_ioperm,        \
		SYS_iopl, SYS_modify_ldt
#elif defined(__aarch64__)
/* These numbers stand for none: a filter compares with what the kernel has. */
#define CONFINE_ARCH	 AUDIT_ARCH_AARCH64
#define CONFINE_X32_BIT	 0xffffffffu
#define CONFINE_OPEN	 0xfffffff0u
#define CONFINE_OLD_READ 0xfffffff0u
#define CONFINE_OLD_WAIT 0xfffffff0u
#define CONFINE_OLD_MAKE 0xfffffff0u
#define CONFINE_OLD_DENY 0xfffffff0u
#endif

enum {
	CALL_IO_URING_SETUP = 425,
	CALL_IO_URING_ENTER = 426,
	CALL_IO_URING_REGISTER = 427,
	CALL_OPEN_TREE = 428,
	CALL_MOVE_MOUNT = 429,
	CALL_FSOPEN = 430,
	CALL_FSCONFIG = 431,
	CALL_FSMOUNT = 432,
	CALL_FSPICK = 433,
	CALL_OPENAT2 = 437,
	CALL_PIDFD_GETFD = 438,
	CALL_PROCESS_MADVISE = 440,
	CALL_MOUNT_SETATTR = 442,
	CALL_PROCESS_MRELEASE = 448,
	CALL_CACHESTAT = 451,
	CALL_FCHMODAT2 = 452,
	CALL_SETXATTRAT = 463,
	CALL_REMOVEXATTRAT = 466,
	CALL_FILE_SETATTR = 469,
};

/* Never made by csi: the process dies. */
#define CONFINE_KILL SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_writev, SYS_connect

/* What every thread needs, a sanitizer's as well. */
#define CONFINE_PLAIN                                                                              \
	SYS_read, SYS_readv, SYS_pread64, SYS_preadv, SYS_preadv2, SYS_write, SYS_writev,          \
		SYS_pwrite64, SYS_lseek, SYS_fstat, SYS_close, SYS_fadvise64, CALL_CACHESTAT,      \
		SYS_mincore, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, \
		SYS_futex, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_nanosleep,   \
		SYS_clock_nanosleep, SYS_ppoll, SYS_exit, SYS_exit_group, SYS_rt_sigreturn,        \
		SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_restart_syscall,        \
		SYS_sched_yield, SYS_sched_getaffinity, SYS_getpid, SYS_gettid, SYS_getuid,        \
		SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_getrusage,                \
		SYS_set_robust_list, SYS_set_tid_address, SYS_rseq, SYS_fcntl, SYS_fstatfs,        \
		SYS_statx, SYS_newfstatat, SYS_seccomp, SYS_landlock_create_ruleset,               \
		SYS_landlock_restrict_self

/* Of verify, beyond that. */
#define CONFINE_FILES                                                                            \
	SYS_openat, SYS_openat2, SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_faccessat2,  \
		SYS_statfs, SYS_ftruncate, SYS_fallocate, SYS_fsync, SYS_fdatasync, SYS_mkdirat, \
		SYS_unlinkat, SYS_renameat2, SYS_renameat, SYS_linkat, SYS_fchmod, SYS_umask,    \
		SYS_getcwd, SYS_uname, SYS_sysinfo, SYS_prlimit64, SYS_setitimer, SYS_pselect6,  \
		SYS_dup, SYS_dup3, SYS_getppid, SYS_copy_file_range, SYS_flock,                  \
		SYS_landlock_add_rule

/* Of the walking thread, refused. */
#define CONFINE_DENY                                                                              \
	SYS_socket, SYS_socketpair, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_sendto,    \
		SYS_sendmsg, SYS_sendmmsg, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo,              \
		SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, CALL_PIDFD_GETFD,                   \
		CALL_PROCESS_MADVISE, CALL_PROCESS_MRELEASE, SYS_mount, SYS_umount2,              \
		SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, CALL_OPEN_TREE,               \
		CALL_MOVE_MOUNT, CALL_FSOPEN, CALL_FSCONFIG, CALL_FSMOUNT, CALL_FSPICK,           \
		CALL_MOUNT_SETATTR, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_kexec_load,          \
		SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_bpf,                    \
		SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_request_key,   \
		CALL_IO_URING_SETUP, CALL_IO_URING_ENTER, CALL_IO_URING_REGISTER,                 \
		SYS_open_by_handle_at, CALL_OPENAT2, SYS_mkdirat, SYS_mknodat, SYS_unlinkat,      \
		SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_fchmod, SYS_fchmodat, \
		CALL_FCHMODAT2, SYS_fchown, SYS_fchownat, SYS_truncate, SYS_utimensat,            \
		SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr,    \
		SYS_fremovexattr, CALL_SETXATTRAT, CALL_REMOVEXATTRAT, CALL_FILE_SETATTR,         \
		SYS_acct, SYS_quotactl, SYS_sethostname, SYS_setdomainname, SYS_settimeofday,     \
		SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_syslog, SYS_vhangup,      \
		SYS_setresuid, SYS_setresgid, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, \
		SYS_setgroups, SYS_capset, SYS_personality

#endif
