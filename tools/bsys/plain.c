/* SPDX-License-Identifier: ISC
 *
 * plain - calls that a thread makes alone and that do not sleep.
 *
 * All go through syscall(2): the C library's own functions may answer from memory (getpid once did, clock_gettime does) or do
 * more than the call.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#include "bsys.h"

static int open_into(struct bsys_work *w, const char *path, int flags)
{
	w->fd[0] = open(path, flags | O_CLOEXEC);
	return w->fd[0] < 0 ? -errno : 0;
}

/* null: getppid, which takes no argument and reads one word. */

static int null_init(struct bsys_work *w)
{
	w->expected = (uint64_t)syscall(SYS_getppid);
	return 0;
}

static int null_call(struct bsys_work *w)
{
	uint64_t parent = (uint64_t)syscall(SYS_getppid);

	/* The parent may die. A new one is right if it is still there when asked again. */
	if (parent != w->expected && parent == (uint64_t)syscall(SYS_getppid))
		w->expected = parent;
	return bsys_check(w, parent, w->expected);
}

const struct bsys_test bsys_null = {
	.name = "null", .id = "null.1", .help = "getppid: into the kernel and back", .calls = 64,
	.variants = { { NULL, null_call } }, .init = null_init,
};

/* read: the device fills with zeros what was not zero before. */

static int read_init(struct bsys_work *w)
{
	int rc = open_into(w, "/dev/zero", O_RDONLY);

	return rc < 0 ? rc : bsys_data(w, w->job->bytes);
}

static int read_call(struct bsys_work *w)
{
	uint64_t got;

	w->data[0] = w->data[w->size - 1] = 1;
	got = (uint64_t)syscall(SYS_read, w->fd[0], w->data, w->size);
	return bsys_check(w, got | (uint64_t)(w->data[0] | w->data[w->size - 1]) << 63, w->size);
}

const struct bsys_test bsys_read = {
	.name = "read", .id = "read.1", .help = "read from /dev/zero", .calls = 64, .bytes = 1, .moved = 1,
	.variants = { { NULL, read_call } }, .init = read_init,
};

static int write_init(struct bsys_work *w)
{
	int rc = open_into(w, "/dev/null", O_WRONLY);

	return rc < 0 ? rc : bsys_data(w, w->job->bytes);
}

static int write_call(struct bsys_work *w)
{
	return bsys_check(w, (uint64_t)syscall(SYS_write, w->fd[0], w->data, w->size), w->size);
}

/* The device looks at none of the bytes: a bandwidth would be a fiction. */
const struct bsys_test bsys_write = {
	.name = "write", .id = "write.1", .help = "write to /dev/null", .calls = 64, .bytes = 1,
	.variants = { { NULL, write_call } }, .init = write_init,
};

/* open: no flag may block on a FIFO or take a terminal. */

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int open_init(struct bsys_work *w)
{
	int rc = open_into(w, w->job->file, OPEN_FLAGS);

	if (rc == 0)
		close(w->fd[0]);
	w->fd[0] = -1;
	return rc;
}

static int open_call(struct bsys_work *w)
{
	long fd = syscall(SYS_openat, AT_FDCWD, w->job->file, OPEN_FLAGS, 0);
	long closed = syscall(SYS_close, fd);

	return bsys_check(w, (uint64_t)(fd < 0) | (uint64_t)closed, 0);
}

const struct bsys_test bsys_open = {
	.name = "open", .id = "open.1", .help = "openat and close of --file", .calls = 16, .file = true,
	.variants = { { NULL, open_call } }, .init = open_init,
};

static int stat_init(struct bsys_work *w)
{
	struct stat st;

	if (stat(w->job->file, &st) != 0)
		return -errno;
	w->expected = (uint64_t)st.st_ino;
	return 0;
}

static int stat_call(struct bsys_work *w)
{
	struct stat st;

	if (syscall(SYS_newfstatat, AT_FDCWD, w->job->file, &st, 0) != 0)
		return 1;
	return bsys_check(w, (uint64_t)st.st_ino, w->expected);
}

const struct bsys_test bsys_stat = {
	.name = "stat", .id = "stat.1", .help = "newfstatat of --file", .calls = 32, .file = true,
	.variants = { { NULL, stat_call } }, .init = stat_init,
};

/* clock: the kernel's answer and that of the vDSO, which reads the same without entering the kernel. Time must not run
 * backwards. */

static int check_time(struct bsys_work *w, long rc, const struct timespec *ts)
{
	uint64_t now = (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
	bool backwards = now < w->number;

	w->number = now;
	return bsys_check(w, (uint64_t)rc | backwards, 0);
}

static int clock_syscall(struct bsys_work *w)
{
	struct timespec ts;
	long rc = syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);

	return check_time(w, rc, &ts);
}

static int clock_vdso(struct bsys_work *w)
{
	struct timespec ts;
	int rc = clock_gettime(CLOCK_MONOTONIC, &ts);

	return check_time(w, rc, &ts);
}

const struct bsys_test bsys_clock = {
	.name = "clock", .id = "clock.1", .help = "clock_gettime(CLOCK_MONOTONIC)", .calls = 64, .vary = "how",
	.variants = { { "syscall", clock_syscall }, { "vdso", clock_vdso } },
};

/* epoll: a semaphore with more in it than anyone can take is ready for ever. */

static int epoll_init(struct bsys_work *w)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 42 };
	uint64_t plenty = 1ull << 62;

	w->fd[0] = epoll_create1(EPOLL_CLOEXEC);
	w->fd[1] = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	if (w->fd[0] < 0 || w->fd[1] < 0 || write(w->fd[1], &plenty, sizeof(plenty)) < 0 ||
	    epoll_ctl(w->fd[0], EPOLL_CTL_ADD, w->fd[1], &event) < 0)
		return -errno;
	return 0;
}

static int epoll_call(struct bsys_work *w)
{
	struct epoll_event event = { 0 };
	uint64_t one = 0;
	long ready = syscall(SYS_epoll_pwait, w->fd[0], &event, 1, -1, NULL, 8);
	long got = syscall(SYS_read, w->fd[1], &one, sizeof(one));

	return bsys_check(w, ready == 1 && event.data.u64 == 42 && got == 8 ? one : 0, 1);
}

const struct bsys_test bsys_epoll = {
	.name = "epoll", .id = "epoll.1", .help = "epoll_pwait for a ready eventfd, and read it", .calls = 32,
	.variants = { { NULL, epoll_call } }, .init = epoll_init,
};
