/* SPDX-License-Identifier: ISC
 *
 * progress - counts arithmetic progressions in the buckets of a histogram.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"

void bagg_progress_free(struct bagg_progress *p)
{
	free(p->origins);
	free(p->remainders);
	free(p->tree);
	memset(p, 0, sizeof(*p));
}

static int grow(struct bagg_progress *p)
{
	size_t cap = p->cap ? p->cap * 2 : 64;
	void *origins = reallocarray(p->origins, cap, sizeof(*p->origins)), *remainders, *tree;

	if (!origins)
		return -ENOMEM;
	p->origins = origins;
	remainders = reallocarray(p->remainders, cap, sizeof(*p->remainders));
	if (!remainders)
		return -ENOMEM;
	p->remainders = remainders;
	tree = reallocarray(p->tree, cap + 1, sizeof(*p->tree));
	if (!tree)
		return -ENOMEM;
	p->tree = tree;
	p->cap = cap;
	return 0;
}

int bagg_progress_origin(struct bagg_progress *p, uint64_t value, uint64_t count)
{
	if (p->n == p->cap && grow(p) < 0)
		return -ENOMEM;
	p->origins[p->n++] = (struct bagg_origin){ .value = value, .count = count };
	return 0;
}

/* Terms of one value. */
static uint64_t terms_of(uint64_t value, uint64_t step)
{
	return value / step > 1 ? value / step - 1 : 0;
}

int bagg_progress_terms(const struct bagg_progress *p, uint64_t step, uint64_t *n, __int128 *sum, uint64_t *least)
{
	unsigned __int128 all = 0;

	*sum = 0;
	*least = UINT64_MAX;
	for (size_t i = 0; i < p->n; i++) {
		__int128 v = p->origins[i].value, k = terms_of(p->origins[i].value, step), s = step;

		all += (unsigned __int128)k * p->origins[i].count;
		if (all > INT64_MAX)
			return -EOVERFLOW;
		if (k == 0)
			continue;
		/* Below 2^127: k times count is below 2^63, and so is v. */
		*sum += (k * v - s * (k * (k + 1) / 2)) * (__int128)p->origins[i].count;
		if ((uint64_t)(v - k * s) < *least)
			*least = (uint64_t)(v - k * s);
	}
	*n = (uint64_t)all;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many remainders are below r. */
static uint32_t rank_of(const struct bagg_progress *p, uint64_t r)
{
	size_t from = 0, to = p->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (p->remainders[middle] < r)
			from = middle + 1;
		else
			to = middle;
	}
	return (uint32_t)from;
}

static void tree_add(struct bagg_progress *p, uint32_t rank, uint64_t count)
{
	for (size_t i = rank + 1; i <= p->n; i += i & -i)
		p->tree[i] += count;
}

/* The counts of all origins taken whose remainder is below r. */
static uint64_t tree_below(const struct bagg_progress *p, uint64_t r)
{
	uint64_t sum = 0;

	for (size_t i = rank_of(p, r); i > 0; i &= i - 1)
		sum += p->tree[i];
	return sum;
}

static void plant(struct bagg_progress *p, uint64_t step)
{
	for (size_t i = 0; i < p->n; i++)
		p->remainders[i] = p->origins[i].value % step;
	qsort(p->remainders, p->n, sizeof(*p->remainders), by_size);
	for (size_t i = 0; i < p->n; i++)
		p->origins[i].rank = rank_of(p, p->origins[i].value % step);
	memset(p->tree, 0, (p->n + 1) * sizeof(*p->tree));
}

/* Few terms are counted one by one. */
static int count_each(const struct bagg_progress *p, uint64_t step, struct bt_hist *h)
{
	for (size_t i = 0; i < p->n; i++)
		for (uint64_t k = terms_of(p->origins[i].value, step), v = p->origins[i].value; k > 0; k--) {
			v -= step;
			h->counts[bt_hist_index(h, v)] += p->origins[i].count;
		}
	return 0;
}

/* From the largest value down: those that lie above the bucket at hand are in the tree, taken of them. */
static void count_buckets(struct bagg_progress *p, uint64_t step, struct bt_hist *h)
{
	uint64_t taken = 0, first = step;
	size_t left = p->n;

	for (uint32_t i = bt_hist_index(h, p->origins[p->n - 1].value) + 1; i-- > 0;) {
		uint64_t hi = bt_hist_high(h, i), lo = bt_hist_low(h, i), terms;

		if (hi < first)
			break;
		if (lo < first)
			lo = first;
		for (; left > 0 && p->origins[left - 1].value > hi; left--) {
			tree_add(p, p->origins[left - 1].rank, p->origins[left - 1].count);
			taken += p->origins[left - 1].count;
		}
		/* Modulo 2^64 on the way; the result is not negative. */
		terms = taken * ((hi + 1) / step - lo / step) + tree_below(p, (hi + 1) % step) - tree_below(p, lo % step);
		for (size_t own = left; own > 0 && p->origins[own - 1].value >= lo; own--)
			terms += (p->origins[own - 1].value - lo) / step * p->origins[own - 1].count;
		h->counts[i] += terms;
	}
}

int bagg_progress_count(struct bagg_progress *p, uint64_t step, struct bt_hist *h)
{
	unsigned __int128 rounds = 0;
	uint64_t n, least;
	__int128 sum;

	if (p->n == 0)
		return 0;
	if (bagg_progress_terms(p, step, &n, &sum, &least) < 0 || bt_hist_reserve(h, p->origins[p->n - 1].value) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		rounds += terms_of(p->origins[i].value, step);
	if (rounds <= 4096) {
		count_each(p, step, h);
	} else {
		plant(p, step);
		count_buckets(p, step, h);
	}
	h->n += n;
	return 0;
}
