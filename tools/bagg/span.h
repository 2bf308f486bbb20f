/* SPDX-License-Identifier: ISC
 *
 * span - the time between marks: from each mark A to the next mark B of the same host and run (--span A:B).
 *
 * Of several A before a B the last one counts. Marks are kept until they are settled, so that those of merged files may
 * come in any order; marks of one time stay in the order in which they came.
 */
#ifndef BAGG_SPAN_H
#define BAGG_SPAN_H

#include "intern.h"
#include "recread.h"

struct bagg;

#define BAGG_MARKS_MAX (1u << 20) /* waiting in one line; then the older half is settled */

struct bagg_mark {
	int64_t ts_us;
	uint32_t order; /* of arrival */
	bool begins, ends;
};

/* The marks of one span, host and run. */
struct bagg_span_line {
	unsigned span; /* in opts.spans */
	bool open;     /* an A waits for its B: */
	int64_t open_us, settled_us;
	struct bagg_mark *marks;
	uint32_t n, cap;
};

struct bagg_spans {
	struct bt_intern index;
	struct bagg_span_line *lines; /* by number in index */
	uint32_t cap;
	uint64_t alone, late; /* marks without a partner; marks that came after their time was settled */
};

void bagg_spans_free(struct bagg_spans *s);

/* bagg_spans_mark - take a mark record. Returns 0 or -ENOMEM. */
int bagg_spans_mark(struct bagg *b, const struct bt_rec_in *r);

/* bagg_spans_settle - measure all spans that end before that time. */
void bagg_spans_settle(struct bagg *b, int64_t before_us);

/* bagg_spans_finish - measure all that are left, and count the marks without a partner. */
void bagg_spans_finish(struct bagg *b);

#endif
