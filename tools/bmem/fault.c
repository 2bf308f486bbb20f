/* SPDX-License-Identifier: ISC
 *
 * fault - first touches of fresh pages: the kernel finds, clears and maps a page for each. One operation touches all pages of a
 * region; then they are given back, which is not counted.
 *
 * The kernel counts the faults of a thread as well, and a fresh page must be empty.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"

#define DEFAULT_BYTES (64u << 20)
#define STRAY_FAULTS 64 /* of the program's own between two batches: a histogram that grows has 40 */

static size_t sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	uint64_t far = bmem_far_size(b, bmem_room(b), 1);

	out[0] = far < DEFAULT_BYTES ? far : DEFAULT_BYTES;
	return 1;
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes;
}

static uint64_t made_usable(const struct bmem_job *job)
{
	return bmem_pages_round(job->b, job->size_bytes, job->pages);
}

static uint64_t per_batch(const struct bmem_job *job, uint32_t workers)
{
	uint64_t page = job->b->page_bytes[job->pages];

	(void)workers;
	return (made_usable(job) + page - 1) / page;
}

/* On each base page the first word is written and the next one looked at. Transparent huge pages may not be had, and then there are
 * faults on small ones. A sanitizer would touch memory of its own for each page. */
__attribute__((no_sanitize("address", "thread"))) static uint64_t touch(const struct bmem_region *r, uint64_t step)
{
	uint64_t dirt = 0;

	for (size_t at = 0; at < r->bytes; at += step) {
		volatile uint64_t *page = (volatile uint64_t *)(void *)(r->base + at);

		page[0] = at + 1;
		dirt |= page[1];
	}
	return dirt;
}

static int setup(struct bmem_work *k)
{
	uint64_t *before = calloc(1, sizeof(*before));

	k->own = before;
	if (!before)
		return -ENOMEM;
	*before = bmem_faults();
	return 0;
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	uint64_t *before = k->own, dirt = touch(&k->region, k->job->b->page_bytes[BMEM_BASE]), faults, least = k->job->per_batch;
	int rc;

	w->end_ns = bt_clock_now(w->clock);
	faults = bmem_faults() - *before;
	w->tally->extra_count += faults;
	rc = bmem_region_renew(&k->region);
	*before = bmem_faults();
	if (rc < 0)
		return rc;
	return bmem_verdict(k, dirt == 0 && faults >= least && (k->job->pages == BMEM_THP || faults <= least + STRAY_FAULTS));
}

/* Leaves the pages there, for the kernel to say of which kind they are. */
static uint64_t finish(struct bmem_work *k)
{
	uint64_t dirt = k->own && k->worker->tally ? touch(&k->region, k->job->b->page_bytes[BMEM_BASE]) : 0;

	free(k->own);
	return dirt != 0;
}

/* lat is of the faults that there were; busy_ns is the time of all workers, who make pages usable at the same time. */
static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	double busy_ns = (double)total->lat.sum, made = (double)made_usable(bmem_job_of(e)) * (double)total->lat.n;

	bt_emit_value(e, "lat", "ns", BT_BETTER_LOWER, busy_ns / (double)total->extra_count);
	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, made / busy_ns * 1e9 * e->span->n_workers);
	bt_emit_dist(e, "batch", &total->lat);
}

const struct bmem_test bmem_fault = {
	.name = "fault", .kernel = "fault.1", .fresh = true, .help = "first touches of fresh pages", .operation = "a touch of every page",
	.axes = BMEM_SIZES | BMEM_KINDS, .kinds = 1 << BMEM_BASE | 1 << BMEM_THP | 1 << BMEM_2M | 1 << BMEM_1G,
	.ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini },
	.sizes = sizes, .region = region, .per_batch = per_batch, .setup = setup, .finish = finish, .measures = measures,
};
