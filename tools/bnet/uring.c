/* SPDX-License-Identifier: ISC
 *
 * uring - the engine of io_uring: multishot receives into buffers that the kernel takes from a ring, sends without a copy where
 * that was asked for, and one enter for all that is to be sent and has come.
 *
 * What a kernel does not know is left out, one feature at a time: then a receive is asked for anew after each one, or done by
 * recv(2) when poll says that something is there, and sends are copied. io->features says what is in use.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"

#define BUFFERS 8u                /* a power of two */
#define BUFFER_BYTES (64u << 10)  /* more than any datagram has */
#define GROUP 1

/* Newer than the header of some systems. */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1u << 3)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1u << 31)
#endif

/* user_data: index of the flow, its uses, what was asked for. */
enum kind { RECEIVE, SEND, SEND_ZC, READY, WAKE, CANCEL };

struct uring {
	struct io_uring ring;
	bool open;
	struct io_uring_buf_ring *buffers;
	char *data; /* of the buffers */
	uint64_t wakes;
	unsigned zc_flags;
};

static uint64_t tag(const struct bnet_flow *f, enum kind kind)
{
	return (uint64_t)f->index << 32 | (uint64_t)f->uses << 8 | kind;
}

/* An entry of the submission queue. NULL when there is none to be had. */
static struct io_uring_sqe *request(struct uring *u)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&u->ring)))
		if (io_uring_submit(&u->ring) < 0)
			return NULL;
	return sqe;
}

static int open_ring(struct uring *u, uint32_t n_flows)
{
	static const unsigned flags[] = { IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
					  IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, 0 };
	unsigned entries = 64;
	int rc = -EINVAL;

	while (entries < 2 * n_flows && entries < 4096)
		entries *= 2;
	for (size_t i = 0; rc == -EINVAL && i < sizeof(flags) / sizeof(*flags); i++)
		rc = io_uring_queue_init(entries, &u->ring, flags[i]);
	u->open = rc == 0;
	return rc;
}

