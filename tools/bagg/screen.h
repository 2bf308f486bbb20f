/* SPDX-License-Identifier: ISC
 *
 * screen - the picture that -l draws: one line for each test, and what they wait for and warn of.
 */
#ifndef BAGG_SCREEN_H
#define BAGG_SCREEN_H

#include "live.h"
#include "lock.h"
#include "src.h"
#include "term.h"

#define BAGG_HOLDERS 16

struct bagg_screen {
	struct bagg_live live;
	uint64_t lines, bad; /* counted by the reader */
	struct bt_picture picture;
	int claim;           /* holds the terminal */
	bool utf8, colour;
	uint64_t start_ns, drawn_ns;
	uint64_t drawn_lines;            /* lines when it was drawn */
	uint64_t rate_ns, rate_lines;    /* when, and at how many lines, the speed was last taken */
	double speed;                    /* lines per second */
	struct bt_src src;
	struct bt_lock_holder holders[BAGG_HOLDERS];
	unsigned n_holders;
	uint64_t holders_ns;             /* when they were looked up */
};

/* bagg_screen_open - take stderr's terminal for the picture. False with a note when there is none to draw on; the rest of -l
 * works without. */
bool bagg_screen_open(struct bagg_screen *s, uint64_t now_ns);

/* bagg_screen_tick - draw if it is time to: at most ten times a second, at least once. Returns when to call again at the
 * latest. */
uint64_t bagg_screen_tick(struct bagg_screen *s, uint64_t now_ns);

/* bagg_screen_wipe - take the picture off, before anything else is written on the terminal; the next tick draws it again. */
void bagg_screen_wipe(struct bagg_screen *s);

/* bagg_screen_close - the input has ended: leave the last picture standing, or with wipe none, and free what s holds. */
void bagg_screen_close(struct bagg_screen *s, uint64_t now_ns, bool interrupted, bool wipe);

/* canvas.c: bagg_screen_compose - the picture as it is now, for a terminal of that size: text as bt_picture_show wants it,
 * with the columns of up to rows lines in widths. Returns the number of lines. */
unsigned bagg_screen_compose(const struct bagg_screen *s, unsigned columns, unsigned rows, struct bt_buf *text,
			     unsigned *widths);

#endif
