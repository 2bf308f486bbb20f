/* SPDX-License-Identifier: ISC
 *
 * gups - random updates of a table, as HPCC RandomAccess does them: table[r mod size] ^= r for pseudo-random r.
 *
 * Every second batch repeats the one before, which undoes it: some of its entries must then hold what they held at first, and at
 * the end of the run all must.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"
#include "rng.h"

#define UPDATES 65536u
#define SAMPLE 64u
#define POLYNOMIAL 7u /* of the shift register: x^64 + x^2 + x + 1, as in HPCC */

struct gups {
	uint64_t *table, mask; /* a power of two of entries */
	uint64_t start; /* of the random sequence of this batch */
	bool done;      /* and not yet undone */
	struct bt_rng rng;
};

static uint64_t next(uint64_t r)
{
	return r << 1 ^ (r >> 63 ? POLYNOMIAL : 0);
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes;
}

static uint64_t per_batch(const struct bmem_job *job, uint32_t workers)
{
	(void)job, (void)workers;
	return UPDATES;
}

static int setup(struct bmem_work *k)
{
	struct gups *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	k->own = g;
	g->table = (uint64_t *)(void *)k->region.base;
	g->mask = k->job->size_bytes / 8 - 1;
	bt_rng_seed(&g->rng, k->worker->seed);
	for (uint64_t i = 0; i <= g->mask; i++)
		g->table[i] = i;
	return 0;
}

static void update(struct gups *g)
{
	uint64_t r = g->start, *table = g->table, mask = g->mask;

	for (unsigned i = 0; i < UPDATES; i++) {
		r = next(r);
		table[r & mask] ^= r;
	}
	g->done = !g->done;
}

/* How many of the first entries of the batch do not hold what they held at first: nearly all when it is done, since what is
 * added to one may cancel out; none when it is undone. */
static uint64_t changed(const struct gups *g)
{
	uint64_t r = g->start, n = 0;

	for (unsigned i = 0; i < SAMPLE; i++) {
		r = next(r);
		n += g->table[r & g->mask] != (r & g->mask);
	}
	return n;
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct gups *g = k->own;

	if (!g->done)
		g->start = bt_rng_next(&g->rng) | 1;
	update(g);
	return bmem_verdict(k, g->done ? changed(g) > SAMPLE / 2 : changed(g) == 0);
}

static uint64_t finish(struct bmem_work *k)
{
	struct gups *g = k->own;
	uint64_t wrong = 0;

	if (!g)
		return 0;
	if (g->done)
		update(g);
	for (uint64_t i = 0; k->worker->tally && i <= g->mask; i++)
		wrong += g->table[i] != i;
	free(g);
	return wrong;
}

static void measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	bmem_emit_each(e, "update", bmem_batches(e));
	if (!bt_emit_open(e))
		bt_emit_dist(e, "batch", &e->span->total->lat);
}

const struct bmem_test bmem_gups = {
	.name = "gups", .kernel = "gups.1", .far = true, .binary = true,
	.help = "random updates of a table (HPCC RandomAccess)", .operation = "65536 updates",
	.axes = BMEM_SIZES | BMEM_KINDS | BMEM_RATE, .kinds = 1 << BMEM_THP,
	.ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini },
	.sizes = bmem_far_sizes, .region = region, .per_batch = per_batch,
	.setup = setup, .finish = finish, .measures = measures,
};
