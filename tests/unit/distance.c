/* SPDX-License-Identifier: ISC
 *
 * distance - unit tests of how far apart two CPUs are, against the fixtures.
 */
#include "distance.h"
#include "fixture.h"
#include "unit.h"

static const char *between(const char *root, uint32_t a, uint32_t b)
{
	struct bt_src src = { root };

	CHECK_EQ(bt_distance(&src, a, b), bt_distance(&src, b, a));
	return bt_distance_name(bt_distance(&src, a, b));
}

static void test_server(void)
{
	const char *root = fixture_path("epyc-2s");

	CHECK_STR(between(root, 3, 3), "same");
	CHECK_STR(between(root, 0, 8), "smt");
	CHECK_STR(between(root, 0, 1), "llc");
	CHECK_STR(between(root, 1, 8), "llc");
	CHECK_STR(between(root, 1, 2), "package");
	CHECK_STR(between(root, 8, 11), "package");
	CHECK_STR(between(root, 0, 4), "remote");
	CHECK_STR(between(root, 15, 3), "remote");
}

static void test_one_node(void)
{
	const char *root = fixture_path("kvm-hybrid");

	CHECK_STR(between(root, 0, 1), "llc");
	CHECK_STR(between(root, 2, 3), "llc");
	CHECK_STR(between(root, 0, 3), "node");
}

static void test_no_smt(void)
{
	const char *root = fixture_path("rk3588");

	CHECK_STR(between(root, 0, 5), "llc");
	CHECK_STR(between(root, 7, 6), "llc");
}

static void test_nothing_known(void)
{
	CHECK_STR(between(fixture_path("graviton2"), 0, 1), "remote");
	CHECK_STR(between(fixture_path("no-such-machine"), 1, 1), "same");
	CHECK_STR(between(fixture_path("no-such-machine"), 0, 4095), "remote");
}

static void test_odd_files(void)
{
	char root[64];

	fixture_dir(root);
	fixture_text(root, "/sys/devices/system/node/online", "0,2\n");
	fixture_text(root, "/sys/devices/system/node/node0/cpulist", "\n"); /* memory without CPUs */
	fixture_text(root, "/sys/devices/system/node/node2/cpulist", "0-3\n");
	fixture_text(root, "/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0-\n");
	fixture_text(root, "/sys/devices/system/cpu/cpu0/cache/index10/shared_cpu_list", "0-1\n");
	fixture_text(root, "/sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list", "0-3\n");
	fixture_text(root, "/sys/devices/system/cpu/cpu1/cache/index3/shared_cpu_list", "0-1\n");
	CHECK_STR(between(root, 0, 1), "llc");
	CHECK_STR(between(root, 0, 3), "node");
	CHECK_STR(between(root, 0, 4), "remote");
	fixture_remove(root);
}

static const struct unit_test tests[] = {
	{ "knows the parts of a two-socket server", test_server },
	{ "knows two packages of one node", test_one_node },
	{ "knows a board without hardware threads", test_no_smt },
	{ "calls remote what it knows nothing of", test_nothing_known },
	{ "survives odd files", test_odd_files },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
