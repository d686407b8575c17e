/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which layers make the image: index.json and manifest of an OCI layout (OCI image-spec,
 * image-layout.md, manifest.md, config.md), or manifest.json of a docker archive. Digests are
 * checked on the way.
 */
#include "format/json_read.h"
#include "work/image_priv.h"

#include <errno.h>
#include <stdio.h>

#if defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "amd64"
#endif

static const char sha256_prefix[] = "sha256:";

/* ---- reading metadata ---------------------------------------------------------------------- */

static int bad_meta(struct image_reader *r, int err)
{
	return image_bad(r, err == -ENOENT ? -EBADMSG : err, "its metadata is malformed");
}

static int member(struct image_reader *r, struct bytes o, const char *key, struct bytes *ret)
{
	int e = json_member(o, key, ret);

	return e < 0 ? bad_meta(r, e) : 0;
}

/* The text of KEY, which must be there. */
static int member_text(struct image_reader *r, struct bytes o, const char *key, struct buf *ret)
{
	struct bytes v = { 0 };
	int e = member(r, o, key, &v);

	buf_clear(ret);
	if (e == 0 && json_string(v, ret) < 0)
		e = bad_meta(r, -EBADMSG);
	return e;
}

static int check_json(struct image_reader *r, const struct image_part *p)
{
	if (p->json.n == 0 || json_check(buf_bytes(&p->json)) < 0)
		return bad_meta(r, -EBADMSG);
	return 0;
}

/* Metadata by name. *ret NULL: it is not there. */
static int find_json(struct image_reader *r, struct bytes name, struct image_part **ret)
{
	int e = image_part_find(r, name, ret);

	if (e != 0 || !*ret)
		return e;
	return (*ret)->err ? image_bad(r, (*ret)->err, (*ret)->why) : check_json(r, *ret);
}

/* ---- digests ------------------------------------------------------------------------------- */

static bool is_hex64(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= '0' && v.p[i] <= '9') && !(v.p[i] >= 'a' && v.p[i] <= 'f'))
			return false;
	return v.n == 64;
}

/* The hex digits of "sha256:...". Nothing else is used for images in practice. */
static int digest_hex(struct image_reader *r, struct bytes digest, struct bytes *ret)
{
	size_t n = strlen(sha256_prefix);

	if (!bytes_starts(digest, sha256_prefix))
		return image_bad(r, -EOPNOTSUPP, "a digest is not of SHA-256");
	*ret = bytes_of(digest.p + n, digest.n - n);
	return is_hex64(*ret) ? 0 : bad_meta(r, -EBADMSG);
}

static bool is_sum(const unsigned char sha256[32], struct bytes hex)
{
	char text[HASH_HEX_MAX];

	hash_hex(sha256, 32, text);
	return bytes_eq(bytes_str(text), hex);
}

/* The part with the digest that KEY of O names: there, whole, and what it says it is. */
static int find_blob(struct image_reader *r, struct bytes digest, struct image_part **ret)
{
	char name[96];
	struct bytes hex = { 0 };
	int e = digest_hex(r, digest, &hex);

	if (e != 0)
		return e;
	(void)snprintf(name, sizeof(name), "blobs/sha256/%.64s", (const char *)hex.p);
	e = image_part_find(r, bytes_str(name), ret);
	if (e != 0)
		return e;
	if (!*ret)
		return image_bad(r, -ENOENT, "a part that its manifest names is missing");
	if (!is_sum((*ret)->sha256, hex))
		return image_bad(r, -EBADMSG, "a part does not have the digest that names it");
	return (*ret)->err ? image_bad(r, (*ret)->err, (*ret)->why) : 0;
}

static int find_json_blob(struct image_reader *r, struct bytes o, struct buf *digest,
			  struct image_part **ret)
{
	int e = member_text(r, o, "digest", digest);

	if (e != 0)
		return e;
	e = find_blob(r, buf_bytes(digest), ret);
	return e == 0 && *ret ? check_json(r, *ret) : e;
}

