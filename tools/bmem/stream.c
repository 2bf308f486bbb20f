/* SPDX-License-Identifier: ISC
 *
 * stream - bandwidth: the four loops of STREAM (McCalpin, https://www.cs.virginia.edu/stream), read, write, non-temporal write and
 * memcpy, over arrays that the workers share out among themselves.
 *
 * One operation is a pass over the worker's part of the arrays, or as many passes as move a few megabytes. Before it a few random
 * words of the array written are spoilt; after it they must be right, and at the end of the run every word must.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"
#include "rng.h"

#define BATCH_BYTES (8u << 20)
#define GAP_BYTES 4352u /* between arrays: equal indices then lie in different cache sets and in different lines of their pages */
#define SPOTS 4
#define POISON 0xdeadbeefdeadbeefull

struct stream {
	bmem_loop *loop;
	enum bmem_op op;
	char *to, *x, *y;
	size_t bytes; /* of each */
	uint64_t passes, golden;
	struct bt_rng rng;
};

static unsigned arrays(enum bmem_op op)
{
	return bmem_arrays_read(op) + bmem_arrays_written(op);
}

static uint64_t part_bytes(const struct bmem_job *job, uint32_t workers)
{
	return job->size_bytes / workers / BMEM_CHUNK * BMEM_CHUNK;
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	return arrays(job->op) * (part_bytes(job, workers) + GAP_BYTES);
}

static uint64_t uses(const struct bmem_job *job, uint32_t workers)
{
	return arrays(job->op) * part_bytes(job, workers);
}

static uint64_t passes(const struct bmem_job *job, uint32_t workers)
{
	return BATCH_BYTES / uses(job, workers) + 1;
}

/* All workers share three arrays at most. */
static size_t sizes(const struct bmem *b, uint64_t out[BMEM_LIST])
{
	out[0] = bmem_far_size(b, b->limit.bytes, 3);
	return 1;
}

static int setup(struct bmem_work *k)
{
	const struct bmem_job *job = k->job;
	struct stream *s = calloc(1, sizeof(*s));
	char *at = k->region.base;

	if (!s)
		return -ENOMEM;
	k->own = s;
	s->op = job->op;
	s->loop = job->isa->loops[job->op];
	s->bytes = part_bytes(job, k->worker->n_workers);
	s->passes = passes(job, k->worker->n_workers);
	s->golden = bmem_read_sum(s->bytes / 8, 1);
	bt_rng_seed(&s->rng, k->worker->seed);
	if (bmem_arrays_written(s->op)) {
		s->to = at;
		at += s->bytes + GAP_BYTES;
	}
	if (bmem_arrays_read(s->op) > 0)
		s->x = at;
	if (bmem_arrays_read(s->op) > 1)
		s->y = at + s->bytes + GAP_BYTES;
	bmem_fill(s->op, s->x, s->y, s->bytes);
	return 0;
}

static bool go(struct stream *s)
{
	bool right = true;

	for (uint64_t i = 0; i < s->passes; i++) {
		uint64_t sum = s->loop(s->to, s->x, s->y, s->bytes);

		right &= s->op != BMEM_READ || sum == s->golden;
	}
	return right;
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct stream *s = k->own;
	uint64_t spots[SPOTS], *to = (uint64_t *)(void *)s->to, wrong = 0;
	bool right;

	for (unsigned i = 0; to && i < SPOTS; i++) {
		spots[i] = bt_rng_below(&s->rng, s->bytes / 8);
		to[spots[i]] = POISON;
	}
	right = go(s);
	for (unsigned i = 0; to && i < SPOTS; i++)
		wrong += to[spots[i]] != bmem_expected(s->op, spots[i]);
	return bmem_verdict(k, right && wrong == 0);
}

/* Every word, and the answer of the same loop to arrays of known sums. */
static uint64_t finish(struct bmem_work *k)
{
	struct stream *s = k->own;
	uint64_t wrong;

	if (!s)
		return 0;
	wrong = !bmem_golden(k->job->isa, s->op);
	if (s->to && k->worker->tally)
		wrong += bmem_wrong(s->op, s->to, 0, s->bytes / 8);
	free(s);
	return wrong;
}

/* A store that goes through the caches reads the line first, which nobody asked for: write-allocate. The C library chooses its
 * stores by itself, so nothing is known about memcpy. */
