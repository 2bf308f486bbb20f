/* SPDX-License-Identifier: ISC
 *
 * float - scalar double-precision arithmetic whose every bit is known.
 *
 * Shape: two dependency chains side by side, one of multiplications and a subtraction (a chaotic map, in which one wrong bit
 * soon spreads over all others), one through the square root; a division and an addition hang off them. Latency-bound, IPC
 * about 0.5. IEEE 754 defines each operation exactly, so the answer is the same on all machines as long as nothing is fused.
 */
#include <math.h>
#include <string.h>

#include "bcpu.h"

#define STEPS 10000

static const uint64_t golden[] = { 0x42dcb09839ac7e20 };

static uint64_t bits(double v)
{
	uint64_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

static uint64_t batch(struct bcpu_work *k)
{
	double x = 0.3, y = 1.0, sum = 0.0;

	(void)k;
	__asm__ volatile("" : "+m"(x), "+m"(y)); /* no constants, as far as the compiler can see */
	for (unsigned i = 0; i < STEPS; i++) {
		x = 3.9 * x * (1.0 - x);
		y = sqrt(x + 0.5 * y);
		sum += x / y;
	}
	return bits(x) ^ bits(y) << 1 ^ bits(sum) << 2;
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_float = {
	.name = "float", .id = "float.1", .help = "scalar doubles: add, multiply, divide, square root in dependency chains",
	.work = "10000 steps of a chaotic map", .golden = golden, .rounds = 1, .isas = isas,
};
