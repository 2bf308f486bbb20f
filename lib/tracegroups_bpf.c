/* SPDX-License-Identifier: ISC
 *
 * tracegroups - what a tracer's BPF programs have counted.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracegroups.h"

#define BATCH 256u

int bt_trace_groups_init(struct bt_trace_groups *g, struct bt_tracer *tracer)
{
	static const uint8_t digits_of[] = { [4] = 1, [7] = 2 };

	*g = (struct bt_trace_groups){ .tracer = tracer };
	g->slots = calloc(tracer->conf->n_slots, sizeof(*g->slots));
	g->now = calloc(tracer->conf->n_buckets, sizeof(*g->now));
	bt_hist_init(&g->hist, digits_of[tracer->conf->half_bits]);
	if (!g->slots || !g->now) {
		bt_trace_groups_free(g);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < tracer->conf->n_slots; i++)
		g->slots[i].min_ns = UINT64_MAX;
	return 0;
}

void bt_trace_groups_free(struct bt_trace_groups *g)
{
	for (uint32_t i = 0; g->slots && i < g->tracer->conf->n_slots; i++)
		free(g->slots[i].buckets);
	free(g->slots);
	free(g->now);
	bt_hist_free(&g->hist);
	*g = (struct bt_trace_groups){ .tracer = g->tracer };
}

static void learn(struct bt_trace_groups *g, const struct trace_key *key, uint32_t slot)
{
	if (slot >= g->tracer->conf->n_slots || g->slots[slot].known)
		return;
	g->slots[slot].key = *key;
	g->slots[slot].known = true;
	g->n_known++;
}

/* Groups are only ever added, so a walk through the table sees all that were there when it began. */
static int learn_all(struct bt_trace_groups *g)
{
	int fd = bt_tracer_map(g->tracer, "groups"), rc = 0;
	struct trace_key *keys = calloc(BATCH, sizeof(*keys));
	uint32_t *slots = calloc(BATCH, sizeof(*slots)), position = 0, n;
	bool first = true;

	if (!keys || !slots)
		rc = -ENOMEM;
	while (rc == 0) {
		n = BATCH;
		rc = bpf_map_lookup_batch(fd, first ? NULL : &position, &position, keys, slots, &n, NULL) == 0 ? 0 : -errno;
		first = false;
		if (rc != 0 && rc != -ENOENT)
			break;
		for (uint32_t i = 0; i < n; i++)
			learn(g, &keys[i], slots[i]);
	}
	free(keys);
	free(slots);
	return rc == -ENOENT ? 0 : rc;
}

/* What all stripes of a slot hold together. */
struct total {
	uint64_t sum, extra[BT_TRACE_EXTRA], min_ns;
	struct bt_trace_max max;
};

static void take_extremes(struct total *all, struct trace_cell *cell)
{
	uint64_t max = __atomic_exchange_n(&cell->max, 0, __ATOMIC_RELAXED);
	uint64_t min_plus = __atomic_exchange_n(&cell->min_plus, 0, __ATOMIC_RELAXED);

	if (min_plus > 0 && min_plus - 1 < all->min_ns)
		all->min_ns = min_plus - 1;
	if (min_plus == 0 || max < all->max.ns)
		return;
	all->max = (struct bt_trace_max){ max, cell->max_ts_ns, cell->max_pid, cell->max_tid, "" };
	memcpy(all->max.comm, cell->max_comm, sizeof(all->max.comm));
}

static void add_up(struct bt_trace_groups *g, uint32_t slot, struct total *all)
{
	const struct trace_conf *conf = g->tracer->conf;

	*all = (struct total){ .min_ns = UINT64_MAX };
	memset(g->now, 0, conf->n_buckets * sizeof(*g->now));
	for (uint32_t s = 0; s < conf->n_stripes; s++) {
		uint8_t *at = g->tracer->cells + ((size_t)s * conf->n_slots + slot) * g->tracer->cell_bytes;
		struct trace_cell *cell = (struct trace_cell *)at;
		const uint64_t *buckets = (const uint64_t *)(cell + 1);

		all->sum += cell->sum;
		for (unsigned i = 0; i < BT_TRACE_EXTRA; i++)
			all->extra[i] += cell->extra[i];
		take_extremes(all, cell);
		for (uint32_t i = 0; i < conf->n_buckets; i++)
			g->now[i] += __atomic_load_n(&buckets[i], __ATOMIC_RELAXED);
	}
}

