/* SPDX-License-Identifier: ISC
 *
 * correct - adds the waits that a closed loop left out while it waited itself (coordinated omission; Gil Tene).
 *
 * A value v stands for a request every interval; while it took so long, others would have waited v - interval, v - 2
 * interval and so on, as long as that is interval or more. It is the arithmetic of HdrHistogram's
 * recordValueWithExpectedInterval, and for distributions that of copyCorrectedForCoordinatedOmission: a bucket counts as
 * its largest value, the last one as max.
 *
 * Invariant: the time it takes depends on the number of buckets, not on how many values are added.
 */
#ifndef BAGG_CORRECT_H
#define BAGG_CORRECT_H

#include "convert.h"
#include "progress.h"

struct bagg_correct {
	uint64_t interval_ns; /* 0: nothing is corrected */
	char text[24];        /* the same in decimal digits */
	struct bt_json_field field;
	struct bagg_progress progress;
	struct bt_hist hist;
	struct bt_buf values;
	uint64_t open, unknown; /* records left alone: of an open loop, without histogram or with values that have no bucket */
};

void bagg_correct_init(struct bagg_correct *c, uint64_t interval_ns);
void bagg_correct_free(struct bagg_correct *c);

/* bagg_correct - r, in base units, with what the loop left out, and marked so by a dimension; its parts lie in c. hist as
 * in bagg_convert. Other units than ns, records of open loops and those corrected already are left alone. Returns 0,
 * -ENOMEM, or -EINVAL with *why set. */
int bagg_correct(struct bagg_correct *c, struct bagg_convert *convert, struct bt_rec_in *r, struct bt_hist **hist,
		 const char **why);

#endif
