/* SPDX-License-Identifier: ISC
 *
 * shardturn - the loop of a shard: take what there is from each place in turn, a batch at a time, then deliver what that sent.
 */
#include <errno.h>

#include "shard_private.h"

static size_t plain(const struct bt_msg *m, size_t n)
{
	size_t i = 0;

	while (i < n && m[i].tag <= BT_SHARD_TAG_MAX)
		i++;
	return i;
}

void bt_shard_deliver(struct bt_shard *s, uint32_t from, const struct bt_msg *m, size_t n)
{
	size_t all = n;

	while (n > 0) {
		size_t run = plain(m, n);

		if (run > 0) {
			s->set->opts.ops->messages(s, from, m, run, s->set->opts.arg);
		} else {
			bt_task_run(s, (struct bt_task *)(uintptr_t)m->value);
			run = 1;
		}
		m += run;
		n -= run;
	}
	BT_BUMP(s->count.received, all);
	BT_BUMP(s->count.batches, 1);
}

/* The writer wants to know that the head has moved. */
static void answer_want(struct bt_shard *s, struct bt_spsc *q, uint32_t from)
{
	if (atomic_load_explicit(&q->want, memory_order_relaxed) && atomic_exchange_explicit(&q->want, 0, memory_order_seq_cst))
		bt_shard_ring_bell(s, &s->set->shards[from]);
}

static size_t take_queue(struct bt_shard *s, uint32_t from)
{
	struct bt_spsc *q = s->in[from];
	const struct bt_msg *m;
	size_t n = 0;

	if (!s->raw || from == s->index) {
		n = bt_spsc_peek(q, &m);
		if (n > 4 * BT_BATCH)
			n = 4 * BT_BATCH;
		if (n > 0) {
			bt_shard_deliver(s, from, m, n);
			bt_spsc_consume(q, n);
		}
	}
	answer_want(s, q, from);
	return n;
}

static size_t take_inbox(struct bt_shard *s)
{
	struct bt_msg m;
	size_t n = 0;

	while (n < BT_BATCH && bt_mpmc_pop(&s->inbox, &m)) {
		if (m.tag & BT_TAG_ASK)
			bt_ask_take(s, &m);
		else
			bt_task_run(s, (struct bt_task *)(uintptr_t)m.value);
		n++;
	}
	return n;
}

size_t bt_shard_work(struct bt_shard *s, bool steal)
{
	size_t n = 0;

	if (s->ring.open && bt_ring_has_work(&s->ring))
		n += bt_ring_reap(s);
	for (uint32_t from = 0; from < s->n; from++)
		n += take_queue(s, from);
	if (bt_mpmc_pending(&s->inbox))
		n += take_inbox(s);
	n += bt_tasks_run(s);
	if (!s->ring.open && s->pending_io > 0)
		n += bt_io_poll(s);
	if (n == 0 && steal)
		n = bt_tasks_steal(s);
	return n;
}

static bool waited_for(struct bt_shard *s)
{
	if (s->join && atomic_load_explicit(&s->join->left, memory_order_seq_cst) == 0)
		return true;
	return s->ticket_of && bt_spsc_handled(s->ticket_of) >= s->ticket;
}

/* What the other shard has for us that does not come by itself: a wish to be woken, a task to steal. */
static bool other_has_work(struct bt_shard *s, uint32_t other)
{
	return atomic_load_explicit(&s->in[other]->want, memory_order_seq_cst) || bt_tasks_stealable(s, other);
}

bool bt_shard_glimpse(struct bt_shard *s)
{
	if (s->ring.open && bt_ring_has_work(&s->ring))
		return true;
	for (uint32_t from = 0; from < s->n; from++)
		if ((!s->raw || from == s->index) && bt_spsc_pending(s->in[from]))
			return true;
	if (bt_mpmc_pending(&s->inbox) || bt_tasks_pending(s) || waited_for(s))
		return true;
	s->glance = s->glance + 1 < s->n ? s->glance + 1 : 0;
	if (other_has_work(s, s->glance))
		return true;
	return !s->guest && atomic_load_explicit(&s->set->stopping, memory_order_seq_cst);
}

bool bt_shard_has_work(struct bt_shard *s)
{
	if (bt_shard_glimpse(s))
		return true;
	for (uint32_t other = 0; other < s->n; other++)
		if (other_has_work(s, other))
			return true;
	return false;
}

static size_t work_and_send(struct bt_shard *s, bool steal)
{
	size_t n = bt_shard_work(s, steal);

	bt_shard_push_out(s);
	return n;
}

static uint64_t deadline(const struct bt_shard *s, uint64_t timeout_ns)
{
	uint64_t now = timeout_ns == BT_SHARD_FOREVER ? 0 : bt_shards_now(s->set);

	return timeout_ns < BT_SHARD_FOREVER - now ? now + timeout_ns : BT_SHARD_FOREVER;
}

static int turn(struct bt_shard *s, uint64_t timeout_ns)
{
	int rc = 0;
	size_t n;

	s->in_turn = true;
	n = work_and_send(s, timeout_ns == 0);
	if (n == 0 && timeout_ns > 0) {
		rc = bt_shard_idle(s, deadline(s, timeout_ns)); /* which looks for what can be stolen as well */
		n = work_and_send(s, true);
	}
	s->in_turn = false;
	return n == 0 ? rc : (int)n;
}

int bt_shard_turn(struct bt_shard *s, uint64_t timeout_ns)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	return s->in_turn ? -EDEADLK : turn(s, timeout_ns);
}

int bt_shard_until(struct bt_shard *s, bool (*done)(struct bt_shard *s), uint64_t timeout_ns)
{
	uint64_t start = 0, spent = 0;
	int rc;

	if (s->in_turn)
		return -EDEADLK;
	bt_shard_push_out(s);
	while (!done(s)) {
		if (timeout_ns != BT_SHARD_FOREVER) {
			start = start ? start : bt_shards_now(s->set);
			spent = bt_shards_now(s->set) - start;
			if (spent >= timeout_ns)
				return -ETIMEDOUT;
		}
		rc = turn(s, timeout_ns == BT_SHARD_FOREVER ? timeout_ns : timeout_ns - spent);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void bt_shard_loop(struct bt_shard *s)
{
	while (!atomic_load_explicit(&s->set->stopping, memory_order_relaxed))
		turn(s, BT_SHARD_FOREVER);
}

/* Raw messages that are published and not here yet. */
static bool in_flight(struct bt_shard *s)
{
	for (uint32_t from = 0; from < s->n; from++)
		if (bt_spsc_pending(s->in[from]))
			return true;
	return false;
}

static bool unfinished(struct bt_shard *s)
{
	bool left = in_flight(s) || bt_mpmc_pending(&s->inbox) || bt_tasks_pending(s);

	for (uint32_t other = 0; !left && other < s->n; other++)
		left = bt_tasks_stealable(s, other);
	return left;
}

void bt_shard_drain(struct bt_shard *s, uint64_t most)
{
	uint64_t done = 0, n = 1;

	s->in_turn = true;
	while (s->pending_io > 0 || (done < most && (n > 0 || unfinished(s)))) {
		bt_io_cancel_all(s); /* again, if the ring had no room for it */
		n = bt_shard_work(s, true);
		done += n;
		bt_shard_push_out(s);
		if (s->ring.open)
			io_uring_get_events(&s->ring.u);
	}
	s->in_turn = false;
}
