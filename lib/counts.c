/* SPDX-License-Identifier: ISC
 *
 * counts - the buckets of a histogram that are not empty.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

#define PAGE BT_COUNTS_PAGE
#define BUCKETS_MIN 32
#define BUCKETS_HASHED 256 /* up to so many slots pages are not worth a thought */
#define PAGES_MAX 1024     /* more than any value has: 55296 buckets of 3 digits */

void bt_counts_init(struct bt_counts *c, unsigned digits)
{
	*c = (struct bt_counts){ .digits = (uint8_t)digits };
}

void bt_counts_free(struct bt_counts *c)
{
	free(c->buckets);
	free(c->table);
	free(c->cells);
	bt_counts_init(c, c->digits);
}

/* The place of a bucket, taken or free. Neighbouring buckets are common: multiplying spreads them (Knuth TAOCP 6.4). */
static struct bt_bucket *find(const struct bt_counts *c, uint32_t index)
{
	uint32_t mask = c->n_buckets - 1, i = (uint32_t)(((index + 1) * 0x9e3779b97f4a7c15u) >> 32) & mask;

	while (c->buckets[i].index && c->buckets[i].index != index + 1)
		i = (i + 1) & mask;
	return &c->buckets[i];
}

static int grow(struct bt_counts *c)
{
	struct bt_bucket *old = c->buckets;
	uint32_t n_old = c->n_buckets, n = n_old ? n_old * 2 : BUCKETS_MIN;
	struct bt_bucket *bigger = calloc(n, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	c->buckets = bigger;
	c->n_buckets = n;
	for (uint32_t i = 0; i < n_old; i++)
		if (old[i].index)
			*find(c, old[i].index - 1) = old[i];
	free(old);
	return 0;
}

static bool full(const struct bt_counts *c)
{
	return 4 * (uint64_t)c->n >= 3 * (uint64_t)c->n_buckets;
}

static int hash_add(struct bt_counts *c, uint32_t index, uint64_t count)
{
	struct bt_bucket *b;

	if (full(c) && grow(c) < 0)
		return -ENOMEM;
	b = find(c, index);
	if (!b->index) {
		b->index = index + 1;
		c->n++;
	}
	b->count += count;
	return 0;
}

/* The page that holds a bucket, made when needed; 0 without memory. */
static uint32_t page_of(struct bt_counts *c, uint32_t index)
{
	uint16_t *entry = &c->table[index / PAGE], page = *entry;

	if (page)
		return page;
	if (c->n_pages >= c->cap_pages) {
		uint16_t cap = c->cap_pages ? c->cap_pages * 2 : 16;
		uint32_t *cells = reallocarray(c->cells, cap, PAGE * sizeof(*cells));

		if (!cells)
			return 0;
		c->cells = cells;
		c->cap_pages = cap;
	}
	memset(c->cells + (size_t)c->n_pages * PAGE, 0, PAGE * sizeof(*c->cells));
	*entry = c->n_pages++;
	return c->n_pages - 1u;
}

static int page_add(struct bt_counts *c, uint32_t index, uint64_t count)
{
	uint32_t page = page_of(c, index);
	uint64_t sum, carry;

	if (!page)
		return -ENOMEM;
	sum = c->cells[page * PAGE + index % PAGE] + (count & UINT32_MAX);
	carry = (count >> 32) + (sum >> 32);
	if (carry > 0 && hash_add(c, index, carry) < 0)
		return -ENOMEM;
	c->cells[page * PAGE + index % PAGE] = (uint32_t)sum;
	return 0;
}

/* Whether pages would take at most twice the memory of the next larger hash table. */
static bool pages_fit(const struct bt_counts *c)
{
	bool seen[PAGES_MAX] = { false };
	size_t pages = 0;

	for (uint32_t i = 0; i < c->n_buckets; i++) {
		uint32_t page = c->buckets[i].index ? (c->buckets[i].index - 1) / PAGE : 0;

		pages += c->buckets[i].index && !seen[page];
		seen[page] = seen[page] || c->buckets[i].index;
	}
	return pages * PAGE * sizeof(uint32_t) <= 4 * (size_t)c->n_buckets * sizeof(*c->buckets);
}

/* From hashed buckets to pages. */
static int turn_into_pages(struct bt_counts *c)
{
	struct bt_counts pages = { .digits = c->digits, .n_pages = 1 };
	int rc = 0;

	pages.table = calloc(PAGES_MAX, sizeof(*pages.table));
	if (!pages.table)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->n_buckets && rc == 0; i++)
		if (c->buckets[i].index)
			rc = page_add(&pages, c->buckets[i].index - 1, c->buckets[i].count);
	if (rc < 0) {
		bt_counts_free(&pages);
		return rc;
	}
	bt_counts_free(c);
	*c = pages;
	return 0;
}

