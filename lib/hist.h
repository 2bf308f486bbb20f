/* SPDX-License-Identifier: ISC
 *
 * hist - a histogram of unsigned integers with bounded relative error: the bucket layout of HdrHistogram with
 * lowestDiscernibleValue 1 (http://hdrhistogram.org, Gil Tene).
 *
 * Invariants
 *  - digits is 1..3: two values that share a bucket differ by less than 10^-digits of their size.
 *  - any value 0..2^63-1 has a bucket; larger ones are counted in the last bucket and in `clamped`.
 *  - counts[] is grown on demand and covers at least the bucket of every value counted so far; `len` buckets exist, the rest
 *    are zero. When memory runs out (or n would pass 2^64) the value is counted in `dropped` and nowhere else.
 *  - n, sum, min and max are exact, whatever the bucket width.
 */
#ifndef BT_HIST_H
#define BT_HIST_H

#include <stddef.h>
#include <stdint.h>

#include "bucket.h"

struct bt_hist {
	uint64_t *counts;
	uint32_t len;          /* buckets allocated */
	uint8_t digits;        /* 1..3 significant decimal digits */
	uint8_t half_bits;     /* log2 of half the sub-buckets: 4, 7, 10 for 1, 2, 3 digits */
	uint16_t linear;       /* 2^(half_bits+1) - 1: values up to it have a bucket each */
	uint64_t n;            /* values counted */
	uint64_t min, max;     /* UINT64_MAX and 0 while n is 0 */
	unsigned __int128 sum; /* of all values counted */
	uint64_t clamped;      /* values above 2^63-1 */
	uint64_t dropped;      /* values lost because memory ran out */
};

#define BT_HIST_VALUE_MAX ((uint64_t)INT64_MAX)

/* bt_hist_init - an empty histogram of 1..3 digits. Allocates nothing. */
void bt_hist_init(struct bt_hist *h, unsigned digits);

/* bt_hist_free - release the memory; h is then empty and usable. Takes NULL. */
void bt_hist_free(struct bt_hist *h);

/* bt_hist_reset - forget all values, keep the memory. */
void bt_hist_reset(struct bt_hist *h);

/* bt_hist_restart - the same with that many digits, for which memory may have to go. */
void bt_hist_restart(struct bt_hist *h, unsigned digits);

/* bt_hist_reserve - make buckets for all values up to max now, so that counting them never allocates. 0 or -ENOMEM. */
int bt_hist_reserve(struct bt_hist *h, uint64_t max);

/* bt_hist_add_slow - the part of bt_hist_add that grows and clamps. */
void bt_hist_add_slow(struct bt_hist *h, uint64_t value, uint64_t count);

static inline uint32_t bt_hist_index(const struct bt_hist *h, uint64_t value)
{
	return bt_bucket_index(value, h->half_bits, h->linear);
}

/* bt_hist_add - count one value. Constant time; allocates only when the value is beyond every earlier one's power of two.
 * The halves of sum are stored apart because a 128-bit read-modify-write is the longest dependency from one call to the
 * next: 1.7 to 1.9 ns instead of 2.0 to 2.2 on a 2.6 GHz Xeon. Repeated equal values wait for their counter's last store,
 * 2.1 to 2.3 ns. */
static inline void bt_hist_add(struct bt_hist *h, uint64_t value)
{
	uint32_t i = bt_hist_index(h, value);
	uint64_t low = (uint64_t)h->sum + value;

	if (__builtin_expect(i >= h->len, 0)) {
		bt_hist_add_slow(h, value, 1);
		return;
	}
	h->counts[i]++;
	h->n++;
	h->sum = (h->sum >> 64 << 64) | low;
	if (__builtin_expect(low < value, 0))
		h->sum += (unsigned __int128)1 << 64;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
}

/* bt_hist_add_n - count one value count times. count may be 0. */
void bt_hist_add_n(struct bt_hist *h, uint64_t value, uint64_t count);

/* bt_hist_merge - add all of from to h. Lossless when from->digits >= h->digits and they are equal; with different digits
 * h is first reduced to the smaller (unless from is empty), and buckets of the finer one are folded whole, so that the
 * result is what h would hold had it counted the values itself. Returns 0, -ENOMEM, or -EOVERFLOW when n would pass 2^64;
 * h is then unchanged. Borrows from. */
int bt_hist_merge(struct bt_hist *h, const struct bt_hist *from);

/* bt_hist_reduce - fold h down to fewer digits, exactly as if it had counted with them. More digits: no effect. */
int bt_hist_reduce(struct bt_hist *h, unsigned digits);

/* bt_hist_used - number of buckets up to and including the last one that is not empty. */
uint32_t bt_hist_used(const struct bt_hist *h);

/* bt_hist_low, bt_hist_high - smallest and largest value of bucket i. */
uint64_t bt_hist_low(const struct bt_hist *h, uint32_t i);
uint64_t bt_hist_high(const struct bt_hist *h, uint32_t i);

/* bt_hist_percentile - the value at rank bt_stat_rank_of(n, p), p in 0..100: the largest value of its bucket, but never
 * above max nor below min; min itself at 0. 0 if n is 0. */
uint64_t bt_hist_percentile(const struct bt_hist *h, double p);

/* bt_hist_percentiles - the same for count ascending percentiles in one pass. */
void bt_hist_percentiles(const struct bt_hist *h, const double *p, uint64_t *out, size_t count);

/* bt_hist_mean - exact; bt_hist_sd - population standard deviation from bucket middles, around their own mean. NaN if n is 0. */
double bt_hist_mean(const struct bt_hist *h);
double bt_hist_sd(const struct bt_hist *h);

#endif
