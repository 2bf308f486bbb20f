/* SPDX-License-Identifier: ISC
 *
 * shardask - a request to a shard from a thread that is none, and its answer.
 *
 * The word of a request holds its state and the generation that its id names. Each step is a compare-and-swap of that word, so of
 * an answer, a cancellation, a deadline and a stop that come at once exactly one wins, and none touches a request that came
 * after.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "shard_private.h"

#define STATE_BITS 4
#define SLOT_BITS 12
#define ASKS_MAX (1u << SLOT_BITS)

enum state { FREE, ASKED, TAKEN, ANSWERING, ANSWERED, EXPIRED, CANCELLED, DEAD };

static uint32_t word_of(uint32_t id, enum state state)
{
	return id >> SLOT_BITS << STATE_BITS | state;
}

static struct bt_ask *find(struct bt_shards *set, uint32_t id)
{
	uint32_t slot = id & (ASKS_MAX - 1);

	return slot < set->n_asks ? &set->asks[slot] : NULL;
}

static bool step(struct bt_ask *a, uint32_t id, enum state from, enum state to)
{
	uint32_t word = word_of(id, from);

	return atomic_compare_exchange_strong(&a->word, &word, word_of(id, to));
}

/* Ends a request that has no answer yet. */
static bool end(struct bt_ask *a, uint32_t id, enum state to)
{
	if (!step(a, id, ASKED, to) && !step(a, id, TAKEN, to))
		return false;
	bt_futex_wake(&a->word);
	return true;
}

int bt_asks_init(struct bt_shards *set, uint32_t n)
{
	int rc = bt_mpmc_init(&set->free_asks, n);

	if (rc < 0)
		return rc;
	set->asks = calloc(n, sizeof(*set->asks));
	if (!set->asks)
		return -ENOMEM;
	set->n_asks = n;
	for (uint32_t i = 0; i < n; i++)
		bt_mpmc_push(&set->free_asks, (struct bt_msg){ .value = i });
	return 0;
}

void bt_asks_free(struct bt_shards *set)
{
	bt_mpmc_free(&set->free_asks);
	free(set->asks);
}

void bt_asks_end(struct bt_shards *set)
{
	for (uint32_t slot = 0; slot < set->n_asks; slot++) {
		uint32_t id = atomic_load(&set->asks[slot].word) >> STATE_BITS << SLOT_BITS | slot;

		end(&set->asks[slot], id, DEAD);
	}
}

static void give_back(struct bt_shards *set, uint32_t id)
{
	struct bt_ask *a = find(set, id);

	atomic_store(&a->word, word_of(id, FREE));
	atomic_fetch_sub(&set->pending_asks, 1);
	while (!bt_mpmc_push(&set->free_asks, (struct bt_msg){ .value = id & (ASKS_MAX - 1) }))
		sched_yield(); /* there is room: another one is just about to leave that cell */
}

/* A free request, with the next generation; false: all are in use. */
static bool draw(struct bt_shards *set, uint32_t *id, uint64_t deadline_ns)
{
	struct bt_msg m;
	struct bt_ask *a;

	if (!bt_mpmc_pop(&set->free_asks, &m))
		return false;
	a = &set->asks[m.value];
	*id = (atomic_load(&a->word) >> STATE_BITS) + 1;
	*id = *id << SLOT_BITS | (uint32_t)m.value;
	atomic_store(&a->deadline_ns, deadline_ns);
	atomic_store(&a->word, word_of(*id, ASKED));
	atomic_fetch_add(&set->pending_asks, 1);
	return true;
}

static int ask(struct bt_shards *set, struct bt_shard *to, uint32_t tag, uint64_t value, uint64_t deadline_ns, uint32_t *id)
{
	if (deadline_ns != BT_SHARD_FOREVER && bt_shards_now(set) >= deadline_ns)
		return -ETIME;
	if (!draw(set, id, deadline_ns))
		return -EAGAIN;
	if (!bt_mpmc_push(&to->inbox, (struct bt_msg){ value, tag | BT_TAG_ASK, *id })) {
		give_back(set, *id);
		return -EAGAIN;
	}
	atomic_fetch_add_explicit(&set->asked, 1, memory_order_relaxed);
	bt_shard_ring_bell(NULL, to);
	return 0;
}

int bt_shards_ask(struct bt_shards *set, uint32_t to, uint32_t tag, uint64_t value, uint64_t deadline_ns, uint32_t *id)
{
	int rc;

	if (to >= set->n || tag > BT_SHARD_TAG_MAX || value > BT_SHARD_VALUE_MAX || !set->opts.ops->request)
		return -EINVAL;
	rc = bt_shards_enter(set);
	if (rc < 0)
		return rc;
	rc = ask(set, &set->shards[to], tag, value, deadline_ns, id);
	if (rc == -EAGAIN)
		atomic_fetch_add_explicit(&set->refused, 1, memory_order_relaxed);
	bt_shards_leave(set);
	return rc;
}

