/* SPDX-License-Identifier: ISC
 *
 * badlines - bad lines of an input, counted by reason, so that a reader shows the first few and counts the rest.
 */
#ifndef BT_BADLINES_H
#define BT_BADLINES_H

#include <stdbool.h>
#include <stdint.h>

#define BT_BADLINES_REASONS 48 /* different reasons told apart; more share the last place */
#define BT_BADLINES_SHOWN 3    /* lines of each reason to show in full */

struct bt_badlines {
	uint64_t lines; /* of all reasons */
	unsigned n;
	struct bt_badline {
		const char *why; /* a constant */
		uint64_t lines;
	} reasons[BT_BADLINES_REASONS]; /* in the order of first appearance */
};

#define BT_BADLINES_INIT { .n = 0 }

/* bt_badlines_add - count a line. Returns whether it is among the first of its reason and should be shown. Borrows why. */
bool bt_badlines_add(struct bt_badlines *b, const char *why);

/* bt_badlines_hidden - how many lines of reason i were not shown. */
uint64_t bt_badlines_hidden(const struct bt_badlines *b, unsigned i);

#endif
