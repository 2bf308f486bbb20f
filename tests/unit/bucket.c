/* SPDX-License-Identifier: ISC
 *
 * bucket - unit tests of the index of a bucket: as lib/hist has it, and the same in BPF programs.
 */
#include <stdbool.h>

#include "hist.h"
#include "rng.h"
#include "unit.h"

/* The header once more, as a BPF program sees it. */
#undef BT_BUCKET_H
#undef BT_BUCKET_HALF_BITS
#undef BT_BUCKET_COUNT
#define __bpf__
#define bt_bucket_log2 bpf_bucket_log2
#define bt_bucket_index bpf_bucket_index
#include "bucket.h"
#undef bt_bucket_log2
#undef bt_bucket_index
#undef __bpf__

static const uint32_t half_bits_of[] = BT_BUCKET_HALF_BITS;

static void check_value(uint64_t v)
{
	if (v > 0) {
		CHECK_EQ(bt_bucket_log2(v), 63 - __builtin_clzll(v));
		CHECK_EQ(bpf_bucket_log2(v), 63 - __builtin_clzll(v));
	}
	for (unsigned digits = 1; digits <= 3 && v <= BT_HIST_VALUE_MAX; digits++) {
		uint32_t half_bits = half_bits_of[digits], i;
		uint64_t linear = (2ull << half_bits) - 1;
		struct bt_hist h;

		bt_hist_init(&h, digits);
		CHECK(h.half_bits == half_bits && h.linear == linear);
		i = bt_bucket_index(v, half_bits, linear);
		CHECK_EQ(bpf_bucket_index(v, half_bits, linear), i);
		CHECK_EQ(bt_hist_index(&h, v), i);
		CHECK(bt_hist_low(&h, i) <= v && v <= bt_hist_high(&h, i));
		CHECK(i < BT_BUCKET_COUNT(half_bits));
	}
}

static void test_edges(void)
{
	check_value(0);
	for (unsigned power = 0; power < 64; power++)
		for (int off = -1; off <= 1; off++)
			check_value((1ull << power) + (uint64_t)off);
	check_value(UINT64_MAX);
}

static void test_random(void)
{
	struct bt_rng rng;

	bt_rng_seed(&rng, 10);
	for (unsigned i = 0; i < 50000; i++)
		check_value(bt_rng_next(&rng) >> bt_rng_below(&rng, 64));
}

/* No bucket too many: the largest value has the last one. Two digits fit the room of BPF programs (bpf/trace.h). */
static void test_count(void)
{
	for (unsigned digits = 1; digits <= 3; digits++) {
		uint32_t half_bits = half_bits_of[digits];

		CHECK_EQ(bt_bucket_index(BT_HIST_VALUE_MAX, half_bits, (2ull << half_bits) - 1), BT_BUCKET_COUNT(half_bits) - 1);
	}
	CHECK_EQ(BT_BUCKET_COUNT(7), 7296);
}

static const struct unit_test tests[] = {
	{ "agrees with histograms and with BPF at powers of two", test_edges },
	{ "agrees with them anywhere", test_random },
	{ "counts all buckets", test_count },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
