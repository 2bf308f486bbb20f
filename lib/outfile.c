/* SPDX-License-Identifier: ISC
 *
 * outfile - an output file that appears whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"
#include "sig.h"

#define LAST_WORDS_MS 500

#define NAME_TRIES 100

/* Names that stand for a descriptor of ours: what is behind them is written, never replaced. */
static bool is_descriptor(const char *path)
{
	return strncmp(path, "/dev/std", 8) == 0 || strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0;
}

static int open_direct(struct bt_outfile *f, const char *path)
{
	f->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	if (f->fd < 0)
		return -errno;
	f->owned = true;
	return 0;
}

/* A name beside the target that no other process uses. */
static int temp_name(struct bt_outfile *f)
{
	const char *slash = strrchr(f->path, '/');
	int dir_len = slash ? (int)(slash - f->path) + 1 : 0;
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(f->temp, sizeof(f->temp), "%.*s.btools-%016llx", dir_len, f->path, (unsigned long long)number);
	return 0;
}

static int open_named(struct bt_outfile *f)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(f);

		if (rc < 0)
			return rc;
		f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (f->fd >= 0 || errno != EEXIST)
			return f->fd < 0 ? -errno : 0;
	}
	return -EEXIST;
}

static int open_pending(struct bt_outfile *f)
{
	char dir[PATH_MAX] = ".";
	const char *slash = strrchr(f->path, '/');
	int rc = 0;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", slash == f->path ? 1 : (int)(slash - f->path), f->path);
	f->fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	f->unnamed = f->fd >= 0;
	/* EISDIR: a kernel or file system that takes O_TMPFILE for plain O_DIRECTORY. */
	if (f->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		rc = open_named(f);
	else if (f->fd < 0)
		rc = -errno;
	f->owned = f->pending = rc == 0;
	return rc;
}

int bt_outfile_open(struct bt_outfile *f, const char *path)
{
	struct stat old;
	bool exists;
	int rc;

	memset(f, 0, sizeof(*f));
	f->fd = STDOUT_FILENO;
	if (!path || strcmp(path, "-") == 0)
		return 0;
	exists = stat(path, &old) == 0;
	if (exists && (!S_ISREG(old.st_mode) || is_descriptor(path)))
		return open_direct(f, path);
	if (!exists && errno != ENOENT)
		return -errno;
	if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
		return -errno;
	if (strlen(path) >= sizeof(f->path) || path[0] == '\0')
		return path[0] ? -ENAMETOOLONG : -ENOENT;
	/* Through a symbolic link the file behind it is replaced, not the link. */
	if (!exists || !realpath(path, f->path))
		memcpy(f->path, path, strlen(path) + 1);
	rc = open_pending(f);
	if (rc == 0 && exists) {
		/* Only root can give files away; for others the file is theirs from now on, as with cp and mv. */
		if (fchown(f->fd, old.st_uid, old.st_gid) < 0)
			errno = 0;
		fchmod(f->fd, old.st_mode & 07777);
	}
	return rc;
}

/* Once a signal asks us to end, a reader that does not read gets LAST_WORDS_MS for each write, no longer. A pipe that is ready
 * has room for a whole record. */
static ssize_t write_some(int fd, const char *bytes, size_t len)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (bt_sig_caught() && poll(&wait, 1, LAST_WORDS_MS) == 0)
			return -EINTR;
		n = write(fd, bytes, len);
		if (n >= 0)
			return n;
		if (errno == EAGAIN) /* somebody made the pipe non-blocking */
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

/* Take back the last done bytes, so that the file ends with a whole line; not when somebody has written behind them. */
static void cut_back(const struct bt_outfile *f, size_t done)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);
	struct stat st;

	if (at < (off_t)done || fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != at)
		return;
	if (ftruncate(f->fd, at - (off_t)done) == 0)
		lseek(f->fd, at - (off_t)done, SEEK_SET);
}

int bt_outfile_write(struct bt_outfile *f, const void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write_some(f->fd, (const char *)bytes + done, len - done);

		if (n < 0 && done > 0)
			cut_back(f, done);
		if (n < 0)
			return (int)n;
		done += (size_t)n;
	}
	return 0;
}

/* linkat(2) cannot replace a name, rename(2) can: so an unnamed file first gets a hidden one. */
static int give_name(struct bt_outfile *f)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(f);

		if (rc < 0)
			return rc;
		if (linkat(AT_FDCWD, self, AT_FDCWD, f->temp, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		/* Without /proc root can still name it. */
		if (errno == ENOENT && linkat(f->fd, "", AT_FDCWD, f->temp, AT_EMPTY_PATH) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int close_fd(struct bt_outfile *f)
{
	int rc = f->owned && close(f->fd) < 0 ? -errno : 0;

	f->owned = false;
	f->fd = -1;
	return rc;
}

int bt_outfile_commit(struct bt_outfile *f)
{
	bool pending = f->pending;
	int rc = f->unnamed ? give_name(f) : 0;

	if (rc < 0) {
		bt_outfile_abort(f);
		return rc;
	}
	f->unnamed = false;
	rc = close_fd(f); /* network file systems report lost writes only here */
	if (rc == 0 && pending && rename(f->temp, f->path) < 0)
		rc = -errno;
	f->pending = false;
	if (rc < 0 && pending)
		unlink(f->temp);
	return rc;
}

void bt_outfile_abort(struct bt_outfile *f)
{
	close_fd(f);
	if (f->pending && !f->unnamed)
		unlink(f->temp);
	f->pending = f->unnamed = false;
}
