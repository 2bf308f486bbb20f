/* SPDX-License-Identifier: ISC
 *
 * secret - tests of the file of a secret: its mode, its owner, its size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "secret.h"
#include "unit.h"

static char path[] = "/tmp/bt-secret-XXXXXX";

/* What reading says when the file holds len bytes and has that mode. */
static int with(size_t len, mode_t mode, struct bt_secret *s)
{
	static const char text[BT_SECRET_MAX + 2] = { 0 };
	int fd = open(path, O_WRONLY | O_TRUNC);

	CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	CHECK(chmod(path, mode) == 0);
	return bt_secret_read(s, path);
}

static void test_size(void)
{
	struct bt_secret s;

	CHECK_EQ(with(0, 0600, &s), -ENODATA);
	CHECK_EQ(with(BT_SECRET_MIN - 1, 0600, &s), -ENODATA);
	CHECK_EQ(s.len, 0);
	CHECK_EQ(with(BT_SECRET_MIN, 0600, &s), 0);
	CHECK_EQ(s.len, BT_SECRET_MIN);
	CHECK_EQ(with(BT_SECRET_MAX, 0400, &s), 0);
	CHECK_EQ(s.len, BT_SECRET_MAX);
	CHECK_EQ(with(BT_SECRET_MAX + 1, 0600, &s), -EFBIG);
}

static void test_newline(void)
{
	struct bt_secret s;
	FILE *f;

	CHECK_EQ(with(0, 0600, &s), -ENODATA);
	f = fopen(path, "w");
	CHECK(f && fputs("0123456789abcdef\n", f) >= 0 && fclose(f) == 0);
	CHECK_EQ(bt_secret_read(&s, path), 0);
	CHECK_EQ(s.len, 16);
	CHECK(memcmp(s.bytes, "0123456789abcdef", 16) == 0);
	bt_secret_wipe(&s);
	CHECK(s.len == 0 && s.bytes[0] == 0 && s.bytes[15] == 0);
}

static void test_mode(void)
{
	static const mode_t open_to_others[] = { 0640, 0620, 0610, 0604, 0602, 0601, 0644, 0666 };
	struct bt_secret s;

	for (size_t i = 0; i < sizeof(open_to_others) / sizeof(open_to_others[0]); i++)
		CHECK_EQ(with(20, open_to_others[i], &s), -EPERM);
}

static void test_kind(void)
{
	struct bt_secret s;

	CHECK_EQ(bt_secret_read(&s, "/tmp"), -EINVAL);
	CHECK_EQ(bt_secret_read(&s, "/dev/zero"), -EINVAL);
	CHECK_EQ(bt_secret_read(&s, "/no/such/file"), -ENOENT);
	CHECK(strstr(bt_secret_error(-EPERM), "chmod 600") != NULL);
	CHECK_STR(bt_secret_error(-ENOENT), "No such file or directory");
}

/* Root may be given another's file only by accident. */
static void test_owner(void)
{
	struct bt_secret s;

	if (geteuid() != 0)
		return;
	CHECK_EQ(with(20, 0600, &s), 0);
	CHECK(chown(path, 65534, 65534) == 0);
	CHECK_EQ(bt_secret_read(&s, path), -EACCES);
	CHECK(chown(path, 0, 0) == 0);
}

static const struct unit_test tests[] = {
	{ "too short, right, too long", test_size },
	{ "a newline at the end", test_newline },
	{ "rights of others", test_mode },
	{ "what is no file", test_kind },
	{ "another owner", test_owner },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = unit_main(tests, argc, argv);
	unlink(path);
	return rc;
}
