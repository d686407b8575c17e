/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one file of a container's root. Private to signs/. */
#ifndef CSI_SIGNS_FILES_H
#define CSI_SIGNS_FILES_H

#include "signs/judge.h"

enum file_fact {
	FILE_FACT_INFO = 1 << 0,    /* always known */
	FILE_FACT_BIRTH = 1 << 1,   /* against the container's birth, by its overlay */
	FILE_FACT_CAPS = 1 << 2,    /* security.capability */
	FILE_FACT_CONTENT = 1 << 3, /* the first bytes, of a new file that others run */
};

enum {
	FILE_CONTENT_MAX = 64 << 10, /* bytes read of one file */
	FILE_CONTENTS_MAX = 4096,    /* files of one root that are read */
	FILE_ENTRIES_MAX = 2000000,  /* of one root */
	FILE_VOLUME_MAX = 20000,     /* entries of its volumes together */
	FILE_HASH_MAX = 64 << 20,    /* bytes of a program that is hashed; more is a gap */
	FILE_HASHES_MAX = 512 << 20, /* bytes of all of one root */
};

/* What a path is for, by where it lies. */
enum file_place {
	PLACE_NONE,
	PLACE_CRON,
	PLACE_SYSTEMD,
	PLACE_RC,      /* /etc/rc.local, /etc/init.d */
	PLACE_PROFILE, /* /etc/profile.d, .bashrc, ... */
	PLACE_SSH,     /* authorized_keys */
	PLACE_SUDO,
	PLACE_PAM,
	PLACE_TRIGGER, /* udev rules, message of the day */
	PLACE_WEB,     /* .php, .jsp, .asp, ... anywhere */
	PLACE_KINDS
};

struct file_facts {
	unsigned known;
	struct bytes path; /* in its root; target bytes */
	struct file_info info;
	enum mount_kind mount;
	enum birth_verdict birth;
	int64_t ref; /* birth of the container, ns since 1970; 0 unknown */
	int64_t now; /* ns since 1970 */
	enum file_place place;
	bool has_caps;
	uint64_t caps;	      /* permitted */
	struct bytes content; /* its beginning */
	bool by_ctime;	      /* NEW rests on its ctime: it lies on a volume */
	bool dressed;	      /* its mtime is that of a file of the image, to the nanosecond */
	char sha256[65];      /* of a new program, or "" */
};

/* By path alone. */
enum file_place file_place_of(struct bytes path);
/* Whether it came after the container started: by its birth, or because it lies in memory. */
bool file_is_new(const struct file_facts *f);

/* The predicates of catalogue_file.c. */
bool match_file_kinsing(const struct file_facts *f, struct finding *ret);
bool match_file_dropped(const struct file_facts *f, struct finding *ret);
bool match_file_program(const struct file_facts *f, struct finding *ret);
bool match_file_setid(const struct file_facts *f, struct finding *ret);
bool match_file_caps(const struct file_facts *f, struct finding *ret);
bool match_file_immutable(const struct file_facts *f, struct finding *ret);
bool match_file_cron(const struct file_facts *f, struct finding *ret);
bool match_file_boot(const struct file_facts *f, struct finding *ret);
bool match_file_profile(const struct file_facts *f, struct finding *ret);
bool match_file_ssh(const struct file_facts *f, struct finding *ret);
bool match_file_trigger(const struct file_facts *f, struct finding *ret);
bool match_file_auth(const struct file_facts *f, struct finding *ret);
bool match_file_webshell(const struct file_facts *f, struct finding *ret);
bool match_file_timestomp(const struct file_facts *f, struct finding *ret);
bool match_file_below(const struct file_facts *f, struct finding *ret);

#endif
