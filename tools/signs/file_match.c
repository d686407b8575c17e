/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in files: where they lie, what they may do, what they hold. */
#include "signs/files.h"
#include "signs/match.h"

#include <stdio.h>
#include <sys/stat.h>

enum {
	FUTURE_SECONDS = 86400,
	STOMP_SECONDS = 86400,
	SHELL_BYTES_MAX = 8 << 10, /* what is longer is an application */
	/* linux/stat.h, which musl's own header cannot stand beside */
	ATTR_IMMUTABLE = 0x10,
	ATTR_APPEND = 0x20,
};

struct place_rule {
	enum file_place place;
	const char *start; /* of the path, or NULL */
	const char *end;   /* of the path, or NULL */
};

static const struct place_rule rules[] = {
	{ PLACE_CRON, "/etc/cron", NULL },
	{ PLACE_CRON, "/var/spool/cron/", NULL },
	{ PLACE_CRON, "/etc/anacrontab", NULL },
	{ PLACE_SYSTEMD, "/etc/systemd/", ".service" },
	{ PLACE_SYSTEMD, "/etc/systemd/", ".timer" },
	{ PLACE_SYSTEMD, "/lib/systemd/", ".service" },
	{ PLACE_SYSTEMD, "/usr/lib/systemd/", ".service" },
	{ PLACE_SYSTEMD, NULL, "/.config/systemd/user/" },
	{ PLACE_RC, "/etc/rc.local", NULL },
	{ PLACE_RC, "/etc/init.d/", NULL },
	{ PLACE_RC, "/etc/rc.d/", NULL },
	{ PLACE_RC, "/etc/inittab", NULL },
	{ PLACE_RC, "/etc/local.d/", NULL },
	{ PLACE_TRIGGER, "/etc/udev/rules.d/", NULL },
	{ PLACE_TRIGGER, "/usr/lib/udev/rules.d/", NULL },
	{ PLACE_TRIGGER, "/etc/update-motd.d/", NULL },
	{ PLACE_PROFILE, "/etc/profile", NULL },
	{ PLACE_PROFILE, "/etc/bash.bashrc", NULL },
	{ PLACE_PROFILE, NULL, "/.bashrc" },
	{ PLACE_PROFILE, NULL, "/.bash_profile" },
	{ PLACE_PROFILE, NULL, "/.profile" },
	{ PLACE_PROFILE, NULL, "/.zshrc" },
	{ PLACE_SSH, NULL, "/.ssh/authorized_keys" },
	{ PLACE_SSH, NULL, "/.ssh/authorized_keys2" },
	{ PLACE_SUDO, "/etc/sudoers", NULL },
	{ PLACE_PAM, "/etc/pam.d/", NULL },
	{ PLACE_PAM, NULL, "/pam_unix.so" },
	{ PLACE_WEB, NULL, ".php" },
	{ PLACE_WEB, NULL, ".phtml" },
	{ PLACE_WEB, NULL, ".phar" },
	{ PLACE_WEB, NULL, ".php5" },
	{ PLACE_WEB, NULL, ".inc" },
	{ PLACE_WEB, NULL, ".ashx" },
	{ PLACE_WEB, NULL, ".jsp" },
	{ PLACE_WEB, NULL, ".jspx" },
	{ PLACE_WEB, NULL, ".asp" },
	{ PLACE_WEB, NULL, ".aspx" },
	{ PLACE_WEB, NULL, ".cgi" },
};

enum file_place file_place_of(struct bytes path)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if ((!rules[i].start || bytes_starts(path, rules[i].start)) &&
		    (!rules[i].end || bytes_ends(path, rules[i].end)))
			return rules[i].place;
	return PLACE_NONE;
}

bool file_is_new(const struct file_facts *f)
{
	return (f->known & FILE_FACT_BIRTH) ? f->birth == BIRTH_NEW : f->mount == MOUNT_MEMORY;
}

static bool is_program(const struct file_facts *f)
{
	return S_ISREG(f->info.mode) && (f->info.mode & 0111);
}

static void add_mode(const struct file_facts *f, struct finding *ret)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%04o", f->info.mode & 07777);
	finding_add(ret, "file.mode", bytes_str(text));
}

/* What rests on ctime alone is one step less: a chmod or a copy at the start moves it as well. */
static void add_birth(const struct file_facts *f, struct finding *ret)
{
	const char *word = f->birth == BIRTH_NEW ? "new" : "old";

	if (f->by_ctime && f->birth == BIRTH_NEW) {
		word = "new, by its ctime";
		if (ret->level > LEVEL_LOW)
			ret->level--;
	}
	if (f->known & FILE_FACT_BIRTH)
		finding_add(ret, "csi.birth", bytes_str(word));
}

static void add_hash(const struct file_facts *f, struct finding *ret)
{
	if (f->sha256[0])
		finding_add(ret, "file.hash.sha256", bytes_str(f->sha256));
}

