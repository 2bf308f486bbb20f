/* SPDX-License-Identifier: ISC
 *
 * uringdone - what io_uring says is done: what has come, what was sent, and what this kernel does not know.
 */
#include <errno.h>

#include "uring.h"

static void fail(struct bnet_io *io, struct bnet_flow *f, int rc)
{
	if (rc < 0)
		bnet_io_gone(io, f, rc);
}

/* What the kernel does not know it is not asked for again. */
static bool fall_back(struct bnet_io *io, enum bnet_uring_kind kind, int error)
{
	struct bnet_uring *u = io->state;

	if (error != -EINVAL && error != -EOPNOTSUPP)
		return false;
	if (kind == BNET_UD_RECEIVE && io->features & BT_NET_MULTISHOT) {
		io->features &= ~(uint32_t)BT_NET_MULTISHOT;
		return true;
	}
	if (kind == BNET_UD_SEND_ZC && error == -EINVAL && u->zc_flags) {
		u->zc_flags = 0;
		return true;
	}
	if (kind == BNET_UD_SEND_ZC && io->features & BT_NET_SEND_ZC) {
		io->features &= ~(uint32_t)BT_NET_SEND_ZC;
		return true;
	}
	return kind == BNET_UD_SEND_ZC; /* asked for before that was known */
}

static void sent(struct bnet_io *io, struct bnet_flow *f, enum bnet_uring_kind kind, const struct io_uring_cqe *cqe)
{
	f->sending = false;
	if (cqe->res < 0 && !fall_back(io, kind, cqe->res)) {
		bnet_io_gone(io, f, cqe->res);
		return;
	}
	if (cqe->res > 0) {
		io->zc_sends += kind == BNET_UD_SEND_ZC;
		bnet_io_took(io, f, (size_t)cqe->res);
	}
	if (bnet_flow_busy(f))
		fail(io, f, bnet_uring_send(io, f));
	else
		io->events->sent(io->arg, f);
}

static void received(struct bnet_io *io, struct bnet_flow *f, const struct io_uring_cqe *cqe)
{
	struct bnet_uring *u = io->state;
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	f->receiving = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->res < 0 && cqe->res != -ENOBUFS && !fall_back(io, BNET_UD_RECEIVE, cqe->res)) {
		bnet_io_gone(io, f, cqe->res);
		return;
	}
	if (cqe->res > 0) {
		io->moved += (size_t)cqe->res;
		io->events->got(io->arg, f, u->data + (size_t)id * BNET_BUFFER_BYTES, (size_t)cqe->res);
	}
	if (cqe->flags & IORING_CQE_F_BUFFER)
		bnet_uring_give_back(u, id);
	if (cqe->res == 0 && !io->datagrams && f->fd >= 0)
		bnet_io_gone(io, f, 0);
	else if (f->fd >= 0 && !f->receiving)
		fail(io, f, bnet_uring_receive(io, f));
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
		fail(io, f, bnet_uring_receive(io, f));
}

void bnet_uring_done(struct bnet_io *io, const struct io_uring_cqe *cqe)
{
	struct bnet_uring *u = io->state;
	enum bnet_uring_kind kind = cqe->user_data & 0xff;
	struct bnet_flow *f;

	if (kind == BNET_UD_CANCEL)
		return;
	if (kind == BNET_UD_WAKE) {
		(void)bnet_uring_await_wake(io);
		return;
	}
	if (cqe->flags & IORING_CQE_F_NOTIF) {
		io->zc_copied += ((unsigned)cqe->res & IORING_NOTIF_USAGE_ZC_COPIED) != 0;
		return;
	}
	f = &io->flows[cqe->user_data >> 32];
	if (f->fd < 0 || cqe->user_data != bnet_uring_tag(f, kind)) {
		if (cqe->flags & IORING_CQE_F_BUFFER)
			bnet_uring_give_back(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	} else if (kind == BNET_UD_RECEIVE) {
		received(io, f, cqe);
	} else if (kind == BNET_UD_READY) {
		ready(io, f, cqe->res);
	} else {
		sent(io, f, kind, cqe);
	}
}
