/* SPDX-License-Identifier: ISC
 *
 * work - a known amount of computation, whose time shows what disturbed it.
 */
#include "bsched.h"

#define TRIES 20
#define TRY_ROUNDS 20000u /* some 20 us */

/* One dependency chain, in registers. */
void bsched_work(uint64_t rounds)
{
	uint64_t v = 1;

	for (uint64_t i = 0; i < rounds; i++) {
		v = v * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(v));
	}
}

/* The fastest of several tries is the one that nothing disturbed. */
uint64_t bsched_work_calibrate(const struct bt_clock *clock, uint64_t ns)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t start = bt_clock_now(clock), took;

		bsched_work(TRY_ROUNDS);
		took = bt_clock_now(clock) - start;
		best = took < best ? took : best;
	}
	return (uint64_t)((double)ns * TRY_ROUNDS / (double)best) + 1;
}
