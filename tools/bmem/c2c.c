/* SPDX-License-Identifier: ISC
 *
 * c2c - core to core: one cache line bounces between two CPUs. Each waits for the other's number, spinning, and writes the next one
 * into the same line. One round trip takes the line there and back; it is never halved.
 */
#include <errno.h>
#include <stdlib.h>

#include "bmem.h"

#define ROUNDS 1000u
#define QUIT UINT64_MAX

struct line {
	_Alignas(128) _Atomic uint64_t number; /* odd: the worker's, even: the partner's. Prefetchers fetch lines in pairs */
	char rest[120];
};

struct c2c {
	struct line *line;
	uint64_t number;   /* last one that came back */
	uint64_t answered; /* by the partner; its own until it has been joined */
	struct bmem_partner partner;
};

static void answer(void *arg)
{
	struct c2c *c = arg;
	struct line *line = c->line;
	uint64_t last = 0, seen, answered = 0;

	bmem_partner_ready(&c->partner, 0);
	for (;; answered++) {
		while ((seen = atomic_load_explicit(&line->number, memory_order_acquire)) == last)
			;
		if (seen == QUIT)
			break;
		last = seen + 1;
		atomic_store_explicit(&line->number, last, memory_order_release);
	}
	c->answered = answered;
}

static uint64_t region(const struct bmem_job *job, uint32_t workers)
{
	(void)job, (void)workers;
	return sizeof(struct line);
}

static uint64_t per_batch(const struct bmem_job *job, uint32_t workers)
{
	(void)job, (void)workers;
	return ROUNDS;
}

static int setup(struct bmem_work *k)
{
	struct c2c *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	k->own = c;
	c->line = (struct line *)(void *)k->region.base;
	atomic_store(&c->line->number, 0);
	c->partner = (struct bmem_partner){ .cpu = k->job->peer, .body = answer, .arg = c };
	rc = bmem_partner_start(&c->partner);
	return rc ? rc : bmem_partner_wait(&c->partner);
}

static int step(struct bt_worker *w)
{
	struct bmem_work *k = w->state;
	struct c2c *c = k->own;
	struct line *line = c->line;
	uint64_t number = c->number, seen, wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_store_explicit(&line->number, ++number, memory_order_release);
		while ((seen = atomic_load_explicit(&line->number, memory_order_acquire)) == number)
			;
		wrong += seen != ++number;
	}
	c->number = number;
	return bmem_verdict(k, wrong == 0);
}

/* Two numbers a round: both sides must have counted the same. */
static uint64_t finish(struct bmem_work *k)
{
	struct c2c *c = k->own;
	uint64_t wrong;

	if (!c)
		return 0;
	atomic_store(&c->line->number, QUIT);
	bmem_partner_join(&c->partner);
	wrong = c->number != 2 * c->answered;
	free(c);
	return wrong;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bmem_job *job = bmem_job_of(e);

	bt_rec_u64(r, "cpu", job->cpu);
	bt_rec_u64(r, "peer", job->peer);
	bt_rec_str(r, "distance", bt_distance_name(bt_distance(&e->tool->src, job->cpu, job->peer)));
}

static void measures(const struct bt_emit *e)
{
	bmem_emit_each(e, "rtt", &e->span->total->lat);
	bt_emit_dist(e, "batch", &e->span->total->lat);
}

const struct bmem_test bmem_c2c = {
	.name = "c2c", .kernel = "c2c.1", .help = "a cache line to and fro between every two CPUs", .operation = "1000 round trips",
	.axes = BMEM_PAIRS | BMEM_ALONE, .quick_ns = 50000000,
	.ops = { .init = bmem_work_init, .step = step, .fini = bmem_work_fini },
	.region = region, .per_batch = per_batch, .setup = setup, .finish = finish, .describe = describe, .measures = measures,
};