/* Fill the histogram with what has come since the buckets before (NULL: nothing was before). */
static void fill(struct bt_trace_groups *g, const uint64_t *before)
{
	bt_hist_reset(&g->hist);
	for (uint32_t i = 0; i < g->tracer->conf->n_buckets; i++)
		if (g->now[i] > (before ? before[i] : 0))
			bt_hist_add_n(&g->hist, bt_hist_low(&g->hist, i), g->now[i] - (before ? before[i] : 0));
}

/* Exact sum, smallest and largest value, as far as they fit the buckets: one that came between two reads may belong to the
 * next look. */
static void sharpen(struct bt_hist *h, uint64_t sum, uint64_t min_ns, const struct bt_trace_max *max)
{
	uint32_t last = bt_hist_used(h);

	if (h->n == 0)
		return;
	h->sum = sum;
	if (bt_hist_index(h, max->ns) == last - 1)
		h->max = max->ns;
	else
		h->max = bt_hist_high(h, last - 1);
	if (min_ns != UINT64_MAX && bt_hist_index(h, min_ns) == bt_hist_index(h, h->min))
		h->min = min_ns;
}

static void remember(struct bt_trace_group *group, const struct total *all)
{
	if (all->min_ns < group->min_ns)
		group->min_ns = all->min_ns;
	if (all->min_ns != UINT64_MAX && all->max.ns >= group->max.ns)
		group->max = all->max;
}

/* Keep what has been seen, so that the next look shows the difference. */
static int keep(struct bt_trace_groups *g, struct bt_trace_group *group, const struct total *all)
{
	size_t bytes = g->tracer->conf->n_buckets * sizeof(*g->now);

	if (!group->buckets)
		group->buckets = malloc(bytes);
	if (!group->buckets)
		return -ENOMEM;
	memcpy(group->buckets, g->now, bytes);
	group->sum = all->sum;
	memcpy(group->extra, all->extra, sizeof(group->extra));
	return 0;
}

static int show_group(struct bt_trace_groups *g, uint32_t slot, bool whole, bt_trace_take *take, void *arg)
{
	struct bt_trace_group *group = &g->slots[slot];
	struct bt_trace_view view = { .key = &group->key, .slot = slot, .hist = &g->hist };
	bool any = false;
	struct total all;

	add_up(g, slot, &all);
	remember(group, &all);
	fill(g, whole ? NULL : group->buckets);
	view.max = whole ? group->max : all.max;
	sharpen(&g->hist, all.sum - (whole ? 0 : group->sum), whole ? group->min_ns : all.min_ns, &view.max);
	for (unsigned i = 0; i < BT_TRACE_EXTRA; i++) {
		view.extra[i] = all.extra[i] - (whole ? 0 : group->extra[i]);
		any |= view.extra[i] > 0;
	}
	if (any || g->hist.n > 0)
		take(arg, &view);
	return whole ? 0 : keep(g, group, &all);
}

struct rank {
	uint64_t sum, extra;
	uint32_t major, slot;
};

static int larger_first(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	if (x->extra != y->extra)
		return x->extra < y->extra ? 1 : -1;
	return x->slot < y->slot ? -1 : 1;
}

/* By what the cells hold since the beginning. */
static uint32_t rank_all(struct bt_trace_groups *g, unsigned order, struct rank *ranks)
{
	const struct trace_conf *conf = g->tracer->conf;
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < conf->n_slots; slot++) {
		if (!g->slots[slot].known)
			continue;
		ranks[n] = (struct rank){ .slot = slot, .major = g->major ? g->slots[slot].key.what / g->major : 0 };
		for (uint32_t s = 0; s < conf->n_stripes; s++) {
			const uint8_t *at = g->tracer->cells + ((size_t)s * conf->n_slots + slot) * g->tracer->cell_bytes;
			const struct trace_cell *cell = (const struct trace_cell *)at;

			ranks[n].sum += cell->sum;
			ranks[n].extra += cell->extra[order];
		}
		n++;
	}
	qsort(ranks, n, sizeof(*ranks), larger_first);
	return n;
}

int bt_trace_groups_show(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg)
{
	int rc = learn_all(g);
	struct rank *ranks;
	uint32_t n;

	if (rc != 0)
		return rc;
	ranks = calloc(g->n_known + 1, sizeof(*ranks));
	if (!ranks)
		return -ENOMEM;
	n = rank_all(g, order, ranks);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = show_group(g, ranks[i].slot, whole, take, arg);
	free(ranks);
	return rc;
}

int64_t bt_trace_groups_find(const struct bt_trace_groups *g, uint32_t what)
{
	for (uint32_t i = 0; i < g->tracer->conf->n_slots; i++)
		if (g->slots[i].known && g->slots[i].key.what == what)
			return i;
	return -ENOENT;
}
