/* SPDX-License-Identifier: ISC
 *
 * term - what a terminal can do, and one progress line on stderr.
 */
#ifndef BT_TERM_H
#define BT_TERM_H

#include <stdbool.h>
#include <stdint.h>

/* bt_term_usable - fd is a terminal and TERM is neither unset nor "dumb". */
bool bt_term_usable(int fd);

/* bt_term_colour - bt_term_usable and NO_COLOR is unset or empty. */
bool bt_term_colour(int fd);

/* bt_term_width - columns of fd's terminal, 80 when unknown. */
unsigned bt_term_width(int fd);

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
