/* SPDX-License-Identifier: Apache-2.0 */
/* Names and words of errno values (errno(3)), the same in every locale and libc. */
#include "base/err.h"

#include <errno.h>

struct err_row {
	const char *name, *text;
};

#define ROW(e, words) [e] = { #e, words }

static const struct err_row rows[] = {
	ROW(EPERM, "operation not permitted"),
	ROW(ENOENT, "no such file or directory"),
	ROW(ESRCH, "no such process"),
	ROW(EINTR, "interrupted"),
	ROW(EIO, "input/output error"),
	ROW(ENXIO, "no such device or address"),
	ROW(E2BIG, "too many"),
	ROW(ENOEXEC, "not an executable format"),
	ROW(EBADF, "bad file descriptor"),
	ROW(ECHILD, "no child process"),
	ROW(EAGAIN, "try again"),
	ROW(ENOMEM, "out of memory"),
	ROW(EACCES, "permission denied"),
	ROW(EFAULT, "bad address"),
	ROW(ENOTBLK, "not a block device"),
	ROW(EBUSY, "busy"),
	ROW(EEXIST, "file exists"),
	ROW(EXDEV, "other file system"),
	ROW(ENODEV, "no such device"),
	ROW(ENOTDIR, "not a directory"),
	ROW(EISDIR, "is a directory"),
	ROW(EINVAL, "invalid argument"),
	ROW(ENFILE, "too many open files in the system"),
	ROW(EMFILE, "too many open files"),
	ROW(ENOTTY, "not a terminal"),
	ROW(ETXTBSY, "text file busy"),
	ROW(EFBIG, "too large"),
	ROW(ENOSPC, "no space left"),
	ROW(ESPIPE, "cannot seek"),
	ROW(EROFS, "read-only file system"),
	ROW(EMLINK, "too many links"),
	ROW(EPIPE, "broken pipe"),
	ROW(EDOM, "outside the domain"),
	ROW(ERANGE, "out of range"),
	ROW(EDEADLK, "deadlock avoided"),
	ROW(ENAMETOOLONG, "name too long"),
	ROW(ENOLCK, "no locks left"),
	ROW(ENOSYS, "not in this kernel, or blocked by seccomp"),
	ROW(ENOTEMPTY, "directory not empty"),
	ROW(ELOOP, "too many symbolic links"),
	ROW(ENOMSG, "no message"),
	ROW(EIDRM, "identifier removed"),
	ROW(ENOSTR, "not a stream"),
	ROW(ENODATA, "no data"),
	ROW(ETIME, "timer expired"),
	ROW(ENOSR, "no stream resources"),
	ROW(EREMOTE, "remote object"),
	ROW(ENOLINK, "link severed"),
	ROW(ECOMM, "communication error"),
	ROW(EPROTO, "protocol error"),
	ROW(EMULTIHOP, "multihop attempted"),
	ROW(EBADMSG, "malformed"),
	ROW(EOVERFLOW, "value too large"),
	ROW(EILSEQ, "invalid byte sequence"),
	ROW(EUSERS, "too many users"),
	ROW(ENOTSOCK, "not a socket"),
	ROW(EDESTADDRREQ, "destination address needed"),
	ROW(EMSGSIZE, "message too long"),
	ROW(EPROTOTYPE, "wrong protocol type"),
	ROW(ENOPROTOOPT, "protocol not available"),
	ROW(EPROTONOSUPPORT, "protocol not supported"),
	ROW(ESOCKTNOSUPPORT, "socket type not supported"),
	ROW(EOPNOTSUPP, "not supported here"),
	ROW(EPFNOSUPPORT, "protocol family not supported"),
	ROW(EAFNOSUPPORT, "address family not supported"),
	ROW(EADDRINUSE, "address in use"),
	ROW(EADDRNOTAVAIL, "address not available"),
	ROW(ENETDOWN, "network is down"),
	ROW(ENETUNREACH, "network unreachable"),
	ROW(ENETRESET, "connection reset by network"),
	ROW(ECONNABORTED, "connection aborted"),
	ROW(ECONNRESET, "connection reset"),
	ROW(ENOBUFS, "no buffer space"),
	ROW(EISCONN, "already connected"),
	ROW(ENOTCONN, "not connected"),
	ROW(ESHUTDOWN, "shut down"),
	ROW(ETIMEDOUT, "timed out"),
	ROW(ECONNREFUSED, "connection refused"),
	ROW(EHOSTDOWN, "host is down"),
	ROW(EHOSTUNREACH, "host unreachable"),
	ROW(EALREADY, "already in progress"),
	ROW(EINPROGRESS, "in progress"),
	ROW(ESTALE, "changed while it was read"),
	ROW(EUCLEAN, "file system needs cleaning"),
	ROW(EREMOTEIO, "remote input/output error"),
	ROW(EDQUOT, "quota exceeded"),
	ROW(ENOMEDIUM, "no medium"),
	ROW(EMEDIUMTYPE, "wrong medium type"),
	ROW(ECANCELED, "stopped"),
	ROW(ENOKEY, "key not available"),
	ROW(EKEYEXPIRED, "key expired"),
	ROW(EKEYREVOKED, "key revoked"),
	ROW(EKEYREJECTED, "key rejected"),
	ROW(EOWNERDEAD, "owner died"),
	ROW(ENOTRECOVERABLE, "not recoverable"),
	ROW(EHWPOISON, "memory page is poisoned"),
};

static const struct err_row unknown = { "EUNKNOWN", "unknown error" };
static const struct err_row none = { "OK", "no error" };

static const struct err_row *find(int err)
{
	/* INT_MIN has no positive counterpart. */
	unsigned e = err < 0 ? 0u - (unsigned)err : (unsigned)err;

	if (e == 0)
		return &none;
	return e < ARRAY_LEN(rows) && rows[e].name ? &rows[e] : &unknown;
}

const char *err_name(int err)
{
	return find(err)->name;
}

const char *err_text(int err)
{
	return find(err)->text;
}

enum exit_code exit_worse(enum exit_code a, enum exit_code b)
{
	static const enum exit_code order[] = { EXIT_USAGE, EXIT_FAILED, EXIT_FINDINGS,
						EXIT_PARTIAL };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_COMPLETE;
}

static void pass_limit(void *ctx, const struct gap *gap)
{
	if (gap->err == -E2BIG || gap->err == -EFBIG || gap->err == -ENOMEM)
		gap_tell(ctx, gap);
}

struct gap_sink gap_limits_only(const struct gap_sink *to)
{
	return (struct gap_sink){ .fn = pass_limit, .ctx = (void *)(uintptr_t)to };
}
