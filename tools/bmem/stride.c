/* SPDX-License-Identifier: ISC
 *
 * stride - reads one word of every so many bytes, so that prefetchers, lines and pages show. The loads do not depend on each other.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"

#define BATCH_READS 65536u
#define STRIDE_LEAST 8u

struct stride {
	const uint64_t *words;
	uint64_t count, step, sum; /* of words; from one to the next; expected of one pass */
	uint64_t passes;
};

static uint64_t reads(const struct bmem_job *job)
{
	return job->size_bytes / job->stride_bytes;
}

static uint64_t passes(const struct bmem_job *job)
{
	return BATCH_READS / reads(job) + 1;
}

static size_t strides(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	size_t n = 0;

	(void)b;
	for (uint64_t bytes = STRIDE_LEAST; bytes <= 4096; bytes *= 2)
		out[n++] = bytes;
	return n;
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes;
}

/* Far apart, words have a line each; all these lines may fit a cache that the buffer does not. */
static uint64_t uses(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->stride_bytes < BMEM_LINE ? job->size_bytes : reads(job) * BMEM_LINE;
}

static uint64_t per_batch(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return reads(job) * passes(job);
}

static int setup(struct bmem_work *k)
{
	struct stride *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	k->own = s;
	s->words = (const uint64_t *)(void *)k->region.base;
	s->step = k->job->stride_bytes / 8;
	s->count = reads(k->job) * s->step;
	s->passes = passes(k->job);
	bmem_fill(BMEM_READ, k->region.base, NULL, k->job->size_bytes);
	s->sum = bmem_read_sum(s->count, s->step);
	return 0;
}

/* Four sums, so that no addition waits for the one before. The rest of a count that four does not divide comes last. */
static uint64_t pass(const struct stride *s)
{
	uint64_t sums[4] = { 0 }, step = s->step, i = 0;
	const uint64_t *words = s->words;

	for (; i + 3 * step < s->count; i += 4 * step) {
		sums[0] += words[i];
		sums[1] += words[i + step];
		sums[2] += words[i + 2 * step];
		sums[3] += words[i + 3 * step];
		__asm__ volatile("" : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3]));
	}
	for (; i < s->count; i += step)
		sums[0] += words[i];
	return sums[0] + sums[1] + sums[2] + sums[3];
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct stride *s = k->own;
	bool right = true;

	for (uint64_t i = 0; i < s->passes; i++)
		right &= pass(s) == s->sum;
	return bmem_verdict(k, right);
}

static uint64_t finish(struct bmem_work *k)
{
	free(k->own);
	return 0;
}

/* Of every line touched all comes from memory; of smaller strides no line comes twice. */
static void measures(const struct bt_emit *e)
{
	const struct bmem_job *job = bmem_job_of(e);
	uint64_t each = job->stride_bytes < BMEM_LINE ? job->stride_bytes : BMEM_LINE;

	bmem_emit_each(e, "access", bmem_batches(e));
	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, e->span->rate * (double)(job->per_batch * each));
	if (!bt_emit_open(e))
		bt_emit_dist(e, "batch", &e->span->total->lat);
}

const struct bmem_test bmem_stride = {
	.name = "stride", .kernel = "stride.1", .help = "reads one word of every so many bytes",
	.operation = "passes of sum += a[i * stride]", .axes = BMEM_SIZES | BMEM_STRIDES | BMEM_KINDS | BMEM_RATE,
	.kinds = 1 << BMEM_THP, .quick_ns = 200000000, .crowds = true,
	.ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini },
	.sizes = bmem_far_sizes, .strides = strides, .region = region, .uses = uses, .per_batch = per_batch,
	.setup = setup, .finish = finish, .measures = measures,
};
