/* SPDX-License-Identifier: ISC
 *
 * pace - when each operation of an open loop is due.
 */
#include <math.h>

#include "pace.h"

#define COUNTED_MAX 1e6 /* Poisson arrivals drawn one by one to count them: 20 ms */

/* 1e9 / rate = num / den, exactly. A double below 2^53 is den * 2^-shift with den < 2^53; the least rate has shift 62, so
 * num < 2^92, and a stride of up to 2^32 times it fits. */
static unsigned __int128 fraction(double rate, uint64_t *den)
{
	int exponent;
	double mantissa = frexp(rate, &exponent);

	*den = (uint64_t)ldexp(mantissa, 53);
	return (unsigned __int128)1000000000u << (53 - exponent);
}

static void draw(struct bt_pace *p)
{
	double gap = p->part_ns - log(bt_rng_unit(&p->rng)) * p->mean_ns;
	double whole = floor(gap);

	p->next_ns += (uint64_t)whole;
	p->part_ns = gap - whole;
}

void bt_pace_init(struct bt_pace *p, enum bt_arrival arrival, double rate, uint64_t start_ns, uint64_t first,
		  uint64_t stride, uint64_t seed)
{
	unsigned __int128 num;

	rate = fmin(fmax(rate, BT_PACE_RATE_MIN), BT_PACE_RATE_MAX);
	*p = (struct bt_pace){ .arrival = arrival, .next_ns = start_ns, .mean_ns = 1e9 * (double)stride / rate };
	if (arrival == BT_ARRIVAL_POISSON) {
		bt_rng_seed(&p->rng, seed);
		draw(p);
		return;
	}
	num = fraction(rate, &p->den);
	p->step_ns = (uint64_t)(num * stride / p->den);
	p->step_rest = (uint64_t)(num * stride % p->den);
	p->next_ns += (uint64_t)(num * first / p->den);
	p->rest = (uint64_t)(num * first % p->den);
}

uint64_t bt_pace_next(struct bt_pace *p)
{
	uint64_t due = p->next_ns;

	if (p->arrival == BT_ARRIVAL_POISSON) {
		draw(p);
		return due;
	}
	p->next_ns += p->step_ns;
	p->rest += p->step_rest;
	if (p->rest >= p->den) {
		p->rest -= p->den;
		p->next_ns++;
	}
	return due;
}

uint64_t bt_pace_before(const struct bt_pace *p, uint64_t t_ns)
{
	unsigned __int128 span, step;
	struct bt_pace copy = *p;
	uint64_t count = 0;

	if (t_ns <= p->next_ns)
		return 0;
	if (p->arrival == BT_ARRIVAL_POISSON) {
		if ((double)(t_ns - p->next_ns) > COUNTED_MAX * p->mean_ns)
			return 1 + (uint64_t)((double)(t_ns - p->next_ns) / p->mean_ns);
		while (bt_pace_next(&copy) < t_ns)
			count++;
		return count;
	}
	/* next + rest/den + j * step < t in units of 1/den: j < (span - rest) / step, rounded up. */
	span = (unsigned __int128)(t_ns - p->next_ns) * p->den - p->rest;
	step = (unsigned __int128)p->step_ns * p->den + p->step_rest;
	return (uint64_t)((span + step - 1) / step);
}
