/* SPDX-License-Identifier: ISC
 *
 * pool - the counts of many histograms, added up and packed: two or three bytes for each bucket that is not empty.
 */
#ifndef BDIFF_POOL_H
#define BDIFF_POOL_H

#include <stdint.h>

#include "hist.h"

struct bdiff_pool {
	uint8_t *bytes; /* pairs of numbers: buckets since the last one, count; seven bits a byte, low first, high bit: more */
	uint32_t len;
	uint8_t digits; /* 1..3 */
	double scale;   /* what values were multiplied by before they were counted */
};

/* bdiff_pool_add - add h, whose values were multiplied by scale. h is used up. 0 or -ENOMEM. */
int bdiff_pool_add(struct bdiff_pool *p, struct bt_hist *h, double scale);

/* bdiff_pool_load - add the counts to h, whose values are multiplied by scale. Where the digits differ the smaller ones remain.
 * 0 or -ENOMEM. */
int bdiff_pool_load(const struct bdiff_pool *p, struct bt_hist *h, double scale);

void bdiff_pool_free(struct bdiff_pool *p);

#endif
