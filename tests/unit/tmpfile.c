/* SPDX-License-Identifier: ISC
 *
 * tmpfile - unit tests of temporary data.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/statvfs.h>

#include "fixture.h"
#include "unit.h"

/* The code under test is compiled in, with an open() that can play a file system without O_TMPFILE. */
static int open_errno;

static int test_open(const char *path, int flags, mode_t mode)
{
	if (open_errno && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = open_errno;
		return -1;
	}
	return open(path, flags, mode);
}

#define open(path, flags, mode) test_open(path, flags, mode)
#include "../../lib/tmpfile.c"
#undef open

static char dir[64];

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

static void check_usable(int fd)
{
	char buf[4] = "";
	struct stat st;

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "data", 4), 4);
	CHECK_EQ(pread(fd, buf, 4, 0), 4);
	CHECK(memcmp(buf, "data", 4) == 0);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(entries(dir), 0);
	close(fd);
}

static void test_unnamed(void)
{
	check_usable(bt_tmpfile_open(dir, 0));
	check_usable(bt_tmpfile_open(dir, O_WRONLY | O_CREAT | O_TRUNC | O_SYNC));
}

static void test_unlinkable(void)
{
	char from[64], to[PATH_MAX];
	int fd = bt_tmpfile_open(dir, 0);

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	snprintf(to, sizeof(to), "%s/name", dir);
	CHECK(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) < 0);
	CHECK_EQ(entries(dir), 0);
	close(fd);
}

static void test_fallback(void)
{
	open_errno = EOPNOTSUPP;
	check_usable(bt_tmpfile_open(dir, 0));
	open_errno = EISDIR;
	check_usable(bt_tmpfile_open(dir, O_SYNC));
	open_errno = EIO;
	CHECK_EQ(bt_tmpfile_open(dir, 0), -EIO);
	open_errno = EOPNOTSUPP;
	CHECK_EQ(bt_tmpfile_open("/no/such/dir", 0), -ENOENT);
	open_errno = 0;
}

static void test_fallback_direct(void)
{
	int fd;

	open_errno = EOPNOTSUPP;
	fd = bt_tmpfile_open(dir, O_DIRECT);
	CHECK(fd >= 0 || fd == -EINVAL); /* as the file system of /tmp has it */
	CHECK(fd < 0 || (fcntl(fd, F_GETFL) & O_DIRECT));
	CHECK_EQ(entries(dir), 0);
	if (fd >= 0)
		close(fd);
	open_errno = 0;
}

static void test_bad_dir(void)
{
	CHECK_EQ(bt_tmpfile_open("/no/such/dir", 0), -ENOENT);
	CHECK_EQ(bt_tmpfile_open("/dev/null", 0), -ENOTDIR);
	CHECK_EQ(bt_tmpfile_room("/no/such/dir", 1, 0, NULL), -ENOENT);
}

static void test_room(void)
{
	uint64_t room = 0;
	struct statvfs fs;

	CHECK_EQ(bt_tmpfile_room(dir, 0, 0, &room), 0);
	CHECK(room > 0);
	CHECK_EQ(statvfs(dir, &fs), 0);
	CHECK(room < (uint64_t)fs.f_blocks * fs.f_frsize);
	CHECK_EQ(bt_tmpfile_room(dir, 1, 0, NULL), 0);
	CHECK_EQ(bt_tmpfile_room(dir, UINT64_MAX, 0, NULL), -ENOSPC);
	CHECK_EQ(bt_tmpfile_room(dir, 4096, 4096, NULL), 0);
	CHECK_EQ(bt_tmpfile_room(dir, 4097, 4096, NULL), -EDQUOT);
	CHECK_EQ(bt_tmpfile_room("/proc", 1, 0, &room), -ENOSPC); /* holds no data at all */
	CHECK_EQ(room, 0);
}

static const struct unit_test tests[] = {
	{ "opens a file without a name", test_unnamed },
	{ "can never be given a name", test_unlinkable },
	{ "creates and unlinks where it must", test_fallback },
	{ "leaves nothing when O_DIRECT is refused", test_fallback_direct },
	{ "reports bad directories", test_bad_dir },
	{ "knows how much room there is", test_room },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	fixture_dir(dir);
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
