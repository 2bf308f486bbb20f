/* SPDX-License-Identifier: ISC
 *
 * wake - round trips between two threads that sleep until the other one has answered: pipe, socketpair, eventfd, futex.
 *
 * Each trip carries a number that must come back. The bytes of a payload beyond the number are not looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "bsys.h"
#include "pair.h"

/* Numbers that no trip carries. */
#define FUTEX_STOP UINT32_MAX
#define EVENTFD_STOP (UINT64_MAX - 1) /* the largest that an eventfd takes */

/* fd[] of all that have descriptors: the worker's way out and in, the partner's way in and out. */
enum { OUT, IN, FAR_IN, FAR_OUT };

/* All bytes, in as many calls as it takes. 0, or -errno; -EPIPE when the other side has gone. */
static int put(int fd, const char *data, size_t size)
{
	while (size > 0) {
		long n = syscall(SYS_write, fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int take(int fd, char *data, size_t size)
{
	while (size > 0) {
		long n = syscall(SYS_read, fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static size_t number_size(const struct bsys_work *w)
{
	return w->size < sizeof(w->number) ? w->size : sizeof(w->number);
}

static int stream_call(struct bsys_work *w)
{
	uint64_t number = ++w->number, back = 0;
	size_t size = number_size(w);
	int rc;

	memcpy(w->data, &number, size);
	rc = put(w->fd[OUT], w->data, w->size);
	memset(w->data, 0xff, size);
	if (rc == 0)
		rc = take(w->fd[IN], w->data, w->size);
	if (rc < 0)
		return rc;
	memcpy(&back, w->data, size);
	if (size < sizeof(number))
		number &= (1ull << 8 * size) - 1;
	return bsys_check(w, back, number);
}

/* Sends back what comes, until there is no other end. Whatever stops the partner must not leave the worker waiting. */
static void stream_serve(struct bsys_work *w)
{
	char *data = w->pair->data;

	while (take(w->fd[FAR_IN], data, w->size) == 0 && put(w->fd[FAR_OUT], data, w->size) == 0)
		;
	shutdown(w->fd[FAR_OUT], SHUT_RDWR);
	close(w->fd[FAR_OUT]);
	close(w->fd[FAR_IN]);
}

static int stream_start(struct bsys_work *w)
{
	int rc = bsys_data(w, w->job->bytes);

	return rc < 0 ? rc : bsys_pair_start(w, stream_serve);
}

/* Ends the partner, which closes its own ends. A socket has a second descriptor, so it must be shut down; a pipe takes no
 * notice. */
static void stream_fini(struct bsys_work *w)
{
	bool served = w->pair && w->pair->running;

	if (w->fd[OUT] >= 0) {
		shutdown(w->fd[OUT], SHUT_RDWR);
		close(w->fd[OUT]);
		w->fd[OUT] = -1;
	}
	bsys_pair_stop(w);
	if (served)
		w->fd[FAR_OUT] = w->fd[FAR_IN] = -1;
}

static int pipe_init(struct bsys_work *w)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) != 0)
		return -errno;
	w->fd[OUT] = there[1];
	w->fd[FAR_IN] = there[0];
	if (pipe2(back, O_CLOEXEC) != 0)
		return -errno;
	w->fd[FAR_OUT] = back[1];
	w->fd[IN] = back[0];
	return stream_start(w);
}

const struct bsys_test bsys_pipe = {
	.name = "pipe", .id = "pipe.1", .help = "round trip through two pipes", .calls = 1, .bytes = 1, .moved = 2, .waits = true,
	.vary = "where", .variants = { { "same", stream_call }, { "cross", stream_call } }, .init = pipe_init, .fini = stream_fini,
};

/* Both ways of a socket pair lie in one descriptor a side; a second one of each keeps the order of fd[]. */
static int socketpair_init(struct bsys_work *w)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	w->fd[OUT] = ends[0];
	w->fd[FAR_IN] = ends[1];
	w->fd[IN] = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	w->fd[FAR_OUT] = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
	if (w->fd[IN] < 0 || w->fd[FAR_OUT] < 0)
		return -errno;
	return stream_start(w);
}

const struct bsys_test bsys_socketpair = {
	.name = "socketpair", .id = "socketpair.1", .help = "round trip through an AF_UNIX stream", .calls = 1, .bytes = 1,
	.moved = 2, .waits = true, .vary = "where", .variants = { { "same", stream_call }, { "cross", stream_call } },
	.init = socketpair_init, .fini = stream_fini,
};

/* eventfd: the number is the counter. */

static int eventfd_call(struct bsys_work *w)
{
	uint64_t number = ++w->number, back = 0;
	int rc = put(w->fd[OUT], (const char *)&number, sizeof(number));

	if (rc == 0)
		rc = take(w->fd[IN], (char *)&back, sizeof(back));
	return rc < 0 ? rc : bsys_check(w, back, number);
}

static void eventfd_serve(struct bsys_work *w)
{
	uint64_t number;

	while (take(w->fd[OUT], (char *)&number, sizeof(number)) == 0 && number != EVENTFD_STOP &&
	       put(w->fd[IN], (const char *)&number, sizeof(number)) == 0)
		;
}

static int eventfd_init(struct bsys_work *w)
{
	w->fd[OUT] = eventfd(0, EFD_CLOEXEC);
	w->fd[IN] = eventfd(0, EFD_CLOEXEC);
	return w->fd[OUT] < 0 || w->fd[IN] < 0 ? -errno : bsys_pair_start(w, eventfd_serve);
}

static void eventfd_fini(struct bsys_work *w)
{
	uint64_t stop = EVENTFD_STOP;

	if (w->pair && w->pair->running)
		put(w->fd[OUT], (const char *)&stop, sizeof(stop));
	bsys_pair_stop(w);
}

const struct bsys_test bsys_eventfd = {
	.name = "eventfd", .id = "eventfd.1", .help = "round trip through two eventfds", .calls = 1, .waits = true, .vary = "where",
	.variants = { { "same", eventfd_call }, { "cross", eventfd_call } }, .init = eventfd_init, .fini = eventfd_fini,
};

/* futex: each side stores the number, wakes the other and sleeps until that has stored it as well. */

static void futex_tell(_Atomic uint32_t *word, uint32_t number)
{
	atomic_store(word, number);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Sleeps while the word is old, and returns what it is then. */
static uint32_t futex_await(_Atomic uint32_t *word, uint32_t old)
{
	uint32_t now;

	while ((now = atomic_load(word)) == old)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
	return now;
}

static int futex_call(struct bsys_work *w)
{
	uint32_t last = (uint32_t)w->number, number = (last + 1) % FUTEX_STOP;

	w->number = number;
	futex_tell(&w->pair->ping, number);
	return bsys_check(w, futex_await(&w->pair->pong, last), number);
}

static void futex_serve(struct bsys_work *w)
{
	uint32_t number = 0;

	while ((number = futex_await(&w->pair->ping, number)) != FUTEX_STOP)
		futex_tell(&w->pair->pong, number);
}

static int futex_init(struct bsys_work *w)
{
	return bsys_pair_start(w, futex_serve);
}

static void futex_fini(struct bsys_work *w)
{
	if (w->pair && w->pair->running)
		futex_tell(&w->pair->ping, FUTEX_STOP);
	bsys_pair_stop(w);
}

const struct bsys_test bsys_futex = {
	.name = "futex", .id = "futex.1", .help = "round trip by FUTEX_WAKE and FUTEX_WAIT", .calls = 1, .waits = true, .vary = "where",
	.variants = { { "same", futex_call }, { "cross", futex_call } }, .init = futex_init, .fini = futex_fini,
};
