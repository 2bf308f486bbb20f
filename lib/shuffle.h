/* SPDX-License-Identifier: ISC
 *
 * shuffle - a pseudo-random order of 0..n-1 that is never stored: the place of each number is computed.
 */
#ifndef BT_SHUFFLE_H
#define BT_SHUFFLE_H

#include <stdint.h>

#define BT_SHUFFLE_ROUNDS 3

struct bt_shuffle {
	uint64_t n, mask;
	unsigned shift;
	uint64_t mul[BT_SHUFFLE_ROUNDS], add[BT_SHUFFLE_ROUNDS];
};

/* bt_shuffle_init - the order number seed of 0..n-1; n from 1 to 2^63. */
void bt_shuffle_init(struct bt_shuffle *s, uint64_t n, uint64_t seed);

/* bt_shuffle_at - the number at place i, i < n: each of 0..n-1 at one place. About 5 ns. */
static inline uint64_t bt_shuffle_at(const struct bt_shuffle *s, uint64_t i)
{
	/* Each step is a bijection of the numbers up to mask; where it leads out of 0..n-1 it is followed until it comes back. */
	do {
		for (unsigned r = 0; r < BT_SHUFFLE_ROUNDS; r++) {
			i = (i * s->mul[r] + s->add[r]) & s->mask;
			i ^= i >> s->shift;
		}
	} while (i >= s->n);
	return i;
}

/* bt_shuffle_place - the place of that number, number < n: bt_shuffle_at backwards. About 30 ns. */
uint64_t bt_shuffle_place(const struct bt_shuffle *s, uint64_t number);

#endif
