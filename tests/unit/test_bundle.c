/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline: what is added comes out, whatever files, sinks and signals do
 * meanwhile. */
#include "maker.h"

#include "base/queue.h"
#include "format/unseal.h"
#include "format/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>

/* ---- a sink that can be looked at while it is written, and that can fail
 * ------------------------ */

struct test_sink {
  struct sink sink;
  pthread_mutex_t lock;
  struct buf b;
  size_t fail_at; /* 0: never */
};

static int sink_take(struct sink *s, const void *p, size_t n) {
  struct test_sink *t = (struct test_sink *)s;

  (void)pthread_mutex_lock(&t->lock);
  int r = t->fail_at && t->b.n + n > t->fail_at ? -EPIPE : buf_add(&t->b, p, n);
  (void)pthread_mutex_unlock(&t->lock);
  return r;
}

static int sink_nothing(struct sink *s) {
  (void)s;
  return 0;
}

static const struct sink_ops test_ops = {sink_take, sink_nothing, sink_nothing};

static void test_sink_init(struct test_sink *t, size_t fail_at) {
  *t = (struct test_sink){.sink = {.ops = &test_ops},
                          .b = BUF_LIMIT(256 << 20),
                          .fail_at = fail_at};
  CHECK_INT(pthread_mutex_init(&t->lock, NULL), 0);
}

static void test_sink_done(struct test_sink *t) {
  buf_done(&t->b);
  (void)pthread_mutex_destroy(&t->lock);
}

/* ---- a bundle under test
 * ----------------------------------------------------------------------- */

static char dir[] = "/tmp/csi-bundle.XXXXXX";
static atomic_uint gaps_told;
static atomic_int gap_err;

static void on_gap(void *ctx, const struct gap *gap) {
  (void)ctx;
  atomic_fetch_add(&gaps_told, 1);
  atomic_store(&gap_err, gap->err);
}

static const struct gap_sink gaps = {.fn = on_gap};

static struct bundle *open_bundle(struct test_sink *t,
                                  const atomic_bool *stop) {
  struct bundle_options opts = {.sink = &t->sink,
                                .run_id = "T",
                                .level = 1,
                                .stop = stop,
                                .gaps = &gaps,
                                .max_file = 64 << 20};
  struct bundle *b;

  atomic_store(&gaps_told, 0);
  CHECK_INT(bundle_open(&opts, &b), 0);
  return b;
}

/* Ends it, verifies it; the verifier and the totals must agree. */
static struct bundle_totals end_bundle(struct bundle *b, struct test_sink *t,
                                       enum bundle_status status) {
  struct bundle_totals totals;
  struct verify_result res;

  CHECK_INT(bundle_end(b, BUNDLE_COMPLETE, &totals), 0);
  maker_verify(buf_bytes(&t->b), &(struct verify_options){0}, &res);
  if (res.verdict != VERIFY_SEALED)
    fprintf(stderr, "%s\n", res.reason);
  CHECK_INT(res.verdict, VERIFY_SEALED);
  CHECK_INT(res.status, status);
  CHECK_INT(res.proven_entries, totals.entries);
  CHECK_INT(res.proven_tar_bytes, totals.bytes_in);
  CHECK_INT(res.stream_bytes, totals.bytes_out);
  CHECK_INT(res.gaps, totals.gaps);
  CHECK(memcmp(res.sha256, totals.sha256, 32) == 0);
  bundle_closep(&b);
  return totals;
}

/* ---- what came out
 * -----------------------------------------------------------------------------
 */

struct looked {
  const char
      *name; /* wanted: below the top directory, or a prefix ending in '/' */
  struct buf text; /* its content, holes left out */
  size_t found;
  bool on;
  uint64_t size;
};

static int look_begin(void *ctx, const struct untar_entry *e) {
  struct looked *l = ctx;
  struct bytes name = bytes_of(e->path.p + 6, e->path.n - 6);
  size_t n = strlen(l->name);

  l->on = l->name[n - 1] == '/' ? bytes_starts(name, l->name)
                                : bytes_eq(name, bytes_str(l->name));
  if (l->on) {
    l->found++;
    l->size = e->size;
  }
  return 0;
}

