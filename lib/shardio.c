/* SPDX-License-Identifier: ISC
 *
 * shardio - I/O of a shard, through its own ring: files and sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shard_private.h"

int bt_shard_file_init(struct bt_shard_file *f, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	f->fd = fd;
	f->inline_io = S_ISREG(st.st_mode) && !(flags & O_DIRECT);
	return 0;
}

/* Without waiting. -EAGAIN: not now; -EOPNOTSUPP: this file cannot say. */
static int32_t try_file(const struct bt_io *io, int flags)
{
	struct iovec v = { io->buf, io->len };

	return bt_io_result(io->op == BT_IO_READ_AT ? preadv2(io->fd, &v, 1, (off_t)io->offset, flags) :
					  pwritev2(io->fd, &v, 1, (off_t)io->offset, flags));
}

static void begin(struct bt_shard *s, struct bt_io *io)
{
	io->busy = BT_IO_BUSY;
	io->next = s->io;
	io->link = &s->io;
	if (s->io)
		s->io->link = &io->next;
	s->io = io;
	s->pending_io++;
	atomic_store_explicit(&s->shown_io, s->pending_io, memory_order_relaxed);
	BT_BUMP(s->count.io_started, 1);
}

static void finish(struct bt_shard *s, struct bt_io *io)
{
	*io->link = io->next;
	if (io->next)
		io->next->link = io->link;
	io->busy = BT_IO_IDLE;
	s->pending_io--;
	atomic_store_explicit(&s->shown_io, s->pending_io, memory_order_relaxed);
}

void bt_io_landed(struct bt_shard *s, struct bt_io *io, int32_t res)
{
	finish(s, io);
	io->result = res;
	BT_BUMP(s->count.io_completed, 1);
	if (res < 0 && res != -ECANCELED)
		BT_BUMP(s->count.failed, 1);
	io->done(s, io);
}

static int complete(struct bt_shard *s, struct bt_io *io, int32_t res)
{
	io->result = res;
	BT_BUMP(s->count.io_inline, 1);
	if (res < 0)
		BT_BUMP(s->count.failed, 1);
	return 1;
}

static void prepare(struct io_uring_sqe *sqe, const struct bt_io *io)
{
	switch ((enum bt_io_op)io->op) {
	case BT_IO_READ_AT:
		io_uring_prep_read(sqe, io->fd, io->buf, io->len, io->offset);
		break;
	case BT_IO_WRITE_AT:
		io_uring_prep_write(sqe, io->fd, io->buf, io->len, io->offset);
		break;
	case BT_IO_RECV:
		io_uring_prep_recv(sqe, io->fd, io->buf, io->len, 0);
		break;
	case BT_IO_SEND:
		io_uring_prep_send(sqe, io->fd, io->buf, io->len, MSG_NOSIGNAL);
		break;
	case BT_IO_ACCEPT:
		io_uring_prep_accept(sqe, io->fd, NULL, NULL, SOCK_CLOEXEC);
		break;
	case BT_IO_CONNECT:
		io_uring_prep_connect(sqe, io->fd, io->buf, io->len);
		break;
	}
	sqe->user_data = BT_UD_OWN | BT_UD_IO | (uintptr_t)io;
}

/* To the ring, or without one to the sockets that wait. */
static int start(struct bt_shard *s, struct bt_io *io)
{
	struct io_uring_sqe *sqe = NULL;

	if (s->ring.open ? !(sqe = bt_ring_sqe(s)) : s->pending_io >= BT_POLLED_MAX) {
		BT_BUMP(s->count.refused, 1);
		return -EAGAIN;
	}
	if (sqe)
		prepare(sqe, io);
	begin(s, io);
	return 0;
}

static int check(struct bt_shard *s, struct bt_io *io, enum bt_io_op op, int fd, const void *buf, uint32_t len)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (io->busy)
		return -EBUSY;
	if (s->quiet)
		return -ESHUTDOWN;
	if (len == 0 || len > INT32_MAX)
		return -EINVAL;
	io->op = (uint8_t)op;
	io->fd = fd;
	io->buf = (void *)(uintptr_t)buf;
	io->len = len;
	return 0;
}