/* Where miners of that family put what they fetch: a name that only looks like X11's. */
static bool is_in_their_dir(struct bytes path)
{
	static const char *const dirs[] = { "/tmp/.ICEd-unix", "/var/tmp/.ICEd-unix",
					    "/dev/shm/.ICEd-unix" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (bytes_starts(path, dirs[i]))
			return true;
	return false;
}

bool match_file_kinsing(const struct file_facts *f, struct finding *ret)
{
	static const char *const paths[] = { "/etc/libsystem.so", "/tmp/zzz", "/var/tmp/zzz",
					     "/etc/kinsing", "/lib/systemd/system/bot.service" };
	struct bytes name = path_name(f->path);
	bool known = bytes_starts(name, "kinsing") || bytes_starts(name, "kdevtmpfsi") ||
		     is_in_their_dir(f->path);

	for (size_t i = 0; !known && i < ARRAY_LEN(paths); i++)
		known = bytes_eq(f->path, bytes_str(paths[i]));
	if (!known || !S_ISREG(f->info.mode) || f->mount == MOUNT_PSEUDO)
		return false;
	/* A rule set or a report in the image may be called so. */
	if (!file_is_new(f))
		ret->level = LEVEL_LOW;
	add_mode(f, ret);
	add_birth(f, ret);
	add_hash(f, ret);
	return true;
}

/* ELF, or a script. */
static bool holds_program(const struct file_facts *f)
{
	if (!(f->known & FILE_FACT_CONTENT))
		return true;
	return bytes_starts(f->content, "\x7f"
					"ELF") ||
	       bytes_starts(f->content, "#!");
}

bool match_file_dropped(const struct file_facts *f, struct finding *ret)
{
	bool odd = false;
	bool hidden = path_is_hidden(f->path, &odd);
	bool scratch = path_is_scratch(f->path);

	if (!is_program(f) || !file_is_new(f) || !holds_program(f))
		return false;
	if (!scratch && !hidden)
		return false;
	/* ~/.local and its like are ordinary. */
	if (!scratch && !odd)
		ret->level = LEVEL_LOW;
	add_mode(f, ret);
	add_birth(f, ret);
	add_hash(f, ret);
	return true;
}

static bool is_elf(const struct file_facts *f)
{
	return (f->known & FILE_FACT_CONTENT) && bytes_starts(f->content, "\x7f"
									  "ELF");
}

/* Anywhere else, and nothing more than that: packages are installed into running containers too. */
bool match_file_program(const struct file_facts *f, struct finding *ret)
{
	bool odd;

	if (!is_program(f) || f->birth != BIRTH_NEW || !is_elf(f) || f->has_caps ||
	    (f->info.mode & (S_ISUID | S_ISGID)))
		return false;
	if (path_is_scratch(f->path) || path_is_hidden(f->path, &odd))
		return false;
	add_mode(f, ret);
	add_birth(f, ret);
	add_hash(f, ret);
	return true;
}

bool match_file_setid(const struct file_facts *f, struct finding *ret)
{
	bool user = f->info.mode & S_ISUID;
	bool group = (f->info.mode & S_ISGID) && (f->info.mode & S_IXGRP);

	if (!is_program(f) || (!user && !group) || f->birth != BIRTH_NEW)
		return false;
	if (!user || f->info.uid != 0)
		ret->level = LEVEL_MEDIUM;
	add_mode(f, ret);
	finding_add_u64(ret, "file.uid", f->info.uid);
	add_birth(f, ret);
	add_hash(f, ret);
	return true;
}

bool match_file_caps(const struct file_facts *f, struct finding *ret)
{
	if (!f->has_caps || f->birth != BIRTH_NEW)
		return false;
	finding_add_hex(ret, "csi.file.caps", f->caps);
	add_mode(f, ret);
	add_birth(f, ret);
	add_hash(f, ret);
	return true;
}

bool match_file_immutable(const struct file_facts *f, struct finding *ret)
{
	uint64_t set = f->info.attributes & (ATTR_IMMUTABLE | ATTR_APPEND);

	if (!(f->info.have & FILE_ATTRS) || !set || f->mount == MOUNT_PSEUDO ||
	    f->mount == MOUNT_BOUND)
		return false;
	/* Nobody builds an image with it; a volume may have been made so. */
	if (f->mount != MOUNT_ROOT && f->mount != MOUNT_MEMORY)
		ret->level = LEVEL_LOW;
	else if (file_is_new(f))
		ret->level = LEVEL_HIGH;
	finding_add(ret, "file.attributes",
		    bytes_str(set & ATTR_IMMUTABLE ? "immutable" : "append"));
	add_birth(f, ret);
	return true;
}

/* What a job or a profile of an intruder does: fetch, decode, run from a scratch directory. */
static bool is_hostile_text(struct bytes text)
{
	static const char *const words[] = { "curl ",	   "wget ",	"/dev/tcp/", "base64 -d",
					     "/tmp/",	   "/dev/shm/", "/var/tmp/", "python -c",
					     "LD_PRELOAD", "kinsing",	"kdevtmpfsi" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (bytes_hold(text, words[i], false))
			return true;
	return false;
}

/* A new file at PLACE; what it holds may raise it to WORSE. */
static bool persists(const struct file_facts *f, enum file_place place, enum sign_level worse,
		     struct finding *ret)
{
	bool hostile = (f->known & FILE_FACT_CONTENT) && is_hostile_text(f->content);

	if (f->place != place || !S_ISREG(f->info.mode) || f->birth != BIRTH_NEW)
		return false;
	/* An empty one is a place holder; so are the lists of what may use cron. */
	if (f->info.size == 0)
		return false;
	if (hostile)
		ret->level = worse;
	add_mode(f, ret);
	add_birth(f, ret);
	if (hostile)
		finding_add(ret, "csi.text", f->content);
	return true;
}

bool match_file_cron(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_CRON, LEVEL_HIGH, ret);
}

bool match_file_boot(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_SYSTEMD, LEVEL_HIGH, ret) ||
	       persists(f, PLACE_RC, LEVEL_HIGH, ret);
}

