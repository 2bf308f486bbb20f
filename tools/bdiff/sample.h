/* SPDX-License-Identifier: ISC
 *
 * sample - the observations of one side as the numbers that are judged: one of each run, or one of each repetition. Pure.
 */
#ifndef BDIFF_SAMPLE_H
#define BDIFF_SAMPLE_H

#include <stddef.h>

#include "group.h"

enum bdiff_level { BDIFF_BY_RUN, BDIFF_BY_REP };

/* What is known of one side; NaN where it is not. */
struct bdiff_figures {
	size_t n;              /* numbers that are judged */
	size_t runs;           /* processes they come from */
	double median, lo, hi; /* lo, hi: 95 % confidence interval of the median */
	double spread;         /* of single numbers: robust standard deviation as a fraction of |median| */
	double drift;          /* robust standard deviation of the medians of baselines, as a fraction of theirs; NaN of one */
};

struct bdiff_sample {
	double *v; /* n of them, ascending */
	struct bdiff_figures figures;
};

/* bdiff_sample_order - bring the repetitions of each run together; the other functions want that. Returns how many runs. */
size_t bdiff_sample_order(struct bdiff_values *s);

/* bdiff_sample - the numbers of one side into room for s->n, and what they say. With smooth above 0 only the last smooth files
 * that have any count, and the median is that of their medians. work: room for s->n more, overwritten. */
struct bdiff_sample bdiff_sample(const struct bdiff_values *s, const struct bdiff_runs *runs, enum bdiff_level level,
				 unsigned smooth, double *room, double *work);

#endif