/* ---- layers -------------------------------------------------------------------------------- */

static int push(struct image_reader *r, struct image_stack *s, struct image_part *p)
{
	if (s->n == IMAGE_STACK_MAX)
		return image_bad(r, -E2BIG, "it has too many layers");
	if (!p->is_layer)
		return image_bad(r, -EBADMSG, "a layer is no archive");
	if (p->err)
		return image_bad(r, p->err, p->why ? p->why : "a layer is cut or damaged");
	s->v[s->n++].part = p;
	return 0;
}

/* What the layers are, unpacked, by the configuration that the image's id is of. */
static int check_diff_ids(struct image_reader *r, struct image_stack *s, struct image_part *config)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes rootfs = { 0 }, ids = { 0 }, id, hex = { 0 };
	size_t n = 0;
	int e = member(r, buf_bytes(&config->json), "rootfs", &rootfs);

	if (e == 0)
		e = member(r, rootfs, "diff_ids", &ids);
	if (e < 0)
		return e;
	hash_hex(config->sha256, 32, s->config);
	struct json_array_iter it = json_array_begin(ids);
	while (e == 0 && json_array_next(&it, &id) > 0) {
		buf_clear(&text);
		if (n == s->n)
			return image_bad(r, -EBADMSG,
					 "its layers are not those of its configuration");
		if (json_string(id, &text) < 0)
			return bad_meta(r, -EBADMSG);
		e = digest_hex(r, buf_bytes(&text), &hex);
		if (e == 0 && !is_sum(s->v[n].part->diff_id, hex))
			return image_bad(r, -EBADMSG, "a layer is not what its configuration says");
		n++;
	}
	if (e == 0 && n != s->n)
		e = image_bad(r, -EBADMSG, "its layers are not those of its configuration");
	return e;
}

/* ---- OCI ----------------------------------------------------------------------------------- */

static int read_manifest(struct image_reader *r, struct bytes manifest, struct image_stack *s)
{
	AUTO_DONE(buf_done) struct buf digest = BUF_NONE;
	struct image_part *config = NULL, *layer = NULL;
	struct bytes v = { 0 }, item;
	int e = member(r, manifest, "config", &v);

	if (e == 0)
		e = find_json_blob(r, v, &digest, &config);
	if (e == 0)
		e = member(r, manifest, "layers", &v);
	if (e != 0)
		return e;
	struct json_array_iter it = json_array_begin(v);
	while (e == 0 && json_array_next(&it, &item) > 0) {
		e = member_text(r, item, "digest", &digest);
		if (e == 0)
			e = find_blob(r, buf_bytes(&digest), &layer);
		if (e != 0)
			return e;
		e = push(r, s, layer);
	}
	s->form = "oci";
	return e < 0 ? e : check_diff_ids(r, s, config);
}

/* Whether a descriptor of an index is of this machine; attestations say "unknown". */
enum fits { FITS_NOT, FITS_MAYBE, FITS };
static enum fits platform_fits(struct bytes descriptor)
{
	AUTO_DONE(buf_done) struct buf os = BUF_NONE;
	AUTO_DONE(buf_done) struct buf arch = BUF_NONE;
	struct bytes platform, v;

	if (json_member(descriptor, "platform", &platform) < 0)
		return FITS_MAYBE;
	if (json_member(platform, "os", &v) == 0)
		(void)json_string(v, &os);
	if (json_member(platform, "architecture", &v) == 0)
		(void)json_string(v, &arch);
	if (os.n == 0 && arch.n == 0)
		return FITS_MAYBE;
	return bytes_eq(buf_bytes(&os), bytes_str("linux")) &&
			       bytes_eq(buf_bytes(&arch), bytes_str(ARCHITECTURE))
		       ? FITS
		       : FITS_NOT;
}

