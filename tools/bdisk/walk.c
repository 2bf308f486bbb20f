/* SPDX-License-Identifier: ISC
 *
 * walk - which block comes next: one after the other, or at random with a law.
 *
 * Every worker has a part of the file to itself, so that no two read the same block into a cache or write it at once.
 */
#include "bdisk.h"

uint64_t bdisk_part(const struct bdisk *b, uint32_t n)
{
	uint64_t unit = b->sizes.most;

	return b->target.bytes / n / unit * unit;
}

void bdisk_walk_init(struct bdisk_work *w)
{
	struct bdisk_walk *k = &w->walk;
	const struct bdisk *b = w->b;

	k->bytes = bdisk_part(b, w->worker->n_workers);
	k->base = k->bytes * w->worker->index;
	bt_rng_seed(&k->rng, w->worker->seed);
	bt_shuffle_init(&k->order, k->bytes / b->sizes.least, bt_rng_next(&k->rng));
	if (b->dist == BDISK_ZIPF)
		bt_zipf_init(&k->zipf, k->bytes / b->sizes.least, b->dist_arg);
	if (b->dist == BDISK_PARETO)
		k->pareto = bt_pareto_power(b->dist_arg);
}

static uint64_t next_in_turn(struct bdisk_walk *k, uint64_t bytes)
{
	uint64_t offset;

	if (k->at + bytes > k->bytes)
		k->at = 0;
	offset = k->at;
	k->at += bytes;
	return offset;
}

/* Each block once, then in another order. */
static uint64_t next_of_order(struct bdisk_walk *k, uint64_t bytes)
{
	if (k->at == k->order.n) {
		k->at = 0;
		bt_shuffle_init(&k->order, k->order.n, bt_rng_next(&k->rng));
	}
	return bt_shuffle_at(&k->order, k->at++) * bytes;
}

/* Ranks are of the smallest blocks; a larger one begins where its own grid has it. What is hot is spread over the part. */
static uint64_t next_skewed(const struct bdisk *b, struct bdisk_walk *k, uint64_t bytes)
{
	uint64_t rank = b->dist == BDISK_ZIPF ? bt_zipf_next(&k->zipf, &k->rng) : bt_pareto_next(k->order.n, k->pareto, &k->rng);
	uint64_t offset = bt_shuffle_at(&k->order, rank) * b->sizes.least;

	offset -= offset % bytes;
	return offset + bytes <= k->bytes ? offset : k->bytes - bytes;
}

uint64_t bdisk_walk_next(struct bdisk_work *w, uint64_t bytes)
{
	const struct bdisk *b = w->b;
	struct bdisk_walk *k = &w->walk;

	if (!w->job->test->random)
		return k->base + next_in_turn(k, bytes);
	if (b->no_repeat)
		return k->base + next_of_order(k, bytes);
	if (b->dist != BDISK_UNIFORM)
		return k->base + next_skewed(b, k, bytes);
	return k->base + bt_rng_below(&k->rng, k->bytes / bytes) * bytes;
}
