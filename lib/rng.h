/* SPDX-License-Identifier: ISC
 *
 * rng - a small, fast, seedable random source: xoshiro256** seeded by splitmix64 (Blackman, Vigna,
 * https://prng.di.unimi.it/). The same seed gives the same sequence on every machine. Not for secrets.
 */
#ifndef BT_RNG_H
#define BT_RNG_H

#include <stdint.h>

struct bt_rng {
	uint64_t s[4];
};

/* bt_rng_seed - start the sequence number seed; streams of different seeds are independent for our purposes. */
void bt_rng_seed(struct bt_rng *r, uint64_t seed);

static inline uint64_t bt_rng_rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* bt_rng_next - 64 uniform bits. */
static inline uint64_t bt_rng_next(struct bt_rng *r)
{
	uint64_t out = bt_rng_rotl(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = bt_rng_rotl(r->s[3], 45);
	return out;
}

/* bt_rng_below - uniform in [0,bound), bound > 0, without a division and with a bias below bound/2^64. */
static inline uint64_t bt_rng_below(struct bt_rng *r, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)bt_rng_next(r) * bound) >> 64);
}

/* bt_rng_unit - uniform in (0,1], 53 bits; safe to take the logarithm of. */
static inline double bt_rng_unit(struct bt_rng *r)
{
	return (double)((bt_rng_next(r) >> 11) + 1) * 0x1p-53;
}

#endif