bool match_file_profile(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_PROFILE, LEVEL_HIGH, ret);
}

bool match_file_trigger(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_TRIGGER, LEVEL_HIGH, ret);
}

bool match_file_ssh(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_SSH, LEVEL_MEDIUM, ret);
}

bool match_file_auth(const struct file_facts *f, struct finding *ret)
{
	return persists(f, PLACE_PAM, LEVEL_HIGH, ret) || persists(f, PLACE_SUDO, LEVEL_HIGH, ret);
}

/* Runs what the request says: one word that runs, and one that takes from the request. */
static bool is_web_shell(struct bytes text)
{
	static const char *const runs[] = { "eval(",	       "eval (",	 "system(",
					    "passthru(",       "shell_exec",	 "popen(",
					    "proc_open(",      "assert(",	 "exec(",
					    "create_function", "ProcessBuilder", "execute(" };
	static const char *const takes[] = { "$_GET",	 "$_POST",	 "$_REQUEST",	 "$_COOKIE",
					     "$_SERVER", "php://input",	 "getParameter", "Request[",
					     "Request.", "QUERY_STRING", "base64_decode" };
	bool run = false, take = false;

	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		run |= bytes_hold(text, runs[i], false);
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		take |= bytes_hold(text, takes[i], false);
	return run && take;
}

bool match_file_webshell(const struct file_facts *f, struct finding *ret)
{
	if (f->place != PLACE_WEB || f->birth != BIRTH_NEW || !is_web_shell(f->content))
		return false;
	/* A whole application that is installed at its start has such code somewhere. */
	if (f->content.n >= FILE_CONTENT_MAX)
		ret->level = LEVEL_MEDIUM;
	/* Images copy their application to its volume when they start. */
	if (f->by_ctime && f->content.n > SHELL_BYTES_MAX)
		ret->level = LEVEL_LOW;
	add_mode(f, ret);
	add_birth(f, ret);
	finding_add_u64(ret, "file.size", f->info.size);
	finding_add(ret, "csi.text", f->content);
	return true;
}

/* Why the times of F are not its own, or NULL. *RET_DONE: somebody did it on purpose. */
static const char *why_stomped(const struct file_facts *f, bool *ret_done)
{
	const struct file_info *i = &f->info;
	bool before = i->mtime.sec < f->ref / (int64_t)NS_PER_SEC - STOMP_SECONDS;
	bool odd;

	*ret_done = f->dressed && before && is_program(f);
	if (*ret_done)
		return "mtime is that of a program of the image, to the nanosecond";
	if (i->mtime.sec > f->now / (int64_t)NS_PER_SEC + FUTURE_SECONDS)
		return "mtime in the future";
	if (!is_program(f))
		return NULL;
	if (i->ctime.sec && i->mtime.sec == i->ctime.sec && !i->mtime.nsec && !i->ctime.nsec)
		return "mtime and ctime are the same whole second: a clock was set";
	if (i->mtime.nsec != 0 || !before)
		return NULL;
	*ret_done = path_is_scratch(f->path) || path_is_hidden(f->path, &odd);
	return "mtime before the container, without nanoseconds";
}

/*
 * Archives and packages give times from before; what touch(1) gives has no nanoseconds, or is
 * another file's. So only programs, and more only where a person put them or took pains.
 */
bool match_file_timestomp(const struct file_facts *f, struct finding *ret)
{
	const char *why;
	bool done;

	if (!S_ISREG(f->info.mode) || f->birth != BIRTH_NEW || f->by_ctime || f->ref == 0)
		return false;
	why = why_stomped(f, &done);
	if (!why)
		return false;
	if (done)
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "csi.text", bytes_str(why));
	add_mode(f, ret);
	return true;
}

bool match_file_below(const struct file_facts *f, struct finding *ret)
{
	if (f->birth != BIRTH_BELOW || !S_ISREG(f->info.mode))
		return false;
	add_mode(f, ret);
	finding_add(ret, "csi.birth", bytes_str("below"));
	return true;
}
