/* SPDX-License-Identifier: ISC
 *
 * view - what several formats read of the group at hand: its dimensions in order, its name, its distribution step by step.
 */
#ifndef BAGG_VIEW_H
#define BAGG_VIEW_H

#include "agg.h"

#define BAGG_PAIRS (BT_REC_KEYS + BT_REC_TAGS + 2)
#define BAGG_COLUMNS 20 /* of BT_REC_TSV_HEADER */

struct bagg_pair {
	const char *name, *value; /* value NULL: the group has none (-k) */
};

/* bagg_pairs - the dimensions of the group and the tags of this program, by name; where both have a name the dimension
 * stands. all: the kind folded and the start of the window are two more. Borrowed from a. Returns how many. */
unsigned bagg_pairs(const struct bagg_agg *a, bool all, struct bagg_pair out[BAGG_PAIRS]);

/* bagg_clean - what stands in b from start on may go to a terminal: control characters become '?'. */
void bagg_clean(struct bt_buf *b, size_t start);

/* bagg_title - append "tool test metric name=value", sep between the parts, plain. */
void bagg_title(const struct bagg_agg *a, char sep, struct bt_buf *b);

/* bagg_window_text - append " from 2026-11-20 17:53:50 UTC, 10 s", or nothing when what is reported is no window. */
void bagg_window_text(const struct bagg_agg *a, struct bt_buf *b);

/* A value, or the largest of a bucket, and how many there are of it. */
struct bagg_step {
	uint32_t next; /* place in values or buckets; 0 at first */
	struct bt_number value;
	uint64_t low; /* BAGG_COUNTS: smallest count of the bucket */
	uint64_t count;
};

/* bagg_step_next - the next step in ascending order. False after the last one, at once where percentiles are unknown. */
bool bagg_step_next(const struct bagg_agg *a, struct bagg_step *s);

/* The columns of BT_REC_TSV_HEADER as text. */
struct bagg_columns {
	struct bt_buf text;
	size_t at[BAGG_COLUMNS]; /* in text, ended by NUL; empty: absent */
	unsigned n;
};

/* bagg_columns_set - those of the group at hand. text.failed when out of memory. */
void bagg_columns_set(struct bagg_columns *c, const struct bagg_agg *a);

/* bagg_decimal - append v times 10^-shift without rounding, without exponent from 1e-6 to below 1e21. NaN, +Inf and -Inf by
 * name. */
void bagg_decimal(struct bt_buf *b, const struct bt_number *v, int shift);

/* bagg_canonical - the same, of the nearest double, as Go's %g with at least one decimal: 1.0, 1.024e-06. */
void bagg_canonical(struct bt_buf *b, const struct bt_number *v, int shift);

#endif
