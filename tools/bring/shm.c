/* SPDX-License-Identifier: ISC
 *
 * shm - links through shared memory: a ring of slots for each direction, which one thread fills and one empties.
 *
 * spsc: a receiver looks at the ring until something is there. futex: it says that it sleeps, and is woken only then. eventfd: every
 * batch is announced, as is usual where the descriptor stands in somebody's poll set.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bring.h"

#define LINE 128 /* two cache lines: they are fetched in pairs */

struct ring {
	_Alignas(LINE) _Atomic uint64_t tail; /* messages sent */
	uint64_t seen_head;                   /* the sender's copy of head */
	_Alignas(LINE) _Atomic uint64_t head; /* messages received */
	uint64_t seen_tail;                   /* the receiver's copy of tail */
	_Alignas(LINE) _Atomic uint32_t asleep; /* a futex: 1 while the receiver sleeps */
	int event;                            /* eventfd, else -1 */
	uint64_t mask;
	uint64_t *slots;
};

struct shm {
	struct ring rings[2]; /* by the side that sends */
	void (*announce)(struct ring *r);
	int (*await)(struct bring_link *l, struct ring *r); /* sleep until something may be there */
};

static void announce_nothing(struct ring *r)
{
	(void)r;
}

static void futex_announce(struct ring *r)
{
	/* Pairs with the fence of futex_await: either it sees the message or we see it asleep. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&r->asleep, memory_order_relaxed) && atomic_exchange(&r->asleep, 0))
		syscall(SYS_futex, &r->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool something(const struct ring *r)
{
	return atomic_load_explicit(&r->tail, memory_order_acquire) != atomic_load_explicit(&r->head, memory_order_relaxed);
}

static int futex_await(struct bring_link *l, struct ring *r)
{
	atomic_store_explicit(&r->asleep, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (!something(r) && !atomic_load(&l->broken))
		syscall(SYS_futex, &r->asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	atomic_store_explicit(&r->asleep, 0, memory_order_relaxed);
	return 0;
}

static void event_announce(struct ring *r)
{
	uint64_t one = 1;

	while (write(r->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static int event_await(struct bring_link *l, struct ring *r)
{
	uint64_t count;

	(void)l;
	return read(r->event, &count, sizeof(count)) < 0 && errno != EINTR ? -errno : 0;
}

static int shm_send(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	struct shm *s = e->link->state;
	struct ring *r = &s->rings[e->side];
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	for (uint32_t i = 0; i < n; i++, tail++) {
		while (tail - r->seen_head > r->mask) {
			r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
			if (tail - r->seen_head <= r->mask)
				break;
			atomic_store_explicit(&r->tail, tail, memory_order_release);
			s->announce(r);
			sched_yield();
			if (atomic_load(&e->link->broken))
				return -EPIPE;
		}
		r->slots[tail & r->mask] = values[i];
	}
	atomic_store_explicit(&r->tail, tail, memory_order_release);
	s->announce(r);
	return 0;
}

/* Looks until the time is over. Returns whether something is there. */
static bool look(struct bring_link *l, struct ring *r, uint64_t head)
{
	uint64_t until = bring_spin_until(l);

	for (;;) {
		r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (r->seen_tail != head)
			return true;
		if (until != BRING_ALWAYS && (until == 0 || bt_clock_now(l->clock) >= until))
			return false;
		if (atomic_load_explicit(&l->broken, memory_order_relaxed))
			return false;
		bring_relax();
	}
}

static int shm_receive(struct bring_end *e, uint64_t *values, uint32_t cap)
{
	struct shm *s = e->link->state;
	struct ring *r = &s->rings[!e->side];
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t n = 0;
	int rc;

	while (r->seen_tail == head && !look(e->link, r, head)) {
		if (atomic_load(&e->link->broken))
			return -EPIPE;
		if ((rc = s->await(e->link, r)) < 0)
			return rc;
	}
	while (n < cap && head != r->seen_tail)
		values[n++] = r->slots[head++ & r->mask];
	atomic_store_explicit(&r->head, head, memory_order_release);
	return (int)n;
}

static int make_ring(struct ring *r, uint32_t slots, bool event)
{
	uint64_t n = 1;

	while (n < slots)
		n *= 2;
	r->mask = n - 1;
	r->slots = calloc(n, sizeof(*r->slots));
	r->event = event ? eventfd(0, EFD_CLOEXEC) : -1;
	if (!r->slots)
		return -ENOMEM;
	return event && r->event < 0 ? -errno : 0;
}

static int open_shm(struct bring_link *l, void (*announce)(struct ring *r), int (*await)(struct bring_link *l, struct ring *r))
{
	struct shm *s = aligned_alloc(_Alignof(struct shm), sizeof(*s));
	int rc = 0;

	l->state = s;
	if (!s)
		return -ENOMEM;
	*s = (struct shm){ .announce = announce, .await = await };
	s->rings[0].event = s->rings[1].event = -1;
	for (int side = 0; side < 2 && rc == 0; side++)
		rc = make_ring(&s->rings[side], l->slots, await == event_await);
	return rc;
}

static int spsc_open(struct bring_link *l)
{
	return open_shm(l, announce_nothing, NULL);
}

static int futex_open(struct bring_link *l)
{
	return open_shm(l, futex_announce, futex_await);
}

static int eventfd_open(struct bring_link *l)
{
	return open_shm(l, event_announce, event_await);
}

/* The other side wakes up and sees that the link is broken, or has its last message. */
static void shm_leave(struct bring_end *e)
{
	struct shm *s = e->link->state;

	if (s && s->rings[1].slots)
		s->announce(&s->rings[e->side]);
}

static void shm_close(struct bring_link *l)
{
	struct shm *s = l->state;

	for (int side = 0; s && side < 2; side++) {
		free(s->rings[side].slots);
		if (s->rings[side].event >= 0)
			close(s->rings[side].event);
	}
	free(s);
}

const struct bring_engine bring_eventfd = {
	.name = "eventfd", .help = "shared memory; every batch is announced by an eventfd", .open = eventfd_open, .close = shm_close,
	.leave = shm_leave, .send = shm_send, .receive = shm_receive,
};

const struct bring_engine bring_futex = {
	.name = "futex", .help = "shared memory; a receiver that sleeps is woken by a futex", .open = futex_open, .close = shm_close,
	.leave = shm_leave, .send = shm_send, .receive = shm_receive,
};

const struct bring_engine bring_spsc = {
	.name = "spsc", .help = "shared memory that the receiver never stops looking at", .never_sleeps = true, .open = spsc_open,
	.close = shm_close, .leave = shm_leave, .send = shm_send, .receive = shm_receive,
};