static bool allocates(enum bmem_op op)
{
	return bmem_arrays_written(op) && op < BMEM_NT;
}

static void emit_threads(const struct bt_emit *e, double batch_bytes)
{
	struct bt_rec r;

	if (e->kind != BT_KIND_RESULT || e->span->n_workers < 2 || !bt_load_wants(&e->tool->load, "thread_bw"))
		return;
	for (uint32_t i = 0; i < e->span->n_workers; i++) {
		bt_emit_start(e, &r);
		bt_rec_u64(&r, "thread", i);
		bt_rec_u64(&r, "cpu", e->span->cpus[i]);
		bt_rec_value(&r, "thread_bw", "B/s", BT_BETTER_HIGHER, e->span->rates[i] * batch_bytes);
		bt_out_rec(&e->tool->out, &r);
	}
}

static void emit_speedup(const struct bt_emit *e, double bw)
{
	struct bt_loadtool *t = e->tool;
	struct bmem_job *job = (struct bmem_job *)t->job->config;

	if (e->kind != BT_KIND_RESULT || t->opts->n_threads < 2)
		return;
	if (t->threads == t->opts->threads[0])
		job->base_bw = bw;
	bt_emit_value(e, "speedup", "ratio", BT_BETTER_HIGHER, bw / job->base_bw);
}

/* Bytes as STREAM counts them: each array once. */
static void measures(const struct bt_emit *e)
{
	const struct bmem_job *job = bmem_job_of(e);
	double batch_bytes = (double)uses(job, e->tool->threads) * (double)job->per_batch, bw = e->span->rate * batch_bytes;
	unsigned read = bmem_arrays_read(job->op), moved = arrays(job->op) + allocates(job->op);

	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, bw);
	if (job->op != BMEM_MEMCPY)
		bt_emit_value(e, "traffic", "B/s", BT_BETTER_HIGHER, bw * moved / (read + bmem_arrays_written(job->op)));
	if (!bt_emit_open(e))
		bt_emit_dist(e, "batch", &e->span->total->lat);
	emit_speedup(e, bw);
	emit_threads(e, batch_bytes);
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bmem_job *job = bmem_job_of(e);

	bt_rec_str(r, "isa", job->op == BMEM_MEMCPY ? "libc" : job->isa->name);
	if (job->test->axes & BMEM_STORES)
		bt_rec_str(r, "stores", job->op >= BMEM_NT ? "nt" : "plain");
}

#define STREAM_TEST(symbol, the_name, the_op, more, text, what) \
	const struct bmem_test symbol = { \
		.name = the_name, .kernel = the_name ".1", .help = text, .operation = what, .op = the_op, .shared = true, .far = true, \
		.axes = BMEM_SIZES | BMEM_KINDS | BMEM_RATE | (more), .kinds = 1 << BMEM_THP, \
		.ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini }, \
		.sizes = sizes, .region = region, .uses = uses, .per_batch = passes, .setup = setup, .finish = finish, \
		.describe = describe, .measures = measures, \
	}

STREAM_TEST(bmem_copy, "copy", BMEM_COPY, BMEM_ISAS | BMEM_STORES, "STREAM copy", "passes of c = a");
STREAM_TEST(bmem_scale, "scale", BMEM_SCALE, BMEM_ISAS | BMEM_STORES, "STREAM scale", "passes of b = q * c");
STREAM_TEST(bmem_add, "add", BMEM_ADD, BMEM_ISAS | BMEM_STORES, "STREAM add", "passes of c = a + b");
STREAM_TEST(bmem_triad, "triad", BMEM_TRIAD, BMEM_ISAS | BMEM_STORES, "STREAM triad", "passes of a = b + q * c");
STREAM_TEST(bmem_read, "read", BMEM_READ, BMEM_ISAS, "sum of all words", "passes of sum += a");
STREAM_TEST(bmem_write, "write", BMEM_WRITE, BMEM_ISAS, "a pattern through the caches", "passes of a = pattern");
STREAM_TEST(bmem_ntwrite, "ntwrite", BMEM_NTWRITE, BMEM_ISAS, "a pattern past the caches", "passes of a = pattern");
STREAM_TEST(bmem_libc, "memcpy", BMEM_MEMCPY, 0, "the C library's copy", "passes of memcpy");