int bt_counts_add_index(struct bt_counts *c, uint32_t index, uint64_t n)
{
	if (!c->table && c->n_buckets >= BUCKETS_HASHED && full(c) && pages_fit(c) && turn_into_pages(c) < 0)
		return -ENOMEM;
	return c->table ? page_add(c, index, n) : hash_add(c, index, n);
}

/* Calls take for every bucket that is not empty, until it returns non-zero. */
static int each(const struct bt_counts *c, int (*take)(void *arg, uint32_t index, uint64_t count), void *arg)
{
	uint64_t unit = c->table ? (uint64_t)1 << 32 : 1;
	int rc = 0;

	for (uint32_t i = 0; i < c->n_buckets && rc == 0; i++)
		if (c->buckets[i].index)
			rc = take(arg, c->buckets[i].index - 1, c->buckets[i].count * unit);
	for (uint32_t p = 0; c->table && p < PAGES_MAX && rc == 0; p++)
		for (uint32_t i = 0; c->table[p] && i < PAGE && rc == 0; i++)
			if (c->cells[c->table[p] * PAGE + i])
				rc = take(arg, p * PAGE + i, c->cells[c->table[p] * PAGE + i]);
	return rc;
}

struct reduction {
	struct bt_counts *to;
	struct bt_hist from_layout, to_layout;
};

static int take_reduced(void *arg, uint32_t index, uint64_t count)
{
	struct reduction *r = arg;
	uint64_t low = bt_hist_low(&r->from_layout, index);

	return bt_counts_add_index(r->to, bt_hist_index(&r->to_layout, low), count);
}

/* Add all of from, whose digits are at least ours. Every bucket of more digits lies within one of fewer. */
static int add_reduced(struct bt_counts *c, const struct bt_counts *from)
{
	struct reduction r = { .to = c };

	bt_hist_init(&r.from_layout, from->digits);
	bt_hist_init(&r.to_layout, c->digits);
	return each(from, take_reduced, &r);
}

static int reduce(struct bt_counts *c, unsigned digits)
{
	struct bt_counts coarse;

	bt_counts_init(&coarse, digits);
	if (add_reduced(&coarse, c) < 0) {
		bt_counts_free(&coarse);
		return -ENOMEM;
	}
	bt_counts_free(c);
	*c = coarse;
	return 0;
}

int bt_counts_merge(struct bt_counts *c, struct bt_hist *h)
{
	int rc = 0;

	if (h->digits < c->digits)
		rc = reduce(c, h->digits);
	else if (h->digits > c->digits)
		rc = bt_hist_reduce(h, c->digits);
	for (uint32_t i = 0; i < h->len && rc == 0; i++)
		if (h->counts[i])
			rc = bt_counts_add_index(c, i, h->counts[i]);
	return rc;
}

int bt_counts_join(struct bt_counts *c, const struct bt_counts *from)
{
	if (from->digits < c->digits && reduce(c, from->digits) < 0)
		return -ENOMEM;
	return add_reduced(c, from);
}

static int take_into_hist(void *arg, uint32_t index, uint64_t count)
{
	struct bt_hist *h = arg;

	bt_hist_add_n(h, bt_hist_low(h, index), count);
	return 0;
}

int bt_counts_fill(const struct bt_counts *c, struct bt_hist *h)
{
	if (h->digits == c->digits) {
		bt_hist_reset(h);
	} else {
		bt_hist_free(h);
		bt_hist_init(h, c->digits);
	}
	each(c, take_into_hist, h);
	return h->dropped ? -ENOMEM : 0;
}
