/* SPDX-License-Identifier: ISC
 *
 * geomean - the mean ratio of the rows that both sides have, one for each metric, unit and statistic. Pure.
 */
#ifndef BDIFF_GEOMEAN_H
#define BDIFF_GEOMEAN_H

#include "group.h"
#include "judge.h"

struct bdiff_geomean {
	double base, new;  /* sums of logarithms */
	uint64_t rows;     /* in them */
	uint64_t excluded; /* rows that have none: a median is 0 or negative */
};

struct bdiff_geomeans {
	struct bt_intern ids; /* heads of identities: metric, unit, stat */
	struct bdiff_geomean *v;
	size_t cap;
};

/* bdiff_geomeans_add - take the row of a group; one that a side lacks is passed over. 0 or -ENOMEM. */
int bdiff_geomeans_add(struct bdiff_geomeans *g, const char *id, const char *end, const struct bdiff_row *row);

/* bdiff_geomean_pct - the mean change in percent. */
double bdiff_geomean_pct(const struct bdiff_geomean *m);

void bdiff_geomeans_free(struct bdiff_geomeans *g);

#endif
