/* SPDX-License-Identifier: ISC
 *
 * shardthread - the threads of the shards: from their first step to their last.
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "shard_private.h"

/* What a shard needs in its own thread. A ring that cannot be had is noted, not an error. */
int bt_shard_begin(struct bt_shard *s)
{
	const struct bt_shards_opts *o = &s->set->opts;
	int rc = o->no_pin ? 0 : bt_cpus_pin(s->cpu);

	if (rc < 0)
		return rc;
	bt_shard_mine = s;
	if (pthread_getcpuclockid(pthread_self(), &s->cpu_clock) != 0)
		s->cpu_clock = CLOCK_THREAD_CPUTIME_ID;
	atomic_store(&s->attached, true);
	return o->ops->start ? o->ops->start(s, o->arg) : 0;
}

static void keep_cpu_time(struct bt_shard *s)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0)
		atomic_store(&s->final_cpu_ns, (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

void bt_shard_finish(struct bt_shard *s)
{
	if (s->set->opts.ops->end)
		s->set->opts.ops->end(s, s->set->opts.arg);
	if (s->guest)
		bt_ring_pause(s);
	else
		bt_ring_close(s);
	keep_cpu_time(s);
	bt_shard_mine = NULL;
	atomic_store(&s->attached, false);
}

void bt_reach(_Atomic uint32_t *word)
{
	atomic_fetch_add(word, 1);
	bt_futex_wake(word);
}

void bt_await(_Atomic uint32_t *word, uint32_t value)
{
	uint32_t now;
	int rc;

	while ((now = atomic_load(word)) < value)
		bt_futex_wait(word, now, BT_SHARD_FOREVER, &rc);
}

/* Nobody sends any more once all are quiet; only then is the last work done, so it is the last. */
static void *thread_main(void *arg)
{
	struct bt_shard *s = arg;
	struct bt_shards *set = s->set;
	bool begun;

	s->error = bt_shard_begin(s);
	begun = s->error == 0;
	if (begun && bt_shards_want_ring(set))
		s->ring_error = bt_ring_open(s);
	bt_reach(&set->ready);
	bt_await(&set->phase, BT_PHASE_RUN);
	if (atomic_load(&set->phase) == BT_PHASE_RUN) {
		if (set->effective.backend == BT_SHARD_QUEUE)
			bt_ring_close(s);
		s->raw = set->effective.backend == BT_SHARD_RAW;
		s->quiet = false;
		bt_shard_loop(s);
		bt_shard_push_out(s);
		s->quiet = true;
		bt_reach(&set->quiet);
		bt_await(&set->quiet, set->started + 1);
		bt_shard_drain(s, UINT64_MAX);
	}
	if (begun)
		bt_shard_finish(s);
	return NULL;
}

/* Signals are for the caller's threads. */
int bt_threads_start(struct bt_shards *set)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (uint32_t i = set->guests; rc == 0 && i < set->n; i++) {
		rc = -pthread_create(&set->shards[i].thread, NULL, thread_main, &set->shards[i]);
		set->started += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

void bt_threads_join(struct bt_shards *set)
{
	for (uint32_t i = 0; i < set->started; i++)
		pthread_join(set->shards[set->guests + i].thread, NULL);
	set->started = 0;
}
