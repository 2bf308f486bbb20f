/* SPDX-License-Identifier: ISC
 *
 * shardguest - threads of the program that become shards for a while.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "shard_private.h"

static int attach(struct bt_shards *set, struct bt_shard *s)
{
	int rc;

	if (set->stopped)
		return -ESHUTDOWN;
	if (atomic_load(&s->attached))
		return -EBUSY;
	if (sched_getaffinity(0, sizeof(s->cpus_before), s->cpus_before) < 0)
		return -errno;
	rc = bt_shard_begin(s);
	if (rc == 0 && set->effective.backend != BT_SHARD_QUEUE) {
		rc = s->ring.open ? bt_ring_resume(s) : bt_ring_open(s) < 0 ? -ENOTSUP : 0;
		if (rc < 0 && set->opts.ops->end)
			set->opts.ops->end(s, set->opts.arg);
	}
	if (rc < 0) {
		bt_shard_mine = NULL;
		atomic_store(&s->attached, false);
		sched_setaffinity(0, sizeof(s->cpus_before), s->cpus_before);
		return rc;
	}
	if (s->ring.open && set->effective.sq_entries == 0)
		bt_shards_note_ring(set, &s->ring);
	s->raw = set->effective.backend == BT_SHARD_RAW;
	s->quiet = false;
	return 0;
}

int bt_shard_attach(struct bt_shards *set, uint32_t i)
{
	int rc;

	if (bt_shards_forked(set))
		return -ECHILD;
	if (i >= set->guests)
		return -EINVAL;
	if (bt_shard_mine)
		return -EBUSY;
	pthread_mutex_lock(&set->life);
	rc = attach(set, &set->shards[i]);
	pthread_mutex_unlock(&set->life);
	return rc;
}

int bt_shard_detach(struct bt_shard *s)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (!s->guest || s->in_turn)
		return -EDEADLK;
	bt_shard_push_out(s);
	s->quiet = true;
	bt_shard_drain(s, (uint64_t)s->n * s->set->opts.capacity); /* others may go on sending */
	sched_setaffinity(0, sizeof(s->cpus_before), s->cpus_before);
	bt_shard_finish(s);
	return 0;
}
