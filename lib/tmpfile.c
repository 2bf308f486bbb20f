/* SPDX-License-Identifier: ISC
 *
 * tmpfile - temporary data that nothing leaves behind, within a quota and the space there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tmpfile.h"

int bt_tmpfile_room(const char *dir, uint64_t want_bytes, uint64_t quota_bytes, uint64_t *free_bytes)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(dir, &fs) < 0)
		return -errno;
	/* f_bavail is what an unprivileged user may fill; root too should leave the reserve alone. */
	if (__builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize, &room))
		room = UINT64_MAX;
	room -= room / 20;
	if (free_bytes)
		*free_bytes = room;
	if (quota_bytes && want_bytes > quota_bytes)
		return -EDQUOT;
	return want_bytes > room ? -ENOSPC : 0;
}

/* For file systems without O_TMPFILE (NFS, FAT, old overlayfs). Between the two calls a SIGKILL would leave an empty file.
 * O_DIRECT is set afterwards, because where it is refused the open would have created the name and not told us. */
static int create_and_unlink(const char *dir, int flags)
{
	char path[PATH_MAX];
	int fd, rc;

	if (snprintf(path, sizeof(path), "%s/.btools.XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, flags & ~O_DIRECT);
	if (fd < 0)
		return -errno;
	rc = unlink(path) < 0 ? -errno : 0;
	if (rc == 0 && (flags & O_DIRECT) && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_DIRECT) < 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int bt_tmpfile_open(const char *dir, int flags)
{
	int fd;

	flags = (flags & ~(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC)) | O_RDWR | O_CLOEXEC;
	/* O_EXCL: it can never be given a name. */
	fd = open(dir, flags | O_TMPFILE | O_EXCL, 0600);
	if (fd >= 0)
		return fd;
	/* EISDIR is what a kernel says that does not know O_TMPFILE. */
	return errno == EOPNOTSUPP || errno == EISDIR ? create_and_unlink(dir, flags) : -errno;
}
