/* SPDX-License-Identifier: ISC
 *
 * counts - the buckets of a histogram that are not empty. A struct bt_hist has room for every bucket up to the largest
 * value, half a megabyte where values are large; few values are rarely in more than a few thousand of them.
 *
 * Few buckets are kept in a hash table, 16 bytes each; many in pages of neighbours, 4 bytes each, without hashing.
 *
 * Invariant: the buckets are those of a struct bt_hist of the same digits, so merging loses nothing.
 */
#ifndef BT_COUNTS_H
#define BT_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

#define BT_COUNTS_PAGE 64u /* buckets of a page */

struct bt_bucket {
	uint32_t index; /* plus 1; 0: free */
	uint64_t count;
};

struct bt_counts {
	/* Pages: bucket i is in cells[table[i / PAGE] * PAGE + i % PAGE]. Page 0 is none. */
	uint16_t *table; /* NULL: no pages yet */
	uint32_t *cells;
	uint16_t n_pages, cap_pages; /* page 0 included */
	uint8_t digits;              /* 1..3 */
	/* The buckets themselves while there are no pages; then what their cells have carried over, in units of 2^32. */
	struct bt_bucket *buckets; /* open addressing, at most 3/4 of them taken */
	uint32_t n, n_buckets;     /* taken, and in all: a power of two */
};

void bt_counts_init(struct bt_counts *c, unsigned digits);
void bt_counts_free(struct bt_counts *c);

/* bt_counts_add_index - count a bucket n times. Returns 0 or -ENOMEM. */
int bt_counts_add_index(struct bt_counts *c, uint32_t index, uint64_t n);

/* bt_counts_add - count one value, 0..2^63-1. Returns 0 or -ENOMEM. */
static inline int bt_counts_add(struct bt_counts *c, uint64_t value)
{
	static const uint8_t half_bits[] = BT_BUCKET_HALF_BITS;
	unsigned half = half_bits[c->digits];
	uint32_t index = bt_bucket_index(value, half, (2u << half) - 1), page, *cell;

	if (!c->table || !(page = c->table[index / BT_COUNTS_PAGE]))
		return bt_counts_add_index(c, index, 1);
	cell = &c->cells[page * BT_COUNTS_PAGE + index % BT_COUNTS_PAGE];
	if (*cell == UINT32_MAX)
		return bt_counts_add_index(c, index, 1);
	++*cell;
	return 0;
}

/* bt_counts_merge - add all of h. When the digits differ both are taken to the smaller, h included. Returns 0 or
 * -ENOMEM. bt_counts_join - the same with other counts, which stay as they are. */
int bt_counts_merge(struct bt_counts *c, struct bt_hist *h);
int bt_counts_join(struct bt_counts *c, const struct bt_counts *from);

/* bt_counts_fill - replace the content of h by these counts. min, max and sum are those of the buckets. Returns 0 or
 * -ENOMEM. */
int bt_counts_fill(const struct bt_counts *c, struct bt_hist *h);

#endif