static int look_data(void *ctx, uint64_t offset, struct bytes p,
                     uint64_t length) {
  struct looked *l = ctx;

  (void)offset, (void)length;
  return l->on ? buf_addb(&l->text, p) : 0;
}

static int look_end(void *ctx, const struct untar_entry *e) {
  (void)ctx, (void)e;
  return 0;
}

static struct looked look(const struct test_sink *t, const char *name) {
  static const struct untar_ops ops = {look_begin, look_data, look_end};
  struct looked l = {.name = name, .text = BUF_LIMIT(64 << 20)};
  int fd = maker_memfd(buf_bytes(&t->b));
  struct unseal_frame f;
  struct unseal *u;
  struct untar *tar;

  CHECK_INT(unseal_open(fd, &u), 0);
  CHECK_INT(untar_open(&ops, &l, &tar), 0);
  while (unseal_next(u, &f) > 0 && f.kind != UNSEAL_SEAL) {
    if (f.kind == UNSEAL_DATA)
      CHECK_INT(untar_feed(tar, f.content), 0);
    CHECK_INT(unseal_accept(u, &f), 0);
  }
  untar_closep(&tar);
  unseal_closep(&u);
  CHECK_INT(close(fd), 0);
  return l;
}

static bool ledger_has(const struct test_sink *t, const char *text) {
  struct looked l = look(t, "ledger/");
  bool has = memmem(l.text.p, l.text.n, text, strlen(text)) != NULL;

  buf_done(&l.text);
  return has;
}

/* ---- files
 * -------------------------------------------------------------------------------------
 */

static int make_file(const char *name, const void *p, size_t n) {
  char path[128];

  snprintf(path, sizeof(path), "%s/%s", dir, name);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  CHECK_INT(write(fd, p, n), (int64_t)n);
  CHECK_INT(unlink(path), 0); /* the next of this name is another file */
  return fd;
}

/* FD is taken. SIZE: what the file is said to have, or -1. */
static int add_fd(struct bundle *b, const char *name, int fd, int64_t size) {
  struct bundle_entry e = {
      .path = bytes_str(name), .has_info = true, .action = "test"};
  struct file *f;

  CHECK_INT(file_info_fd(fd, &e.info), 0);
  if (size >= 0)
    e.info.size = (uint64_t)size;
  CHECK_INT(file_from_fd(fd, &f), 0);
  return bundle_add_file(b, &e, f);
}

static void check_all_kinds(void) {
  static unsigned char large[1500000], small[3000];
  struct bundle_entry e = {.path = bytes_str("case.json"), .action = "test"};
  struct test_sink t;
  uint64_t state = 5;

  for (size_t i = 0; i < sizeof(large); i++)
    large[i] = (unsigned char)maker_random(&state);
  memcpy(small, large, sizeof(small));
  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  CHECK_INT(bundle_add_bytes(b, &e, bytes_str("{}\n")), 0);
  e.path = bytes_str("big.jsonl");
  CHECK_INT(bundle_add_bytes(b, &e, bytes_of(large, sizeof(large))), 0);
  for (int i = 0; i < 1000; i++) {
    char name[32];

    snprintf(name, sizeof(name), "files/%d", i);
    CHECK_INT(add_fd(b, name, make_file("small", small, (size_t)i * 3), -1), 0);
  }
  CHECK_INT(
      add_fd(b, "files/large", make_file("large", large, sizeof(large)), -1),
      0);
  e = (struct bundle_entry){
      .path = bytes_str("files/fifo"), .has_info = true, .action = "test"};
  e.info.mode = S_IFIFO | 0644;
  CHECK_INT(bundle_add_node(b, &e), 0);
  e.path = bytes_str("files/gone");
  CHECK_INT(bundle_add_missing(b, &e, OUTCOME_MISSING, -ENOENT), 0);
  CHECK_INT(bundle_add_record(b, bytes_str("{\"ours\":1}\n")), 0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_COMPLETE);
  CHECK_INT(totals.gaps, 0);
  CHECK_INT(atomic_load(&gaps_told), 0);
  struct looked l = look(&t, "files/large");
  CHECK_INT(l.found, 1);
  CHECK(bytes_eq(buf_bytes(&l.text), bytes_of(large, sizeof(large))));
  buf_done(&l.text);
  l = look(&t, "files/999");
  CHECK(bytes_eq(buf_bytes(&l.text), bytes_of(small, 2997)));
  buf_done(&l.text);
  l = look(&t, "files/fifo");
  CHECK_INT(l.found, 0);
  CHECK(ledger_has(&t, "{\"ours\":1}\n"));
  CHECK(ledger_has(&t, "\"type\":\"fifo\""));
  CHECK(ledger_has(&t, "\"outcome\":\"missing\""));
  test_sink_done(&t);
  OK("tables, small and large files, nodes and records come out as they went "
     "in");
}

