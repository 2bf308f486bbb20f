/* SPDX-License-Identifier: ISC
 *
 * topo - how many CPUs, cores, sockets, NUMA nodes and caches there are.
 */
#include <stdio.h>
#include <string.h>

#include "cpuinfo.h"
#include "cpus.h"
#include "num.h"
#include "topo.h"

#define CPU_DIR "/sys/devices/system/cpu"

struct cpu_list {
	size_t n;
	uint32_t cpus[BT_CPUS_MAX];
};

static void read_list(struct cpu_list *l, const struct bt_src *src, const char *path)
{
	l->n = bt_src_list(src, BT_CPUS_MAX - 1, l->cpus, BT_CPUS_MAX, "%s", path);
}

/* Into how many groups the file NAME of each CPU, a list of those in its group, divides the CPUs online; each group is
 * visited once. The first group is left in *first. 0 when the file is missing. */
static uint32_t count_groups(const struct bt_src *src, const struct cpu_list *online, const char *name,
			     struct cpu_list *first)
{
	bool seen[BT_CPUS_MAX] = { false };
	struct cpu_list group;
	uint32_t groups = 0;
	char path[128];
	size_t i, k;

	for (i = 0; i < online->n; i++) {
		if (seen[online->cpus[i]])
			continue;
		snprintf(path, sizeof(path), CPU_DIR "/cpu%u/%s", online->cpus[i], name);
		read_list(&group, src, path);
		if (!group.n)
			return 0;
		seen[online->cpus[i]] = true;
		for (k = 0; k < group.n; k++)
			seen[group.cpus[k]] = true;
		if (groups++ == 0)
			memcpy(first, &group, sizeof(group.n) + group.n * sizeof(group.cpus[0]));
	}
	return groups;
}

/* Linux before 5.2 has the second name only. */
static uint32_t count_either(const struct bt_src *src, const struct cpu_list *online, const char *name, const char *old_name,
			     struct cpu_list *first)
{
	uint32_t groups = count_groups(src, online, name, first);

	return groups ? groups : count_groups(src, online, old_name, first);
}

static bool same_list(const struct cpu_list *a, const struct cpu_list *b)
{
	return a->n == b->n && memcmp(a->cpus, b->cpus, a->n * sizeof(a->cpus[0])) == 0;
}

/* What is known about the groups, to spare counting a cache that is shared just like a core or a package. */
struct groups {
	struct cpu_list online, core, package, shared;
};

static uint32_t count_instances(struct groups *g, const struct bt_host *h, const struct bt_src *src, unsigned index)
{
	char name[96];

	snprintf(name, sizeof(name), CPU_DIR "/cpu%u/cache/index%u/shared_cpu_list", g->online.cpus[0], index);
	read_list(&g->shared, src, name);
	if (!g->shared.n)
		return 1;
	if (h->cores && same_list(&g->shared, &g->core))
		return h->cores;
	if (h->sockets && same_list(&g->shared, &g->package))
		return h->sockets;
	snprintf(name, sizeof(name), "cache/index%u/shared_cpu_list", index);
	return count_groups(src, &g->online, name, &g->shared);
}

static void read_caches(struct bt_host *h, const struct bt_src *src, struct groups *g)
{
	char dir[96];
	struct bt_cache *c;
	uint64_t v;
	unsigned i;

	for (i = 0; i < BT_HOST_CACHES; i++) {
		c = &h->caches[h->n_caches];
		snprintf(dir, sizeof(dir), CPU_DIR "/cpu%u/cache/index%u", g->online.cpus[0], i);
		if (bt_src_u64(src, &v, "%s/level", dir) < 0)
			break;
		c->level = (uint32_t)v;
		if (bt_src_u64(src, &c->size_bytes, "%s/size", dir) < 0)
			continue;
		bt_src_line(src, c->type, sizeof(c->type), "%s/type", dir);
		c->line_bytes = bt_src_u64(src, &v, "%s/coherency_line_size", dir) < 0 ? 0 : (uint32_t)v;
		c->instances = count_instances(g, h, src, i);
		h->n_caches++;
	}
}

static uint32_t count_allowed(const struct bt_src *src, const struct cpu_list *online, struct cpu_list *allowed)
{
	char text[8192], list[2048];
	bool is_online[BT_CPUS_MAX] = { false };
	uint32_t count = 0;
	size_t i;
	int n;

	bt_src_read(src, text, sizeof(text), "/proc/self/status");
	bt_src_field(text, "Cpus_allowed_list", list, sizeof(list));
	n = bt_num_list(list, BT_CPUS_MAX - 1, allowed->cpus, BT_CPUS_MAX);
	for (i = 0; i < online->n; i++)
		is_online[online->cpus[i]] = true;
	/* The mask may name CPUs that are offline or do not exist. */
	for (i = 0; n > 0 && i < (size_t)n; i++)
		count += is_online[allowed->cpus[i]];
	return count;
}

static void count_cores(struct bt_host *h, const struct bt_src *src, struct groups *g)
{
	uint64_t smt;

	h->sockets = count_either(src, &g->online, "topology/package_cpus_list", "topology/core_siblings_list", &g->package);
	if (bt_src_u64(src, &smt, CPU_DIR "/smt/active") == 0 && smt == 0) {
		h->cores = h->cpus_online;
		g->core.n = 1;
		g->core.cpus[0] = g->online.cpus[0];
		return;
	}
	h->cores = count_either(src, &g->online, "topology/core_cpus_list", "topology/thread_siblings_list", &g->core);
}

void bt_topo_read(struct bt_host *h, const struct bt_src *src)
{
	uint32_t cpus = 0, sockets = 0, cores = 0;
	struct groups g;

	read_list(&g.online, src, CPU_DIR "/online");
	h->cpus_online = (uint32_t)g.online.n;
	if (g.online.n) {
		count_cores(h, src, &g);
		read_caches(h, src, &g);
		h->cpus_allowed = count_allowed(src, &g.online, &g.shared);
	}
	if (!h->cpus_online || !h->sockets || !h->cores)
		bt_cpuinfo_count(src, &cpus, &sockets, &cores);
	h->cpus_online = h->cpus_online ? h->cpus_online : cpus;
	h->sockets = h->sockets ? h->sockets : sockets;
	h->cores = h->cores ? h->cores : cores;
	read_list(&g.shared, src, "/sys/devices/system/node/online");
	h->numa_nodes = (uint32_t)g.shared.n;
}
