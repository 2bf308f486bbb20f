/* SPDX-License-Identifier: ISC
 *
 * shardmake - the memory of a set of shards: options checked, CPUs given out, queues made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shard_private.h"

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static int check_opts(struct bt_shards_opts *o)
{
	o->capacity = bt_spsc_capacity(or_default(o->capacity, 1024));
	o->tasks = or_default(o->tasks, 256);
	o->inbox = or_default(o->inbox, 256);
	o->asks = or_default(o->asks, 256);
	o->ring_entries = or_default(o->ring_entries, 256);
	if (!o->ops || !o->ops->messages || o->n == 0 || o->n > BT_SHARDS_MAX || o->guests > o->n || o->capacity == 0)
		return -EINVAL;
	if (o->tasks > BT_MPMC_MAX || o->inbox > BT_MPMC_MAX || o->asks > 4096 || o->backend > BT_SHARD_QUEUE)
		return -EINVAL;
	if (o->ring_entries > 32768 || (o->cq_entries && o->cq_entries < o->ring_entries))
		return -EINVAL;
	return 0;
}

/* The CPU of each shard, and whether it has it to itself: two shards on one CPU must not spin for each other. */
static int place(struct bt_shards *set, const struct bt_shards_opts *o)
{
	uint32_t allowed[BT_CPUS_MAX];
	int n = bt_cpus_allowed(allowed, BT_CPUS_MAX);

	if (n < 0)
		return n;
	for (uint32_t i = 0; i < set->n; i++)
		set->shards[i].cpu = o->cpus ? o->cpus[i] : allowed[i % (uint32_t)n];
	for (uint32_t i = 0; i < set->n; i++) {
		struct bt_shard *s = &set->shards[i];

		s->alone = o->cpus || n > 1; /* who gives a list need not be allowed more than one CPU */
		for (uint32_t k = 0; k < set->n; k++)
			s->alone = s->alone && (k == i || set->shards[k].cpu != s->cpu);
		if (o->no_pin)
			s->alone = set->n <= (uint32_t)n;
	}
	return 0;
}

static void set_idle(struct bt_shard *s, uint64_t spin_ns)
{
	if (spin_ns != BT_SHARD_SPIN_ADAPTIVE)
		bt_idle_init(&s->idle, false, spin_ns);
	else
		bt_idle_init(&s->idle, true, s->alone ? BT_SHARD_SPIN_MAX_NS : 0);
}

/* -- memory -- */

static struct bt_spsc *queue(const struct bt_shards *set, uint32_t from, uint32_t to)
{
	return (struct bt_spsc *)((char *)set->queues + ((size_t)from * set->n + to) * set->queue_bytes);
}

static int make_queues(struct bt_shards *set)
{
	set->queue_bytes = bt_spsc_bytes(set->opts.capacity);
	set->queues_bytes = set->queue_bytes * set->n * set->n;
	set->queues = mmap(NULL, set->queues_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (set->queues == MAP_FAILED) {
		set->queues = NULL;
		return -ENOMEM;
	}
	for (uint32_t from = 0; from < set->n; from++)
		for (uint32_t to = 0; to < set->n; to++)
			bt_spsc_init(queue(set, from, to), set->opts.capacity);
	return 0;
}

static int make_shard(struct bt_shards *set, uint32_t index)
{
	struct bt_shard *s = &set->shards[index];
	int rc;

	s->set = set;
	s->index = index;
	s->n = set->n;
	s->guest = index < set->guests;
	s->quiet = true;
	s->next_shard = s->victim = index;
	atomic_init(&s->ring_fd, -1);
	s->out = calloc(set->n, sizeof(*s->out));
	s->in = calloc(set->n, sizeof(*s->in));
	s->dirty = calloc(set->n, sizeof(*s->dirty));
	s->dirty_list = calloc(set->n, sizeof(*s->dirty_list));
	if (!s->out || !s->in || !s->dirty || !s->dirty_list)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n; i++) {
		s->out[i] = queue(set, index, i);
		s->in[i] = queue(set, i, index);
	}
	s->bell_fd = eventfd(0, EFD_CLOEXEC);
	if (s->bell_fd < 0)
		return -errno;
	if ((rc = bt_mpmc_init(&s->inbox, set->opts.inbox)) < 0 || (rc = bt_mpmc_init(&s->tasks, set->opts.tasks)) < 0)
		return rc;
	return bt_mpmc_init(&s->preferred, set->opts.tasks);
}

static void free_shard(struct bt_shard *s)
{
	bt_ring_close(s);
	if (s->bell_fd >= 0)
		close(s->bell_fd);
	bt_mpmc_free(&s->inbox);
	bt_mpmc_free(&s->tasks);
	bt_mpmc_free(&s->preferred);
	free(s->out);
	free(s->in);
	free(s->dirty);
	free(s->dirty_list);
}

void bt_shards_free(struct bt_shards *set)
{
	for (uint32_t i = 0; set->shards && i < set->n; i++)
		free_shard(&set->shards[i]);
	if (set->queues)
		munmap(set->queues, set->queues_bytes);
	bt_asks_free(set);
	free(set->shards);
	free(set);
}

int bt_shards_make(struct bt_shards **out, const struct bt_shards_opts *opts)
{
	struct bt_shards_opts o = *opts;
	struct bt_shards *set;
	int rc = check_opts(&o);

	if (rc < 0)
		return rc;
	set = aligned_alloc(128, (sizeof(*set) + 127) / 128 * 128);
	if (!set)
		return -ENOMEM;
	memset(set, 0, sizeof(*set));
	*out = set;
	set->opts = o;
	set->n = o.n;
	set->guests = o.guests;
	if (o.clock)
		set->clock = *o.clock;
	pthread_mutex_init(&set->life, NULL);
	set->shards = aligned_alloc(128, set->n * sizeof(*set->shards));
	if (!set->shards)
		return -ENOMEM;
	memset(set->shards, 0, set->n * sizeof(*set->shards));
	for (uint32_t i = 0; i < set->n; i++)
		set->shards[i].bell_fd = -1;
	rc = place(set, opts);
	if (rc == 0)
		rc = bt_asks_init(set, o.asks);
	if (rc == 0)
		rc = make_queues(set);
	for (uint32_t i = 0; rc == 0 && i < set->n; i++)
		rc = make_shard(set, i);
	for (uint32_t i = 0; rc == 0 && i < set->n; i++)
		set_idle(&set->shards[i], o.spin_ns);
	set->lazy = bt_bell_can_be_lazy(o.spin_ns);
	return rc;
}
