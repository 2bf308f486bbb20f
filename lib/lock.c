/* SPDX-License-Identifier: ISC
 *
 * lock - advisory locks on what a test saturates: flock(2) on files in a directory shared by all users.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

#define POLL_NS 20000000 /* between two tries of a wait */
#define RETRIES 100      /* how often a file may vanish under us before we call the lock busy */

/* Make dir usable by everybody if it is missing and create is set, and check that we may create files in it. */
static int usable_dir(const char *dir, bool create)
{
	struct stat st;

	if (create && mkdir(dir, 01777) == 0) {
		if (chmod(dir, 01777) < 0) /* the umask took bits away */
			return -errno;
	} else if (create && errno != EEXIST) {
		return -errno;
	}
	/* In /tmp somebody else may have put a symbolic link here. */
	if (lstat(dir, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(dir, W_OK | X_OK) < 0 ? -errno : 0;
}

static int try_dir(char *out, size_t cap, const char *base, const char *sub, bool create)
{
	int len = snprintf(out, cap, "%s%s", base, sub);

	if (len < 0 || (size_t)len >= cap)
		return -ENAMETOOLONG;
	return usable_dir(out, create);
}

static int find_dir(char *out, size_t cap, bool create)
{
	const char *chosen = getenv("BTOOLS_LOCK_DIR"), *runtime = getenv("XDG_RUNTIME_DIR");

	if (chosen && *chosen)
		return try_dir(out, cap, chosen, "", create);
	if (try_dir(out, cap, "/run/lock", "/btools", create) == 0)
		return 0;
	if (runtime && *runtime == '/' && try_dir(out, cap, runtime, "/btools", create) == 0)
		return 0;
	return try_dir(out, cap, "/tmp", "/btools-lock", create);
}

int bt_lock_dir(char *out, size_t cap)
{
	return find_dir(out, cap, true);
}

int bt_lock_dir_existing(char *out, size_t cap)
{
	return find_dir(out, cap, false);
}

/* DIR/NAME.lock, with everything in the name that is no plain file name character turned into '_'. */
static int lock_path(char out[PATH_MAX], const char *resource)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	int len, rc = bt_lock_dir(out, PATH_MAX);
	size_t at;

	if (rc < 0)
		return rc;
	if (!*resource)
		return -EINVAL;
	at = strlen(out);
	len = snprintf(out + at, PATH_MAX - at, "/%s.lock", resource);
	if (len < 0 || (size_t)len >= PATH_MAX - at)
		return -ENAMETOOLONG;
	for (at++; out[at]; at++)
		if (!strchr(plain, out[at]))
			out[at] = '_';
	return 0;
}

/* O_CREAT comes second and with O_EXCL: fs.protected_regular refuses O_CREAT on another user's file in a sticky directory.
 * Reading is enough for flock(2). O_NONBLOCK: somebody may have put a FIFO there. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0666) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

/* Whether path still names the file that fd is: its last holder may have removed it between our open and our flock. */
static bool still_there(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* One try. Returns the descriptor that holds the lock, -ESTALE when the file vanished, -EAGAIN when in use, or -errno. */
static int try_lock(const char *path)
{
	int rc, fd = open_file(path);

	if (fd == -EEXIST || fd == -ENOENT)
		return -ESTALE;
	if (fd < 0)
		return fd;
	rc = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	if (rc == 0 && still_there(fd, path))
		return fd;
	close(fd);
	return rc < 0 ? rc : -ESTALE;
}

static bool is_held(const struct bt_locks *l, const char *path)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->held[i].path, path) == 0)
			return true;
	return false;
}

int bt_lock_take(struct bt_locks *l, const char *resource)
{
	char path[PATH_MAX];
	int fd = -ESTALE, tries, rc = lock_path(path, resource);

	if (rc < 0)
		return rc;
	if (is_held(l, path))
		return 0;
	if (l->n == BT_LOCKS_MAX)
		return -EMFILE;
	for (tries = 0; fd == -ESTALE && tries < RETRIES; tries++)
		fd = try_lock(path);
	if (fd < 0)
		return fd == -ESTALE || fd == -EINTR ? -EAGAIN : fd;
	l->held[l->n].fd = fd;
	memcpy(l->held[l->n].path, path, sizeof(path));
	l->n++;
	return 0;
}

/* Polls, because a blocking flock(2) would miss a signal that arrives after stop() was asked and before the call sleeps. */
int bt_lock_wait(struct bt_locks *l, const char *resource, int (*stop)(void))
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int rc;

	while ((rc = bt_lock_take(l, resource)) == -EAGAIN) {
		if (stop && stop())
			return -EINTR;
		nanosleep(&pause, NULL);
	}
	return rc;
}

/* Removing while holding is what makes still_there() sufficient. In a sticky directory only the owner may remove: for others
 * the file stays. */
void bt_lock_release(struct bt_locks *l)
{
	while (l->n > 0) {
		struct bt_lock *lock = &l->held[--l->n];

		unlink(lock->path);
		close(lock->fd);
	}
}
