/* SPDX-License-Identifier: ISC
 *
 * shard - the life of a set of shards: which backend works, the start, the stop.
 */
#include <errno.h>
#include <pthread.h>

#include "shard_private.h"

_Thread_local struct bt_shard *bt_shard_mine;

/* How often this process is a child of fork since it began to use shards. */
static _Atomic unsigned forks;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void forked(void)
{
	atomic_fetch_add(&forks, 1);
	bt_shard_mine = NULL;
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forked);
}

bool bt_shards_forked(const struct bt_shards *set)
{
	return atomic_load(&forks) != set->forks;
}

int bt_shards_enter(struct bt_shards *set)
{
	if (bt_shards_forked(set))
		return -ECHILD;
	atomic_fetch_add(&set->users, 1);
	if (!atomic_load(&set->stopping))
		return 0;
	bt_shards_leave(set);
	return -ESHUTDOWN;
}

void bt_shards_leave(struct bt_shards *set)
{
	if (atomic_fetch_sub(&set->users, 1) == 1 && atomic_load(&set->stopping))
		bt_futex_wake(&set->users);
}

static void await_zero(_Atomic uint32_t *word)
{
	uint32_t now;
	int rc;

	while ((now = atomic_load(word)) > 0)
		bt_futex_wait(word, now, BT_SHARD_FOREVER, &rc);
}

/* -- start and stop -- */

/* Without threads nobody has tried yet whether there is io_uring. */
static int try_ring(struct bt_shards *set)
{
	struct bt_shard *s = &set->shards[0];
	int rc = bt_ring_open(s);

	set->effective.ring_flags = s->ring.flags;
	bt_ring_close(s);
	s->ring.flags = 0;
	return rc;
}

void bt_shards_note_ring(struct bt_shards *set, const struct bt_shard_ring *r)
{
	set->effective.ring_flags = r->flags;
	set->effective.sq_entries = r->u.sq.ring_entries;
	set->effective.cq_entries = r->u.cq.ring_entries;
}

/* Which backend works here: raw and doorbell need a ring in every shard. */
static void choose(struct bt_shards *set)
{
	struct bt_shards_effective *e = &set->effective;
	int rc = 0;

	e->capacity = set->opts.capacity;
	e->spin_ns = set->opts.spin_ns == BT_SHARD_SPIN_ADAPTIVE && set->shards[0].idle.most_ns == 0 ? 0 : set->opts.spin_ns;
	e->backend = set->opts.backend == BT_SHARD_AUTO ? BT_SHARD_DOORBELL : set->opts.backend;
	if (!bt_shards_want_ring(set))
		return;
	if (set->started == 0)
		rc = try_ring(set);
	for (uint32_t i = set->guests; rc == 0 && i < set->n; i++)
		rc = set->shards[i].ring_error;
	e->fallback = rc;
	if (rc < 0)
		*e = (struct bt_shards_effective){ BT_SHARD_QUEUE, rc, 0, 0, 0, e->capacity, e->spin_ns };
	else if (set->started > 0)
		bt_shards_note_ring(set, &set->shards[set->guests].ring);
}

static void go(struct bt_shards *set, enum bt_phase phase)
{
	atomic_store(&set->phase, phase);
	bt_futex_wake(&set->phase);
}

int bt_shards_open(struct bt_shards **out, const struct bt_shards_opts *opts)
{
	struct bt_shards *set = NULL;
	int rc;

	pthread_once(&fork_once, watch_forks);
	rc = bt_shards_make(&set, opts);
	if (rc == 0) {
		set->forks = atomic_load(&forks);
		rc = bt_threads_start(set);
		bt_await(&set->ready, set->started);
		for (uint32_t i = set->guests; rc == 0 && i < set->n; i++)
			rc = set->shards[i].error;
		if (rc == 0)
			choose(set);
		go(set, rc == 0 ? BT_PHASE_RUN : BT_PHASE_HOME);
		if (rc < 0)
			bt_threads_join(set);
	}
	if (rc < 0 && set)
		bt_shards_free(set);
	*out = rc < 0 ? NULL : set;
	return rc;
}

static int stop(struct bt_shards *set)
{
	if (set->stopped)
		return -EALREADY;
	for (uint32_t i = 0; i < set->guests; i++)
		if (atomic_load(&set->shards[i].attached))
			return -EBUSY;
	set->stopped = true;
	atomic_store(&set->stopping, 1);
	await_zero(&set->users);
	for (uint32_t i = set->guests; i < set->n; i++)
		bt_shard_ring_bell(NULL, &set->shards[i]);
	bt_reach(&set->quiet); /* no outside call is under way, and none begins */
	bt_threads_join(set);
	bt_asks_end(set);
	return 0;
}

int bt_shards_stop(struct bt_shards *set)
{
	int rc;

	if (bt_shards_forked(set))
		return -ECHILD;
	if (bt_shard_mine && bt_shard_mine->set == set && !bt_shard_mine->guest)
		return -EDEADLK;
	pthread_mutex_lock(&set->life);
	rc = stop(set);
	pthread_mutex_unlock(&set->life);
	return rc;
}

int bt_shards_close(struct bt_shards *set)
{
	int rc = set ? bt_shards_stop(set) : 0;

	if (!set || rc == -ECHILD || rc == -EBUSY || rc == -EDEADLK)
		return rc;
	pthread_mutex_destroy(&set->life);
	bt_shards_free(set);
	return rc == -EALREADY ? 0 : rc;
}

/* -- who is who -- */

struct bt_shard *bt_shards_get(struct bt_shards *set, uint32_t i)
{
	return i < set->n ? &set->shards[i] : NULL;
}

uint32_t bt_shards_count(const struct bt_shards *set)
{
	return set->n;
}

struct bt_shard *bt_shard_self(void)
{
	return bt_shard_mine;
}

uint32_t bt_shard_index(const struct bt_shard *s)
{
	return s->index;
}

struct bt_shards *bt_shard_set(const struct bt_shard *s)
{
	return s->set;
}

void bt_shards_effective(const struct bt_shards *set, struct bt_shards_effective *out)
{
	*out = set->effective;
}
