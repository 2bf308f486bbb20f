/* SPDX-License-Identifier: ISC
 *
 * cycle - unit tests of the random cycle of pointers.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "cycle.h"
#include "unit.h"

/* Whether following n pointers visits every slot once, in the order of the ordinals, and comes back. */
static bool is_cycle(struct bt_cycle_slot *first, uint64_t n)
{
	struct bt_cycle_slot *p = first;

	for (uint64_t i = 0; i < n; i++, p = p->next)
		if (p->ordinal != i)
			return false;
	return p == first;
}

static void check_shape(uint64_t n, uint64_t stride, uint64_t turn, uint64_t turns)
{
	char *base = aligned_alloc(64, n * stride + 64);
	struct bt_cycle c = { .base = base, .n = n, .stride_bytes = stride, .turn_bytes = turn, .turns = turns, .seed = n };

	memset(base, 0xff, n * stride + 64);
	CHECK(is_cycle(bt_cycle_make(&c), n));
	for (uint64_t i = 0; i < n; i++) {
		struct bt_cycle_slot *slot = (void *)(base + i * stride + (turn ? i % turns * turn : 0));

		CHECK(slot->ordinal < n);
		CHECK(slot->next->ordinal == (slot->ordinal + 1) % n);
	}
	for (uint64_t i = n * stride; i < n * stride + 64; i++)
		CHECK(base[i] == (char)0xff);
	free(base);
}

static void test_shapes(void)
{
	static const uint64_t counts[] = { 1, 2, 3, 16, 17, 64, 1000, 4096, 65537 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		check_shape(counts[i], 64, 0, 0);
	check_shape(1000, 16, 0, 0);
	check_shape(777, 4096, 64, 64);
	check_shape(100, 128, 64, 2);
}

static void test_follow(void)
{
	enum { N = 1000 };
	static struct bt_cycle_slot slots[N];
	struct bt_cycle c = { .base = (char *)slots, .n = N, .stride_bytes = sizeof(slots[0]), .seed = 5 };
	struct bt_cycle_slot *p = bt_cycle_make(&c);

	CHECK(bt_cycle_follow(p, 0) == p);
	CHECK_EQ(bt_cycle_follow(p, 16)->ordinal, 16);
	CHECK_EQ(bt_cycle_follow(p, 16384)->ordinal, 16384 % N);
}

/* No prefetcher can follow: hardly ever does a step lead to a neighbour, and near and far ones are as frequent as by chance. */
static void test_random(void)
{
	enum { N = 1 << 16 };
	struct bt_cycle_slot *slots = calloc(N, sizeof(*slots)), *p;
	uint64_t neighbours = 0, forward = 0, repeated = 0;
	int64_t last = 0;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct bt_cycle c = { .base = (char *)slots, .n = N, .stride_bytes = sizeof(*slots), .seed = seed };

		p = bt_cycle_make(&c);
		for (unsigned i = 0; i < N; i++, p = p->next) {
			int64_t step = p->next - p;

			neighbours += step >= -4 && step <= 4;
			forward += step > 0;
			repeated += step == last;
			last = step;
		}
	}
	CHECK(neighbours < 4 * 60);
	CHECK(forward > 4 * N / 2 - 2000 && forward < 4 * N / 2 + 2000);
	CHECK(repeated < 4 * 60);
	free(slots);
}

static void test_seeds(void)
{
	enum { N = 512 };
	static struct bt_cycle_slot a[N], b[N];
	struct bt_cycle c = { .base = (char *)a, .n = N, .stride_bytes = sizeof(a[0]), .seed = 1 };
	unsigned same = 0;

	bt_cycle_make(&c);
	c.base = (char *)b;
	bt_cycle_make(&c);
	for (unsigned i = 0; i < N; i++)
		same += a[i].ordinal == b[i].ordinal;
	CHECK_EQ(same, N);
	c.seed = 2;
	bt_cycle_make(&c);
	same = 0;
	for (unsigned i = 0; i < N; i++)
		same += a[i].ordinal == b[i].ordinal;
	CHECK(same < N / 16);
}

static const struct unit_test tests[] = {
	{ "visits every slot once and comes back, whatever the shape", test_shapes },
	{ "follows exactly so many pointers", test_follow },
	{ "has no order that a prefetcher could learn", test_random },
	{ "is the same for the same seed, another one for another", test_seeds },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
