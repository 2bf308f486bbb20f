/* SPDX-License-Identifier: ISC
 *
 * int - counts primes by trial division: the loop of sysbench's cpu test, so that one batch is one of its events with
 * --cpu-max-prime=BOUND.
 *
 * Shape: one 64-bit division after the other; throughput is that of the divider, IPC well below 1 where a division takes
 * more than a dozen cycles.
 */
#include <math.h>

#include "bcpu.h"

#define BOUND 3000

/* There are 430 primes below 3000; the loop starts above 2. */
static const uint64_t golden[] = { 429 };

static uint64_t batch(struct bcpu_work *k)
{
	uint64_t bound = BOUND, primes = 0;

	(void)k;
	__asm__ volatile("" : "+r"(bound)); /* not a constant, as far as the compiler can see */
	for (uint64_t c = 3; c < bound; c++) {
		double root = sqrt((double)c);
		uint64_t divisor = 2;

		while ((double)divisor <= root && c % divisor != 0)
			divisor++;
		primes += (double)divisor > root;
	}
	return primes;
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_int = {
	.name = "int", .id = "int.1", .help = "64-bit integer division: primes by trial division, as sysbench cpu",
	.work = "primes below 3000", .golden = golden, .rounds = 1, .isas = isas,
};
