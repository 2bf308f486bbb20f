/* SPDX-License-Identifier: ISC
 *
 * term - what a terminal can do, one progress line on stderr, and a picture of several lines that is drawn in place.
 */
#ifndef BT_TERM_H
#define BT_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* bt_term_usable - fd is a terminal and TERM is neither unset nor "dumb". */
bool bt_term_usable(int fd);

/* bt_term_colour - bt_term_usable and NO_COLOR is unset or empty. */
bool bt_term_colour(int fd);

/* bt_term_width - columns of fd's terminal, 80 when unknown. */
unsigned bt_term_width(int fd);

/* bt_term_height - its rows, 24 when unknown. */
unsigned bt_term_height(int fd);

/* bt_term_utf8 - the environment asks for UTF-8 (LC_ALL, LC_CTYPE, LANG). */
bool bt_term_utf8(void);

/* bt_term_claim - take fd's terminal for a picture: from now on bt_progress_show draws nothing there, in any process, until
 * the descriptor returned is closed or we die. Returns it, -EAGAIN when another picture has the terminal, or -errno. */
int bt_term_claim(int fd);

/* A picture: lines below the cursor, drawn over each other in one write each. Between two of them the cursor stands below it
 * in the first column, as it does in a shell, and nothing of the terminal is changed: so no exit leaves anything to be
 * restored. */
struct bt_picture {
	int fd;
	unsigned n_lines; /* on screen; 0: none */
	unsigned *widths; /* columns of each of them */
	unsigned cap;
};

/* bt_picture_show - draw n lines in place of those on screen. text: each line ended by '\n', none wider than the terminal;
 * widths: columns of each. Draws nothing while the terminal is stopped (^S) or we are in the background. again: forget what
 * is on screen instead of drawing over it (after SIGCONT). */
void bt_picture_show(struct bt_picture *p, const struct bt_buf *text, const unsigned *widths, unsigned n, bool again);

/* bt_picture_wipe - take it off the screen. */
void bt_picture_wipe(struct bt_picture *p);
void bt_picture_free(struct bt_picture *p);

/* bt_term_time - a time as a person says it: 3.1s, 4m05s, 2h10m. */
void bt_term_time(char *out, size_t cap, uint64_t ns);

/* A progress line: "bcpu  hash  rep 2/5  [#####.....]  52%  3.1s left". */
struct bt_progress {
	bool on;            /* stderr is a usable terminal and we are not quiet */
	uint64_t total_ns;  /* of the whole run */
	uint64_t start_ns;
	unsigned shown_len; /* columns on screen */
};

void bt_progress_init(struct bt_progress *p, bool quiet, uint64_t total_ns, uint64_t now_ns);
void bt_progress_show(struct bt_progress *p, uint64_t now_ns, const char *what);

/* bt_progress_clear - wipe the line, before anything else is printed. */
void bt_progress_clear(struct bt_progress *p);

#endif
