/* SPDX-License-Identifier: ISC
 *
 * counts - the buckets of a histogram that are not empty. A struct bt_hist has room for every bucket up to the largest
 * value, a quarter of a megabyte where values are large; a group rarely needs more than a few thousand of them.
 *
 * Invariant: the buckets are those of a struct bt_hist of the same digits, so merging loses nothing.
 */
#ifndef BAGG_COUNTS_H
#define BAGG_COUNTS_H

#include <stdint.h>

#include "hist.h"

struct bagg_bucket {
	uint32_t index; /* plus 1; 0: free */
	uint64_t count;
};

struct bagg_counts {
	struct bagg_bucket *buckets; /* open addressing, at most 3/4 of them taken */
	uint32_t n, n_buckets;       /* taken, and in all: a power of two */
	uint8_t digits;              /* 1..3 */
};

void bagg_counts_init(struct bagg_counts *c, unsigned digits);
void bagg_counts_free(struct bagg_counts *c);

/* bagg_counts_add - count one value, 0..2^63-1. Returns 0 or -ENOMEM. */
int bagg_counts_add(struct bagg_counts *c, uint64_t value);

/* bagg_counts_merge - add all of h. When the digits differ both are taken to the smaller, h included. Returns 0 or
 * -ENOMEM. */
int bagg_counts_merge(struct bagg_counts *c, struct bt_hist *h);

/* bagg_counts_fill - replace the content of h by these counts. min, max and sum are those of the buckets. Returns 0 or
 * -ENOMEM. */
int bagg_counts_fill(const struct bagg_counts *c, struct bt_hist *h);

#endif
