/* SPDX-License-Identifier: ISC
 *
 * ladder - unit tests of levels and working sets, on machines made up and on those of the fixtures.
 */
#include "fixture.h"
#include "ladder.h"
#include "unit.h"

#define KB 1024ull
#define MB (1024 * KB)

/* Two cores with caches of their own, and one cache for both. */
static struct bt_host two_cores(void)
{
	struct bt_host h = { .cpus_online = 2, .cores = 2, .n_caches = 4 };

	h.caches[0] = (struct bt_cache){ .level = 1, .type = "Data", .size_bytes = 48 * KB, .instances = 2 };
	h.caches[1] = (struct bt_cache){ .level = 1, .type = "Instruction", .size_bytes = 64 * KB, .instances = 2 };
	h.caches[2] = (struct bt_cache){ .level = 2, .type = "Unified", .size_bytes = 1 * MB, .instances = 2 };
	h.caches[3] = (struct bt_cache){ .level = 3, .type = "Unified", .size_bytes = 32 * MB, .instances = 1 };
	return h;
}

static void test_levels(void)
{
	struct bt_host h = two_cores();

	CHECK_STR(bt_ladder_level(&h, 1, 4 * KB, 4 * KB), "L1");
	CHECK_STR(bt_ladder_level(&h, 1, 48 * KB, 48 * KB), "L1");
	CHECK_STR(bt_ladder_level(&h, 1, 48 * KB + 1, 48 * KB), "L2");
	CHECK_STR(bt_ladder_level(&h, 1, 1 * MB, 1 * MB), "L2");
	CHECK_STR(bt_ladder_level(&h, 1, 1 * MB + 1, 1 * MB), "L3");
	CHECK_STR(bt_ladder_level(&h, 1, 32 * MB, 32 * MB), "L3");
	CHECK_STR(bt_ladder_level(&h, 1, 32 * MB + 1, 32 * MB), "mixed");
	CHECK_STR(bt_ladder_level(&h, 1, 3 * 127 * MB, 127 * MB), "mixed");
	CHECK_STR(bt_ladder_level(&h, 1, 3 * 128 * MB, 128 * MB), "RAM");
}

/* Private caches hold what one worker uses; the shared one must hold what all use. */
static void test_workers(void)
{
	struct bt_host h = two_cores();

	CHECK_STR(bt_ladder_level(&h, 2, 48 * KB, 96 * KB), "L1");
	CHECK_STR(bt_ladder_level(&h, 4, 48 * KB, 192 * KB), "L2");
	CHECK_STR(bt_ladder_level(&h, 4, 24 * KB, 96 * KB), "L1");
	CHECK_STR(bt_ladder_level(&h, 2, 16 * MB, 32 * MB), "L3");
	CHECK_STR(bt_ladder_level(&h, 2, 16 * MB + 1, 33 * MB), "mixed");
	CHECK_STR(bt_ladder_level(&h, 2, 64 * MB, 128 * MB), "RAM");
}

static void test_ladder(void)
{
	static const uint64_t want[] = { 4 * KB, 24 * KB, 128 * KB, 512 * KB, 4 * MB, 16 * MB, 128 * MB, 256 * MB };
	static const char *const levels[] = { "L1", "L1", "L2", "L2", "L3", "L3", "RAM", "RAM" };
	uint64_t sizes[BT_LADDER_MAX];
	struct bt_host h = two_cores();
	size_t n = bt_ladder_sizes(&h, 1024 * MB, sizes);

	CHECK_EQ(n, 8);
	for (size_t i = 0; i < n && i < 8; i++) {
		CHECK_EQ(sizes[i], want[i]);
		CHECK_STR(bt_ladder_level(&h, 1, sizes[i], sizes[i]), levels[i]);
	}
	CHECK_EQ(bt_ladder_far(&h), 128 * MB);
}

/* Little memory: the ladder ends with what there is. */
static void test_little_memory(void)
{
	uint64_t sizes[BT_LADDER_MAX];
	struct bt_host h = two_cores();

	CHECK_EQ(bt_ladder_sizes(&h, 200 * MB, sizes), 7);
	CHECK_EQ(sizes[6], 128 * MB);
	CHECK_EQ(bt_ladder_sizes(&h, 100 * MB, sizes), 7);
	CHECK_EQ(sizes[6], 100 * MB);
	CHECK_EQ(bt_ladder_sizes(&h, 20 * MB, sizes), 6);
	CHECK_EQ(sizes[5], 16 * MB);
	CHECK_EQ(bt_ladder_sizes(&h, 2 * MB, sizes), 5);
	CHECK_EQ(sizes[4], 2 * MB);
	CHECK_EQ(bt_ladder_sizes(&h, 0, sizes), 1);
	CHECK_EQ(sizes[0], 4 * KB);
}

static void test_unknown_caches(void)
{
	uint64_t sizes[BT_LADDER_MAX];
	struct bt_host h = { .cpus_online = 4 };

	CHECK_STR(bt_ladder_level(&h, 1, 4096, 4096), "unknown");
	CHECK_STR(bt_ladder_level(&h, 1, 1024 * MB, 1024 * MB), "unknown");
	CHECK_EQ(bt_ladder_far(&h), 128 * MB);
	CHECK_EQ(bt_ladder_sizes(&h, 1024 * MB, sizes), 2);
	CHECK_EQ(sizes[1], 256 * MB);
}

/* Every step of every machine lies in the level that comes next, and all levels of the machine are met. */
static void check_machine(const char *name)
{
	struct bt_src src = { fixture_path(name) };
	uint64_t sizes[BT_LADDER_MAX];
	const char *last = "";
	unsigned levels = 0, caches = 0;
	struct bt_host h;
	size_t n;

	bt_host_read(&h, &src);
	for (unsigned i = 0; i < h.n_caches; i++)
		caches += h.caches[i].type[0] != 'I';
	n = bt_ladder_sizes(&h, 1ull << 40, sizes);
	for (size_t i = 0; i < n; i++) {
		const char *level = bt_ladder_level(&h, 1, sizes[i], sizes[i]);

		CHECK(i == 0 || sizes[i] > sizes[i - 1]);
		CHECK(strcmp(level, "mixed") != 0);
		CHECK(strcmp(level, last) >= 0); /* L1 < L2 < L3 < RAM */
		levels += strcmp(level, last) != 0;
		last = level;
	}
	CHECK_EQ(levels, caches + 1);
}

static void test_machines(void)
{
	check_machine("epyc-2s");
	check_machine("kvm-hybrid");
	check_machine("rk3588");
}

static const struct unit_test tests[] = {
	{ "names the smallest cache that holds it, or memory", test_levels },
	{ "shares caches out among the workers", test_workers },
	{ "has two steps for each level", test_ladder },
	{ "takes no more memory than there is", test_little_memory },
	{ "does without caches that are not shown", test_unknown_caches },
	{ "meets all levels of real machines", test_machines },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
