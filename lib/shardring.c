/* SPDX-License-Identifier: ISC
 *
 * shardring - the io_uring of a shard: its set-up, what is submitted, and what comes back.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shard_private.h"

#define MESSAGE_TAG_BITS 17 /* of a raw message's 32 bits: the tag, and above it the sender */
#define MESSAGE_TAG_MASK ((1u << MESSAGE_TAG_BITS) - 1)
#define SLOT_SHIFT 8        /* of the sender's own completion: the place of the message, and above it the receiver */
#define TO_SHIFT 32
#define CQ_MAX 65536u
#define SQPOLL_IDLE_MS 10   /* then the kernel's thread sleeps as well */

/* What a ring may be set up with, the newest first: what is refused is dropped in this order. */
static const struct {
	uint32_t flag;
	unsigned setup;
} extras[] = {
	{ BT_RING_DEFER, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG },
	{ BT_RING_SINGLE, IORING_SETUP_SINGLE_ISSUER },
	{ BT_RING_COOP, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG },
	{ BT_RING_SQPOLL, IORING_SETUP_SQPOLL },
};
#define EXTRAS (sizeof(extras) / sizeof(*extras))

static uint32_t first_flags(uint32_t flags)
{
	if (flags & BT_RING_SQPOLL)
		flags &= ~(uint32_t)(BT_RING_COOP | BT_RING_DEFER);
	if (!(flags & BT_RING_SINGLE))
		flags &= ~(uint32_t)BT_RING_DEFER;
	return flags;
}

/* Where messages are completions there is room for all that can be under way. */
static uint32_t cq_entries(const struct bt_shards_opts *o)
{
	uint64_t n = (uint64_t)o->n * o->capacity;

	if (o->cq_entries || o->backend != BT_SHARD_RAW)
		return o->cq_entries;
	return n > CQ_MAX ? CQ_MAX : n > 2 * o->ring_entries ? (uint32_t)n : 2 * o->ring_entries;
}

static struct io_uring_params params(const struct bt_shards_opts *o, uint32_t flags)
{
	struct io_uring_params p = { .sq_thread_idle = SQPOLL_IDLE_MS, .cq_entries = cq_entries(o) };

	p.flags = p.cq_entries ? IORING_SETUP_CQSIZE : 0;

	for (size_t i = 0; i < EXTRAS; i++)
		if (flags & extras[i].flag)
			p.flags |= extras[i].setup;
	if (flags & BT_RING_SQPOLL && o->sqpoll_pinned) {
		p.flags |= IORING_SETUP_SQ_AFF;
		p.sq_thread_cpu = (unsigned)o->sqpoll_cpu;
	}
	return p;
}

/* Whether the kernel has MSG_RING, as 5.18 and later do. */
static bool has_msg_ring(struct io_uring *u)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(u);
	bool has = probe && io_uring_opcode_supported(probe, IORING_OP_MSG_RING);

	io_uring_free_probe(probe);
	return has;
}

/* A ring with as many of the flags as the kernel allows; *flags are those. */
static int set_up(struct io_uring *u, const struct bt_shards_opts *o, uint32_t *flags)
{
	struct io_uring_params p = params(o, *flags);
	int rc = io_uring_queue_init_params(o->ring_entries, u, &p);

	for (size_t i = 0; (rc == -EINVAL || rc == -EPERM) && i < EXTRAS; i++) {
		if (!(*flags & extras[i].flag) || (rc == -EPERM && extras[i].flag != BT_RING_SQPOLL))
			continue; /* older kernels permit SQPOLL to root alone */
		*flags = first_flags(*flags & ~extras[i].flag);
		p = params(o, *flags);
		rc = io_uring_queue_init_params(o->ring_entries, u, &p);
	}
	if (!(p.features & IORING_FEAT_CQE_SKIP))
		*flags &= ~(uint32_t)BT_RING_CQE_SKIP;
	return rc;
}

int bt_ring_open(struct bt_shard *s)
{
	uint32_t flags = first_flags(s->set->opts.ring_flags);
	struct bt_shard_ring *r = &s->ring;
	int rc = set_up(&r->u, &s->set->opts, &flags);

	if (rc < 0)
		return rc;
	if (!has_msg_ring(&r->u)) {
		io_uring_queue_exit(&r->u);
		return -EOPNOTSUPP;
	}
	io_uring_ring_dontfork(&r->u);
	io_uring_register_ring_fd(&r->u);
	r->owner = gettid();
	r->flags = flags;
	r->open = true;
	atomic_store(&s->ring_fd, r->u.ring_fd);
	bt_ring_arm_event(s);
	return 0;
}

