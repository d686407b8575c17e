/* SPDX-License-Identifier: Apache-2.0 */
/* Socket tables: lines of every table, hostile ones, and the tables of this machine. */
#include "sys/sock.h"

#include "guard.h"
#include "sys/proc.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct guard tail;

static int parse(enum sock_table t, const char *line, struct sock *ret)
{
	return sock_parse(t, guard_put(&tail, bytes_str(line)), ret);
}

#define TCP                                                                                        \
	"   0: 0100007F:1F90 0200A8C0:01BB 0A 00000000:00000000 00:00000000 00000000  1000       " \
	" 0 12345 1 0 100 0"
#define TCP6                                                                                    \
	"   1: 00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:C350 01 " \
	"00000000:00000000 02:000A 00000000  0 0 777 1 0"
#define UNIX   "00000000a1b2c3d4: 00000002 00000000 00010000 0001 01 4242 /run/a b\x01\xff"
#define PACKET "0000000079d34bb7 3      3    0003   2     1 0      33     9001"
#define NETLINK \
	"0000000079d34bb7 16  4096       00000001 0        0        0     2        0        5005"

static void inet(void)
{
	struct sock s;
	char text[46];

	CHECK_INT(parse(TABLE_TCP, TCP, &s), 1);
	CHECK_INT(s.family, AF_INET);
	sock_address_text(&s, false, text);
	CHECK_BYTES(bytes_str(text), "127.0.0.1");
	sock_address_text(&s, true, text);
	CHECK_BYTES(bytes_str(text), "192.168.0.2");
	CHECK(s.local_port == 8080 && s.remote_port == 443 && s.uid == 1000 && s.inode == 12345);
	CHECK_BYTES(bytes_str(s.state), "LISTEN");
	CHECK_INT(parse(TABLE_TCP6, TCP6, &s), 1);
	sock_address_text(&s, false, text);
	CHECK_BYTES(bytes_str(text), "::1");
	sock_address_text(&s, true, text);
	CHECK_BYTES(bytes_str(text), "::ffff:127.0.0.1");
	CHECK_BYTES(bytes_str(s.state), "ESTABLISHED");
	CHECK_INT(s.inode, 777);
	OK("tcp and tcp6");

	CHECK_INT(parse(TABLE_UDP,
			" 100: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 "
			"00000000     0        0 "
			"99 2 0000000000000000 0",
			&s),
		  1);
	CHECK_BYTES(bytes_str(s.state), "");
	CHECK(s.local_port == 68 && s.inode == 99);
	CHECK_INT(parse(TABLE_RAW,
			"   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 "
			"00000000     0        0 "
			"98 2 0000000000000000 0",
			&s),
		  1);
	CHECK_INT(s.protocol, 1);
	CHECK_INT(parse(TABLE_TCP, "  sl  local_address rem_address   st", &s), 0);
	CHECK_INT(parse(TABLE_TCP, "0: 0100007F:1F90 00000000:0000 7F 0:0 00:0 0 0 0 1", &s), 1);
	CHECK_BYTES(bytes_str(s.state), "UNKNOWN");
	OK("udp, raw, the heading, a state nobody knows");
}

static void others(void)
{
	struct sock s;
	char text[46];

	CHECK_INT(parse(TABLE_UNIX, UNIX, &s), 1);
	CHECK_BYTES(bytes_str(s.state), "LISTEN");
	CHECK_BYTES(s.path, "/run/a b\x01\xff");
	CHECK(s.inode == 4242 && s.type == 1);
	CHECK_INT(parse(TABLE_UNIX, "0: 00000002 00000000 00000000 0002 03 17", &s), 1);
	CHECK_INT(s.path.n, 0);
	CHECK_BYTES(bytes_str(s.state), "ESTABLISHED");
	CHECK_INT(parse(TABLE_UNIX, "0: 00000002 00000000 00000000 0001 01 17  @", &s), 1);
	CHECK_BYTES(s.path, " @");
	sock_address_text(&s, true, text);
	CHECK_BYTES(bytes_str(text), "");
	CHECK_INT(parse(TABLE_UNIX, "Num       RefCount Protocol Flags", &s), 0);
	CHECK_INT(parse(TABLE_PACKET, PACKET, &s), 1);
	CHECK(s.type == 3 && s.protocol == 3 && s.ifindex == 2 && s.uid == 33 && s.inode == 9001);
	CHECK_INT(parse(TABLE_PACKET, "sk               RefCnt Type Proto", &s), 0);
	CHECK_INT(parse(TABLE_NETLINK, NETLINK, &s), 1);
	CHECK(s.protocol == 16 && s.port_id == 4096 && s.inode == 5005);
	OK("unix, packet, netlink");
}

static void hostile(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"0:",
		"0: 0100007F",
		"0: 0100007F:",
		"0: 0100007:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"0: 0100007FF:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F900 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 00000000:0000 1AA 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 4294967296 0 1",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 99999999999999999999",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1x",
		"0: -100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"\x01\xff\x7f",
	};
	static const char *const rows[] = { TCP, TCP6, UNIX, PACKET, NETLINK };
	struct sock s = { .inode = 5 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		for (int t = 0; t < SOCK_TABLES; t++)
			CHECK_INT(parse((enum sock_table)t, bad[i], &s), -EBADMSG);
	CHECK_INT(s.inode, 5);
	OK("what no kernel writes is refused in every table");

	/* Every cut of every row in every table: a socket or not, never a byte too far. */
	for (int t = 0; t < SOCK_TABLES; t++)
		for (int row = 0; row < (int)ARRAY_LEN(rows); row++)
			for (size_t n = 0; n <= strlen(rows[row]); n++) {
				int r = sock_parse((enum sock_table)t,
						   guard_put(&tail, bytes_of(rows[row], n)), &s);

				CHECK(r == 1 || r == -EBADMSG);
			}
	OK("every cut of every row");
}

/* The kernel's own tables parse whole, and a socket of ours is in one. */
static void live(void)
{
	AUTO_CLOSE int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool found = false;
	struct stat st;

	CHECK(sock >= 0 && bind(sock, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	      listen(sock, 1) == 0);
	CHECK_INT(fstat(sock, &st), 0);
	for (int t = 0; t < SOCK_TABLES; t++) {
		AUTO_DONE(buf_done) struct buf text = BUF_NONE;
		AUTO_CLOSE int dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
		AUTO_CLOSE int fd =
			openat(dir, sock_table_path((enum sock_table)t), O_RDONLY | O_CLOEXEC);
		struct bytes rest, line;
		struct sock s;

		if (fd < 0)
			continue; /* a kernel without IPv6 or packet sockets */
		CHECK_INT(buf_read_fd(&text, fd, 4 << 20), 0);
		rest = buf_bytes(&text);
		while (proc_next_line(&rest, &line)) {
			int r = sock_parse((enum sock_table)t, line, &s);

			/* Somebody's unix path may hold a newline. */
			CHECK(r >= 0 || t == TABLE_UNIX);
			if (r == 1 && t == TABLE_TCP && s.inode == st.st_ino)
				found = strcmp(s.state, "LISTEN") == 0 && s.uid == geteuid();
		}
	}
	CHECK(found);
	OK("the tables of this machine, with a socket of this test in them");
}

int main(void)
{
	tail = guard_make(4096);
	inet();
	others();
	hostile();
	live();
	guard_done(&tail);
	TEST_END();
}
