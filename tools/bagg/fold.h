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
#define BAGG_QUICK_N (1u << 20)              /* integers that may wait in a struct bagg_quick, */
#define BAGG_QUICK_MAX (((uint64_t)1 << 53) - 1) /* and the largest of them: their squares add up to less than 2^126 */

/* Integers that have come but are not yet in the moments, so that one more costs a few additions. */
struct bagg_quick {
	uint64_t limit; /* values 0..limit may come this way; 0: none */
	uint64_t n, min, max;
	unsigned __int128 sum, sumsq;
};

struct bagg_fold {
	bool scalar;   /* records of one value each; else distributions */
	bool integral; /* scalar: all values are integers */
	bool counting; /* scalar: there were more than BAGG_EXACT values, counts holds them */
	bool lossy;    /* the percentiles cannot be known: neither values nor counts are complete */
	unsigned char scale_bits;     /* scalar: counts holds values times 2^scale_bits */
	uint64_t records, lost;
	uint64_t resets;              /* of the counters that rates were taken from */
	uint64_t dur_ns;              /* sum of the spans covered */
	int64_t ts_us;                /* newest end of a span; INT64_MIN: none */
	struct bt_moments moments;
	bool has_sum;                 /* all sums so far are integers, and fit: then sum is exact */
	__int128 sum;
	bool has_range;
	struct bt_number min, max;    /* exact, if has_range */
	struct bt_number *values;     /* scalar: all of them while there are few */
	uint32_t n_values, cap_values;
	struct bt_counts counts;
	struct bagg_quick quick;
};

/* What folding needs beside the group: reusable memory, one for all groups. */
struct bagg_scratch {
	struct bt_histcodec *codec; /* made on first use */
	struct bt_hist *hist;        /* of the record at hand, or NULL */
	double scale;                /* of hist */
	struct bt_hist decoded;      /* what hist points to, unless the caller had one */
	unsigned n_values;   /* of the record at hand */
	struct bt_number values[BAGG_EXACT];
};

/* bagg_scale_bits - values of this unit are counted in steps of 2^-bits. So the relative error is 0.1 % or less from 1 up
 * (ns, B), from 1e-9 up (ratio) and from 1e-3 up (the rest), while 2^63 steps reach 104 days, 8 PiB, 8e6 and 8.7e12. The
 * step hangs on nothing but the unit: with one chosen from the data, parts of a stream could not be merged. */
unsigned bagg_scale_bits(const char *unit);

/* bagg_fold_us, bagg_fold_ns - ts of a record in us, INT64_MIN for none; dur in ns, 0 for none. */
int64_t bagg_fold_us(double ts_s);
uint64_t bagg_fold_ns(double dur_s);

void bagg_fold_init(struct bagg_fold *f, bool scalar, unsigned scale_bits);
void bagg_fold_free(struct bagg_fold *f);

/* bagg_fold_settle - take what waits in quick into the rest: before anything but bagg_fold_int reads or writes f. */
void bagg_fold_settle(struct bagg_fold *f);

/* bagg_fold_span - what a record of one value says beside it: when, over which span, what was lost. */
static inline void bagg_fold_span(struct bagg_fold *f, int64_t ts_us, uint64_t dur_ns, uint64_t lost)
{
	f->ts_us = ts_us > f->ts_us ? ts_us : f->ts_us;
	if (dur_ns > 0 && __builtin_add_overflow(f->dur_ns, dur_ns, &f->dur_ns))
		f->dur_ns = UINT64_MAX;
	if (lost > 0 && __builtin_add_overflow(f->lost, lost, &f->lost))
		f->lost = UINT64_MAX;
}

/* bagg_fold_value - one more value, of a record that says nothing else. Returns 0 or -ENOMEM. */
int bagg_fold_value(struct bagg_fold *f, struct bt_number v);

/* bagg_fold_int - the same for 0..2^63-1, in a few nanoseconds once values are counted and not kept. */
static inline int bagg_fold_int(struct bagg_fold *f, uint64_t v)
{
	struct bagg_quick *q = &f->quick;

	if (v > q->limit || q->limit == 0)
		return bagg_fold_value(f, (struct bt_number){ .integer = true, .i = v, .f = (double)v });
	q->sum += v;
	q->sumsq += (unsigned __int128)v * v;
	q->min = v < q->min ? v : q->min;
	q->max = v > q->max ? v : q->max;
	if (++q->n == BAGG_QUICK_N)
		bagg_fold_settle(f);
	return bt_counts_add(&f->counts, v << f->scale_bits);
}

/* bagg_fold_join - fold in all that another fold holds, which is settled and stays as it is. Returns 0 or -ENOMEM. */
int bagg_fold_join(struct bagg_fold *f, const struct bagg_fold *from);

/* bagg_number_cmp - <0, 0, >0; a total order. */
int bagg_number_cmp(const struct bt_number *a, const struct bt_number *b);

/* bagg_fold_scalar - whether a record counts as values (a scalar, or an agg record of scalars) and not as a distribution. */
bool bagg_fold_scalar(const struct bt_rec_in *r);

/* bagg_fold_unpack - read what r holds beside its summary, its values or its histogram, into scratch. Returns 0, -ENOMEM,
 * or -EINVAL with a constant reason in *why when that is damaged: the record must then not be folded. */
int bagg_fold_unpack(const struct bt_rec_in *r, struct bagg_scratch *scratch, const char **why);

/* bagg_fold_add - fold one record, unpacked just before. Returns 0, -ENOMEM, or -EINVAL with a constant reason in *why
 * when the record cannot be folded (f is as before). *blind is set when this record makes the percentiles unknown. */
int bagg_fold_add(struct bagg_fold *f, const struct bt_rec_in *r, struct bagg_scratch *scratch, bool *blind,
		  const char **why);

/* bagg_fold_count - a scalar's count in the histogram of the group: false when it has none, being negative or too large. */
bool bagg_fold_count(const struct bagg_fold *f, const struct bt_number *v, uint64_t *out);

#endif
