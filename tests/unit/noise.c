/* SPDX-License-Identifier: ISC
 *
 * noise - unit tests of what disturbed a span.
 */
#include "cpus.h"
#include "fixture.h"
#include "noise.h"
#include "unit.h"

static uint64_t ticks(uint64_t n)
{
	return n * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void test_v2(void)
{
	static const uint32_t cpus[] = { 0, 1, 15 };
	struct bt_src src = { fixture_path("epyc-2s") };
	struct bt_noise n;

	bt_noise_read(&n, &src, cpus, 3);
	CHECK_EQ(n.steal_ns, ticks(0 + 1 + 15));
	CHECK_EQ(n.total_ns, ticks(507660 + 507662 + 507690)); /* guest time is not counted twice */
	CHECK_EQ(n.throttled_n, 7 + 35);
	CHECK_EQ(n.throttled_ns, (1500 + 123456) * 1000);
	CHECK_EQ(n.thermal_n, 0);
	CHECK_EQ(n.freq_khz, (3500000 + 3490000 + 3350000) / 3);
}

static void test_v1(void)
{
	static const uint32_t cpus[] = { 1, 3 };
	struct bt_src src = { fixture_path("kvm-hybrid") };
	struct bt_noise n;

	bt_noise_read(&n, &src, cpus, 2);
	CHECK_EQ(n.steal_ns, ticks(30 + 25));
	CHECK_EQ(n.throttled_n, 12);
	CHECK_EQ(n.throttled_ns, 345678901);
	CHECK_EQ(n.thermal_n, 1 + 3 + 10 + 10);
	CHECK_EQ(n.freq_khz, 0);
}

static void check_all_zero(const struct bt_noise *n)
{
	static const struct bt_noise zero;

	CHECK(memcmp(n, &zero, sizeof(zero)) == 0);
}

static void test_nothing(void)
{
	static const uint32_t cpus[] = { 0, 4000, 4096, UINT32_MAX };
	struct bt_src src = { fixture_path("no-such-machine") };
	struct bt_noise n;

	memset(&n, 0xff, sizeof(n));
	bt_noise_read(&n, &src, cpus, 4);
	check_all_zero(&n);
	src.root = fixture_path("epyc-2s");
	bt_noise_read(&n, &src, cpus, 0);
	CHECK_EQ(n.total_ns, 0);
}

static void test_hostile(void)
{
	static const uint32_t cpus[] = { 0 };
	char root[64];
	struct bt_src src = { fixture_dir(root) };
	struct bt_noise n;

	fixture_text(root, "/proc/stat", "cpu\ncpu0\ncpu0 x\ncpu99999999999999999999 1 2 3\ncpu0 1 2\ncpu");
	bt_noise_read(&n, &src, cpus, 1);
	CHECK_EQ(n.total_ns, ticks(3));
	fixture_text(root, "/proc/stat", "");
	bt_noise_read(&n, &src, cpus, 1);
	check_all_zero(&n);
	fixture_remove(root);
}

static void test_many_cpus(void)
{
	uint32_t cpus[40];
	char root[64], path[96];
	struct bt_src src = { fixture_dir(root) };
	struct bt_noise n;
	unsigned i;

	for (i = 0; i < 40; i++) {
		cpus[i] = i;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq", i);
		fixture_text(root, path, i % 3 == 0 ? "3000\n" : "1\n");
	}
	bt_noise_read(&n, &src, cpus, 40);
	CHECK_EQ(n.freq_khz, 3000); /* every third one is read */
	fixture_remove(root);
}

static void test_delta(void)
{
	struct bt_noise a = { .steal_ns = 10, .total_ns = 100, .throttled_n = 5, .throttled_ns = 7, .thermal_n = 9, .freq_khz = 8 };
	struct bt_noise b = { .steal_ns = 30, .total_ns = 150, .throttled_n = 6, .throttled_ns = 17, .thermal_n = 8,
			      .freq_khz = 4 };
	struct bt_noise d = bt_noise_delta(&a, &b);

	CHECK_EQ(d.steal_ns, 20);
	CHECK_EQ(d.total_ns, 50);
	CHECK_EQ(d.throttled_n, 1);
	CHECK_EQ(d.throttled_ns, 10);
	CHECK_EQ(d.thermal_n, 0); /* went backwards */
	CHECK_EQ(d.freq_khz, 4);
	d = bt_noise_delta(&a, &a);
	d.freq_khz = 0;
	check_all_zero(&d);
}

static void test_taint(void)
{
	static const struct {
		struct bt_noise delta;
		uint64_t freq_before;
		unsigned want;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { .steal_ns = 10, .total_ns = 1000 }, 0, 0 },
		{ { .steal_ns = 11, .total_ns = 1000 }, 0, BT_TAINT_STEAL },
		{ { .throttled_n = 1 }, 0, BT_TAINT_THROTTLED },
		{ { .thermal_n = 1 }, 0, BT_TAINT_THERMAL },
		{ { .freq_khz = 1050 }, 1000, 0 },
		{ { .freq_khz = 950 }, 1000, 0 },
		{ { .freq_khz = 1051 }, 1000, BT_TAINT_FREQ },
		{ { .freq_khz = 949 }, 1000, BT_TAINT_FREQ },
		{ { .freq_khz = 949 }, 0, 0 },
		{ { .freq_khz = 0 }, 1000, 0 },
		{ { .steal_ns = 5, .total_ns = 9, .throttled_n = 1, .thermal_n = 1, .freq_khz = 1 }, 1000,
		  BT_TAINT_STEAL | BT_TAINT_THROTTLED | BT_TAINT_THERMAL | BT_TAINT_FREQ },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_EQ(bt_noise_taint(&cases[i].delta, cases[i].freq_before), cases[i].want);
}

static void test_live(void)
{
	uint32_t cpus[BT_CPUS_MAX];
	int n = bt_cpus_allowed(cpus, BT_CPUS_MAX);
	struct bt_src src = { "" };
	struct bt_noise noise;

	bt_noise_read(&noise, &src, cpus, (size_t)n);
	CHECK(noise.total_ns > 0);
	CHECK(noise.steal_ns <= noise.total_ns);
}

static const struct unit_test tests[] = {
	{ "reads steal, version 2 throttling and frequency", test_v2 },
	{ "reads version 1 throttling and heat", test_v1 },
	{ "reads nothing where nothing is", test_nothing },
	{ "survives a broken /proc/stat", test_hostile },
	{ "samples the frequency of many CPUs", test_many_cpus },
	{ "subtracts snapshots", test_delta },
	{ "taints beyond the thresholds", test_taint },
	{ "reads the live system", test_live },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
