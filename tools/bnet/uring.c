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
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uring.h"

#define GROUP 1 /* of buffers */

/* An entry of the submission queue. NULL when there is none to be had. */
static struct io_uring_sqe *request(struct bnet_uring *u)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&u->ring)))
		if (io_uring_submit(&u->ring) < 0)
			return NULL;
	return sqe;
}

static int open_ring(struct bnet_uring *u, uint32_t n_flows)
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

void bnet_uring_give_back(struct bnet_uring *u, unsigned id)
{
	io_uring_buf_ring_add(u->buffers, u->data + (size_t)id * BNET_BUFFER_BYTES, BNET_BUFFER_BYTES, (unsigned short)id,
			      io_uring_buf_ring_mask(BNET_BUFFERS), 0);
	io_uring_buf_ring_advance(u->buffers, 1);
}

/* Buffers that the kernel chooses from. Returns whether it can. */
static bool make_buffers(struct bnet_uring *u)
{
	struct io_uring_buf_reg reg = { .ring_entries = BNET_BUFFERS, .bgid = GROUP };
	void *ring = mmap(NULL, sizeof(struct io_uring_buf) * BNET_BUFFERS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *data = mmap(NULL, BNET_BUFFERS * BNET_BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	u->buffers = ring == MAP_FAILED ? NULL : ring;
	u->data = data == MAP_FAILED ? NULL : data;
	reg.ring_addr = (uint64_t)(uintptr_t)ring;
	if (!u->buffers || !u->data || io_uring_register_buf_ring(&u->ring, &reg, 0) != 0)
		return false;
	io_uring_buf_ring_init(u->buffers);
	for (unsigned id = 0; id < BNET_BUFFERS; id++)
		bnet_uring_give_back(u, id);
	return true;
}

int bnet_uring_await_wake(struct bnet_io *io)
{
	struct bnet_uring *u = io->state;
	struct io_uring_sqe *sqe = request(u);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_read(sqe, io->wake_fd, &u->wakes, sizeof(u->wakes), 0);
	io_uring_sqe_set_data64(sqe, BNET_UD_WAKE);
	return 0;
}

static int init(struct bnet_io *io)
{
	struct bnet_uring *u = calloc(1, sizeof(*u));
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
	return io->wake_fd >= 0 ? bnet_uring_await_wake(io) : 0;
}

static void fini(struct bnet_io *io)
{
	struct bnet_uring *u = io->state;

	if (!u)
		return;
	if (u->open)
		io_uring_queue_exit(&u->ring);
	if (u->buffers)
		munmap(u->buffers, sizeof(struct io_uring_buf) * BNET_BUFFERS);
	if (u->data)
		munmap(u->data, BNET_BUFFERS * BNET_BUFFER_BYTES);
	free(u);
	io->state = NULL;
}

/* Asks for what comes next, or, without a ring of buffers, to be told when something has come. */
int bnet_uring_receive(struct bnet_io *io, struct bnet_flow *f)
{
	struct io_uring_sqe *sqe = request(io->state);

	if (!sqe)
		return -EBUSY;
	if (!(io->features & BT_NET_BUFFER_RING)) {
		io_uring_prep_poll_add(sqe, f->fd, POLLIN);
		io_uring_sqe_set_data64(sqe, bnet_uring_tag(f, BNET_UD_READY));
	} else {
		if (io->features & BT_NET_MULTISHOT)
			io_uring_prep_recv_multishot(sqe, f->fd, NULL, 0, 0);
		else
			io_uring_prep_recv(sqe, f->fd, NULL, BNET_BUFFER_BYTES, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = GROUP;
		io_uring_sqe_set_data64(sqe, bnet_uring_tag(f, BNET_UD_RECEIVE));
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
	return bnet_uring_receive(io, f);
}

static void cancel(struct bnet_uring *u, uint64_t what)
{
	struct io_uring_sqe *sqe = request(u);

	if (!sqe)
		return;
	io_uring_prep_cancel64(sqe, what, 0);
	io_uring_sqe_set_data64(sqe, BNET_UD_CANCEL);
}

/* Requests hold the socket, so it would not be closed before they are over. */
static void drop(struct bnet_io *io, struct bnet_flow *f)
{
	struct bnet_uring *u = io->state;

	if (f->receiving)
		cancel(u, bnet_uring_tag(f, io->features & BT_NET_BUFFER_RING ? BNET_UD_RECEIVE : BNET_UD_READY));
	if (f->sending) {
		cancel(u, bnet_uring_tag(f, BNET_UD_SEND));
		cancel(u, bnet_uring_tag(f, BNET_UD_SEND_ZC));
	}
	f->receiving = f->sending = false;
	close(f->fd);
	f->uses++; /* what still comes of it is nobody's */
}

int bnet_uring_send(struct bnet_io *io, struct bnet_flow *f)
{
	struct bnet_uring *u = io->state;
	struct io_uring_sqe *sqe = request(u);
	unsigned n = bnet_io_parts(f);
	enum bnet_uring_kind kind = BNET_UD_SEND;

	if (!sqe)
		return -EBUSY;
	if (n > 1) {
		f->message = (struct msghdr){ .msg_iov = f->parts, .msg_iovlen = n };
		io_uring_prep_sendmsg(sqe, f->fd, &f->message, MSG_NOSIGNAL | MSG_WAITALL);
	} else if (io->features & BT_NET_SEND_ZC) {
		io_uring_prep_send_zc(sqe, f->fd, f->parts[0].iov_base, f->parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL, u->zc_flags);
		kind = BNET_UD_SEND_ZC;
	} else {
		io_uring_prep_send(sqe, f->fd, f->parts[0].iov_base, f->parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL);
	}
	io_uring_sqe_set_data64(sqe, bnet_uring_tag(f, kind));
	f->sending = true;
	return 0;
}

static int dispatch(struct bnet_io *io)
{
	struct bnet_uring *u = io->state;
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&u->ring, head, cqe) {
		bnet_uring_done(io, cqe);
		n++;
	}
	io_uring_cq_advance(&u->ring, n);
	return (int)n;
}

/* Submits what waits and sleeps for rest_ns at most until something has happened. */
static int enter(struct bnet_uring *u, uint64_t rest_ns)
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
	.name = "io_uring", .init = init, .fini = fini, .add = add, .drop = drop, .send = bnet_uring_send, .wait = wait_for
};
