/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of indicators: whatever they hold, hashes are sorted and rules have no NUL. */
#include "work/ioc.h"

#include <sys/socket.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *ctx, const struct rules_fault *f)
{
	size_t *n = ctx;

	*n += f->line > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	AUTO_DONE(ioc_hashes_done) struct ioc_hashes h = { 0 };
	AUTO_DONE(ioc_addresses_done) struct ioc_addresses a = { 0 };
	struct bytes text = bytes_of(data, size);
	struct digests d = { .kinds = HASH_SHA256 | HASH_SHA1 | HASH_MD5 };
	size_t faults = 0;

	if (ioc_hashes_add(&h, "h", text, ignore, &faults) < 0 ||
	    ioc_names_add(&l, "n", text, ignore, &faults) < 0 ||
	    ioc_network_add(&l, &a, "c", text, ignore, &faults) < 0)
		return 0;
	for (size_t i = 1; i < h.n; i++)
		if (h.v[i - 1].n == h.v[i].n &&
		    memcmp(h.v[i - 1].digest, h.v[i].digest, h.v[i].n) > 0)
			abort();
	/* Whatever was taken is found again. */
	if (a.n) {
		struct sock k = { .table = TABLE_TCP6, .family = AF_INET6 };

		memcpy(k.remote, a.v[a.n - 1].ip, sizeof(k.remote));
		k.remote_port = a.v[a.n - 1].port;
		if (memcmp(k.remote, (unsigned char[16]){ 0 }, 16) != 0 &&
		    !ioc_addresses_find(&a, &k))
			abort();
	}
	if (h.n) {
		memcpy(d.sha256, h.v[h.n - 1].digest, sizeof(d.sha256));
		if (h.v[h.n - 1].n == sizeof(d.sha256) && !ioc_hashes_find(&h, &d))
			abort();
	}
	return 0;
}
