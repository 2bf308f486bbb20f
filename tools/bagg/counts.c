/* SPDX-License-Identifier: ISC
 *
 * counts - the buckets of a histogram that are not empty.
 */
#include <errno.h>
#include <stdlib.h>

#include "counts.h"

#define BUCKETS_MIN 32

void bagg_counts_init(struct bagg_counts *c, unsigned digits)
{
	*c = (struct bagg_counts){ .digits = (uint8_t)digits };
}

void bagg_counts_free(struct bagg_counts *c)
{
	free(c->buckets);
	bagg_counts_init(c, c->digits);
}

/* The place of a bucket, taken or free. Neighbouring buckets are common: multiplying spreads them (Knuth TAOCP 6.4). */
static struct bagg_bucket *find(const struct bagg_counts *c, uint32_t index)
{
	uint32_t mask = c->n_buckets - 1, i = (uint32_t)(((index + 1) * 0x9e3779b97f4a7c15u) >> 32) & mask;

	while (c->buckets[i].index && c->buckets[i].index != index + 1)
		i = (i + 1) & mask;
	return &c->buckets[i];
}

static int grow(struct bagg_counts *c)
{
	struct bagg_counts bigger = { .digits = c->digits, .n = c->n };

	bigger.n_buckets = c->n_buckets ? c->n_buckets * 2 : BUCKETS_MIN;
	bigger.buckets = calloc(bigger.n_buckets, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->n_buckets; i++)
		if (c->buckets[i].index)
			*find(&bigger, c->buckets[i].index - 1) = c->buckets[i];
	free(c->buckets);
	*c = bigger;
	return 0;
}

static int add(struct bagg_counts *c, uint32_t index, uint64_t count)
{
	struct bagg_bucket *b;

	if (4 * (uint64_t)c->n >= 3 * (uint64_t)c->n_buckets && grow(c) < 0)
		return -ENOMEM;
	b = find(c, index);
	if (!b->index) {
		b->index = index + 1;
		c->n++;
	}
	b->count += count;
	return 0;
}

int bagg_counts_add(struct bagg_counts *c, uint64_t value)
{
	struct bt_hist layout;

	bt_hist_init(&layout, c->digits);
	return add(c, bt_hist_index(&layout, value), 1);
}

/* Every bucket of more digits lies within one of fewer. */
static int reduce(struct bagg_counts *c, unsigned digits)
{
	struct bagg_counts coarse;
	struct bt_hist from, to;

	bagg_counts_init(&coarse, digits);
	bt_hist_init(&from, c->digits);
	bt_hist_init(&to, digits);
	for (uint32_t i = 0; i < c->n_buckets; i++) {
		const struct bagg_bucket *b = &c->buckets[i];

		if (b->index && add(&coarse, bt_hist_index(&to, bt_hist_low(&from, b->index - 1)), b->count) < 0) {
			bagg_counts_free(&coarse);
			return -ENOMEM;
		}
	}
	bagg_counts_free(c);
	*c = coarse;
	return 0;
}

int bagg_counts_merge(struct bagg_counts *c, struct bt_hist *h)
{
	int rc = 0;

	if (h->digits < c->digits)
		rc = reduce(c, h->digits);
	else if (h->digits > c->digits)
		rc = bt_hist_reduce(h, c->digits);
	for (uint32_t i = 0; i < h->len && rc == 0; i++)
		if (h->counts[i])
			rc = add(c, i, h->counts[i]);
	return rc;
}

int bagg_counts_fill(const struct bagg_counts *c, struct bt_hist *h)
{
	if (h->digits == c->digits) {
		bt_hist_reset(h);
	} else {
		bt_hist_free(h);
		bt_hist_init(h, c->digits);
	}
	for (uint32_t i = 0; i < c->n_buckets; i++)
		if (c->buckets[i].index)
			bt_hist_add_n(h, bt_hist_low(h, c->buckets[i].index - 1), c->buckets[i].count);
	return h->dropped ? -ENOMEM : 0;
}