/* The one descriptor of an index that is meant; several names of one digest are one. */
static int choose(struct image_reader *r, struct bytes index, struct bytes *ret)
{
	AUTO_DONE(buf_done) struct buf digest = BUF_NONE;
	AUTO_DONE(buf_done) struct buf kept = BUF_NONE;
	struct bytes list = { 0 }, d;
	enum fits best = FITS_NOT;
	size_t n = 0;
	int e = member(r, index, "manifests", &list);

	if (e < 0)
		return e;
	struct json_array_iter it = json_array_begin(list);
	while (json_array_next(&it, &d) > 0) {
		enum fits fits = platform_fits(d);

		if (fits == FITS_NOT || fits < best)
			continue;
		e = member_text(r, d, "digest", &digest);
		if (e < 0)
			return e;
		if (fits == best && bytes_eq(buf_bytes(&digest), buf_bytes(&kept)))
			continue;
		n = fits > best ? 1 : n + 1;
		best = fits;
		buf_clear(&kept);
		if (buf_addb(&kept, buf_bytes(&digest)) < 0)
			return -ENOMEM;
		*ret = d;
	}
	if (n == 0)
		return image_bad(r, -ENOENT, "it has no image for linux/" ARCHITECTURE);
	return n == 1 ? 0 : image_bad(r, -EINVAL, "it holds several images: save one alone");
}

static int read_index(struct image_reader *r, struct bytes index, struct image_stack *s)
{
	AUTO_DONE(buf_done) struct buf digest = BUF_NONE;
	struct image_part *part = NULL;
	struct bytes d = { 0 }, v;

	for (unsigned nest = 0; nest < IMAGE_NEST_MAX; nest++) {
		int e = choose(r, index, &d);

		if (e == 0)
			e = find_json_blob(r, d, &digest, &part);
		if (e != 0)
			return e;
		index = buf_bytes(&part->json);
		if (json_member(index, "manifests", &v) < 0)
			return read_manifest(r, index, s);
	}
	return bad_meta(r, -E2BIG);
}

/* ---- docker -------------------------------------------------------------------------------- */

static int docker_part(struct image_reader *r, struct bytes name, struct image_part **ret)
{
	int e = image_part_find(r, name, ret);

	if (e != 0)
		return e;
	return *ret ? 0 : image_bad(r, -ENOENT, "a part that its manifest names is missing");
}

static int read_docker(struct image_reader *r, struct bytes manifest, struct image_stack *s)
{
	AUTO_DONE(buf_done) struct buf name = BUF_NONE;
	struct image_part *config = NULL, *layer = NULL;
	struct json_array_iter it = json_array_begin(manifest);
	struct bytes image, other, layers = { 0 }, v;

	if (json_array_next(&it, &image) == 0)
		return bad_meta(r, -EBADMSG);
	if (json_array_next(&it, &other) > 0)
		return image_bad(r, -EINVAL, "it holds several images: save one alone");
	int e = member_text(r, image, "Config", &name);
	if (e == 0)
		e = docker_part(r, buf_bytes(&name), &config);
	if (e != 0)
		return e;
	e = check_json(r, config);
	if (e == 0)
		e = member(r, image, "Layers", &layers);
	if (e != 0)
		return e;
	it = json_array_begin(layers);
	while (e == 0 && json_array_next(&it, &v) > 0) {
		buf_clear(&name);
		if (json_string(v, &name) < 0)
			return bad_meta(r, -EBADMSG);
		e = docker_part(r, buf_bytes(&name), &layer);
		if (e != 0)
			return e;
		e = push(r, s, layer);
	}
	s->form = "docker";
	return e < 0 ? e : check_diff_ids(r, s, config);
}

int image_meta(struct image_reader *r, struct image_stack *ret)
{
	struct image_part *part = NULL;
	int e = find_json(r, bytes_str("index.json"), &part);

	if (e != 0)
		return e;
	if (part)
		return read_index(r, buf_bytes(&part->json), ret);
	if (r->source->is_dir)
		return image_bad(r, -ENOENT, "the directory has no index.json");
	e = find_json(r, bytes_str("manifest.json"), &part);
	if (e != 0)
		return e;
	return part ? read_docker(r, buf_bytes(&part->json), ret) : -ENOENT;
}
