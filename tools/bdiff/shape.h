/* SPDX-License-Identifier: ISC
 *
 * shape - whether the pooled values of a distribution lie differently, not only higher or lower. Pure.
 */
#ifndef BDIFF_SHAPE_H
#define BDIFF_SHAPE_H

#include <stdint.h>

#include "drift.h"
#include "group.h"
#include "judge.h"

#define BDIFF_SHAPE_RANKS 4

/* How a shape is told to matter: NaN where it is not. */
struct bdiff_shape_limits {
	double psi, ks, wasserstein;
};

struct bdiff_shape {
	enum bdiff_verdict verdict;
	uint64_t n_base, n_new;    /* values */
	size_t runs_base, runs_new;
	struct bt_psi psi;         /* NaN where all values of base are alike */
	double ks, ks_bound;       /* bounds: what chance alone stays below with probability 1 - alpha */
	double wasserstein;        /* in the unit of the values */
	double shift_pct[BDIFF_SHAPE_RANKS]; /* of p50, p90, p99, p999; NaN where there are too few values for it */
};

extern const char *const bdiff_shape_keys[BDIFF_SHAPE_RANKS];

/* bdiff_is_shape - whether the group holds counts. */
bool bdiff_is_shape(const struct bdiff_group *g);

/* bdiff_shape - compare the counts of both sides. It says that something changed; only a limit makes that better or worse. 0
 * or -ENOMEM. */
int bdiff_shape(struct bdiff_shape *s, struct bdiff_group *g, double alpha, const struct bdiff_shape_limits *limits);

/* bdiff_shape_class - what is commonly said of such a psi: "stable" to 0.1, "moderate" to 0.25, "major"; NULL without. */
const char *bdiff_shape_class(const struct bdiff_shape *s);

#endif
