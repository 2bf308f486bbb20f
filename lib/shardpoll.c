/* SPDX-License-Identifier: ISC
 *
 * shardpoll - the sockets of a shard without a ring: tried without blocking, and waited for in poll(2).
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "shard_private.h"

/* The error of a connection that was under way. */
static int32_t connected(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -errno : -error;
}

int32_t bt_io_try_socket(const struct bt_io *io)
{
	struct pollfd p = { .fd = io->fd, .events = io->op == BT_IO_ACCEPT ? POLLIN : POLLOUT };

	switch ((enum bt_io_op)io->op) {
	case BT_IO_RECV:
		return bt_io_result(recv(io->fd, io->buf, io->len, MSG_DONTWAIT));
	case BT_IO_SEND:
		return bt_io_result(send(io->fd, io->buf, io->len, MSG_DONTWAIT | MSG_NOSIGNAL));
	case BT_IO_ACCEPT: /* the listener may block, and the connection may go between the two calls: then this waits as it would */
		return poll(&p, 1, 0) > 0 ? bt_io_result(accept4(io->fd, NULL, NULL, SOCK_CLOEXEC)) : -EAGAIN;
	case BT_IO_CONNECT:
		return poll(&p, 1, 0) > 0 ? connected(io->fd) : -EAGAIN;
	default:
		return -EINVAL;
	}
}

size_t bt_io_poll(struct bt_shard *s)
{
	size_t n = 0;

	for (struct bt_io *io = s->io, *next; io && n < BT_BATCH; io = next) {
		int32_t res = io->busy == BT_IO_CANCELLING ? -ECANCELED : bt_io_try_socket(io);

		next = io->next;
		if (res == -EAGAIN || res == -EINTR)
			continue;
		bt_io_landed(s, io, res);
		n++;
		next = s->io; /* done may have begun or cancelled any of them */
	}
	return n;
}

static nfds_t list_fds(const struct bt_shard *s, struct pollfd *fds)
{
	nfds_t n = 0;

	for (const struct bt_io *io = s->io; io && n < BT_POLLED_MAX; io = io->next)
		fds[n++] = (struct pollfd){ .fd = io->fd, .events = io->op == BT_IO_RECV || io->op == BT_IO_ACCEPT ? POLLIN : POLLOUT };
	return n;
}

bool bt_io_ready(struct bt_shard *s)
{
	struct pollfd fds[BT_POLLED_MAX];

	return s->pending_io > 0 && poll(fds, list_fds(s, fds), 0) > 0;
}

int bt_io_sleep(struct bt_shard *s, uint64_t timeout_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u) };
	struct pollfd fds[BT_POLLED_MAX + 1] = { { .fd = s->bell_fd, .events = POLLIN } };
	uint64_t rung;

	if (ppoll(fds, 1 + list_fds(s, fds + 1), timeout_ns == BT_SHARD_FOREVER ? NULL : &ts, NULL) < 0)
		return -errno;
	return fds[0].revents && read(s->bell_fd, &rung, sizeof(rung)) < 0 ? -errno : 0;
}
