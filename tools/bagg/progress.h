/* SPDX-License-Identifier: ISC
 *
 * progress - counts arithmetic progressions in the buckets of a histogram: for each value v the terms v - step, v - 2
 * step and so on, down to step.
 *
 * The terms in a bucket [lo, hi] of a v above it are floor((v-lo)/step) - floor((v-hi-1)/step). With v = q step + r this
 * is the same for all v but for whether r lies below two remainders, and those v are kept in a Fenwick tree by r. So n
 * values and m buckets take (n + m) log n steps, however many terms there are.
 */
#ifndef BAGG_PROGRESS_H
#define BAGG_PROGRESS_H

#include <stddef.h>

#include "hist.h"

struct bagg_origin {
	uint64_t value, count;
	uint32_t rank; /* of its remainder among all, from 0 */
};

struct bagg_progress {
	struct bagg_origin *origins; /* ascending by value */
	uint64_t *remainders;        /* ascending */
	uint64_t *tree;              /* Fenwick: counts of the origins taken so far, by rank */
	size_t n, cap;
};

void bagg_progress_free(struct bagg_progress *p);

/* bagg_progress_origin - one more value, 0..2^63-1, not below the last one. Start with p->n = 0. Returns 0 or -ENOMEM. */
int bagg_progress_origin(struct bagg_progress *p, uint64_t value, uint64_t count);

/* bagg_progress_terms - number, sum and smallest of all terms. Returns -EOVERFLOW when there are more than 2^63-1. */
int bagg_progress_terms(const struct bagg_progress *p, uint64_t step, uint64_t *n, __int128 *sum, uint64_t *least);

/* bagg_progress_count - add all terms, not more than 2^63-1, to the buckets and n of h; its sum, min and max are left.
 * Returns 0 or -ENOMEM. */
int bagg_progress_count(struct bagg_progress *p, uint64_t step, struct bt_hist *h);

#endif
