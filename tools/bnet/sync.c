/* SPDX-License-Identifier: ISC
 *
 * sync - the engine of plain sockets and epoll: a send for each message, an epoll_wait and a receive for each that comes. A thread
 * with a single flow and nothing else to wait for does without epoll: it sleeps in the receive, which saves a system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io.h"

#define BATCH 64     /* events at a time; datagrams of one flow before the next one has its turn */
#define EAGER 8      /* receives of one flow before the next one has its turn, */
#define MUCH 32768u  /* as long as each brings so much */
#define SPIN_FLOWS 4 /* up to so many are asked one by one when polling, more by epoll */
#define SLEEP_NS 48000000u  /* a wait that long may be slept in a receive, */
#define SLEEP_US 45000      /* which ends after that */
#define COARSE_NS 10000000u /* sleeps from that on need be good to the millisecond only: who waits looks again */

struct sync {
	int epfd;
};

static int init(struct bnet_io *io)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	io->state = s;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0)
		return -errno;
	if (io->wake_fd >= 0 && epoll_ctl(s->epfd, EPOLL_CTL_ADD, io->wake_fd, &event) < 0)
		return -errno;
	return 0;
}

static void fini(struct bnet_io *io)
{
	struct sync *s = io->state;

	if (s && s->epfd >= 0)
		close(s->epfd);
	free(s);
	io->state = NULL;
}

/* A flow that is the only one, and stays. */
static bool alone(const struct bnet_io *io)
{
	return io->n_flows == 1 && !io->once;
}

/* A timeout costs setting and taking down a timer each time. */
static int let_sleep(int fd, bool patient)
{
	static const struct timeval patience = { .tv_usec = SLEEP_US };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return patient ? 0 : setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ? -errno : 0;
}

static int add(struct bnet_io *io, struct bnet_flow *f)
{
	struct sync *s = io->state;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = f };

	if (alone(io) && let_sleep(f->fd, io->patient) < 0)
		return -errno;
	return epoll_ctl(s->epfd, EPOLL_CTL_ADD, f->fd, &event) < 0 ? -errno : 0;
}

static void drop(struct bnet_io *io, struct bnet_flow *f)
{
	(void)io;
	close(f->fd);
}

static int watch(struct bnet_io *io, struct bnet_flow *f, bool room)
{
	struct sync *s = io->state;
	struct epoll_event event = { .events = EPOLLIN | (room ? EPOLLOUT : 0), .data.ptr = f };

	if (f->watched == room)
		return 0;
	f->watched = room;
	return epoll_ctl(s->epfd, EPOLL_CTL_MOD, f->fd, &event) < 0 ? -errno : 0;
}

