/* SPDX-License-Identifier: ISC
 *
 * loaded - loaded latency: one CPU follows a chain of dependent loads while all others read memory, as fast as they can or at a
 * share of that. Several shares are the curve of latency over bandwidth.
 *
 * Who reads counts what it has read in a line of its own, which the chaser looks at after each batch.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"

#define PIECE_BYTES (4 * BMEM_CHUNK) /* read between two looks at the clock */
#define LEAST_BYTES (4u << 20)       /* of a reader's buffer */

struct reader {
	_Alignas(128) _Atomic uint64_t bytes; /* read so far */
	_Alignas(128) struct loaded *crew;
	struct bmem_partner partner;
	struct bmem_region region;
	uint64_t size, piece_ns, wrong;
};

struct loaded {
	const struct bmem_work *work;
	struct bmem_chase chase;
	_Atomic bool quit;
	uint64_t last_bytes, last_ns;
	uint32_t n;
	struct reader *readers;
};

/* The readers' buffers take a quarter of the room at most. */
static size_t chaser_sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	out[0] = bmem_far_size(b, b->limit.bytes, 2);
	return 1;
}

static uint32_t readers(const struct bmem_job *job)
{
	return job->load ? (uint32_t)job->b->n_cpus - 1 : 0;
}

/* All buffers together are as good as memory. */
static uint64_t buffer_bytes(const struct bmem_job *job)
{
	const struct bmem *b = job->b;
	uint64_t far = bt_ladder_far(&b->host), most = b->limit.bytes / 4, each = (far < most ? far : most) / (b->n_cpus - 1);

	return each < LEAST_BYTES ? LEAST_BYTES : each / PIECE_BYTES * PIECE_BYTES;
}

static uint64_t beside(const struct bmem_job *job)
{
	return readers(job) * bmem_pages_round(job->b, buffer_bytes(job), job->pages);
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	(void)workers;
	return job->size_bytes;
}

/* Reads a piece; at the end of the buffer the sum of all must be right. */
static uint64_t read_piece(struct reader *r, uint64_t at, uint64_t *sum)
{
	const struct bmem_job *job = r->crew->work->job;

	*sum += job->isa->loops[BMEM_READ](NULL, r->region.base + at, NULL, PIECE_BYTES);
	at += PIECE_BYTES;
	atomic_store_explicit(&r->bytes, atomic_load_explicit(&r->bytes, memory_order_relaxed) + PIECE_BYTES, memory_order_relaxed);
	if (at < r->size)
		return at;
	r->wrong += *sum != bmem_read_sum(r->size / 8, 1);
	*sum = 0;
	return 0;
}

/* How long a piece takes when all readers read as fast as they can; they start at about the same time. */
static void calibrate(struct reader *r, const struct bt_clock *clock)
{
	uint64_t start = bt_clock_now(clock), sum = 0, at = 0;

	do
		at = read_piece(r, at, &sum);
	while (at != 0);
	r->piece_ns = (bt_clock_now(clock) - start) / (r->size / PIECE_BYTES) + 1;
}

static void read_on(struct reader *r, const struct bt_clock *clock)
{
	uint64_t load = r->crew->work->job->load, due = bt_clock_now(clock), sum = 0, at = 0;

	while (!atomic_load_explicit(&r->crew->quit, memory_order_relaxed)) {
		at = read_piece(r, at, &sum);
		due += r->piece_ns * 100 / load;
		while (load < 100 && bt_clock_now(clock) < due)
			;
	}
}

static void reader_main(void *arg)
{
	struct reader *r = arg;
	const struct bmem_work *k = r->crew->work;
	int rc = bmem_region_map(&r->region, k->job, r->size);

	if (rc == 0) {
		bmem_fill(BMEM_READ, r->region.base, NULL, r->size);
		calibrate(r, k->worker->clock);
	}
	bmem_partner_ready(&r->partner, rc);
	if (rc == 0)
		read_on(r, k->worker->clock);
	bmem_region_free(&r->region);
}

static uint64_t read_so_far(const struct loaded *l)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < l->n; i++)
		bytes += atomic_load_explicit(&l->readers[i].bytes, memory_order_relaxed);
	return bytes;
}

static int start_readers(struct loaded *l, const struct bmem_job *job)
{
	uint32_t n = readers(job);
	int rc = 0;

	l->readers = aligned_alloc(128, (n + 1) * sizeof(*l->readers));
	if (!l->readers)
		return -ENOMEM;
	for (; l->n < n && rc == 0; l->n++) {
		struct reader *r = &l->readers[l->n];

		*r = (struct reader){ .crew = l, .size = buffer_bytes(job),
				      .partner = { .cpu = job->b->cpus[l->n + 1], .body = reader_main, .arg = r } };
		rc = bmem_partner_start(&r->partner);
	}
	for (uint32_t i = 0; i < l->n; i++) {
		int one = l->readers[i].partner.started ? bmem_partner_wait(&l->readers[i].partner) : 0;

		rc = rc ? rc : one;
	}
	return rc;
}

static int setup(struct bmem_work *k)
{
	struct loaded *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	k->own = l;
	l->work = k;
	bmem_chase_make(&l->chase, k->region.base, k->job->size_bytes / BMEM_LINE, BMEM_LINE, false, k->worker->seed);
	rc = start_readers(l, k->job);
	l->last_bytes = read_so_far(l);
	l->last_ns = bt_clock_now(k->worker->clock);
	return rc;
}

/* What has been read since the last batch, and in how long. */
static void count_load(struct loaded *l, struct bt_worker *w)
{
	uint64_t bytes = read_so_far(l);

	w->tally->extra_count += bytes - l->last_bytes;
	w->tally->extra_count2 += w->end_ns - l->last_ns;
	l->last_bytes = bytes;
	l->last_ns = w->end_ns;
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct loaded *l = k->own;
	bool right = bmem_chase_go(&l->chase, k->job->per_batch);

	w->end_ns = bt_clock_now(w->clock);
	count_load(l, w);
	return bmem_verdict(k, right);
}

static uint64_t finish(struct bmem_work *k)
{
	struct loaded *l = k->own;
	uint64_t wrong = 0;

	if (!l)
		return 0;
	atomic_store(&l->quit, true);
	for (uint32_t i = 0; i < l->n; i++) {
		bmem_partner_join(&l->readers[i].partner);
		wrong += l->readers[i].wrong;
	}
	free(l->readers);
	free(l);
	return wrong;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bmem_job *job = bmem_job_of(e);

	bt_rec_u64(r, "load", job->load);
	bt_rec_u64(r, "readers", readers(job));
	bt_rec_str(r, "isa", job->isa->name);
}

static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;

	bmem_emit_each(e, "lat", &total->lat);
	bt_emit_value(e, "load_bw", "B/s", BT_BETTER_NONE,
		      total->extra_count2 ? (double)total->extra_count / (double)total->extra_count2 * 1e9 : 0);
	bt_emit_dist(e, "batch", &total->lat);
}

const struct bmem_test bmem_loaded = {
	.name = "loaded", .kernel = "loaded.1", .far = true, .help = "dependent loads of one CPU while the others read memory",
	.operation = "16384 loads", .axes = BMEM_SIZES | BMEM_KINDS | BMEM_LOADS | BMEM_ISAS | BMEM_ALONE, .kinds = 1 << BMEM_THP,
	.quick_ns = 300000000, .ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini },
	.sizes = chaser_sizes, .region = region, .beside = beside, .per_batch = bmem_chase_loads,
	.setup = setup, .finish = finish, .describe = describe, .measures = measures,
};
