/* SPDX-License-Identifier: ISC
 *
 * uring - what the files of the engine of io_uring share: uring.c asks, uringdone.c takes what is done.
 */
#ifndef BNET_URING_H
#define BNET_URING_H

#include <liburing.h>

#include "io.h"

#define BNET_BUFFERS 8u               /* a power of two */
#define BNET_BUFFER_BYTES (64u << 10) /* more than any datagram has */

/* Newer than the header of some systems. */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1u << 3)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1u << 31)
#endif

/* user_data: index of the flow, its uses, what was asked for. */
enum bnet_uring_kind { BNET_UD_RECEIVE, BNET_UD_SEND, BNET_UD_SEND_ZC, BNET_UD_READY, BNET_UD_WAKE, BNET_UD_CANCEL };

struct bnet_uring {
	struct io_uring ring;
	bool open;
	struct io_uring_buf_ring *buffers;
	char *data; /* of the buffers */
	uint64_t wakes;
	unsigned zc_flags;
};

static inline uint64_t bnet_uring_tag(const struct bnet_flow *f, enum bnet_uring_kind kind)
{
	return (uint64_t)f->index << 32 | (uint64_t)f->uses << 8 | kind;
}

/* bnet_uring_receive - ask for what comes next of f. bnet_uring_send - send what is left of its message. bnet_uring_await_wake - to
 * be told of a wake. 0 or -errno. */
int bnet_uring_receive(struct bnet_io *io, struct bnet_flow *f);
int bnet_uring_send(struct bnet_io *io, struct bnet_flow *f);
int bnet_uring_await_wake(struct bnet_io *io);

/* bnet_uring_give_back - the kernel may have that buffer again. */
void bnet_uring_give_back(struct bnet_uring *u, unsigned id);

/* bnet_uring_done - a request is done. */
void bnet_uring_done(struct bnet_io *io, const struct io_uring_cqe *cqe);

#endif
