/* SPDX-License-Identifier: ISC
 *
 * judge - whether one group of observations changed, and whether that is to be believed. Pure.
 */
#ifndef BDIFF_JUDGE_H
#define BDIFF_JUDGE_H

#include <stddef.h>

#include "group.h"

enum bdiff_verdict {
	BDIFF_SAME, BDIFF_BETTER, BDIFF_WORSE, BDIFF_CHANGED, BDIFF_UNSURE, BDIFF_MISSING, BDIFF_ADDED, BDIFF_VERDICTS
};

/* What is known of one side; NaN where it is not. */
struct bdiff_figures {
	size_t n;
	double median, lo, hi; /* lo, hi: 95 % confidence interval of the median */
};

struct bdiff_row {
	enum bdiff_verdict verdict;
	struct bdiff_figures base, new;
	double change_pct; /* of the medians, in percent of |base|; NaN when base is 0 and new is not */
	double p, u;       /* Mann-Whitney, two-sided; u of BASE */
	double alpha, threshold_pct;
	size_t need; /* runs a side that could give p <= alpha */
};

/* bdiff_judge - fill row from group, whose values it sorts. Returns 0, or -ENOMEM when p could not be had. */
int bdiff_judge(struct bdiff_row *row, struct bdiff_group *group, double alpha, double threshold_pct);

/* bdiff_verdict_name - "same" ... */
const char *bdiff_verdict_name(enum bdiff_verdict v);

#endif