static void check_changed(void) {
  static unsigned char content[700000];
  struct test_sink t;

  memset(content, 'x', sizeof(content));
  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  CHECK_INT(add_fd(b, "files/shrunk", make_file("a", content, 1000), 5000), 0);
  CHECK_INT(add_fd(b, "files/grown", make_file("a", content, 5000), 1000), 0);
  CHECK_INT(
      add_fd(b, "files/large-shrunk", make_file("a", content, 600000), 700000),
      0);
  CHECK_INT(
      add_fd(b, "files/large-grown", make_file("a", content, 700000), 600000),
      0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK_INT(totals.gaps, 4);
  CHECK_INT(atomic_load(&gaps_told), 4);
  CHECK_INT(atomic_load(&gap_err), -ESTALE);
  struct looked l = look(&t, "files/shrunk");
  CHECK_INT(l.size, 5000);
  CHECK(l.text.p[999] == 'x' && l.text.p[1000] == 0 && l.text.p[4999] == 0);
  buf_done(&l.text);
  l = look(&t, "files/large-grown");
  CHECK_INT(l.size, 600000);
  buf_done(&l.text);
  CHECK(ledger_has(&t, "\"read\":{\"short\":4000,\"size\":1000}"));
  CHECK(ledger_has(&t, "\"read\":{\"short\":100000,\"size\":600000}"));
  CHECK(ledger_has(&t, "\"read\":{\"size\":5000}"));
  CHECK(ledger_has(&t, "\"code\":\"ESTALE\""));
  test_sink_done(&t);
  OK("what shrinks is padded, what grows is cut, both are said");
}

/* A file that opens and cannot be read: a directory's descriptor. */
static void check_unreadable(void) {
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  CHECK_INT(add_fd(b, "files/small", open(dir, O_RDONLY | O_CLOEXEC), 100), 0);
  CHECK_INT(add_fd(b, "files/large", open(dir, O_RDONLY | O_CLOEXEC), 1 << 20),
            0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK_INT(totals.gaps, 2);
  struct looked l = look(&t, "files/small");
  CHECK_INT(l.found, 0);
  CHECK(ledger_has(&t, "\"outcome\":\"failed\""));
  CHECK(ledger_has(&t, "\"code\":\"EISDIR\""));
  test_sink_done(&t);
  OK("what cannot be read has a record and a gap, and no entry");
}

/* ---- holes and limits
 * -------------------------------------------------------------------------- */

static void check_holes(void) {
  struct test_sink t;
  int fds[4];

  for (int i = 0; i < 4; i++) {
    char name[8];

    snprintf(name, sizeof(name), "s%d", i);
    fds[i] = make_file(name, "head", 4);
  }
  CHECK_INT(ftruncate(fds[0], 50 << 20), 0);
  CHECK_INT(pwrite(fds[0], "tail", 4, (50 << 20) - 4), 4);
  CHECK_INT(ftruncate(fds[1], 0), 0);
  CHECK_INT(ftruncate(fds[1], 5 << 20), 0);
  for (int i = 0; i < 5000; i++) /* more extents than are kept apart */
    CHECK_INT(pwrite(fds[2], "e", 1, (off_t)i * 16384), 1);
  bool huge = ftruncate(fds[3], (off_t)1 << 40) == 0;
  if (huge)
    CHECK_INT(pwrite(fds[3], "end", 3, ((off_t)1 << 40) - 3), 3);
  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  CHECK_INT(add_fd(b, "files/two", fds[0], -1), 0);
  CHECK_INT(add_fd(b, "files/hole", fds[1], -1), 0);
  CHECK_INT(add_fd(b, "files/many", fds[2], -1), 0);
  CHECK_INT(add_fd(b, "files/huge", fds[3], -1), 0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_COMPLETE);
  CHECK(totals.bytes_in < 48 << 20);
  struct looked l = look(&t, "files/hole");
  CHECK_INT(l.size, 5 << 20);
  CHECK_INT(l.text.n, 0);
  if (huge) {
    l = look(&t, "files/huge");
    CHECK_INT(l.size, INT64_C(1) << 40);
    buf_done(&l.text);
    CHECK(ledger_has(&t, "\"hash\":{\"extents\":\""));
    l = look(&t, "sums/");
    CHECK(memmem(l.text.p, l.text.n, "huge", 4) == NULL);
    buf_done(&l.text);
  }
  test_sink_done(&t);
  OK(huge ? "holes are kept; 1 TiB of one takes nothing"
          : "holes are kept # no 1 TiB file here");
}

static void check_max_file(void) {
  static unsigned char content[100];
  struct test_sink t;
  int fd = make_file("m", content, sizeof(content));

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  struct bundle_entry e = {
      .path = bytes_str("files/m"), .has_info = true, .action = "test"};
  struct file *f;
  CHECK_INT(file_info_fd(fd, &e.info), 0);
  e.info.size = 65 << 20;
  e.info.blocks = e.info.size / 512;
  CHECK_INT(file_from_fd(fd, &f), 0);
  CHECK_INT(bundle_add_file(b, &e, f), 0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK_INT(totals.gaps, 1);
  CHECK(ledger_has(&t, "\"outcome\":\"skipped\""));
  CHECK(ledger_has(&t, "\"code\":\"EFBIG\""));
  test_sink_done(&t);
  OK("a file above the limit is a record and a gap");
}

/* ---- names
 * -------------------------------------------------------------------------------------
 */

static void check_names(void) {
  static unsigned char deep[200000];
  static const char *const odd[] = {
      "/abs",   "a//b",        "a/./b", "../x", "ledger/000001.jsonl",
      "sums/x", "long/000001", ""};
  struct bundle_entry e = {.action = "test"};
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  memset(deep, 'd', sizeof(deep));
  for (size_t i = 5; i < sizeof(deep); i += 100)
    deep[i] = '/';
  e.path = bytes_of(deep, sizeof(deep));
  e.true_path = e.path;
  CHECK_INT(bundle_add_bytes(b, &e, bytes_str("deep")), 0);
  e.true_path = bytes_str("/true/one");
  for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
    e.path = bytes_str(odd[i]);
    CHECK_INT(bundle_add_bytes(b, &e, bytes_str(odd[i])), 0);
  }
  e.path = bytes_of("nul\0x", 5);
  CHECK_INT(bundle_add_bytes(b, &e, bytes_str("nul")), 0);
  (void)end_bundle(b, &t, BUNDLE_PARTIAL); /* the cut true path is a gap */
  struct looked l = look(&t, "long/");
  CHECK_INT(l.found, ARRAY_LEN(odd) + 2);
  buf_done(&l.text);
  CHECK(ledger_has(&t, "\"length\":68928"));
  CHECK(ledger_has(&t, "\"code\":\"ENAMETOOLONG\""));
  CHECK(ledger_has(&t, "\"path\":\"/true/one\""));
  test_sink_done(&t);
  OK("what has no room or no place by its name goes to long/");
}

static void check_many_records(void) {
  AUTO_DONE(buf_done) struct buf line = BUF_LIMIT(8 << 20);
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  for (int i = 0; i < 3000; i++) {
    buf_clear(&line);
    CHECK_INT(buf_addf(&line, "{\"n\":%d,\"pad\":\"%0*d\"}\n", i,
                       i == 7 ? 600000 : 900, 0),
              0);
    CHECK_INT(bundle_add_record(b, buf_bytes(&line)), 0);
  }
  buf_clear(&line);
  CHECK_INT(buf_addf(&line, "{\"pad\":\"%0*d\"}\n", 2000000, 0), 0);
  CHECK_INT(bundle_add_record(b, buf_bytes(&line)), 0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK_INT(totals.gaps, 1);
  CHECK(ledger_has(&t, "{\"n\":2999,"));
  CHECK(ledger_has(&t, "{\"n\":7,"));
  struct looked l = look(&t, "ledger/");
  CHECK(l.found >= 4);
  buf_done(&l.text);
  test_sink_done(&t);
  OK("3,000 records make several parts; one too long is a gap");
}

/* ---- streams
 * -----------------------------------------------------------------------------------
 */

struct fill {
  size_t left;
  int err;
};

static ssize_t fill(void *ctx, void *p, size_t n) {
  struct fill *f = ctx;
  size_t now = n < f->left ? n : f->left;

  if (now == 0)
    return f->err;
  if (now > 70000)
    now = 70000;
  memset(p, 'f', now);
  f->left -= now;
  return (ssize_t)now;
}

static void check_streams(void) {
  struct fill whole = {1000000, 0}, early = {600000, 0}, bad = {300000, -EIO},
              none = {0, -EIO};
  struct bundle_entry e = {.action = "test"};
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  e.path = bytes_str("mem/whole");
  CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &whole), 0);
  e.path = bytes_str("mem/early");
  CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &early), 0);
  e.path = bytes_str("mem/bad");
  CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &bad), 0);
  e.path = bytes_str("mem/none");
  CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &none), 0);
  e.path = bytes_str("mem/empty");
  CHECK_INT(bundle_add_stream(b, &e, 0, fill, &none), 0);
  struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK_INT(totals.gaps, 3);
  struct looked l = look(&t, "mem/early");
  CHECK_INT(l.size, 1000000);
  CHECK(l.text.p[599999] == 'f' && l.text.p[600000] == 0);
  buf_done(&l.text);
  l = look(&t, "mem/none");
  CHECK_INT(l.found, 0);
  l = look(&t, "mem/empty");
  CHECK_INT(l.found, 1);
  CHECK(ledger_has(&t, "\"short\":400000"));
  CHECK(ledger_has(&t, "\"short\":700000"));
  test_sink_done(&t);
  OK("streams whole, early at their end, failing, empty");
}