static void give_back(struct uring *u, unsigned id)
{
	io_uring_buf_ring_add(u->buffers, u->data + (size_t)id * BUFFER_BYTES, BUFFER_BYTES, (unsigned short)id,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(u->buffers, 1);
}

/* Buffers that the kernel chooses from. Returns whether it can. */
static bool make_buffers(struct uring *u)
{
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };
	void *ring = mmap(NULL, sizeof(struct io_uring_buf) * BUFFERS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *data = mmap(NULL, BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	u->buffers = ring == MAP_FAILED ? NULL : ring;
	u->data = data == MAP_FAILED ? NULL : data;
	reg.ring_addr = (uint64_t)(uintptr_t)ring;
	if (!u->buffers || !u->data || io_uring_register_buf_ring(&u->ring, &reg, 0) != 0)
		return false;
	io_uring_buf_ring_init(u->buffers);
	for (unsigned id = 0; id < BUFFERS; id++)
		give_back(u, id);
	return true;
}

static int await_wake(struct bnet_io *io)
{
	struct uring *u = io->state;
	struct io_uring_sqe *sqe = request(u);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_read(sqe, io->wake_fd, &u->wakes, sizeof(u->wakes), 0);
	io_uring_sqe_set_data64(sqe, WAKE);
	return 0;
}

static int init(struct bnet_io *io)
{
	struct uring *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return -ENOMEM;
	io->state = u;
	rc = open_ring(u, io->n_flows);
	if (rc < 0)
		return rc;
	(void)io_uring_register_ring_fd(&u->ring);
	io->features = BT_NET_RING;
	if (make_buffers(u))
		io->features |= BT_NET_BUFFER_RING | (io->once ? 0 : BT_NET_MULTISHOT);
	if (io->zerocopy)
		io->features |= BT_NET_SEND_ZC;
	u->zc_flags = IORING_SEND_ZC_REPORT_USAGE;
	return io->wake_fd >= 0 ? await_wake(io) : 0;
}

static void fini(struct bnet_io *io)
{
	struct uring *u = io->state;

	if (!u)
		return;
	if (u->open)
		io_uring_queue_exit(&u->ring);
	if (u->buffers)
		munmap(u->buffers, sizeof(struct io_uring_buf) * BUFFERS);
	if (u->data)
		munmap(u->data, BUFFERS * BUFFER_BYTES);
	free(u);
	io->state = NULL;
}

/* Asks for what comes next, or, without a ring of buffers, to be told when something has come. */
static int receive(struct bnet_io *io, struct bnet_flow *f)
{
	struct io_uring_sqe *sqe = request(io->state);

	if (!sqe)
		return -EBUSY;
	if (!(io->features & BT_NET_BUFFER_RING)) {
		io_uring_prep_poll_add(sqe, f->fd, POLLIN);
		io_uring_sqe_set_data64(sqe, tag(f, READY));
	} else {
		if (io->features & BT_NET_MULTISHOT)
			io_uring_prep_recv_multishot(sqe, f->fd, NULL, 0, 0);
		else
			io_uring_prep_recv(sqe, f->fd, NULL, BUFFER_BYTES, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = GROUP;
		io_uring_sqe_set_data64(sqe, tag(f, RECEIVE));
	}
	f->receiving = true;
	return 0;
}

/* A descriptor that does not block would have requests fail rather than wait. */
static int add(struct bnet_io *io, struct bnet_flow *f)
{
	int flags = fcntl(f->fd, F_GETFL);

	if (flags < 0 || fcntl(f->fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	f->uses++;
	return receive(io, f);
}

static void cancel(struct uring *u, uint64_t what)
{
	struct io_uring_sqe *sqe = request(u);

	if (!sqe)
		return;
	io_uring_prep_cancel64(sqe, what, 0);
	io_uring_sqe_set_data64(sqe, CANCEL);
}

/* Requests hold the socket, so it would not be closed before they are over. */
static void drop(struct bnet_io *io, struct bnet_flow *f)
{
	struct uring *u = io->state;

	if (f->receiving)
		cancel(u, tag(f, io->features & BT_NET_BUFFER_RING ? RECEIVE : READY));
	if (f->sending) {
		cancel(u, tag(f, SEND));
		cancel(u, tag(f, SEND_ZC));
	}
	f->receiving = f->sending = false;
	close(f->fd);
	f->uses++; /* what still comes of it is nobody's */
}

static int send_on(struct bnet_io *io, struct bnet_flow *f)
{
	struct uring *u = io->state;
	struct io_uring_sqe *sqe = request(u);
	unsigned n = bnet_io_parts(f);
	enum kind kind = SEND;

	if (!sqe)
		return -EBUSY;
	if (n > 1) {
		f->message = (struct msghdr){ .msg_iov = f->parts, .msg_iovlen = n };
		io_uring_prep_sendmsg(sqe, f->fd, &f->message, MSG_NOSIGNAL | MSG_WAITALL);
	} else if (io->features & BT_NET_SEND_ZC) {
		io_uring_prep_send_zc(sqe, f->fd, f->parts[0].iov_base, f->parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL, u->zc_flags);
		kind = SEND_ZC;
	} else {
		io_uring_prep_send(sqe, f->fd, f->parts[0].iov_base, f->parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL);
	}
	io_uring_sqe_set_data64(sqe, tag(f, kind));
	f->sending = true;
	return 0;
}

static void fail(struct bnet_io *io, struct bnet_flow *f, int rc)
{
	if (rc < 0)
		bnet_io_gone(io, f, rc);
}

/* What the kernel does not know it is not asked for again. */
static bool fall_back(struct bnet_io *io, enum kind kind, int error)
{
	struct uring *u = io->state;

	if (error != -EINVAL && error != -EOPNOTSUPP)
		return false;
	if (kind == RECEIVE && io->features & BT_NET_MULTISHOT) {
		io->features &= ~(uint32_t)BT_NET_MULTISHOT;
		return true;
	}
	if (kind == SEND_ZC && error == -EINVAL && u->zc_flags) {
		u->zc_flags = 0;
		return true;
	}
	if (kind == SEND_ZC && io->features & BT_NET_SEND_ZC) {
		io->features &= ~(uint32_t)BT_NET_SEND_ZC;
		return true;
	}
	return kind == SEND_ZC; /* asked for before that was known */
}

static void sent(struct bnet_io *io, struct bnet_flow *f, enum kind kind, const struct io_uring_cqe *cqe)
{
	f->sending = false;
	if (cqe->res < 0 && !fall_back(io, kind, cqe->res)) {
		bnet_io_gone(io, f, cqe->res);
		return;
	}
	if (cqe->res > 0) {
		io->zc_sends += kind == SEND_ZC;
		bnet_io_took(io, f, (size_t)cqe->res);
	}
	if (bnet_flow_busy(f))
		fail(io, f, send_on(io, f));
	else
		io->events->sent(io->arg, f);
}

static void received(struct bnet_io *io, struct bnet_flow *f, const struct io_uring_cqe *cqe)
{
	struct uring *u = io->state;
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	f->receiving = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->res < 0 && cqe->res != -ENOBUFS && !fall_back(io, RECEIVE, cqe->res)) {
		bnet_io_gone(io, f, cqe->res);
		return;
	}
	if (cqe->res > 0) {
		io->moved += (size_t)cqe->res;
		io->events->got(io->arg, f, u->data + (size_t)id * BUFFER_BYTES, (size_t)cqe->res);
	}
	if (cqe->flags & IORING_CQE_F_BUFFER)
		give_back(u, id);
	if (cqe->res == 0 && !io->datagrams && f->fd >= 0)
		bnet_io_gone(io, f, 0);
	else if (f->fd >= 0 && !f->receiving)
		fail(io, f, receive(io, f));
}

/* Without a ring of buffers. */
static void ready(struct bnet_io *io, struct bnet_flow *f, int res)
{
	ssize_t n = res < 0 ? res : recv(f->fd, io->buffer, BNET_RECEIVE, MSG_DONTWAIT);

	f->receiving = false;
	if (n > 0) {
		io->moved += (size_t)n;
		io->events->got(io->arg, f, io->buffer, (size_t)n);
	} else if (res < 0 || (n == 0 && !io->datagrams) || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		bnet_io_gone(io, f, res < 0 ? res : n == 0 ? 0 : -errno);
	}
	if (f->fd >= 0 && !f->receiving)
		fail(io, f, receive(io, f));
}

static void handle(struct bnet_io *io, const struct io_uring_cqe *cqe)
{
	struct uring *u = io->state;
	enum kind kind = cqe->user_data & 0xff;
	struct bnet_flow *f;

	if (kind == CANCEL)
		return;
	if (kind == WAKE) {
		(void)await_wake(io);
		return;
	}
	if (cqe->flags & IORING_CQE_F_NOTIF) {
		io->zc_copied += ((unsigned)cqe->res & IORING_NOTIF_USAGE_ZC_COPIED) != 0;
		return;
	}
	f = &io->flows[cqe->user_data >> 32];
	if (f->fd < 0 || cqe->user_data != tag(f, kind)) {
		if (cqe->flags & IORING_CQE_F_BUFFER)
			give_back(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	} else if (kind == RECEIVE) {
		received(io, f, cqe);
	} else if (kind == READY) {
		ready(io, f, cqe->res);
	} else {
		sent(io, f, kind, cqe);
	}
}

static int dispatch(struct bnet_io *io)
{
	struct uring *u = io->state;
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&u->ring, head, cqe) {
		handle(io, cqe);
		n++;
	}
	io_uring_cq_advance(&u->ring, n);
	return (int)n;
}

/* Submits what waits and sleeps for rest_ns at most until something has happened. */
static int enter(struct uring *u, uint64_t rest_ns)
{
	struct __kernel_timespec ts = { .tv_nsec = (long long)rest_ns };
	struct io_uring_cqe *cqe;
	int rc;

	if (rest_ns > 0)
		rc = io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1, &ts, NULL);
	else
		rc = io_uring_submit_and_get_events(&u->ring);
	return rc == -ETIME || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY || rc >= 0 ? 0 : rc;
}

static int spin(struct bnet_io *io, uint64_t until_ns)
{
	int rc, n;

	do {
		rc = enter(io->state, 0);
		n = rc < 0 ? rc : dispatch(io);
	} while (n == 0 && bt_clock_now(io->clock) < until_ns && !atomic_load_explicit(&io->woken, memory_order_relaxed));
	return n;
}

static int wait_for(struct bnet_io *io, uint64_t until_ns)
{
	uint64_t rest_ns = bnet_io_rest(io, until_ns), busy_ns = rest_ns < io->busy_ns ? rest_ns : io->busy_ns;
	int n = 0;

	if (rest_ns <= BNET_SPIN_NS)
		busy_ns = rest_ns;
	if (busy_ns > 0 || rest_ns == 0)
		n = spin(io, busy_ns > 0 ? bt_clock_now(io->clock) + busy_ns : 0);
	if (n == 0 && rest_ns > busy_ns + BNET_SPIN_NS) {
		n = enter(io->state, rest_ns - busy_ns - BNET_SPIN_NS);
		if (n == 0)
			n = dispatch(io);
	}
	return n < 0 ? n : 0;
}

int bnet_uring_try(void)
{
	struct io_uring ring;
	int rc = io_uring_queue_init(1, &ring, 0);

	if (rc == 0)
		io_uring_queue_exit(&ring);
	return rc;
}

const struct bnet_io_ops bnet_uring = {
	.name = "io_uring", .init = init, .fini = fini, .add = add, .drop = drop, .send = send_on, .wait = wait_for
};
