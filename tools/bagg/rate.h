/* SPDX-License-Identifier: ISC
 *
 * rate - from counters that only grow to how fast they grow.
 */
#ifndef BAGG_RATE_H
#define BAGG_RATE_H

#include "intern.h"
#include "keys.h"

#define BAGG_RATE_UNIT 64 /* bytes of a unit with its "/s" */

/* What a series showed last. */
struct bagg_counter {
	int64_t ts_us; /* INT64_MIN: nothing yet */
	struct bt_number value;
};

struct bagg_rates {
	struct bagg_keys keys; /* all that tells series apart */
	struct bt_intern index;
	struct bagg_counter *list; /* by number in index */
	uint32_t cap;
	struct bt_buf key; /* of the record at hand */
	char unit[BAGG_RATE_UNIT];
	uint64_t rates, resets, no_time, backward;
};

/* bagg_rates_init - group_keys: those of -k, which tell series apart as well. Borrowed. */
void bagg_rates_init(struct bagg_rates *s, const struct bagg_keys *group_keys);
void bagg_rates_free(struct bagg_rates *s);

/* bagg_rates_take - r is one value of a counter, series what names it (r itself for records). Makes r the growth per second
 * since the record before, its unit lying in s. Returns 1, 0 when there is none, or -ENOMEM. */
int bagg_rates_take(struct bagg_rates *s, struct bt_rec_in *r, const struct bt_rec_in *series);

#endif
