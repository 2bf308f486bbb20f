/* SPDX-License-Identifier: ISC
 *
 * shuffle - a pseudo-random order of 0..n-1 that is never stored.
 */
#include "rng.h"
#include "shuffle.h"

void bt_shuffle_init(struct bt_shuffle *s, uint64_t n, uint64_t seed)
{
	struct bt_rng rng;
	unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 1;

	bt_rng_seed(&rng, seed);
	s->n = n;
	s->mask = (1ull << bits) - 1;
	s->shift = (bits + 1) / 2;
	for (unsigned r = 0; r < BT_SHUFFLE_ROUNDS; r++) {
		s->mul[r] = bt_rng_next(&rng) | 1;
		s->add[r] = bt_rng_next(&rng);
	}
}

/* The number by which to multiply to undo an odd multiplication mod 2^64. Each step doubles the bits that are right. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd; /* three bits */

	for (int bits = 3; bits < 64; bits *= 2)
		x *= 2 - odd * x;
	return x;
}

uint64_t bt_shuffle_place(const struct bt_shuffle *s, uint64_t number)
{
	uint64_t i = number;

	do {
		for (unsigned r = BT_SHUFFLE_ROUNDS; r-- > 0;) {
			i ^= i >> s->shift; /* its own inverse, for shift is at least half of the bits */
			i = (i - s->add[r]) * inverse(s->mul[r]) & s->mask;
		}
	} while (i >= s->n);
	return i;
}
