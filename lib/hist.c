/* SPDX-License-Identifier: ISC
 *
 * hist - a histogram with bounded relative error (see hist.h for layout and invariants).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hist.h"
#include "stat.h"

static const uint8_t half_bits_of[] = BT_BUCKET_HALF_BITS;

static unsigned digits_in_range(unsigned digits)
{
	return digits < 1 ? 1 : digits > 3 ? 3 : digits;
}

static void set_digits(struct bt_hist *h, unsigned digits)
{
	digits = digits_in_range(digits);
	h->digits = (uint8_t)digits;
	h->half_bits = half_bits_of[digits];
	h->linear = (uint16_t)((2u << h->half_bits) - 1);
}

void bt_hist_init(struct bt_hist *h, unsigned digits)
{
	*h = (struct bt_hist){ .min = UINT64_MAX };
	set_digits(h, digits);
}

void bt_hist_free(struct bt_hist *h)
{
	if (!h)
		return;
	free(h->counts);
	bt_hist_init(h, h->digits);
}

void bt_hist_reset(struct bt_hist *h)
{
	uint64_t *counts = h->counts;
	uint32_t len = h->len;

	bt_hist_init(h, h->digits);
	h->counts = counts;
	h->len = len;
	if (len > 0)
		memset(counts, 0, len * sizeof(*counts));
}

void bt_hist_restart(struct bt_hist *h, unsigned digits)
{
	if (h->digits == digits_in_range(digits)) {
		bt_hist_reset(h);
		return;
	}
	bt_hist_free(h);
	bt_hist_init(h, digits);
}

/* Memory comes in whole powers of two of values: 2^half_bits buckets each, the first two of them together. */
static int cover(struct bt_hist *h, uint32_t index)
{
	uint32_t powers = (index >> h->half_bits) + 1, len = (powers < 2 ? 2 : powers) << h->half_bits;
	uint64_t *counts;

	if (len <= h->len)
		return 0;
	counts = reallocarray(h->counts, len, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	memset(counts + h->len, 0, (len - h->len) * sizeof(*counts));
	h->counts = counts;
	h->len = len;
	return 0;
}

int bt_hist_reserve(struct bt_hist *h, uint64_t max)
{
	return cover(h, bt_hist_index(h, max < BT_HIST_VALUE_MAX ? max : BT_HIST_VALUE_MAX));
}

void bt_hist_add_slow(struct bt_hist *h, uint64_t value, uint64_t count)
{
	uint64_t counted = value < BT_HIST_VALUE_MAX ? value : BT_HIST_VALUE_MAX;
	uint32_t i = bt_hist_index(h, counted);

	if (count > UINT64_MAX - h->n || cover(h, i) != 0) {
		h->dropped += count;
		return;
	}
	if (value > BT_HIST_VALUE_MAX)
		h->clamped += count;
	h->counts[i] += count;
	h->n += count;
	h->sum += (unsigned __int128)counted * count;
	if (counted < h->min)
		h->min = counted;
	if (counted > h->max)
		h->max = counted;
}

void bt_hist_add_n(struct bt_hist *h, uint64_t value, uint64_t count)
{
	if (count > 0)
		bt_hist_add_slow(h, value, count);
}

uint64_t bt_hist_low(const struct bt_hist *h, uint32_t i)
{
	uint32_t half = 1u << h->half_bits;

	if (i < 2 * half)
		return i;
	return (uint64_t)(half + (i & (half - 1))) << ((i >> h->half_bits) - 1);
}

uint64_t bt_hist_high(const struct bt_hist *h, uint32_t i)
{
	uint32_t power = i >> h->half_bits;

	return bt_hist_low(h, i) + (1ull << (power > 0 ? power - 1 : 0)) - 1;
}

uint32_t bt_hist_used(const struct bt_hist *h)
{
	uint32_t used = h->len;

	while (used > 0 && h->counts[used - 1] == 0)
		used--;
	return used;
}

/* A bucket of fewer digits is a whole number of buckets of more, none of which moves to a higher index: folding upwards in
 * place never meets a bucket that is still to be read. */
int bt_hist_reduce(struct bt_hist *h, unsigned digits)
{
	struct bt_hist to = *h;
	uint64_t *shrunk, count;
	uint32_t i;

	set_digits(&to, digits);
	if (to.digits >= h->digits)
		return 0;
	for (i = 0; i < h->len; i++) {
		count = h->counts[i];
		h->counts[i] = 0;
		h->counts[bt_hist_index(&to, bt_hist_low(h, i))] += count;
	}
	if (h->len > 0)
		to.len = ((h->len >> h->half_bits) + h->half_bits - to.half_bits) << to.half_bits;
	shrunk = to.len > 0 ? reallocarray(h->counts, to.len, sizeof(*shrunk)) : NULL;
	if (shrunk)
		to.counts = shrunk;
	*h = to;
	return 0;
}

static void add_counts(struct bt_hist *h, const struct bt_hist *from, uint32_t used)
{
	uint32_t i;

	if (h->half_bits == from->half_bits) {
		for (i = 0; i < used; i++)
			h->counts[i] += from->counts[i];
		return;
	}
	for (i = 0; i < used; i++)
		if (from->counts[i] > 0)
			h->counts[bt_hist_index(h, bt_hist_low(from, i))] += from->counts[i];
}

/* What must be covered is read from the buckets: min and max of a decoded histogram come from whoever wrote it. */
int bt_hist_merge(struct bt_hist *h, const struct bt_hist *from)
{
	uint32_t used = bt_hist_used(from);

	if (from->n > UINT64_MAX - h->n)
		return -EOVERFLOW;
	if (used > 0 && bt_hist_reserve(h, bt_hist_low(from, used - 1)) != 0)
		return -ENOMEM;
	/* Of nothing no digit can be lost. */
	if (from->n > 0)
		bt_hist_reduce(h, from->digits);
	add_counts(h, from, used);
	h->n += from->n;
	h->sum += from->sum;
	h->clamped += from->clamped;
	h->dropped += from->dropped;
	if (from->min < h->min)
		h->min = from->min;
	if (from->max > h->max)
		h->max = from->max;
	return 0;
}

void bt_hist_percentiles(const struct bt_hist *h, const double *p, uint64_t *out, size_t count)
{
	uint64_t seen = 0, rank, value;
	uint32_t i = 0;
	size_t k;

	for (k = 0; k < count; k++) {
		if (h->n == 0) {
			out[k] = 0;
			continue;
		}
		rank = bt_stat_rank_of(h->n, p[k]);
		while (seen < rank && i < h->len)
			seen += h->counts[i++];
		value = p[k] > 0 && i > 0 ? bt_hist_high(h, i - 1) : h->min;
		value = value < h->min ? h->min : value;
		out[k] = value > h->max ? h->max : value;
	}
}

uint64_t bt_hist_percentile(const struct bt_hist *h, double p)
{
	uint64_t value;

	bt_hist_percentiles(h, &p, &value, 1);
	return value;
}

double bt_hist_mean(const struct bt_hist *h)
{
	return h->n > 0 ? (double)h->sum / (double)h->n : NAN;
}

static double middle(const struct bt_hist *h, uint32_t i)
{
	return ((double)bt_hist_low(h, i) + (double)bt_hist_high(h, i)) / 2;
}

double bt_hist_sd(const struct bt_hist *h)
{
	uint32_t used = bt_hist_used(h), i;
	double mean = 0, squares = 0, d;

	if (h->n == 0)
		return NAN;
	for (i = 0; i < used; i++)
		if (h->counts[i] > 0)
			mean += (double)h->counts[i] * (middle(h, i) / (double)h->n);
	for (i = 0; i < used; i++) {
		if (h->counts[i] == 0)
			continue;
		d = middle(h, i) - mean;
		squares += (double)h->counts[i] * d * d;
	}
	return sqrt(squares / (double)h->n);
}
