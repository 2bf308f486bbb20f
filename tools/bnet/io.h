/* SPDX-License-Identifier: ISC
 *
 * io - moves bytes over the data connections (flows) of one thread, at either end: sync.c with epoll, uring.c with io_uring.
 *
 * A test sends messages and is told what has come; it never waits itself. All calls are made by the thread that waits, but for
 * bnet_io_wake.
 */
#ifndef BNET_IO_H
#define BNET_IO_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "clock.h"
#include "netjob.h"
#include "sequence.h"

#define BNET_PAYLOAD (256u << 10) /* bytes of random data that all that is sent comes from */
#define BNET_DATAGRAM_MAX 65507u      /* IPv4 without options; IPv6 has 20 less room */
#define BNET_HEAD_MAX 128u        /* bytes of a message that are its own; shorter ones are put together there */
#define BNET_RECEIVE (256u << 10) /* bytes received at a time */
#define BNET_SPIN_NS 50000u       /* polled before an instant rather than slept: waking up takes about that long */
#define BNET_WAKE_NS 50000000u    /* no one waits longer without a look at whether to stop */

struct bnet_flow {
	int fd; /* -1: closed */
	uint32_t index;
	/* what is still to be sent of a message: of its head, then of the payload */
	char head[BNET_HEAD_MAX];
	uint32_t head_at, head_left;
	uint64_t left;
	uint32_t payload_at;
	/* the message that comes in */
	uint64_t got_bytes;
	uint8_t got_head[8];
	uint64_t number; /* of the message or datagram under way */
	struct bt_sequence seen; /* of datagrams */
	bool under_way;      /* near end: an operation is */
	/* the engine's */
	bool watched;    /* sync: epoll is to say when there is room */
	bool receiving, sending; /* uring: such a request is under way */
	uint16_t uses;   /* uring: how many descriptors this flow has had */
	struct iovec parts[2];
	struct msghdr message;
};

static inline bool bnet_flow_busy(const struct bnet_flow *f)
{
	return f->head_left > 0 || f->left > 0;
}

struct bnet_io;

/* What the test is told. sent: the kernel has all of a message that bnet_io_send has not finished at once. got: bytes of a stream,
 * or one datagram. gone: the flow has ended (error 0) or failed (-errno), and is closed when this returns. */
struct bnet_events {
	void (*sent)(void *arg, struct bnet_flow *f);
	void (*got)(void *arg, struct bnet_flow *f, const char *data, size_t len);
	void (*gone)(void *arg, struct bnet_flow *f, int error);
};

struct bnet_io_ops {
	const char *name;
	int (*init)(struct bnet_io *io);
	void (*fini)(struct bnet_io *io); /* also after a failed init */
	int (*add)(struct bnet_io *io, struct bnet_flow *f);
	void (*drop)(struct bnet_io *io, struct bnet_flow *f);
	int (*send)(struct bnet_io *io, struct bnet_flow *f);
	int (*wait)(struct bnet_io *io, uint64_t until_ns);
};

struct bnet_io {
	const struct bnet_io_ops *ops;
	const struct bnet_events *events;
	void *arg;                    /* of events */
	const struct bt_clock *clock;
	struct bnet_flow *flows;
	uint32_t n_flows;
	bool datagrams, zerocopy;
	bool once;                    /* flows are short: what is received is not asked for in advance */
	bool patient;                 /* whoever wakes us also shuts our flows down, so that we may sleep in a receive for ever */
	uint64_t busy_ns;             /* polled before the thread sleeps */
	int wake_fd;                  /* an eventfd, the caller's; -1: nobody wakes us */
	pthread_mutex_t *closing;     /* held while a flow is opened or closed; NULL: nobody else looks at any */
	uint64_t moved;               /* grows with whatever is sent or received */
	uint64_t zc_sends, zc_copied;
	uint32_t features;            /* enum bt_net_feature */
	_Atomic bool woken;
	char *buffer;                 /* received into, BNET_RECEIVE bytes */
	void *state;                  /* the engine's */
};

extern const struct bnet_io_ops bnet_sync, bnet_uring;

/* bnet_uring_try - whether io_uring can be used here: 0 or -errno. */
int bnet_uring_try(void);

/* bnet_io_init - for the flows given, all closed. The fields up to closing are set by the caller, the others are 0. Called by the
 * thread that will wait. 0 or -errno. bnet_io_fini closes none of the flows; takes one whose init failed. */
int bnet_io_init(struct bnet_io *io, enum bt_net_engine engine);
void bnet_io_fini(struct bnet_io *io);

/* bnet_io_add - from now on receive from f, whose fd does not block. 0 or -errno. bnet_io_drop - close it. */
int bnet_io_add(struct bnet_io *io, struct bnet_flow *f, int fd);
void bnet_io_drop(struct bnet_io *io, struct bnet_flow *f);

/* bnet_io_send - send a message: head_bytes that the caller has put into f->head, and as many of the payload as are left of
 * bytes. f must not be busy. Returns 1 when it is with the kernel already, 0 when events->sent will follow, -errno. */
int bnet_io_send(struct bnet_io *io, struct bnet_flow *f, uint64_t bytes, uint32_t head_bytes);

/* bnet_io_wait - tell what happens until something has, or until the clock shows until_ns (0: what has happened already). 0 or
 * -errno. */
int bnet_io_wait(struct bnet_io *io, uint64_t until_ns);

/* bnet_io_wake - end a wait. Any thread. */
void bnet_io_wake(struct bnet_io *io);

/* bnet_payload - the random data, BNET_PAYLOAD bytes twice over, so that as many can be sent from any place in it. */
const char *bnet_payload(void);

/* For the engines. bnet_io_parts - what to send next of f, in f->parts. Returns how many parts. bnet_io_took - n bytes of it are
 * with the kernel. bnet_io_gone - the flow has ended: tell, and close. */
unsigned bnet_io_parts(struct bnet_flow *f);
void bnet_io_took(struct bnet_io *io, struct bnet_flow *f, size_t n);
void bnet_io_gone(struct bnet_io *io, struct bnet_flow *f, int error);

/* bnet_io_rest - ns that a wait until then may take now; at most BNET_WAKE_NS. */
uint64_t bnet_io_rest(const struct bnet_io *io, uint64_t until_ns);

#endif
