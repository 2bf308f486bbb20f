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