/* ---- failure, stop, idleness
 * ------------------------------------------------------------------- */

static void check_broken_sink(void) {
  static unsigned char content[400000];
  uint64_t state = 11;

  for (size_t i = 0; i < sizeof(content); i++)
    content[i] = (unsigned char)maker_random(&state);
  for (int round = 0; round < 40; round++) {
    struct bundle_totals totals;
    struct test_sink t;
    int r = 0;

    test_sink_init(&t, 1 + maker_random(&state) % (8 << 20));
    struct bundle *b = open_bundle(&t, NULL);
    for (int i = 0; i < 60 && r == 0; i++)
      r = add_fd(
          b, "files/x",
          make_file("x", content, i % 3 ? (size_t)i * 100 : sizeof(content)),
          -1);
    CHECK(r == 0 || r == -EPIPE);
    r = bundle_end(b, BUNDLE_COMPLETE, &totals);
    CHECK(r == 0 || r == -EPIPE);
    bundle_closep(&b);
    test_sink_done(&t);
  }
  OK("a reader that goes away ends everything, at any byte");
}

static void check_abandoned(void) {
  struct test_sink t;
  struct verify_result res;

  for (int i = 0; i < 10; i++) {
    test_sink_init(&t, 0);
    struct bundle *b = open_bundle(&t, NULL);
    for (int k = 0; k < i * 20; k++)
      CHECK_INT(add_fd(b, "files/x", make_file("x", "abc", 3), -1), 0);
    bundle_closep(&b);
    maker_verify(buf_bytes(&t.b), &(struct verify_options){0}, &res);
    CHECK(res.verdict == VERIFY_CUT || res.verdict == VERIFY_NOT_ONE);
    test_sink_done(&t);
  }
  OK("closed without an end: no seal, nothing left behind");
}

