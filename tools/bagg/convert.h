/* SPDX-License-Identifier: ISC
 *
 * convert - brings measurements to the base unit, so that those in us and in ns fall into one group.
 *
 * Values, range and sums are converted exactly. Of a histogram each bucket is counted again at its converted middle: that
 * moves a value by at most half the width of its old bucket and all of the new one, and not at all while the old bucket held
 * one integer only and the new one does.
 */
#ifndef BAGG_CONVERT_H
#define BAGG_CONVERT_H

#include "buf.h"
#include "histcodec.h"
#include "recread.h"

struct bagg_convert {
	struct bt_histcodec *codec; /* made on first use */
	struct bt_hist decoded, counted;
	struct bt_buf values;
};

void bagg_convert_init(struct bagg_convert *c);
void bagg_convert_free(struct bagg_convert *c);

/* bagg_convert_needed - whether bagg_convert would change anything. */
bool bagg_convert_needed(const struct bt_rec_in *r, const struct bt_hist *hist);

/* bagg_convert - r in its base unit. *hist: its distribution where it is decoded, else NULL; where that had to be counted
 * again the new one, which lies in c, as do the values of r. Distributions are left in units below the base unit, which
 * their integers could not hold. Returns 0, -ENOMEM, or -EINVAL with *why set. */
int bagg_convert(struct bagg_convert *c, struct bt_rec_in *r, struct bt_hist **hist, const char **why);

/* bagg_convert_decode - the distribution of r, which is in base units and in our steps, decoded into c. Returns as
 * bt_rec_hist. */
int bagg_convert_decode(struct bagg_convert *c, const struct bt_rec_in *r);

#endif
