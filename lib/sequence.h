/* SPDX-License-Identifier: ISC
 *
 * sequence - numbered messages that may get lost, come twice or out of order, as the end that receives them sees it.
 */
#ifndef BT_SEQUENCE_H
#define BT_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#define BT_SEQUENCE_WINDOW 1024u /* numbers that are remembered, up to the highest */

struct bt_sequence {
	uint64_t next;                             /* the highest number so far, and 1 */
	uint64_t window[BT_SEQUENCE_WINDOW / 64];  /* which of the last have come, by number modulo the window */
	bool timed;
	int64_t transit_ns;                        /* of the last one, by two clocks: only its changes mean anything */
	double jitter_ns;
	bool ended;                                /* the other end has said how many there were */
};

/* All zeros is the beginning: the first number is 0. */

enum bt_sequence_is { BT_SEQUENCE_NEW, BT_SEQUENCE_LATE, BT_SEQUENCE_AGAIN };

/* bt_sequence_take - a message has come. NEW: its number is the highest so far, and *skipped how many below it are missing for now;
 * LATE: it was missing, or is older than the window and taken for that; AGAIN: it had come before. */
enum bt_sequence_is bt_sequence_take(struct bt_sequence *s, uint64_t number, uint64_t *skipped);

/* bt_sequence_end - there were count messages. Returns how many more than known so far are missing. */
uint64_t bt_sequence_end(struct bt_sequence *s, uint64_t count);

/* bt_sequence_time - the last message came transit_ns after it was sent, by two clocks that need not agree, but run at the same
 * speed: jitter_ns then is that of RFC 3550, section 6.4.1. */
void bt_sequence_time(struct bt_sequence *s, int64_t transit_ns);

#endif
