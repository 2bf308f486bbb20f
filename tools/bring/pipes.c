/* SPDX-License-Identifier: ISC
 *
 * pipes - links of two pipes, and of a pair of sockets: the kernel carries the numbers.
 *
 * A batch is one write. A receiver that sleeps blocks in read; one that spins reads without blocking until its time is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bring.h"

struct pipes {
	int out[2], in[2]; /* by side */
	bool sockets;
};

/* Waits until fd can be used. */
static int wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int pipes_send(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	const struct pipes *s = e->link->state;
	const char *data = (const char *)values;
	size_t left = n * sizeof(*values);
	int rc;

	while (left > 0) {
		ssize_t put = write(s->out[e->side], data, left);

		if (put > 0) {
			data += put;
			left -= (size_t)put;
		} else if (put < 0 && errno == EAGAIN) {
			if ((rc = wait_for(s->out[e->side], POLLOUT)) < 0)
				return rc;
		} else if (put == 0 || errno != EINTR) {
			return put < 0 ? -errno : -EPIPE;
		}
	}
	return 0;
}

/* Reads something, or returns -EAGAIN. */
static ssize_t try_read(int fd, char *data, size_t size)
{
	ssize_t got = read(fd, data, size);

	if (got > 0)
		return got;
	return got == 0 ? -EPIPE : errno == EINTR ? -EAGAIN : -errno;
}

/* Reads something: at once, before the time is over, or after sleeping. */
static ssize_t await_data(const struct bring_link *l, int fd, char *data, size_t size)
{
	uint64_t until = bring_spin_until(l);
	ssize_t got;
	int rc;

	while ((got = try_read(fd, data, size)) == -EAGAIN) {
		if (until == BRING_ALWAYS || bt_clock_now(l->clock) < until)
			bring_relax();
		else if (until > 0 && (rc = wait_for(fd, POLLIN)) < 0)
			return rc;
	}
	return got;
}

/* A read may end within a number: then the rest is there soon. */
static int pipes_receive(struct bring_end *e, uint64_t *values, uint32_t cap)
{
	const struct pipes *s = e->link->state;
	size_t size = cap * sizeof(*values), have = 0;

	do {
		ssize_t got = await_data(e->link, s->in[e->side], (char *)values + have, size - have);

		if (got < 0)
			return (int)got;
		have += (size_t)got;
	} while (have % sizeof(*values) != 0);
	return (int)(have / sizeof(*values));
}

static struct pipes *make(struct bring_link *l, bool sockets)
{
	struct pipes *s = malloc(sizeof(*s));

	if (s)
		*s = (struct pipes){ { -1, -1 }, { -1, -1 }, sockets };
	l->state = s;
	return s;
}

/* Only who spins must not block. */
static int pipe_open(struct bring_link *l)
{
	struct pipes *s = make(l, false);
	int flags = O_CLOEXEC | (l->spin->ns ? O_NONBLOCK : 0), fds[2];

	for (int side = 0; side < 2; side++) {
		if (!s)
			return -ENOMEM;
		if (pipe2(fds, flags) < 0)
			return -errno;
		s->out[side] = fds[1];
		s->in[!side] = fds[0];
	}
	return 0;
}

static int socketpair_open(struct bring_link *l)
{
	struct pipes *s = make(l, true);
	int fds[2];

	if (!s)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (l->spin->ns ? SOCK_NONBLOCK : 0), 0, fds) < 0)
		return -errno;
	for (int side = 0; side < 2; side++)
		s->out[side] = s->in[side] = fds[side];
	return 0;
}

/* The other side reads an end. Whoever leaves reads no more. */
static void pipes_leave(struct bring_end *e)
{
	struct pipes *s = e->link->state;

	if (!s || s->out[e->side] < 0)
		return;
	if (s->sockets)
		shutdown(s->out[e->side], SHUT_WR);
	else
		close(s->out[e->side]);
	if (!s->sockets)
		s->out[e->side] = -1;
}

static void pipes_close(struct bring_link *l)
{
	struct pipes *s = l->state;

	for (int side = 0; s && side < 2; side++) {
		if (s->in[side] >= 0)
			close(s->in[side]);
		if (!s->sockets && s->out[side] >= 0)
			close(s->out[side]);
	}
	free(s);
}

const struct bring_engine bring_pipe = {
	.name = "pipe", .help = "two pipes; a batch is one write", .open = pipe_open, .close = pipes_close, .leave = pipes_leave,
	.send = pipes_send, .receive = pipes_receive,
};

const struct bring_engine bring_socketpair = {
	.name = "socketpair", .help = "a pair of AF_UNIX stream sockets; a batch is one write", .open = socketpair_open,
	.close = pipes_close, .leave = pipes_leave, .send = pipes_send, .receive = pipes_receive,
};
