/* SPDX-License-Identifier: ISC
 *
 * judge - whether one group of observations changed, and whether that is to be believed. Pure.
 */
#ifndef BDIFF_JUDGE_H
#define BDIFF_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "group.h"
#include "sample.h"

enum bdiff_verdict {
	BDIFF_SAME, BDIFF_IMPROVED, BDIFF_REGRESSED, BDIFF_CHANGED, BDIFF_UNSURE, BDIFF_ACCEPTED, BDIFF_MISSING, BDIFF_ADDED,
	BDIFF_VERDICTS
};

/* Why a row that moved beyond its threshold is unsure, or the same. */
enum bdiff_why { BDIFF_WHY_NONE, BDIFF_WHY_FEW, BDIFF_WHY_CHANCE, BDIFF_WHY_ONE_RUN, BDIFF_WHY_NOISE };

/* What all rows of one comparison are judged by. */
struct bdiff_rule {
	double alpha;
	size_t family;   /* rows that are judged together; 1: each for itself */
	size_t rows;     /* rows that both sides have */
	unsigned smooth;
	bool strict;
};

struct bdiff_row {
	enum bdiff_verdict verdict;
	enum bdiff_why why;
	enum bdiff_level level;
	bool by_ranks; /* p is of the U test: the permutations are too many to try enough of them */
	struct bdiff_figures base, new;
	double shift;                            /* Hodges-Lehmann: a ratio less 1, or in the unit of the values */
	double change_pct, change_lo, change_hi; /* the same in percent of |base|, with its interval; NaN from 0 */
	double median_pct;                       /* change of the medians */
	double floor_pct;                        /* how far identical code is apart by noise alone */
	double p;                                /* what the verdict goes by: of the test, adjusted for the family */
	double p_perm, p_u, u;                   /* of this row alone; u of BASE */
	double threshold_pct;
	size_t need; /* runs a side that would settle it; only when unsure */
};

/* bdiff_measure - all of row but its verdict; p is not adjusted yet. Sorts the values of group. Returns 0 or -ENOMEM. */
int bdiff_measure(struct bdiff_row *row, struct bdiff_group *group, const struct bdiff_runs *runs,
		  const struct bdiff_rule *rule, double threshold_pct);

/* bdiff_decide - the verdict of a row whose p has been adjusted. */
void bdiff_decide(struct bdiff_row *row, enum bt_better better, const struct bdiff_rule *rule);

/* bdiff_verdict_name - "same" ...; bdiff_why_name - "few-runs" ... or NULL. */
const char *bdiff_verdict_name(enum bdiff_verdict v);
const char *bdiff_why_name(enum bdiff_why w);

#endif
