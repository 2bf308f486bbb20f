/* SPDX-License-Identifier: ISC
 *
 * marks - named instants that any process of the same user puts into a run.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "lock.h"
#include "marks.h"

#define PREFIX "mark."
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define RUN_LEN 8u
#define NAME_LEN (PREFIX_LEN + RUN_LEN + 1 + 8) /* mark.RUN.NUMBER */

/* The path of a socket may have 107 bytes, that of the directory may have more: so it goes through the descriptor. */
static struct sockaddr_un address(int dir_fd, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d%s%s", dir_fd, name[0] ? "/" : "", name);
	return a;
}

static int open_dir(int (*find)(char *, size_t))
{
	char path[PATH_MAX];
	int rc = find(path, sizeof(path)), fd;

	if (rc < 0)
		return rc;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A socket connected to the one of that name: -ECONNREFUSED when nobody listens any more, -EPERM when it is no socket of ours. */
static int connect_to(int dir_fd, const char *name)
{
	int path_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd, rc = 0;
	struct sockaddr_un to;
	struct stat st;

	if (path_fd < 0)
		return -errno;
	if (fstat(path_fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		close(path_fd);
		return -EPERM;
	}
	to = address(path_fd, "");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	close(path_fd);
	if (rc < 0 && fd >= 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

static bool is_name(const char *name)
{
	return strlen(name) == NAME_LEN && strncmp(name, PREFIX, PREFIX_LEN) == 0 && name[PREFIX_LEN + RUN_LEN] == '.';
}

/* Call each for the names of sockets, and end with the directory. */
static int each_name(int dir_fd, int (*each)(void *arg, const char *name), void *arg)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (e = readdir(dir)))
		if (is_name(e->d_name))
			rc = each(arg, e->d_name);
	closedir(dir);
	return rc;
}

static int remove_dead(void *arg, const char *name)
{
	int dir_fd = *(int *)arg, fd = connect_to(dir_fd, name);

	if (fd == -ECONNREFUSED)
		unlinkat(dir_fd, name, 0);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* Only its owner may write to it, from its first moment on. */
static int bind_to(struct bt_marks *m, const char *run)
{
	struct sockaddr_un a;
	mode_t before;
	unsigned number;
	int rc = -EADDRINUSE;

	for (int i = 0; i < 8 && rc == -EADDRINUSE; i++) {
		if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
			number = (unsigned)bt_clock_monotonic();
		snprintf(m->name, sizeof(m->name), PREFIX "%.8s.%08x", run, number);
		a = address(m->dir_fd, m->name);
		before = umask(0177);
		rc = bind(m->fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
		umask(before);
	}
	return rc;
}

int bt_marks_listen(struct bt_marks *m, const char *run)
{
	const int on = 1;
	int rc = 0;

	*m = (struct bt_marks)BT_MARKS_INIT;
	m->dir_fd = open_dir(bt_lock_dir);
	if (m->dir_fd < 0)
		return m->dir_fd;
	(void)each_name(m->dir_fd, remove_dead, &m->dir_fd);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->fd < 0 || setsockopt(m->fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = bind_to(m, run);
	if (rc < 0) {
		m->name[0] = '\0';
		bt_marks_close(m);
	}
	return rc;
}

/* The kernel notes when a message is sent, so that a late reader still knows. */
static int64_t stamp_of(struct msghdr *h)
{
	struct timeval tv;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMP) {
			memcpy(&tv, CMSG_DATA(c), sizeof(tv));
			return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
		}
	return bt_clock_wall_us();
}

int bt_marks_take(struct bt_marks *m, char out[BT_MARKS_MAX], int64_t *ts_us)
{
	char control[256];
	struct iovec bytes = { out, BT_MARKS_MAX };
	struct msghdr h = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control };
	ssize_t n;

	do {
		h.msg_controllen = sizeof(control);
		n = recvmsg(m->fd, &h, MSG_CMSG_CLOEXEC);
	} while (n >= 0 && h.msg_flags & MSG_TRUNC);
	if (n < 0)
		return -errno;
	*ts_us = stamp_of(&h);
	return (int)n;
}

void bt_marks_close(struct bt_marks *m)
{
	if (m->name[0] && m->dir_fd >= 0)
		unlinkat(m->dir_fd, m->name, 0);
	if (m->fd >= 0)
		close(m->fd);
	if (m->dir_fd >= 0)
		close(m->dir_fd);
	*m = (struct bt_marks)BT_MARKS_INIT;
}

struct sending {
	int dir_fd;
	char run[RUN_LEN + 1]; /* "": any, until one is found */
	const char *message;
	size_t len;
	int reached, failed;
};

static int note_run(void *arg, const char *name)
{
	struct sending *s = arg;
	int fd = connect_to(s->dir_fd, name);

	if (fd == -ECONNREFUSED)
		unlinkat(s->dir_fd, name, 0);
	if (fd < 0)
		return 0;
	close(fd);
	if (s->run[0] && strncmp(s->run, name + PREFIX_LEN, RUN_LEN) != 0)
		return -EMLINK;
	memcpy(s->run, name + PREFIX_LEN, RUN_LEN);
	return 0;
}

static int send_one(void *arg, const char *name)
{
	const struct timeval patience = { .tv_sec = 1 };
	struct sending *s = arg;
	int fd;

	if (strncmp(s->run, name + PREFIX_LEN, RUN_LEN) != 0)
		return 0;
	fd = connect_to(s->dir_fd, name);
	if (fd == -ECONNREFUSED)
		unlinkat(s->dir_fd, name, 0);
	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (send(fd, s->message, s->len, MSG_NOSIGNAL) == (ssize_t)s->len)
		s->reached++;
	else
		s->failed = -errno;
	close(fd);
	return 0;
}

int bt_marks_send(const char *run, const char *message, size_t len)
{
	struct sending s = { .message = message, .len = len };
	int rc = 0;

	if (len > BT_MARKS_MAX)
		return -EMSGSIZE;
	s.dir_fd = open_dir(bt_lock_dir_existing);
	if (s.dir_fd < 0)
		return s.dir_fd == -ENOENT ? 0 : s.dir_fd;
	if (run)
		snprintf(s.run, sizeof(s.run), "%s", run);
	else
		rc = each_name(s.dir_fd, note_run, &s);
	if (rc == 0 && s.run[0])
		rc = each_name(s.dir_fd, send_one, &s);
	close(s.dir_fd);
	return rc < 0 ? rc : s.failed < 0 ? s.failed : s.reached;
}
