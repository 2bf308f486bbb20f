/* SPDX-License-Identifier: ISC
 *
 * moments - running sums in double-double arithmetic: count, range, mean and standard deviation in any order.
 */
#include <math.h>

#include "stat.h"

/* The unevaluated sum hi + lo, |lo| at most half an ulp of hi: about 106 bits. */
struct dd {
	double hi, lo;
};

/* a + b without error (Knuth, TAOCP 4.2.2, theorem B). */
static struct dd two_sum(double a, double b)
{
	double s = a + b, t = s - a;

	return (struct dd){ s, (a - (s - t)) + (b - t) };
}

/* Beyond the range of double the low part would be NaN and hide which way it went. */
static struct dd settle(struct dd a)
{
	if (!isfinite(a.hi))
		return (struct dd){ a.hi, 0 };
	return two_sum(a.hi, a.lo);
}

static struct dd two_product(double a, double b)
{
	double p = a * b;

	return (struct dd){ p, fma(a, b, -p) };
}

static struct dd dd_add(struct dd a, struct dd b)
{
	struct dd high = two_sum(a.hi, b.hi), low = two_sum(a.lo, b.lo);

	high = settle((struct dd){ high.hi, high.lo + low.hi });
	return settle((struct dd){ high.hi, high.lo + low.lo });
}

static struct dd dd_mul(struct dd a, struct dd b)
{
	struct dd p = two_product(a.hi, b.hi);

	return settle((struct dd){ p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi) });
}

static struct dd dd_div(struct dd a, struct dd b)
{
	double q = a.hi / b.hi;
	struct dd part, left;

	if (!isfinite(q))
		return (struct dd){ q, 0 };
	part = dd_mul(b, (struct dd){ q, 0 });
	left = dd_add(a, (struct dd){ -part.hi, -part.lo });
	return settle((struct dd){ q, left.hi / b.hi });
}

static struct dd dd_of_u64(uint64_t n)
{
	double hi = (double)n;

	return (struct dd){ hi, (double)((__int128)n - (__int128)hi) };
}

void bt_moments_init(struct bt_moments *m)
{
	*m = (struct bt_moments){ .min = INFINITY, .max = -INFINITY };
}

static void store(struct bt_moments *m, struct dd sum, struct dd sumsq)
{
	m->sum = sum.hi;
	m->sum_lo = sum.lo;
	m->sumsq = sumsq.hi;
	m->sumsq_lo = sumsq.lo;
}

static void count(struct bt_moments *m, double v)
{
	m->n++;
	m->min = v < m->min ? v : m->min;
	m->max = v > m->max ? v : m->max;
}

/* The common case in half the steps: one term has no low part, and squares never cancel. */
void bt_moments_add(struct bt_moments *m, double v)
{
	struct dd sum = two_sum(m->sum, v), square = two_product(v, v), sumsq = two_sum(m->sumsq, square.hi);

	sum = settle((struct dd){ sum.hi, sum.lo + m->sum_lo });
	sumsq = settle((struct dd){ sumsq.hi, sumsq.lo + (m->sumsq_lo + square.lo) });
	store(m, sum, sumsq);
	count(m, v);
}

void bt_moments_add_int(struct bt_moments *m, __int128 v)
{
	const __int128 exact = (__int128)1 << 106;
	struct dd d = { (double)v, 0 };

	/* Near 2^127 the nearest double is no __int128 any more. */
	if (v > -exact && v < exact)
		d.lo = (double)(v - (__int128)d.hi);
	if (d.lo == 0) {
		bt_moments_add(m, d.hi);
		return;
	}
	store(m, dd_add((struct dd){ m->sum, m->sum_lo }, d), dd_add((struct dd){ m->sumsq, m->sumsq_lo }, dd_mul(d, d)));
	count(m, d.hi);
}

void bt_moments_merge(struct bt_moments *m, const struct bt_moments *from)
{
	struct dd sum = dd_add((struct dd){ m->sum, m->sum_lo }, (struct dd){ from->sum, from->sum_lo });
	struct dd sumsq = dd_add((struct dd){ m->sumsq, m->sumsq_lo }, (struct dd){ from->sumsq, from->sumsq_lo });

	store(m, sum, sumsq);
	m->n += from->n;
	m->min = from->min < m->min ? from->min : m->min;
	m->max = from->max > m->max ? from->max : m->max;
}

/* sum^2 / n + sd^2 times the degrees of freedom: far more exact than sd itself, so that sd comes back. */
void bt_moments_set_sd(struct bt_moments *m, double sd, bool population)
{
	struct dd sum = { m->sum, m->sum_lo }, squares = { 0, 0 }, spread = { 0, 0 };

	if (m->n > 0)
		squares = dd_mul(sum, dd_div(sum, dd_of_u64(m->n)));
	if (m->n > 1 || population)
		spread = dd_mul(two_product(sd, sd), dd_of_u64(population ? m->n : m->n - 1));
	store(m, sum, dd_add(squares, spread));
}

double bt_moments_mean(const struct bt_moments *m)
{
	double n = (double)m->n, q = m->sum / n;

	if (m->n == 0)
		return NAN;
	if (!isfinite(q))
		return q;
	/* One step of division in double-double: what q has left over, and the low part of the sum. */
	return q + (fma(-q, n, m->sum) + m->sum_lo) / n;
}

/* n sumsq - sum^2, free of rounding while the products have less than 106 bits, over n (n-1). */
double bt_moments_sd(const struct bt_moments *m)
{
	struct dd sum = { m->sum, m->sum_lo }, sumsq = { m->sumsq, m->sumsq_lo }, square, n = { (double)m->n, 0 };
	double var;

	if (m->n < 2)
		return NAN;
	if (m->min == m->max)
		return 0;
	square = dd_mul(sum, sum);
	var = dd_add(dd_mul(sumsq, n), (struct dd){ -square.hi, -square.lo }).hi / n.hi / (n.hi - 1);
	return var > 0 ? sqrt(var) : var == var ? 0 : NAN;
}

static bool to_int(double hi, double lo, __int128 *out)
{
	if (!(fabs(hi) < 0x1p105) || hi != floor(hi) || lo != floor(lo))
		return false;
	*out = (__int128)hi + (__int128)lo;
	return true;
}

bool bt_moments_sum_int(const struct bt_moments *m, __int128 *out)
{
	return to_int(m->sum, m->sum_lo, out);
}

bool bt_moments_sumsq_int(const struct bt_moments *m, __int128 *out)
{
	return to_int(m->sumsq, m->sumsq_lo, out);
}
