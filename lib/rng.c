/* SPDX-License-Identifier: ISC
 *
 * rng - a small, fast, seedable random source: seeding.
 */
#include "rng.h"

/* splitmix64 (Steele, Lea, Flood 2014): turns any seed, 0 included, into well-mixed and never all-zero state. */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void bt_rng_seed(struct bt_rng *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}
