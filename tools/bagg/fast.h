/* SPDX-License-Identifier: ISC
 *
 * fast - folds lines that are like earlier ones without taking them apart.
 *
 * Most streams repeat a few shapes (shape.h). A line that fits the one predicted goes straight to its group; any other is
 * left to the long way, from which the next prediction is learned. Either way the figures are the same.
 *
 * Invariant: a line fits only if it has, token by token, the structure of one that the long way took, with numbers where
 * that had numbers and plain text where it had text, and the same bytes in all that decides the group.
 */
#ifndef BAGG_FAST_H
#define BAGG_FAST_H

#include "shape.h"

#define BAGG_SHAPES 8 /* remembered at a time */

struct bagg_fast {
	struct bagg_shape *shapes[BAGG_SHAPES];
	unsigned n, current, oldest; /* current: the shape of the last line that fitted one */
	uint8_t next[BAGG_SHAPES];   /* the shape that came after it last time */
	struct bagg_shape *draft;    /* of the line being learned */
	uint64_t seed;
	size_t line_max;             /* bytes, the newline included: longer lines are for the long way to refuse */
	uint64_t wasted;             /* learned in vain since the last line that fitted */
	uint64_t untimed;            /* lines folded that have no time */
};

/* bagg_fast_new - line_max: bytes, as in struct bt_lines. NULL when out of memory. bagg_fast_free takes NULL. */
struct bagg_fast *bagg_fast_new(size_t line_max);
void bagg_fast_free(struct bagg_fast *f);

/* bagg_fast_run - fold the lines at p, up to len bytes, while they fit. Behind them are BAGG_SHAPE_SLACK zero bytes.
 * Returns the bytes of whole lines taken; *lines and *folded are moved on by the lines and the measurements in them.
 * -ENOMEM likewise. */
int64_t bagg_fast_run(struct bagg_fast *f, const char *p, size_t len, uint64_t *lines, uint64_t *folded);

/* bagg_fast_match - what is in the slots of the line at p, into m. Returns what follows it, or NULL when it does not fit
 * the shape, is not over at end, or is too long. bagg_fast_match_any - the same with every shape; the one that fits
 * becomes f->current. */
const char *bagg_fast_match(const struct bagg_fast *f, struct bagg_shape *s, const char *p, const char *end,
			    struct bagg_match *m);
const char *bagg_fast_match_any(struct bagg_fast *f, const char *p, const char *end, struct bagg_match *m);

/* bagg_fast_learn - the long way has found this line to be valid and what its scalars are for; targets holds where each
 * VALUE goes, in the order of the line; untimed: it is to be counted as one without a time. Behind the line come its
 * newline and readable bytes as above. */
void bagg_fast_learn(struct bagg_fast *f, const char *line, size_t len, const struct bagg_use *uses, unsigned n_uses,
		     const struct bagg_target *targets, unsigned n_targets, bool untimed);

/* bagg_fast_record - the same for a record of one value. */
void bagg_fast_record(struct bagg_fast *f, const char *line, size_t len, const struct bt_rec_in *r,
		      const struct bagg_keys *keys, const struct bagg_target *target);

/* bagg_fast_keys - add what the keys to group by are found at in r->json, which may be no record. Returns the new number
 * of uses; at most BAGG_FAST_KEYS are added. */
#define BAGG_FAST_KEYS (BAGG_HEADS + 1 + BT_REC_KEYS)
unsigned bagg_fast_keys(const struct bt_rec_in *r, const struct bagg_keys *keys, struct bagg_use *uses, unsigned n);

#endif
