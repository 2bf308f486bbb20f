/* SPDX-License-Identifier: ISC
 *
 * shardtask - where a task runs: placement, stealing, groups.
 *
 * A task that is bound to a shard travels as a message and is out of the reach of others. A stealable one lies in a queue of its
 * shard from which all may take.
 */
#include <errno.h>

#include "shard_private.h"

#define TASKS_AT_ONCE 8 /* before messages are looked at again */

static void joined(struct bt_shard *s, struct bt_join *join)
{
	/* First: the group may be gone as soon as its count is 0. */
	struct bt_shard *waiter = join->waiter;

	if (atomic_fetch_sub_explicit(&join->left, 1, memory_order_seq_cst) == 1 && waiter && waiter != s) {
		bt_shard_ring_bell(s, waiter);
		bt_shard_push_out(s); /* not after the tasks that follow */
	}
}

void bt_task_run(struct bt_shard *s, struct bt_task *task)
{
	struct bt_join *join = task->join;

	task->run(s, task);
	BT_BUMP(s->count.completed, 1);
	if (join)
		joined(s, join);
}

static bool take(struct bt_mpmc *q, struct bt_shard *s)
{
	struct bt_msg m;

	if (!bt_mpmc_pending(q) || !bt_mpmc_pop(q, &m))
		return false;
	if (m.from != s->index)
		BT_BUMP(s->count.stolen, 1);
	bt_task_run(s, (struct bt_task *)(uintptr_t)m.value);
	return true;
}

size_t bt_tasks_run(struct bt_shard *s)
{
	size_t n = 0;

	while (n < TASKS_AT_ONCE && (take(&s->preferred, s) || take(&s->tasks, s)))
		n++;
	return n;
}

static bool steal_from(struct bt_shard *victim, struct bt_shard *s)
{
	return take(&victim->tasks, s) || (bt_mpmc_depth(&victim->preferred) > BT_SHARD_KEEP && take(&victim->preferred, s));
}

size_t bt_tasks_steal(struct bt_shard *s)
{
	for (uint32_t i = 0; !s->set->opts.no_steal && i + 1 < s->n; i++) {
		struct bt_shard *victim = &s->set->shards[s->victim];

		if (victim != s && steal_from(victim, s))
			return 1;
		s->victim = s->victim + 1 < s->n ? s->victim + 1 : 0;
	}
	return 0;
}

bool bt_tasks_pending(struct bt_shard *s)
{
	return bt_mpmc_pending(&s->tasks) || bt_mpmc_pending(&s->preferred);
}

bool bt_tasks_stealable(struct bt_shard *s, uint32_t from)
{
	struct bt_shard *other = &s->set->shards[from];

	if (other == s || s->set->opts.no_steal)
		return false;
	return bt_mpmc_pending(&other->tasks) || bt_mpmc_depth(&other->preferred) > BT_SHARD_KEEP;
}

static uint32_t sticky(uint64_t key, uint32_t n)
{
	key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9); /* the finaliser of splitmix64 */
	key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((key ^ key >> 31) % n);
}

/* Wakes one sleeper that could help. */
static void call_help(struct bt_shards *set, struct bt_shard *by, uint32_t home)
{
	if (set->opts.no_steal || atomic_load_explicit(&set->sleepers, memory_order_seq_cst) == 0)
		return;
	for (uint32_t i = 1; i < set->n; i++) {
		struct bt_shard *other = &set->shards[(home + i) % set->n];

		if (atomic_load_explicit(&other->state, memory_order_seq_cst) != BT_AWAKE) {
			bt_shard_ring_bell(by, other);
			return;
		}
	}
}

static int queue_task(struct bt_shards *set, struct bt_shard *by, struct bt_task *task, enum bt_place place, uint32_t home)
{
	struct bt_shard *at = &set->shards[home];
	struct bt_mpmc *q = place == BT_PLACE_PREFERRED ? &at->preferred : &at->tasks;

	if (!bt_mpmc_push(q, (struct bt_msg){ (uintptr_t)task, BT_TAG_TASK, home }))
		return -EAGAIN;
	if (at != by && atomic_load_explicit(&at->state, memory_order_seq_cst) != BT_AWAKE)
		bt_shard_ring_bell(by, at);
	else if (place == BT_PLACE_STEALABLE || bt_mpmc_depth(q) > BT_SHARD_KEEP)
		call_help(set, by, home);
	return 0;
}

