/* SPDX-License-Identifier: ISC
 *
 * chase - latency: loads of which each needs the one before, along one random cycle through all lines (latency) or through one line
 * of each page (tlb).
 *
 * Every slot knows its number on the way, so after each batch it is known whether exactly so many loads were done.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"

#define LOADS 16384 /* of a batch: 20 us in the first cache, 2 ms in memory */

void bmem_chase_make(struct bmem_chase *c, char *base, uint64_t n, uint64_t stride_bytes, bool turning, uint64_t seed)
{
	struct bt_cycle cycle = { .base = base, .n = n, .stride_bytes = stride_bytes, .seed = seed };

	if (turning && stride_bytes >= 2 * BMEM_LINE) {
		cycle.turn_bytes = BMEM_LINE;
		cycle.turns = stride_bytes / BMEM_LINE;
	}
	*c = (struct bmem_chase){ .at = bt_cycle_make(&cycle), .n = n };
}

uint64_t bmem_chase_loads(const struct bmem_job *job, uint32_t workers)
{
	(void)job, (void)workers;
	return LOADS;
}

/* Lines of the way, and their bytes. */
static uint64_t lines(const struct bmem_job *job)
{
	return job->size_bytes / job->stride_bytes;
}

static uint64_t uses(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->stride_bytes < BMEM_LINE ? job->size_bytes : lines(job) * BMEM_LINE;
}

static size_t latency_sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	return bt_ladder_sizes(&b->host, bmem_room(b) / 2, out);
}

static size_t latency_strides(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	(void)b;
	out[0] = BMEM_LINE;
	return 1;
}

static uint64_t latency_region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes;
}

static int latency_setup(struct bmem_work *k)
{
	struct bmem_chase *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	k->own = c;
	bmem_chase_make(c, k->region.base, lines(k->job), k->job->stride_bytes, false, k->worker->seed);
	return 0;
}

static int latency_step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;

	return bmem_verdict(k, bmem_chase_go(k->own, LOADS));
}

static uint64_t chase_finish(struct bmem_work *k)
{
	free(k->own);
	return 0;
}

static void latency_measures(const struct bt_emit *e)
{
	bmem_emit_each(e, "lat", &e->span->total->lat);
	bt_emit_dist(e, "batch", &e->span->total->lat);
}

const struct bmem_test bmem_latency = {
	.name = "latency", .kernel = "latency.1", .help = "dependent loads along a random cycle through all lines",
	.operation = "16384 loads", .axes = BMEM_SIZES | BMEM_STRIDES | BMEM_KINDS, .kinds = 1 << BMEM_THP, .quick_ns = 200000000,
	.crowds = true,
	.ops = { .init = bmem_work_init, .step = latency_step, .fini = bmem_work_fini },
	.sizes = latency_sizes, .strides = latency_strides, .region = latency_region, .uses = uses, .per_batch = bmem_chase_loads,
	.setup = latency_setup, .finish = chase_finish, .measures = latency_measures,
};

/* The same number of lines twice: each on a page of its own, and packed. What the first takes longer is address translation. */
struct tlb {
	struct bmem_chase spread, packed;
};

/* From 32 pages to 16384: the ends of common TLBs lie between. */
static size_t tlb_sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	uint64_t page = b->page_bytes[BMEM_BASE];
	size_t n = 0;

	for (uint64_t pages = 32; pages <= 16384 && pages * page <= bmem_room(b) / 2; pages *= 2)
		out[n++] = pages * page;
	if (n == 0)
		out[n++] = 32 * page;
	return n;
}

static size_t tlb_strides(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	out[0] = b->page_bytes[BMEM_BASE];
	return 1;
}

static uint64_t tlb_region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes + lines(job) * BMEM_LINE;
}

static int tlb_setup(struct bmem_work *k)
{
	struct tlb *t = calloc(1, sizeof(*t));
	uint64_t n = lines(k->job);

	if (!t)
		return -ENOMEM;
	k->own = t;
	bmem_chase_make(&t->spread, k->region.base, n, k->job->stride_bytes, true, k->worker->seed);
	bmem_chase_make(&t->packed, k->region.base + k->job->size_bytes, n, BMEM_LINE, false, k->worker->seed);
	return 0;
}

static int tlb_step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct tlb *t = k->own;
	bool right = bmem_chase_go(&t->spread, LOADS);

	w->end_ns = bt_clock_now(w->clock);
	right &= bmem_chase_go(&t->packed, LOADS);
	w->tally->extra_count += bt_clock_now(w->clock) - w->end_ns;
	return bmem_verdict(k, right);
}

static void tlb_measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;

	bmem_emit_each(e, "lat", &total->lat);
	bt_emit_value(e, "packed", "ns", BT_BETTER_LOWER, (double)total->extra_count / (double)total->lat.n / LOADS);
	bt_emit_dist(e, "batch", &total->lat);
}

static void tlb_describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_u64(r, "touched", lines(bmem_job_of(e)));
}

const struct bmem_test bmem_tlb = {
	.name = "tlb", .kernel = "tlb.1", .help = "dependent loads from one line of each page, beside as many lines packed",
	.operation = "16384 loads", .axes = BMEM_SIZES | BMEM_STRIDES | BMEM_KINDS, .kinds = 1 << BMEM_BASE, .quick_ns = 200000000,
	.ops = { .init = bmem_work_init, .step = tlb_step, .fini = bmem_work_fini },
	.sizes = tlb_sizes, .strides = tlb_strides, .region = tlb_region, .uses = uses, .per_batch = bmem_chase_loads,
	.setup = tlb_setup, .finish = chase_finish, .describe = tlb_describe, .measures = tlb_measures,
};