void bt_ring_close(struct bt_shard *s)
{
	if (!s->ring.open)
		return;
	s->ring.open = false;
	atomic_store(&s->ring_fd, -1);
	io_uring_queue_exit(&s->ring.u);
}

/* The registration of the descriptor is the thread's. */
void bt_ring_pause(struct bt_shard *s)
{
	if (!s->ring.open)
		return;
	bt_ring_submit(s);
	io_uring_unregister_ring_fd(&s->ring.u);
}

int bt_ring_resume(struct bt_shard *s)
{
	if (s->ring.flags & BT_RING_SINGLE && s->ring.owner != gettid())
		return -EPERM;
	s->ring.owner = gettid();
	io_uring_register_ring_fd(&s->ring.u);
	return 0;
}

/* The kernel stops after a request that it finds wrong at once: those behind it are submitted anew, until all are. */
int bt_ring_submit(struct bt_shard *s)
{
	bool sqpoll = s->ring.flags & BT_RING_SQPOLL; /* its thread goes on by itself */
	int rc;

	do {
		BT_BUMP(s->count.enters, 1);
		rc = io_uring_submit(&s->ring.u);
	} while (rc == -EINTR || (rc > 0 && !sqpoll && io_uring_sq_ready(&s->ring.u) > 0));
	return rc < 0 ? rc : 0;
}

struct io_uring_sqe *bt_ring_sqe(struct bt_shard *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.u);

	if (!sqe && bt_ring_submit(s) == 0) {
		/* The thread of SQPOLL has room a little before it shows it. */
		while (s->ring.flags & BT_RING_SQPOLL && io_uring_sqring_wait(&s->ring.u) >= 0 && io_uring_sq_space_left(&s->ring.u) == 0)
			sched_yield();
		sqe = io_uring_get_sqe(&s->ring.u);
	}
	return sqe;
}

int bt_ring_wait(struct bt_shard *s, uint64_t left_ns)
{
	struct __kernel_timespec ts = { .tv_sec = (long long)(left_ns / 1000000000u), .tv_nsec = (long long)(left_ns % 1000000000u) };
	struct io_uring_cqe *cqe;

	BT_BUMP(s->count.enters, 1);
	if (left_ns == BT_SHARD_FOREVER)
		return io_uring_submit_and_wait(&s->ring.u, 1);
	return io_uring_submit_and_wait_timeout(&s->ring.u, &cqe, 1, &ts, NULL);
}

/* The doorbell of those without a ring: a read of the eventfd that is always under way. */
bool bt_ring_arm_event(struct bt_shard *s)
{
	struct io_uring_sqe *sqe = bt_ring_sqe(s);

	s->ring.event_armed = sqe != NULL;
	if (!sqe)
		return false;
	io_uring_prep_read(sqe, s->bell_fd, &s->ring.event, sizeof(s->ring.event), 0);
	sqe->user_data = BT_UD_OWN | BT_UD_EVENT;
	return true;
}

static struct io_uring_sqe *message(struct bt_shard *s, int fd, uint32_t len, uint64_t data, uint64_t user_data)
{
	struct io_uring_sqe *sqe = bt_ring_sqe(s);

	if (!sqe)
		return NULL;
	io_uring_prep_msg_ring(sqe, fd, len, data, 0);
	if (s->ring.flags & BT_RING_CQE_SKIP)
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = BT_UD_OWN | user_data;
	return sqe;
}

int bt_ring_put_bell(struct bt_shard *s, struct bt_shard *to)
{
	int fd = atomic_load(&to->ring_fd);

	return fd >= 0 && message(s, fd, 0, BT_UD_OWN | BT_UD_BELL, (uint64_t)to->index << TO_SHIFT | BT_UD_BELL) ? 0 : -EAGAIN;
}

