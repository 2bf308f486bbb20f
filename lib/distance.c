/* SPDX-License-Identifier: ISC
 *
 * distance - how far apart two CPUs are, in what they share.
 */
#include <stdio.h>

#include "cpus.h"
#include "distance.h"

#define CPU_DIR "/sys/devices/system/cpu"
#define CACHES_MAX 16

/* Whether the file, a list of CPUs, names cpu. A missing file names none. */
static bool names(const struct bt_src *src, uint32_t cpu, const char *path)
{
	uint32_t list[BT_CPUS_MAX];
	size_t n = bt_src_list(src, BT_CPUS_MAX - 1, list, BT_CPUS_MAX, "%s", path);

	for (size_t i = 0; i < n; i++)
		if (list[i] == cpu)
			return true;
	return false;
}

/* The same for the file NAME of CPU a. Linux before 5.2 has the second name only. */
static bool shares(const struct bt_src *src, uint32_t a, uint32_t b, const char *name, const char *old_name)
{
	char path[128];

	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/topology/%s", a, name);
	if (names(src, b, path))
		return true;
	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/topology/%s", a, old_name);
	return names(src, b, path);
}

/* The kernel numbers the caches of a CPU from the first level to the last. */
static bool shares_llc(const struct bt_src *src, uint32_t a, uint32_t b)
{
	char path[128];

	for (unsigned i = CACHES_MAX; i-- > 0;) {
		snprintf(path, sizeof(path), CPU_DIR "/cpu%u/cache/index%u/shared_cpu_list", a, i);
		if (bt_src_exists(src, "%s", path))
			return names(src, b, path);
	}
	return false;
}

static bool shares_node(const struct bt_src *src, uint32_t a, uint32_t b)
{
	uint32_t nodes[BT_CPUS_MAX];
	size_t n = bt_src_list(src, BT_CPUS_MAX - 1, nodes, BT_CPUS_MAX, "/sys/devices/system/node/online");
	char path[128];

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist", nodes[i]);
		if (names(src, a, path))
			return names(src, b, path);
	}
	return false;
}

enum bt_distance bt_distance(const struct bt_src *src, uint32_t a, uint32_t b)
{
	if (a == b)
		return BT_DISTANCE_SAME;
	if (shares(src, a, b, "core_cpus_list", "thread_siblings_list"))
		return BT_DISTANCE_SMT;
	if (shares_llc(src, a, b))
		return BT_DISTANCE_LLC;
	if (shares(src, a, b, "package_cpus_list", "core_siblings_list"))
		return BT_DISTANCE_PACKAGE;
	return shares_node(src, a, b) ? BT_DISTANCE_NODE : BT_DISTANCE_REMOTE;
}

const char *bt_distance_name(enum bt_distance distance)
{
	static const char *const texts[] = { "same", "smt", "llc", "package", "node", "remote" };

	return texts[distance];
}