static int file_io(struct bt_shard *s, struct bt_io *io, enum bt_io_op op, const struct bt_shard_file *f, const void *buf,
		   uint32_t len, uint64_t offset)
{
	int rc = check(s, io, op, f->fd, buf, len);
	int32_t res;
	bool part;

	if (rc < 0)
		return rc;
	if (offset > INT64_MAX)
		return -EINVAL;
	io->offset = offset;
	if (!s->ring.open)
		return complete(s, io, try_file(io, 0));
	if (f->inline_io) {
		res = try_file(io, RWF_NOWAIT);
		part = op == BT_IO_READ_AT && res > 0 && (uint32_t)res < len; /* where the cache ends, or the file: the ring knows */
		if (!part && res != -EAGAIN && res != -EOPNOTSUPP && res != -EINTR)
			return complete(s, io, res);
	}
	return start(s, io);
}

int bt_shard_read_at(struct bt_shard *s, struct bt_io *io, const struct bt_shard_file *f, void *buf, uint32_t len, uint64_t offset)
{
	return file_io(s, io, BT_IO_READ_AT, f, buf, len, offset);
}

int bt_shard_write_at(struct bt_shard *s, struct bt_io *io, const struct bt_shard_file *f, const void *buf, uint32_t len,
		      uint64_t offset)
{
	return file_io(s, io, BT_IO_WRITE_AT, f, buf, len, offset);
}

/* The kernel's ring tries for itself first; a send mostly succeeds, so it need not come back through the ring. */
static int socket_io(struct bt_shard *s, struct bt_io *io, enum bt_io_op op, int fd, const void *buf, uint32_t len)
{
	int rc = check(s, io, op, fd, buf, len);
	int32_t res;

	if (rc < 0)
		return rc;
	if (op == BT_IO_SEND || !s->ring.open) {
		res = bt_io_try_socket(io);
		if (res != -EAGAIN && res != -EINTR)
			return complete(s, io, res);
	}
	return start(s, io);
}

int bt_shard_sock_recv(struct bt_shard *s, struct bt_io *io, int fd, void *buf, uint32_t len)
{
	return socket_io(s, io, BT_IO_RECV, fd, buf, len);
}

int bt_shard_sock_send(struct bt_shard *s, struct bt_io *io, int fd, const void *buf, uint32_t len)
{
	return socket_io(s, io, BT_IO_SEND, fd, buf, len);
}

int bt_shard_sock_accept(struct bt_shard *s, struct bt_io *io, int fd)
{
	return socket_io(s, io, BT_IO_ACCEPT, fd, NULL, 1);
}

/* Without a ring the socket is made non-blocking for the call, and waits until it can be written to. */
int bt_shard_sock_connect(struct bt_shard *s, struct bt_io *io, int fd, const struct sockaddr *to, socklen_t len)
{
	int rc = check(s, io, BT_IO_CONNECT, fd, to, len), flags;
	int32_t res;

	if (rc < 0 || s->ring.open)
		return rc < 0 ? rc : start(s, io);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return complete(s, io, -errno);
	res = connect(fd, to, len) < 0 ? -errno : 0;
	fcntl(fd, F_SETFL, flags);
	return res == -EINPROGRESS ? start(s, io) : complete(s, io, res);
}

static bool push_cancel(struct bt_shard *s, struct bt_io *io)
{
	struct io_uring_sqe *sqe = bt_ring_sqe(s);

	if (!sqe)
		return false;
	io->busy = BT_IO_CANCELLING;
	io_uring_prep_cancel64(sqe, BT_UD_OWN | BT_UD_IO | (uintptr_t)io, 0);
	sqe->user_data = BT_UD_OWN | BT_UD_CANCEL;
	return true;
}

int bt_shard_io_cancel(struct bt_shard *s, struct bt_io *io)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (!io->busy)
		return -EALREADY;
	if (s->ring.open)
		return push_cancel(s, io) ? 0 : -EAGAIN;
	io->busy = BT_IO_CANCELLING; /* by the next bt_io_poll, not in this call */
	return 0;
}

void bt_io_cancel_all(struct bt_shard *s)
{
	while (s->io && !s->ring.open)
		bt_io_landed(s, s->io, -ECANCELED);
	for (struct bt_io *io = s->io; io; io = io->next)
		if (io->busy == BT_IO_BUSY && !push_cancel(s, io))
			return;
}
