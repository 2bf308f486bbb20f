/* SPDX-License-Identifier: ISC
 *
 * tracegroups - what a tracer's BPF programs have counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracegroups.h"

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

void bt_trace_groups_learn(struct bt_trace_groups *g, const struct trace_key *key, uint32_t slot)
{
	if (slot >= g->tracer->conf->n_slots || g->slots[slot].known)
		return;
	g->slots[slot].key = *key;
	g->slots[slot].known = true;
	g->n_known++;
}

static struct trace_cell *cell_at(const struct bt_trace_groups *g, uint32_t stripe, uint32_t slot)
{
	return (struct trace_cell *)(g->tracer->cells + ((size_t)stripe * g->tracer->conf->n_slots + slot) * g->tracer->cell_bytes);
}

/* What all stripes of a slot hold together. */
struct total {
	uint64_t sum, extra[BT_TRACE_EXTRA], min_ns;
	struct bt_trace_max max;
};

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* The programs write largest, then smallest value: the former can be there without the latter. */
static void take_extremes(struct total *all, struct trace_cell *cell)
{
	uint64_t max = __atomic_exchange_n(&cell->max, 0, __ATOMIC_RELAXED);
	uint64_t min_plus = __atomic_exchange_n(&cell->min_plus, 0, __ATOMIC_RELAXED);

	if (min_plus > 0 && min_plus - 1 < all->min_ns)
		all->min_ns = min_plus - 1;
	if (max < all->max.ns || (max == 0 && min_plus == 0))
		return;
	all->max = (struct bt_trace_max){ max, load(&cell->max_ts_ns), cell->max_pid, cell->max_tid, "" };
	memcpy(all->max.comm, cell->max_comm, sizeof(all->max.comm));
}

/* What is read first is what the programs write last, so that no value is in the sum and not in the buckets. */
static void add_up(struct bt_trace_groups *g, uint32_t slot, struct total *all)
{
	const struct trace_conf *conf = g->tracer->conf;

	*all = (struct total){ .min_ns = UINT64_MAX };
	memset(g->now, 0, conf->n_buckets * sizeof(*g->now));
	for (uint32_t s = 0; s < conf->n_stripes; s++) {
		struct trace_cell *cell = cell_at(g, s, slot);
		const uint64_t *buckets = (const uint64_t *)(cell + 1);

		for (unsigned i = 0; i < BT_TRACE_EXTRA; i++)
			all->extra[i] += load(&cell->extra[i]);
		take_extremes(all, cell);
		all->sum += load(&cell->sum);
		for (uint32_t i = 0; i < conf->n_buckets; i++)
			g->now[i] += load(&buckets[i]);
	}
}

/* Fill the histogram with what has come since the buckets before (NULL: nothing was before). Returns the most that the values can
 * sum up to; the least is the histogram's own sum. */
static unsigned __int128 fill(struct bt_trace_groups *g, const uint64_t *before)
{
	unsigned __int128 most = 0;

	bt_hist_reset(&g->hist);
	for (uint32_t i = 0; i < g->tracer->conf->n_buckets; i++) {
		uint64_t count = g->now[i] - (before ? before[i] : 0);

		if (count == 0)
			continue;
		bt_hist_add_n(&g->hist, bt_hist_low(&g->hist, i), count);
		most += (unsigned __int128)bt_hist_high(&g->hist, i) * count;
	}
	return most;
}

/* Exact sum, smallest and largest value, as far as they fit the buckets: of a value that came while we read, one may be in this
 * look and the other in the next. The largest one then has no owner that we know. */
static void sharpen(struct bt_hist *h, uint64_t sum, unsigned __int128 most, uint64_t min_ns, struct bt_trace_max *max)
{
	uint32_t last = bt_hist_used(h);

	if (h->n > 0 && sum > h->sum)
		h->sum = sum < most ? sum : most;
	if (h->n > 0 && max->ts_ns > 0 && bt_hist_index(h, max->ns) == last - 1) {
		h->max = max->ns;
	} else {
		*max = (struct bt_trace_max){ .ns = 0 };
		h->max = h->n > 0 ? bt_hist_high(h, last - 1) : 0;
	}
	if (h->n > 0 && min_ns <= h->max && bt_hist_index(h, min_ns) == bt_hist_index(h, h->min))
		h->min = min_ns;
}

static void remember(struct bt_trace_group *group, const struct total *all)
{
	if (all->min_ns < group->min_ns)
		group->min_ns = all->min_ns;
	if (all->max.ts_ns > 0 && all->max.ns >= group->max.ns)
		group->max = all->max;
}

/* Keep what has been shown, so that the next look shows the difference. */
static int keep(struct bt_trace_groups *g, struct bt_trace_group *group, const struct total *all)
{
	size_t bytes = g->tracer->conf->n_buckets * sizeof(*g->now);

	if (!group->buckets)
		group->buckets = malloc(bytes);
	if (!group->buckets)
		return -ENOMEM;
	memcpy(group->buckets, g->now, bytes);
	group->sum += (uint64_t)g->hist.sum;
	memcpy(group->extra, all->extra, sizeof(group->extra));
	return 0;
}

static int show_group(struct bt_trace_groups *g, uint32_t slot, bool whole, bt_trace_take *take, void *arg)
{
	static const struct bt_trace_group nothing;
	struct bt_trace_group *group = &g->slots[slot];
	const struct bt_trace_group *before = whole ? &nothing : group;
	struct bt_trace_view view = { .key = &group->key, .slot = slot, .hist = &g->hist };
	unsigned __int128 most;
	bool any = false;
	struct total all;

	add_up(g, slot, &all);
	remember(group, &all);
	most = fill(g, before->buckets);
	view.max = whole ? group->max : all.max;
	sharpen(&g->hist, all.sum > before->sum ? all.sum - before->sum : 0, most, whole ? group->min_ns : all.min_ns, &view.max);
	for (unsigned i = 0; i < BT_TRACE_EXTRA; i++) {
		view.extra[i] = all.extra[i] - before->extra[i];
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
			const struct trace_cell *cell = cell_at(g, s, slot);

			ranks[n].sum += load(&cell->sum);
			ranks[n].extra += load(&cell->extra[order]);
		}
		n++;
	}
	qsort(ranks, n, sizeof(*ranks), larger_first);
	return n;
}

int bt_trace_groups_look(struct bt_trace_groups *g, bool whole, unsigned order, bt_trace_take *take, void *arg)
{
	struct rank *ranks = calloc(g->n_known + 1, sizeof(*ranks));
	uint32_t n;
	int rc = 0;

	if (!ranks)
		return -ENOMEM;
	n = rank_all(g, order, ranks);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = show_group(g, ranks[i].slot, whole, take, arg);
	free(ranks);
	return rc;
}