static void check_stop(void) {
  static unsigned char content[3 << 20];
  atomic_bool stop = false;
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, &stop);
  CHECK_INT(add_fd(b, "files/a", make_file("a", content, sizeof(content)), -1),
            0);
  atomic_store(&stop, true);
  CHECK_INT(add_fd(b, "files/b", make_file("b", content, 10), -1), -ECANCELED);
  CHECK_INT(bundle_add_record(b, bytes_str("{\"last\":\"words\"}\n")), 0);
  (void)end_bundle(b, &t, BUNDLE_PARTIAL);
  CHECK(ledger_has(&t, "{\"last\":\"words\"}\n"));
  test_sink_done(&t);
  OK("stopped: nothing more is added, it still seals, as partial");
}

static void check_idle(void) {
  struct verify_result res;
  struct test_sink t;

  test_sink_init(&t, 0);
  struct bundle *b = open_bundle(&t, NULL);
  CHECK_INT(add_fd(b, "files/a", make_file("a", "abc", 3), -1), 0);
  (void)usleep(4700 * 1000);
  (void)pthread_mutex_lock(&t.lock);
  maker_verify(buf_bytes(&t.b), &(struct verify_options){0}, &res);
  (void)pthread_mutex_unlock(&t.lock);
  CHECK_INT(res.verdict, VERIFY_CUT);
  CHECK(res.checkpoints >= 2);
  CHECK_INT(res.proven_entries, 4); /* top, file, ledger, sums */
  CHECK_INT(res.hashes_checked, 2);
  CHECK_INT(add_fd(b, "files/b", make_file("b", "abc", 3), -1), 0);
  (void)end_bundle(b, &t, BUNDLE_COMPLETE);
  test_sink_done(&t);
  OK("idle: what was added is proven within seconds, and checkpoints go on");
}