static ssize_t put(struct bnet_flow *f)
{
	unsigned n = bnet_io_parts(f);

	if (n == 1)
		return send(f->fd, f->parts[0].iov_base, f->parts[0].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	f->message = (struct msghdr){ .msg_iov = f->parts, .msg_iovlen = n };
	return sendmsg(f->fd, &f->message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As much as there is room for. Returns 1 when that is all, 0 when epoll will say when there is more, -errno. */
static int send_on(struct bnet_io *io, struct bnet_flow *f)
{
	while (bnet_flow_busy(f)) {
		ssize_t n = put(f);

		if (n < 0 && errno != EAGAIN && errno != ENOBUFS)
			return -errno;
		if (n < 0)
			return watch(io, f, true);
		bnet_io_took(io, f, (size_t)n);
	}
	return f->watched ? (watch(io, f, false) < 0 ? -errno : 1) : 1;
}

/* Returns how many bytes have come; 0: none, or it was the end. */
static size_t receive_once(struct bnet_io *io, struct bnet_flow *f, int flags)
{
	ssize_t n = recv(f->fd, io->buffer, BNET_RECEIVE, flags);

	if (n > 0) {
		io->moved += (size_t)n;
		io->events->got(io->arg, f, io->buffer, (size_t)n);
		return (size_t)n;
	}
	if (n == 0 && !io->datagrams)
		bnet_io_gone(io, f, 0);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		bnet_io_gone(io, f, -errno);
	return 0;
}

/* Where much has come there is often more: then without asking epoll. Returns whether anything has come. */
static bool receive_stream(struct bnet_io *io, struct bnet_flow *f)
{
	size_t n = receive_once(io, f, MSG_DONTWAIT);
	bool any = n > 0;

	for (int i = 1; i < EAGER && n >= MUCH && f->fd >= 0; i++)
		n = receive_once(io, f, MSG_DONTWAIT);
	return any;
}

static bool receive_datagrams(struct bnet_io *io, struct bnet_flow *f)
{
	int count = 0;

	while (count < BATCH && f->fd >= 0 && receive_once(io, f, MSG_DONTWAIT) > 0)
		count++;
	return count > 0;
}

static bool receive(struct bnet_io *io, struct bnet_flow *f)
{
	return io->datagrams ? receive_datagrams(io, f) : receive_stream(io, f);
}

static void handle(struct bnet_io *io, const struct epoll_event *event)
{
	struct bnet_flow *f = event->data.ptr;
	uint64_t count;
	int rc = 0;

	if (!f) {
		if (read(io->wake_fd, &count, sizeof(count)) < 0)
			return; /* somebody else's wake was taken already */
		return;
	}
	if (event->events & EPOLLOUT && bnet_flow_busy(f)) {
		rc = send_on(io, f);
		if (rc < 0)
			bnet_io_gone(io, f, rc);
		else if (rc > 0)
			io->events->sent(io->arg, f);
	}
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR) && f->fd >= 0)
		(void)receive(io, f);
}

/* Sleeps for rest_ns at most until something happens, and handles it. Returns how much, or -errno. */
static int look(struct bnet_io *io, uint64_t rest_ns)
{
	struct sync *s = io->state;
	struct timespec rest = { .tv_nsec = (long)rest_ns };
	struct pollfd set = { .fd = s->epfd, .events = POLLIN };
	struct epoll_event events[BATCH];
	int timeout = 0, n;

	/* epoll_wait knows whole milliseconds only. */
	if (rest_ns >= COARSE_NS)
		timeout = (int)(rest_ns / 1000000);
	else if (rest_ns > 0)
		(void)ppoll(&set, 1, &rest, NULL);
	n = epoll_wait(s->epfd, events, BATCH, timeout);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		handle(io, &events[i]);
	return n;
}

/* Asks again and again, without sleeping. Returns how much has happened, or -errno. */
static int spin(struct bnet_io *io, uint64_t until_ns)
{
	int n = 0;

	do {
		if (io->n_flows > SPIN_FLOWS)
			n = look(io, 0);
		for (uint32_t i = 0; io->n_flows <= SPIN_FLOWS && i < io->n_flows; i++)
			if (io->flows[i].fd >= 0 && receive(io, &io->flows[i]))
				n++;
	} while (n == 0 && bt_clock_now(io->clock) < until_ns && !atomic_load_explicit(&io->woken, memory_order_relaxed));
	return n;
}

static bool may_sleep_in_receive(const struct bnet_io *io, uint64_t rest_ns)
{
	const struct bnet_flow *f = &io->flows[0];

	return alone(io) && rest_ns >= SLEEP_NS && f->fd >= 0 && !f->seen.ended && !bnet_flow_busy(f) && !atomic_load(&io->woken);
}

static int wait_for(struct bnet_io *io, uint64_t until_ns)
{
	uint64_t rest_ns = bnet_io_rest(io, until_ns), busy_ns = rest_ns < io->busy_ns ? rest_ns : io->busy_ns;
	int n = 0;

	if (rest_ns > 0 && rest_ns <= BNET_SPIN_NS)
		busy_ns = rest_ns;
	if (busy_ns > 0)
		n = spin(io, bt_clock_now(io->clock) + busy_ns);
	else if (rest_ns == 0)
		n = look(io, 0);
	if (n == 0 && may_sleep_in_receive(io, rest_ns))
		n = receive_once(io, &io->flows[0], 0) > 0;
	else if (n == 0 && rest_ns > busy_ns + BNET_SPIN_NS)
		n = look(io, rest_ns - busy_ns - BNET_SPIN_NS);
	return n < 0 ? n : 0;
}

const struct bnet_io_ops bnet_sync = {
	.name = "sync", .init = init, .fini = fini, .add = add, .drop = drop, .send = send_on, .wait = wait_for
};