/* What the request has come to: 1: nothing yet. */
static int outcome(uint32_t id, uint32_t word)
{
	if (word >> STATE_BITS != word_of(id, FREE) >> STATE_BITS)
		return -EINVAL;
	switch ((enum state)(word & ((1u << STATE_BITS) - 1))) {
	case ASKED:
	case TAKEN:
	case ANSWERING:
		return 1;
	case ANSWERED:
		return 0;
	case EXPIRED:
		return -ETIME;
	case CANCELLED:
		return -ECANCELED;
	case DEAD:
		return -ESHUTDOWN;
	case FREE:
		break;
	}
	return -EINVAL;
}

/* Sleeps until the word changes, the deadline or the end of the wait. */
static int sleep_for(struct bt_shards *set, struct bt_ask *a, uint32_t id, uint32_t word, uint64_t until_ns)
{
	uint64_t now = bt_shards_now(set), deadline = atomic_load(&a->deadline_ns), due = deadline < until_ns ? deadline : until_ns;
	int rc = 0;

	if (now >= deadline && end(a, id, EXPIRED))
		return 0;
	if (now >= until_ns)
		return -ETIMEDOUT;
	bt_futex_wait(&a->word, word, due == BT_SHARD_FOREVER ? due : due > now ? due - now : 0, &rc);
	return rc == -EINTR ? rc : 0;
}

static int wait_for(struct bt_shards *set, uint32_t id, uint64_t timeout_ns, int *status, uint64_t *value)
{
	uint64_t now = timeout_ns == BT_SHARD_FOREVER ? 0 : bt_shards_now(set);
	uint64_t until_ns = timeout_ns > BT_SHARD_FOREVER - now ? BT_SHARD_FOREVER : now + timeout_ns;
	struct bt_ask *a = find(set, id);
	int rc;

	if (!a)
		return -EINVAL;
	for (;;) {
		uint32_t word = atomic_load(&a->word);

		rc = outcome(id, word);
		if (rc <= 0)
			break;
		rc = sleep_for(set, a, id, word, until_ns);
		if (rc < 0)
			return rc;
	}
	if (rc == 0 && status)
		*status = a->status;
	if (rc == 0 && value)
		*value = a->value;
	if (rc != -EINVAL)
		give_back(set, id);
	return rc;
}

/* Not refused by a stop: what was asked before it is answered or ended by it. */
int bt_shards_wait(struct bt_shards *set, uint32_t id, uint64_t timeout_ns, int *status, uint64_t *value)
{
	if (bt_shard_mine)
		return -EDEADLK;
	return bt_shards_forked(set) ? -ECHILD : wait_for(set, id, timeout_ns, status, value);
}

int bt_shards_cancel(struct bt_shards *set, uint32_t id)
{
	struct bt_ask *a = find(set, id);

	if (!a || outcome(id, atomic_load(&a->word)) == -EINVAL)
		return -EINVAL;
	return end(a, id, CANCELLED) ? 0 : -EALREADY;
}

static bool expired(struct bt_shard *s, struct bt_ask *a)
{
	uint64_t deadline = atomic_load(&a->deadline_ns);

	return deadline != BT_SHARD_FOREVER && bt_shards_now(s->set) >= deadline;
}

void bt_ask_take(struct bt_shard *s, const struct bt_msg *m)
{
	struct bt_ask *a = find(s->set, m->from);

	BT_BUMP(s->count.asked, 1);
	if ((expired(s, a) && end(a, m->from, EXPIRED)) || !step(a, m->from, ASKED, TAKEN)) {
		BT_BUMP(s->count.asks_dropped, 1);
		return;
	}
	s->set->opts.ops->request(s, m->from, m->tag & ~BT_TAG_ASK, m->value, s->set->opts.arg);
}

int bt_shard_reply(struct bt_shard *s, uint32_t id, int status, uint64_t value)
{
	struct bt_ask *a;

	if (!bt_shard_is_mine(s))
		return -EXDEV;
	a = find(s->set, id);
	if (!a || !step(a, id, TAKEN, ANSWERING)) {
		BT_BUMP(s->count.asks_dropped, 1);
		return -ECANCELED;
	}
	a->status = status;
	a->value = value;
	if (status < 0)
		BT_BUMP(s->count.failed, 1);
	atomic_store(&a->word, word_of(id, ANSWERED));
	bt_futex_wake(&a->word);
	return 0;
}