static uint32_t next(struct bt_shards *set, struct bt_shard *s)
{
	if (!s)
		return atomic_fetch_add_explicit(&set->next_shard, 1, memory_order_relaxed) % set->n;
	s->next_shard = s->next_shard + 1 < s->n ? s->next_shard + 1 : 0;
	return s->next_shard;
}

/* The shard that a placement picks, or -EINVAL. */
static int64_t pick(struct bt_shards *set, struct bt_shard *s, enum bt_place place, uint64_t key)
{
	switch (place) {
	case BT_PLACE_PINNED:
	case BT_PLACE_PREFERRED:
		return key < set->n ? (int64_t)key : -EINVAL;
	case BT_PLACE_ROUND_ROBIN:
		return next(set, s);
	case BT_PLACE_STICKY:
		return sticky(key, set->n);
	case BT_PLACE_STEALABLE:
		return s ? s->index : next(set, s);
	}
	return -EINVAL;
}

static bool stealable(enum bt_place place)
{
	return place == BT_PLACE_STEALABLE || place == BT_PLACE_PREFERRED;
}

/* The group counts a task before anyone can run it. */
static void join_begin(struct bt_join *join)
{
	if (join)
		atomic_fetch_add_explicit(&join->left, 1, memory_order_relaxed);
}

static void join_undo(struct bt_join *join)
{
	if (join)
		atomic_fetch_sub_explicit(&join->left, 1, memory_order_relaxed);
}

int bt_shard_spawn(struct bt_shard *s, struct bt_task *task, enum bt_place place, uint64_t key)
{
	struct bt_join *join = task->join;
	int64_t to;
	int rc;

	if (!bt_shard_is_mine(s))
		return -EXDEV;
	to = pick(s->set, s, place, key);
	if (to < 0)
		return (int)to;
	if (s->quiet)
		return -ESHUTDOWN;
	join_begin(join);
	if (stealable(place))
		rc = queue_task(s->set, s, task, place, (uint32_t)to);
	else
		rc = bt_shard_put(s, (uint32_t)to, BT_TAG_TASK, (uintptr_t)task);
	if (rc < 0) {
		join_undo(join);
		if (stealable(place))
			BT_BUMP(s->count.refused, 1);
		return rc;
	}
	BT_BUMP(s->count.spawned, 1);
	if (!s->in_turn || stealable(place)) /* whoever was called to help is called now */
		bt_shard_push_out(s);
	return 0;
}

static int put_inbox(struct bt_shard *to, struct bt_task *task)
{
	if (!bt_mpmc_push(&to->inbox, (struct bt_msg){ (uintptr_t)task, BT_TAG_TASK, to->index }))
		return -EAGAIN;
	bt_shard_ring_bell(NULL, to);
	return 0;
}

int bt_shards_spawn(struct bt_shards *set, struct bt_task *task, enum bt_place place, uint64_t key)
{
	struct bt_join *join = task->join;
	int64_t to = pick(set, NULL, place, key);
	int rc;

	if (to < 0)
		return (int)to;
	rc = bt_shards_enter(set);
	if (rc < 0)
		return rc;
	join_begin(join);
	if (stealable(place))
		rc = queue_task(set, NULL, task, place, (uint32_t)to);
	else
		rc = put_inbox(&set->shards[to], task);
	if (rc < 0) {
		join_undo(join);
		atomic_fetch_add_explicit(&set->refused, 1, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&set->spawned, 1, memory_order_relaxed);
	}
	bt_shards_leave(set);
	return rc;
}

static bool join_done(struct bt_shard *s)
{
	return atomic_load_explicit(&s->join->left, memory_order_seq_cst) == 0;
}

int bt_join_wait(struct bt_shard *s, struct bt_join *join, uint64_t timeout_ns)
{
	int rc;

	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (join->waiter != s)
		return -EINVAL;
	s->join = join;
	rc = bt_shard_until(s, join_done, timeout_ns);
	s->join = NULL;
	return rc;
}

uint32_t bt_join_left(struct bt_join *join)
{
	return atomic_load_explicit(&join->left, memory_order_acquire);
}
