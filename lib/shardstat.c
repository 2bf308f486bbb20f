/* SPDX-License-Identifier: ISC
 *
 * shardstat - what the shards have done so far, and names for what they are.
 */
#include <string.h>
#include <time.h>

#include "shard_private.h"

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint64_t cpu_ns(struct bt_shard *s)
{
	struct timespec ts;

	if (!atomic_load(&s->attached) || clock_gettime(s->cpu_clock, &ts) < 0)
		return get(&s->final_cpu_ns);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void depths(struct bt_shard *s, struct bt_shard_stats *out)
{
	for (uint32_t from = 0; from < s->n; from++)
		out->depth_messages += bt_spsc_depth(s->in[from]);
	out->depth_tasks += bt_mpmc_depth(&s->tasks) + bt_mpmc_depth(&s->preferred);
	out->depth_inbox += bt_mpmc_depth(&s->inbox);
	out->pending_io += get(&s->shown_io);
}

static void add(struct bt_shard *s, struct bt_shard_stats *out)
{
	const struct bt_shard_counters *c = &s->count;

	depths(s, out);
	out->sent += get(&c->sent);
	out->received += get(&c->received);
	out->batches += get(&c->batches);
	out->spawned += get(&c->spawned);
	out->completed += get(&c->completed);
	out->stolen += get(&c->stolen);
	out->refused += get(&c->refused);
	out->foreign += get(&s->foreign);
	out->failed += get(&c->failed);
	out->io_inline += get(&c->io_inline);
	out->io_started += get(&c->io_started);
	out->io_completed += get(&c->io_completed);
	out->asked += get(&c->asked);
	out->asks_dropped += get(&c->asks_dropped);
	out->doorbells += get(&c->doorbells);
	out->sleeps += get(&c->sleeps);
	out->spun_ns += get(&c->spun_ns);
	out->enters += get(&c->enters);
	out->cq_overflows += get(&c->cq_overflows);
	out->resent += get(&c->resent);
	out->cpu_ns += cpu_ns(s);
}

void bt_shard_stats(struct bt_shard *s, struct bt_shard_stats *out)
{
	memset(out, 0, sizeof(*out));
	add(s, out);
}

void bt_shards_stats(struct bt_shards *set, struct bt_shard_stats *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < set->n; i++)
		add(&set->shards[i], out);
	out->spawned += get(&set->spawned);
	out->refused += get(&set->refused);
	out->doorbells += get(&set->doorbells);
	out->pending_asks = get(&set->pending_asks);
}

const char *bt_shard_backend_name(enum bt_shard_backend backend)
{
	static const char *const names[] = { "auto", "raw", "doorbell", "queue" };

	return names[backend <= BT_SHARD_QUEUE ? backend : BT_SHARD_AUTO];
}

const char *bt_shard_ring_flags(uint32_t flags, char out[BT_RING_NAMES])
{
	static const char *const names[] = { "sqpoll", "single", "coop", "defer", "cqeskip" };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(flags & 1u << i))
			continue;
		if (len > 0)
			out[len++] = ',';
		memcpy(out + len, names[i], strlen(names[i]));
		len += strlen(names[i]);
	}
	if (len == 0) {
		memcpy(out, "none", 4);
		len = 4;
	}
	out[len] = '\0';
	return out;
}