int bt_ring_put_message(struct bt_shard *s, uint32_t to, uint64_t slot)
{
	const struct bt_spsc *q = s->out[to];
	const struct bt_msg *m = &q->cells[slot & q->mask];
	int fd = atomic_load(&s->set->shards[to].ring_fd);

	if (fd < 0)
		return -ENOTCONN;
	return message(s, fd, s->index << MESSAGE_TAG_BITS | m->tag, m->value,
		       (uint64_t)to << TO_SHIFT | (slot & q->mask) << SLOT_SHIFT | BT_UD_SENT) ? 0 : -EAGAIN;
}

/* A message of ours was not taken: its receiver has no memory for it now. It still lies in the queue's cell. */
static void sent(struct bt_shard *s, const struct io_uring_cqe *cqe)
{
	uint32_t to = (uint32_t)(cqe->user_data >> TO_SHIFT) & 0xffff;

	if (cqe->res >= 0)
		return;
	if ((cqe->res == -ENOMEM || cqe->res == -EOVERFLOW || cqe->res == -EAGAIN) &&
	    bt_ring_put_message(s, to, cqe->user_data >> SLOT_SHIFT & (BT_SPSC_MAX - 1)) == 0)
		BT_BUMP(s->count.resent, 1);
	else
		BT_BUMP(s->count.failed, 1);
}

/* A bell that did not ring: the eventfd does. */
static void rang(struct bt_shard *s, const struct io_uring_cqe *cqe)
{
	uint32_t to = (uint32_t)(cqe->user_data >> TO_SHIFT) & 0xffff;
	uint64_t one = 1;

	if (cqe->res < 0 && write(s->set->shards[to].bell_fd, &one, sizeof(one)) < 0)
		BT_BUMP(s->count.failed, 1);
}

static void own(struct bt_shard *s, const struct io_uring_cqe *cqe)
{
	switch ((enum bt_ud)(cqe->user_data & BT_UD_KIND)) {
	case BT_UD_IO:
		bt_io_landed(s, (struct bt_io *)(uintptr_t)(cqe->user_data & ~BT_UD_OWN), cqe->res);
		break;
	case BT_UD_EVENT:
		s->ring.event_armed = false;
		if (cqe->res != -ECANCELED)
			bt_ring_arm_event(s);
		break;
	case BT_UD_BELL:
		rang(s, cqe);
		break;
	case BT_UD_SENT:
		sent(s, cqe);
		break;
	case BT_UD_CANCEL:
		break;
	}
}

/* Raw messages of one sender that came in one piece. The program's pointers are published by the queue's tail; that the kernel
 * carried the message orders it as well, but no checker of threads can know. */
static void received(struct bt_shard *s, struct bt_msg *m, size_t n)
{
	struct bt_spsc *q = s->in[m->from];

	if (BT_TSAN)
		bt_spsc_pending(q);
	bt_shard_deliver(s, m->from, m, n);
	bt_spsc_consume(q, n);
}

static void handle(struct bt_shard *s, const struct io_uring_cqe *cqes, size_t n)
{
	struct bt_msg run[BT_BATCH];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const struct io_uring_cqe *cqe = &cqes[i];
		uint32_t from = (uint32_t)cqe->res >> MESSAGE_TAG_BITS;
		bool foreign = !(cqe->user_data & BT_UD_OWN);

		if (len > 0 && (!foreign || from != run[0].from)) {
			received(s, run, len);
			len = 0;
		}
		if (foreign)
			run[len++] = (struct bt_msg){ cqe->user_data, (uint32_t)cqe->res & MESSAGE_TAG_MASK, from };
		else
			own(s, cqe);
	}
	if (len > 0)
		received(s, run, len);
}

/* Completions are copied and given back first: a handler may fill the ring anew. */
size_t bt_ring_reap(struct bt_shard *s)
{
	struct io_uring_cqe *ready[BT_BATCH], copy[BT_BATCH];
	struct io_uring *u = &s->ring.u;
	unsigned flags = IO_URING_READ_ONCE(*u->sq.kflags), n;

	if (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) {
		BT_BUMP(s->count.enters, 1);
		if (flags & IORING_SQ_CQ_OVERFLOW)
			BT_BUMP(s->count.cq_overflows, 1);
		io_uring_get_events(u);
	}
	n = io_uring_peek_batch_cqe(u, ready, BT_BATCH);
	for (unsigned i = 0; i < n; i++)
		copy[i] = *ready[i];
	io_uring_cq_advance(u, n);
	handle(s, copy, n);
	return n;
}
