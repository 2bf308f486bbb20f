/* SPDX-License-Identifier: ISC
 *
 * shm - links through shared memory: a queue of lib/spsc.h in each direction.
 *
 * spsc: a receiver looks at the queue until something is there. futex: it says that it sleeps, and is woken only then.
 * eventfd: every batch is announced, as is usual where the descriptor stands in somebody's poll set.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bring.h"
#include "spsc.h"

/* One direction. */
struct way {
	struct bt_spsc *queue;
	_Alignas(BT_SPSC_LINE) _Atomic uint32_t asleep; /* a futex: 1 while the receiver sleeps */
	int event; /* eventfd, else -1 */
};

struct shm {
	struct way ways[2]; /* by the side that sends */
	void (*publish)(struct way *w); /* let the receiver see what was pushed */
	int (*await)(struct bring_link *l, struct way *w); /* sleep until something may be there */
};

static void spsc_publish(struct way *w)
{
	bt_spsc_publish_lazy(w->queue);
}

/* Either the receiver sees the message before it sleeps, or we see it asleep. */
static void futex_publish(struct way *w)
{
	bt_spsc_publish(w->queue);
	if (atomic_load(&w->asleep) && atomic_exchange(&w->asleep, 0))
		syscall(SYS_futex, &w->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int futex_await(struct bring_link *l, struct way *w)
{
	atomic_store(&w->asleep, 1);
	if (!bt_spsc_pending(w->queue) && !atomic_load(&l->broken))
		syscall(SYS_futex, &w->asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	atomic_store(&w->asleep, 0);
	return 0;
}

static void event_publish(struct way *w)
{
	uint64_t one = 1;

	bt_spsc_publish_lazy(w->queue);
	while (write(w->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static int event_await(struct bring_link *l, struct way *w)
{
	uint64_t count;

	(void)l;
	return read(w->event, &count, sizeof(count)) < 0 && errno != EINTR ? -errno : 0;
}

/* What finds no room waits until the receiver has made some. */
static int shm_send(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	struct shm *s = e->link->state;
	struct way *w = &s->ways[e->side];

	for (uint32_t i = 0; i < n; i++)
		while (!bt_spsc_push(w->queue, (struct bt_msg){ .value = values[i] })) {
			if (atomic_load(&e->link->broken))
				return -EPIPE;
			s->publish(w);
			sched_yield();
		}
	s->publish(w);
	return 0;
}

/* Looks until the time is over. Returns how many messages lie in span. */
static size_t look(struct bring_link *l, struct way *w, const struct bt_msg **span)
{
	uint64_t until = bring_spin_until(l);
	size_t n;

	while ((n = bt_spsc_peek(w->queue, span)) == 0) {
		if (until != BRING_ALWAYS && (until == 0 || bt_clock_now(l->clock) >= until))
			return 0;
		if (atomic_load_explicit(&l->broken, memory_order_relaxed))
			return 0;
		bring_relax();
	}
	return n;
}

static int shm_receive(struct bring_end *e, uint64_t *values, uint32_t cap)
{
	struct shm *s = e->link->state;
	struct way *w = &s->ways[!e->side];
	const struct bt_msg *span;
	size_t n = bt_spsc_peek(w->queue, &span);
	int rc;

	while (n == 0 && (n = look(e->link, w, &span)) == 0) {
		if (atomic_load(&e->link->broken))
			return -EPIPE;
		if ((rc = s->await(e->link, w)) < 0)
			return rc;
	}
	if (n > cap)
		n = cap;
	for (size_t i = 0; i < n; i++)
		values[i] = span[i].value;
	bt_spsc_consume(w->queue, n);
	return (int)n;
}

static int make_way(struct way *w, uint32_t slots, bool event)
{
	uint32_t capacity = bt_spsc_capacity(slots);
	size_t bytes = bt_spsc_bytes(capacity);

	w->queue = aligned_alloc(BT_SPSC_LINE, bytes);
	if (!w->queue)
		return -ENOMEM;
	memset(w->queue, 0, bytes);
	bt_spsc_init(w->queue, capacity);
	if (event)
		w->event = eventfd(0, EFD_CLOEXEC);
	return event && w->event < 0 ? -errno : 0;
}

static int open_shm(struct bring_link *l, void (*publish)(struct way *w), int (*await)(struct bring_link *l, struct way *w))
{
	struct shm *s = aligned_alloc(_Alignof(struct shm), sizeof(*s));
	int rc = 0;

	l->state = s;
	if (!s)
		return -ENOMEM;
	*s = (struct shm){ .ways = { { .event = -1 }, { .event = -1 } }, .publish = publish, .await = await };
	for (int side = 0; side < 2 && rc == 0; side++)
		rc = make_way(&s->ways[side], l->slots, await == event_await);
	return rc;
}

static int spsc_open(struct bring_link *l)
{
	return open_shm(l, spsc_publish, NULL);
}

static int futex_open(struct bring_link *l)
{
	return open_shm(l, futex_publish, futex_await);
}

static int eventfd_open(struct bring_link *l)
{
	return open_shm(l, event_publish, event_await);
}

/* The other side wakes up and sees that the link is broken, or has its last message. */
static void shm_leave(struct bring_end *e)
{
	struct shm *s = e->link->state;

	if (s && s->ways[e->side].queue && s->ways[!e->side].queue)
		s->publish(&s->ways[e->side]);
}

static void shm_close(struct bring_link *l)
{
	struct shm *s = l->state;

	for (int side = 0; s && side < 2; side++) {
		free(s->ways[side].queue);
		if (s->ways[side].event >= 0)
			close(s->ways[side].event);
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
