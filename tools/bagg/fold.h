/* SPDX-License-Identifier: ISC
 *
 * fold - the figures of one group, record by record, in memory that does not grow with their number.
 *
 * Invariant: whatever the order of the records, and whether they come as they were or already folded into agg records,
 * the figures are the same. So everything is either exact (integers, sums) or a count in a bucket that depends on one value
 * alone.
 */
#ifndef BAGG_FOLD_H
#define BAGG_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "counts.h"
#include "histcodec.h"
#include "recread.h"
#include "stat.h"

#define BAGG_EXACT 64 /* up to so many values are kept, and their percentiles exact */

struct bagg_fold {
	bool scalar;   /* records of one value each; else distributions */
	bool integral; /* scalar: all values are integers */
	bool counting; /* scalar: there were more than BAGG_EXACT values, counts holds them */
	bool lossy;    /* the percentiles cannot be known: neither values nor counts are complete */
	unsigned char scale_bits;     /* scalar: counts holds values times 2^scale_bits */
	uint64_t records, lost;
	uint64_t dur_ns;              /* sum of the spans covered */
	int64_t ts_us;                /* newest end of a span; INT64_MIN: none */
	struct bt_moments moments;
	bool has_range;
	struct bt_number min, max;    /* exact, if has_range */
	struct bt_number *values;     /* scalar: all of them while there are few */
	uint32_t n_values, cap_values;
	struct bagg_counts counts;
};

/* What folding needs beside the group: reusable memory, one for all groups. */
struct bagg_scratch {
	struct bt_histcodec *codec; /* made on first use */
	struct bt_hist hist; /* of the record at hand, when has_hist */
	bool has_hist;
	double scale;        /* of hist */
	unsigned n_values;   /* of the record at hand */
	struct bt_number values[BAGG_EXACT];
};

/* bagg_scale_bits - values of this unit are counted in steps of 2^-bits. So the relative error is 0.1 % or less from 1 up
 * (ns, B), from 1e-9 up (ratio) and from 1e-3 up (the rest), while 2^63 steps reach 104 days, 8 PiB, 8e6 and 8.7e12. The
 * step hangs on nothing but the unit: with one chosen from the data, parts of a stream could not be merged. */
unsigned bagg_scale_bits(const char *unit);

void bagg_fold_init(struct bagg_fold *f, bool scalar, unsigned scale_bits);
void bagg_fold_free(struct bagg_fold *f);

/* bagg_number_cmp - <0, 0, >0; a total order. */
int bagg_number_cmp(const struct bt_number *a, const struct bt_number *b);

/* bagg_fold_scalar - whether a record counts as values (a scalar, or an agg record of scalars) and not as a distribution. */
bool bagg_fold_scalar(const struct bt_rec_in *r);

/* bagg_fold_unpack - read what r holds beside its summary, its values or its histogram, into scratch. Returns 0, -ENOMEM, or -EINVAL
 * with a constant reason in *why when that is damaged: the record must then not be folded. */
int bagg_fold_unpack(const struct bt_rec_in *r, struct bagg_scratch *scratch, const char **why);

/* bagg_fold_add - fold one record, unpacked just before. Returns 0, -ENOMEM, or -EINVAL with a constant reason in *why when the record cannot be folded
 * (f is as before). *blind is set when this record makes the percentiles unknown. */
int bagg_fold_add(struct bagg_fold *f, const struct bt_rec_in *r, struct bagg_scratch *scratch, bool *blind, const char **why);

/* bagg_fold_count - a scalar's count in the histogram of the group: false when it has none, being negative or too large. */
bool bagg_fold_count(const struct bagg_fold *f, const struct bt_number *v, uint64_t *out);

#endif
