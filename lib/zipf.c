/* SPDX-License-Identifier: ISC
 *
 * zipf - skewed choices: a rank 0..n-1, of which low ones come up more often.
 */
#include <math.h>

#include "zipf.h"

/* The weight of rank x-1, where x is real. */
static double weight(double x, double theta)
{
	return exp(-theta * log(x));
}

/* An integral of the weight, and its inverse. Near theta = 1 the quotient is one of two small numbers, for which there is expm1. */
static double integral(double x, double theta)
{
	double l = log(x), p = (1 - theta) * l;

	return fabs(p) > 1e-12 ? expm1(p) / (1 - theta) : l;
}

static double inverse(double y, double theta)
{
	double t = y * (1 - theta);

	if (t < -1)
		t = -1; /* rounding; the logarithm is then -inf and the result 0 or inf, which next() clamps */
	return exp(fabs(t) > 1e-12 ? log1p(t) / (1 - theta) : y);
}

void bt_zipf_init(struct bt_zipf *z, uint64_t n, double theta)
{
	z->n = n;
	z->theta = theta;
	z->low = integral(1.5, theta) - 1;
	z->high = integral((double)n + 0.5, theta);
	z->squeeze = 2 - inverse(integral(2.5, theta) - weight(2, theta), theta);
}

uint64_t bt_zipf_next(const struct bt_zipf *z, struct bt_rng *rng)
{
	for (;;) {
		double y = z->high + bt_rng_unit(rng) * (z->low - z->high), x = inverse(y, z->theta), k = floor(x + 0.5);

		if (!(k >= 1))
			k = 1;
		else if (k > (double)z->n)
			k = (double)z->n;
		if (k - x <= z->squeeze || y >= integral(k + 0.5, z->theta) - weight(k, z->theta)) {
			uint64_t rank = (uint64_t)k - 1;

			return rank < z->n ? rank : z->n - 1;
		}
	}
}

double bt_pareto_power(double h)
{
	return log(h) / log(1 - h);
}

uint64_t bt_pareto_next(uint64_t n, double power, struct bt_rng *rng)
{
	uint64_t rank = (uint64_t)((double)n * pow(bt_rng_unit(rng), power));

	return rank < n ? rank : n - 1;
}
