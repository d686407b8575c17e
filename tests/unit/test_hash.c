/* SPDX-License-Identifier: Apache-2.0 */
/* Digests agree with the vectors of FIPS 180-4 and RFC 1321, in pieces. */
#include "test.h"

#include "format/hash.h"

static const char *hex_of(struct hash *h, unsigned kind)
{
	static char hex[HASH_HEX_MAX];
	struct digests d;

	hash_peek(h, &d);
	if (kind == HASH_SHA256)
		hash_hex(d.sha256, sizeof(d.sha256), hex);
	else if (kind == HASH_SHA1)
		hash_hex(d.sha1, sizeof(d.sha1), hex);
	else
		hash_hex(d.md5, sizeof(d.md5), hex);
	return hex;
}

static const struct {
	const char *text, *sha256, *sha1, *md5;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "a9993e364706816aba3e25717850c26c9cd0d89d", "900150983cd24fb0d6963f7d28e17f72" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "8215ef0796a20bcaaae116d3876c664a" },
};

static void check_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct hash h;

		hash_init(&h, HASH_SHA256 | HASH_SHA1 | HASH_MD5);
		for (size_t k = 0; vectors[i].text[k]; k++)
			hash_add(&h, vectors[i].text + k, 1);
		CHECK(strcmp(hex_of(&h, HASH_SHA256), vectors[i].sha256) == 0);
		CHECK(strcmp(hex_of(&h, HASH_SHA1), vectors[i].sha1) == 0);
		CHECK(strcmp(hex_of(&h, HASH_MD5), vectors[i].md5) == 0);
	}
	OK("vectors of FIPS 180-4 and RFC 1321");
}

static void check_peek(void)
{
	struct hash h;

	hash_init(&h, HASH_SHA256);
	hash_add(&h, "ab", 2);
	(void)hex_of(&h, HASH_SHA256);
	hash_add(&h, "c", 1);
	CHECK(strcmp(hex_of(&h, HASH_SHA256), vectors[1].sha256) == 0);
	OK("a running digest can be told and goes on");
}

static void check_zeros(void)
{
	static const unsigned char zeros[100000];
	static const size_t sizes[] = { 0, 1, 63, 64, 16383, 16384, 16385, 100000 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char want[HASH_HEX_MAX];
		struct hash a, b;

		hash_init(&a, HASH_SHA256);
		hash_init(&b, HASH_SHA256);
		hash_add(&a, zeros, sizes[i]);
		hash_zeros(&b, sizes[i]);
		memcpy(want, hex_of(&a, HASH_SHA256), sizeof(want));
		CHECK(strcmp(hex_of(&b, HASH_SHA256), want) == 0);
	}
	OK("zeros of a hole are as zeros read");
}

int main(void)
{
	check_vectors();
	check_peek();
	check_zeros();
	TEST_END();
}
