/* SPDX-License-Identifier: ISC
 *
 * shardsend - messages from one shard to another, and tickets for them.
 */
#include <errno.h>

#include "shard_private.h"

static int check(struct bt_shard *s, uint32_t to)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (to >= s->n)
		return -EINVAL;
	return s->quiet ? -ESHUTDOWN : 0;
}

static void mark(struct bt_shard *s, uint32_t to)
{
	if (!s->dirty[to]) {
		s->dirty[to] = 1;
		s->dirty_list[s->n_dirty++] = to;
	}
}

/* Writes one message into the queue; with raw also into the ring. */
static int put(struct bt_shard *s, uint32_t to, struct bt_msg m)
{
	struct bt_spsc *q = s->out[to];
	int rc;

	if (!bt_spsc_push(q, m)) {
		BT_BUMP(s->count.refused, 1);
		return -EAGAIN;
	}
	if (s->raw && to != s->index) {
		rc = bt_ring_put_message(s, to, q->next - 1);
		if (rc < 0) {
			bt_spsc_unpush(q);
			if (rc == -EAGAIN)
				BT_BUMP(s->count.refused, 1);
			return rc;
		}
		bt_spsc_publish(q); /* before it can be submitted: then it may be handled */
	}
	BT_BUMP(s->count.sent, 1);
	return 0;
}

/* Lets the receiver see what was written, and wakes it. With raw the message itself does both. */
static void publish(struct bt_shard *s, uint32_t to)
{
	if (s->raw && to != s->index)
		return;
	if (s->set->lazy)
		bt_spsc_publish_lazy(s->out[to]);
	else
		bt_spsc_publish(s->out[to]);
	if (to != s->index)
		bt_shard_ring_bell(s, &s->set->shards[to]);
}

static int submit(struct bt_shard *s)
{
	return s->ring.open && io_uring_sq_ready(&s->ring.u) ? bt_ring_submit(s) : 0;
}

int bt_shard_push_out(struct bt_shard *s)
{
	while (s->n_dirty > 0) {
		uint32_t to = s->dirty_list[--s->n_dirty];

		s->dirty[to] = 0;
		publish(s, to);
	}
	return submit(s);
}

int bt_shard_put(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value)
{
	int rc = check(s, to);

	if (rc == 0)
		rc = put(s, to, (struct bt_msg){ value, tag, s->index });
	if (rc == 0)
		mark(s, to);
	return rc;
}

static bool in_range(uint32_t tag, uint64_t value)
{
	return tag <= BT_SHARD_TAG_MAX && value <= BT_SHARD_VALUE_MAX;
}

int bt_shard_send_nowait(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value)
{
	return in_range(tag, value) ? bt_shard_put(s, to, tag, value) : -EINVAL;
}

/* What the kernel does not take now stays in the ring and goes with the next submission: it is sent all the same. */
int bt_shard_send(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value)
{
	int rc = in_range(tag, value) ? check(s, to) : -EINVAL;

	if (rc == 0)
		rc = put(s, to, (struct bt_msg){ value, tag, s->index });
	if (rc == 0) {
		publish(s, to);
		submit(s);
	}
	return rc;
}

int bt_shard_send_many(struct bt_shard *s, uint32_t to, const struct bt_msg *msgs, size_t n)
{
	int rc = check(s, to);
	size_t i;

	for (i = 0; rc == 0 && i < n && i < INT32_MAX; i++) {
		rc = in_range(msgs[i].tag, msgs[i].value) ? 0 : -EINVAL;
		if (rc == 0)
			rc = put(s, to, (struct bt_msg){ msgs[i].value, msgs[i].tag, s->index });
		if (rc != 0)
			break;
	}
	if (i > 0) {
		publish(s, to);
		submit(s);
	}
	return i > 0 ? (int)i : rc;
}

int bt_shard_flush(struct bt_shard *s)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	return bt_shard_push_out(s) < 0 ? -EAGAIN : 0;
}

uint64_t bt_shard_ticket(struct bt_shard *s, uint32_t to)
{
	return bt_shard_flush(s) != -EXDEV && to < s->n ? s->out[to]->next : 0;
}

bool bt_shard_ticket_done(const struct bt_shard *s, uint32_t to, uint64_t ticket)
{
	return to < s->n && bt_spsc_handled(s->out[to]) >= ticket;
}

static bool ticket_done(struct bt_shard *s)
{
	return bt_spsc_handled(s->ticket_of) >= s->ticket;
}

/* The reader of the queue rings when it sees `want` after its head has moved, or before it sleeps. It is set each time before the
 * last look at the head, when the state says SLEEPS already. */
static int wait_for_head(struct bt_shard *s, uint32_t to, uint64_t ticket, uint64_t timeout_ns)
{
	int rc;

	s->ticket_of = s->out[to];
	s->ticket = ticket;
	rc = bt_shard_until(s, ticket_done, timeout_ns);
	s->ticket_of = NULL;
	return rc;
}

int bt_shard_ticket_wait(struct bt_shard *s, uint32_t to, uint64_t ticket, uint64_t timeout_ns)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	return to < s->n ? wait_for_head(s, to, ticket, timeout_ns) : -EINVAL;
}

/* Room is there when the oldest of a full queue is handled. Where the queue is not full the ring takes no more: then a turn is
 * what helps. */
int bt_shard_send_wait(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value, uint64_t timeout_ns)
{
	uint64_t start = bt_shards_now(s->set), spent = 0;
	int rc;

	while ((rc = bt_shard_send(s, to, tag, value)) == -EAGAIN) {
		const struct bt_spsc *q = s->out[to];

		if (spent > timeout_ns)
			return -ETIMEDOUT;
		rc = bt_shard_turn(s, 0);
		if (rc < 0)
			return rc;
		rc = wait_for_head(s, to, q->next > q->mask ? q->next - q->mask : 0, spent < timeout_ns ? timeout_ns - spent : 0);
		if (rc < 0)
			return rc;
		spent = bt_shards_now(s->set) - start;
	}
	return rc;
}