static void check_memory(void) {
  static unsigned char content[1 << 20];
  struct bundle_options opts = {.run_id = "T", .level = 3};
  struct bundle_totals totals;
  struct rusage before, after;
  struct bundle *b;
  uint64_t state = 3;
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

  CHECK_INT(getrusage(RUSAGE_SELF, &before), 0);
  for (size_t i = 0; i < sizeof(content); i++)
    content[i] = (unsigned char)maker_random(&state);
  CHECK_INT(sink_fd(null, true, &opts.sink), 0);
  CHECK_INT(bundle_open(&opts, &b), 0);
  for (int i = 0; i < 100; i++)
    CHECK_INT(add_fd(b, "files/x",
                     make_file("x", content, sizeof(content) - (size_t)i), -1),
              0);
  CHECK_INT(bundle_end(b, BUNDLE_COMPLETE, &totals), 0);
  bundle_closep(&b);
  CHECK_INT(sink_close(opts.sink), 0);
  CHECK_INT(getrusage(RUSAGE_SELF, &after), 0);
  printf("# 100 MiB at level 3: peak RSS %ld KiB, %ld before\n",
         after.ru_maxrss, before.ru_maxrss);
  OK("100 MiB that do not compress");
}

int main(void) {
  char command[64];

  CHECK(mkdtemp(dir) != NULL);
  if (getenv("BUNDLE_MEMORY")) { /* alone, its peak is its own */
    check_memory();
  } else {
    check_all_kinds();
    check_changed();
    check_unreadable();
    check_holes();
    check_max_file();
    check_names();
    check_many_records();
    check_streams();
    check_broken_sink();
    check_abandoned();
    check_stop();
    check_idle();
    check_memory();
  }
  snprintf(command, sizeof(command), "rm -rf %s", dir);
  CHECK_INT(system(command), 0);
  TEST_END();
}
