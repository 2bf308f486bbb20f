/* SPDX-License-Identifier: ISC
 *
 * agg - what is known of a group once its records are folded, and the agg record that says so.
 *
 * Invariant: the figures are those of the record as written. Where its line would be longer than a record may be, the
 * histogram gives up digits, and the percentiles are read from what is left: so they do not depend on the format shown, nor
 * on whether the records came folded already.
 */
#ifndef BAGG_AGG_H
#define BAGG_AGG_H

#include <stdbool.h>

#include "group.h"
#include "ranks.h"

enum bagg_source { BAGG_UNKNOWN, BAGG_VALUES, BAGG_COUNTS }; /* where the percentiles come from */

struct bagg_agg {
	const struct bt_ranks *ranks;          /* in the record */
	const struct bt_rec_source *own;         /* run and tags of this program */
	uint64_t window_ns;                      /* length of the window that is reported; 0: all of the input */
	bool has_start;                          /* records of the window have a time: */
	int64_t start_us;                        /* where it begins */
	char start[24];                          /* the same as text, in seconds */
	struct bt_histcodec *codec;
	/* the group at hand */
	const struct bagg_keys *keys;            /* by which it was made; set by bagg_report */
	const struct bagg_group *group;
	enum bagg_source source;
	bool integral;                           /* all values are integers */
	double mean, sd, cv;                     /* NaN: unknown */
	struct bt_number sorted[BAGG_EXACT];     /* BAGG_VALUES */
	struct bt_hist hist;                     /* BAGG_COUNTS */
	struct bt_buf figures;
	char line[BT_REC_MAX];
	int line_len;
};

/* bagg_agg_init - ranks and own are borrowed. Returns 0 or -ENOMEM. */
int bagg_agg_init(struct bagg_agg *a, const struct bt_ranks *ranks, const struct bt_rec_source *own);
void bagg_agg_free(struct bagg_agg *a);

/* bagg_agg_window - what follows is of a window of that length. */
void bagg_agg_window(struct bagg_agg *a, uint64_t window_ns, bool has_start, int64_t start_us);

/* bagg_agg_set - take up a group: its figures, and its record in line. Borrows g until the next call. Returns 0, -ENOMEM, or
 * -EMSGSIZE when its dimensions alone fill a line (line_len is then 0, the figures are good). */
int bagg_agg_set(struct bagg_agg *a, const struct bagg_group *g);

/* bagg_agg_rank - the p-th percentile of the group at hand. False when it is unknown. */
bool bagg_agg_rank(const struct bagg_agg *a, double p, struct bt_number *out);

/* bagg_agg_value - the value that stands for a count of hist (BAGG_COUNTS), never outside of the range. */
struct bt_number bagg_agg_value(const struct bagg_agg *a, uint64_t count);

/* bagg_agg_head - a part of the head as text, or NULL: absent, or not the same in all records. */
const char *bagg_agg_head(const struct bagg_group *g, enum bagg_head head);

/* bagg_number_json - append a number. */
void bagg_number_json(struct bt_buf *b, const struct bt_number *v);

#endif
