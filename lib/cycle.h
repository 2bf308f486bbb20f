/* SPDX-License-Identifier: ISC
 *
 * cycle - pointers that lead through all slots of a buffer in one random cycle, for timing loads that depend on each other.
 *
 * Invariants: from any slot, following `next` n times visits each slot once and comes back. The slots are numbered in the order of
 * the way, so whoever has followed a known number of pointers knows where it must have come out.
 */
#ifndef BT_CYCLE_H
#define BT_CYCLE_H

#include <stdint.h>

#define BT_CYCLE_UNROLL 16 /* loads that are done at a time */

struct bt_cycle_slot {
	struct bt_cycle_slot *next;
	uint64_t ordinal; /* its number on the way, from 0 */
};

/* Where the slots are. */
struct bt_cycle {
	char *base;            /* aligned for a slot; borrowed */
	uint64_t n;            /* slots, from 1 */
	uint64_t stride_bytes; /* from one slot to the next in memory, a multiple of sizeof(struct bt_cycle_slot) */
	uint64_t turn_bytes;   /* 0, or how much further into its stride each slot lies than the one before, */
	uint64_t turns;        /* so often before it begins again: slots on equal lines of many pages would share few cache sets */
	uint64_t seed;         /* of the order */
};

/* bt_cycle_make - write all slots. Returns the one with the ordinal 0. */
struct bt_cycle_slot *bt_cycle_make(const struct bt_cycle *c);

/* bt_cycle_follow - the slot that is so many steps further; loads is a multiple of BT_CYCLE_UNROLL. */
static inline struct bt_cycle_slot *bt_cycle_follow(struct bt_cycle_slot *p, uint64_t loads)
{
	for (uint64_t i = 0; i < loads; i += BT_CYCLE_UNROLL) {
		p = p->next, p = p->next, p = p->next, p = p->next;
		p = p->next, p = p->next, p = p->next, p = p->next;
		p = p->next, p = p->next, p = p->next, p = p->next;
		p = p->next, p = p->next, p = p->next, p = p->next;
		__asm__ volatile("" : "+r"(p));
	}
	return p;
}

#endif
