/* SPDX-License-Identifier: ISC
 *
 * netaddr - tests of addresses as people type them, as the system has them, and as they are shown.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "netaddr.h"
#include "unit.h"

static void test_split(void)
{
	static const struct {
		const char *text, *host;
		int rc;
		uint16_t port;
	} cases[] = {
		{ "db1", "db1", 0, 0 }, { "db1:80", "db1", 0, 80 }, { "10.0.0.1:65535", "10.0.0.1", 0, 65535 }, { "::1", "::1", 0, 0 },
		{ "fe80::1%lo", "fe80::1%lo", 0, 0 }, { "[::1]:7", "::1", 0, 7 }, { "[::1]", "::1", 0, 0 }, { "unix:/tmp/x", "/tmp/x", 1, 0 },
		{ "unix:@name", "@name", 1, 0 }, { "unix:/a:b", "/a:b", 1, 0 },
		{ "", NULL, -EINVAL, 0 }, { ":80", NULL, -EINVAL, 0 }, { "a:", NULL, -EINVAL, 0 }, { "a:0", NULL, -EINVAL, 0 },
		{ "a:65536", NULL, -EINVAL, 0 }, { "a:8x", NULL, -EINVAL, 0 }, { "[::1", NULL, -EINVAL, 0 }, { "[]", NULL, -EINVAL, 0 },
		{ "[::1]80", NULL, -EINVAL, 0 }, { "[::1]:", NULL, -EINVAL, 0 }, { "unix:", NULL, -EINVAL, 0 },
	};
	char host[256], text[400];
	uint16_t port;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc = bt_netaddr_split(cases[i].text, host, &port);

		CHECK_EQ(rc, cases[i].rc);
		if (rc >= 0) {
			CHECK_STR(host, cases[i].host);
			CHECK_EQ(port, cases[i].port);
		}
	}
	memset(text, 'a', sizeof(text));
	text[256] = '\0';
	CHECK_EQ(bt_netaddr_split(text, host, &port), -EINVAL);
	text[255] = '\0';
	CHECK_EQ(bt_netaddr_split(text, host, &port), 0);
}

static void test_text(void)
{
	static const struct {
		const char *host;
		enum bt_netaddr_family family;
		const char *shown;
	} cases[] = {
		{ "127.0.0.1", BT_NETADDR_ANY, "127.0.0.1:5211" }, { "::1", BT_NETADDR_V6, "[::1]:5211" }, { "/tmp/x", BT_NETADDR_UNIX, "unix:/tmp/x" },
		{ "@name", BT_NETADDR_UNIX, "unix:@name" },
	};
	struct bt_netaddr a;
	char text[BT_NETADDR_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_EQ(bt_netaddr_resolve(cases[i].host, 5211, cases[i].family, false, &a, 1), 1);
		bt_netaddr_text(&a, text);
		CHECK_STR(text, cases[i].shown);
	}
	bt_netaddr_set_port(&a, 9);
	CHECK_EQ(bt_netaddr_port(&a), 0);
	CHECK(bt_netaddr_resolve("127.0.0.1", 1, BT_NETADDR_V6, false, &a, 1) < 0);
	memset(text, 'x', 200);
	text[200] = '\0';
	CHECK_EQ(bt_netaddr_resolve(text, 0, BT_NETADDR_UNIX, false, &a, 1), -ENAMETOOLONG);
}

/* A port is found and can be connected to; nobody is at it any more once it is closed. */
static void test_listen(const char *host, enum bt_netaddr_family family)
{
	uint64_t until = bt_clock_monotonic() + 2000000000u;
	struct bt_netaddr a;
	int at, fd;

	CHECK_EQ(bt_netaddr_resolve(host, 0, family, true, &a, 1), 1);
	at = bt_netaddr_listen(&a, 5);
	CHECK(at >= 0);
	CHECK(family == BT_NETADDR_UNIX || bt_netaddr_port(&a) > 0);
	fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(bt_netaddr_connect(fd, &a, until), 0);
	close(fd);
	CHECK(bt_netaddr_listen(&a, 5) == -EADDRINUSE);
	close(at);
	fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(bt_netaddr_connect(fd, &a, until), -ECONNREFUSED);
	close(fd);
}

static void test_listens(void)
{
	char name[64];

	test_listen("127.0.0.1", BT_NETADDR_V4);
	snprintf(name, sizeof(name), "@bt-netaddr-%d", (int)getpid());
	test_listen(name, BT_NETADDR_UNIX);
}

static struct bt_netaddr numeric(const char *host, uint16_t port)
{
	struct bt_netaddr a;

	CHECK_EQ(bt_netaddr_resolve(host, port, BT_NETADDR_ANY, false, &a, 1), 1);
	return a;
}

static void test_same_host(void)
{
	struct bt_netaddr v4 = numeric("192.0.2.1", 1), again = numeric("192.0.2.1", 2), mapped = numeric("::ffff:192.0.2.1", 3);
	struct bt_netaddr near = numeric("192.0.2.2", 1), v6 = numeric("2001:db8::1", 1), path;

	CHECK(bt_netaddr_same_host(&v4, &again));
	CHECK(bt_netaddr_same_host(&v4, &mapped) && bt_netaddr_same_host(&mapped, &v4));
	CHECK(bt_netaddr_same_host(&v6, &v6));
	CHECK(!bt_netaddr_same_host(&v4, &near) && !bt_netaddr_same_host(&mapped, &near) && !bt_netaddr_same_host(&v4, &v6));
	CHECK_EQ(bt_netaddr_unix(&path, "@x"), 0);
	CHECK(!bt_netaddr_same_host(&path, &path) && !bt_netaddr_same_host(&v4, &path));
}

static const struct unit_test tests[] = {
	{ "the parts of an address", test_split },
	{ "resolved and shown", test_text },
	{ "listening and connecting", test_listens },
	{ "the same host", test_same_host },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
