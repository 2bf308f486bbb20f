/* SPDX-License-Identifier: ISC
 *
 * bucket - the index of a value's bucket in the layout of HdrHistogram with lowestDiscernibleValue 1
 * (http://hdrhistogram.org, Gil Tene), for programs and BPF programs alike.
 *
 * Values below 2 * 2^half_bits have a bucket each; above, every power of two is cut into 2^half_bits buckets of equal width. All
 * arithmetic is 64 bits wide.
 */
#ifndef BT_BUCKET_H
#define BT_BUCKET_H

#include <stdint.h>

/* Of 1, 2 and 3 significant decimal digits: log2 of half the sub-buckets, 2^(half_bits + 1) being the first power of two that is
 * at least 2 * 10^digits. */
#define BT_BUCKET_HALF_BITS { 0, 4, 7, 10 }

/* BT_BUCKET_COUNT - buckets that the values 0..2^63-1 have. */
#define BT_BUCKET_COUNT(half_bits) ((64u - (half_bits)) << (half_bits))

/* bt_bucket_log2 - the number of the highest bit set; v is not 0. BPF has no instruction for it. */
static inline __attribute__((always_inline)) uint32_t bt_bucket_log2(uint64_t v)
{
#ifdef __bpf__
	uint32_t r = 0;

	if (v >> 32) {
		v >>= 32;
		r += 32;
	}
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	return r + (uint32_t)(v >> 1);
#else
	return 63u ^ (uint32_t)__builtin_clzll(v);
#endif
}

/* bt_bucket_index - the bucket of value, 0..2^63-1; that of a larger one is beyond BT_BUCKET_COUNT. linear: 2^(half_bits + 1) - 1.
 */
static inline __attribute__((always_inline)) uint32_t bt_bucket_index(uint64_t value, uint32_t half_bits, uint64_t linear)
{
	uint32_t bucket = bt_bucket_log2(value | linear) - half_bits;

	return (bucket << half_bits) + (uint32_t)(value >> bucket);
}

#endif
