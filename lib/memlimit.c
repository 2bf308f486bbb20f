/* SPDX-License-Identifier: ISC
 *
 * memlimit - how much memory this process may take now without anyone being swapped out or killed.
 */
#include <sys/resource.h>

#include "cgroup.h"
#include "memlimit.h"

#define RESERVE_BYTES (8u << 20)

static void lower(struct bt_memlimit *m, uint64_t bytes, const char *why)
{
	if (bytes < m->bytes) {
		m->bytes = bytes;
		m->why = why;
	}
}

static uint64_t left(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

static void read_machine(struct bt_memlimit *m, const struct bt_src *src)
{
	char text[8192], value[32];
	uint64_t overcommit = 0;

	if (bt_src_read(src, text, sizeof(text), "/proc/meminfo") < 0)
		return;
	if (bt_src_field(text, "MemAvailable", value, sizeof(value)) > 0)
		lower(m, bt_src_field_u64(text, "MemAvailable") * 1024, "free memory");
	if (bt_src_u64(src, &overcommit, "/proc/sys/vm/overcommit_memory") == 0 && overcommit == 2)
		lower(m, left(bt_src_field_u64(text, "CommitLimit"), bt_src_field_u64(text, "Committed_AS")) * 1024,
		      "the commit limit (vm.overcommit_memory is 2)");
}

/* Page cache of the group that the kernel would give up first. */
static uint64_t reclaimable(const struct bt_cgroup_dir *d, const struct bt_src *src)
{
	char text[8192];

	if (bt_src_read(src, text, sizeof(text), "%s/memory.stat", d->path) < 0)
		return 0;
	return bt_src_field_u64(text, d->v2 ? "inactive_file" : "total_inactive_file") +
	       bt_src_field_u64(text, d->v2 ? "active_file" : "total_active_file") / 2;
}

/* memory.high does not kill, but slows down whoever is above it. */
static void read_group(struct bt_memlimit *m, const struct bt_cgroup_dir *d, const struct bt_src *src)
{
	uint64_t limit = UINT64_MAX, high, used, cache;

	if (bt_src_u64(src, &used, "%s/%s", d->path, d->v2 ? "memory.current" : "memory.usage_in_bytes") < 0)
		return;
	(void)bt_src_u64(src, &limit, "%s/%s", d->path, d->v2 ? "memory.max" : "memory.limit_in_bytes"); /* "max" is none */
	if (d->v2 && bt_src_u64(src, &high, "%s/memory.high", d->path) == 0 && high < limit)
		limit = high;
	if (limit == UINT64_MAX)
		return;
	cache = reclaimable(d, src);
	lower(m, left(limit, left(used, cache)), "the control group's limit");
}

static void read_groups(struct bt_memlimit *m, const struct bt_src *src)
{
	struct bt_cgroup c;

	bt_cgroup_find(&c, src);
	if (!c.memory.path[0])
		return;
	do {
		read_group(m, &c.memory, src);
	} while (bt_cgroup_up(&c.memory));
}

static void read_process(struct bt_memlimit *m, const struct bt_src *src)
{
	struct rlimit limit;
	char text[8192];

	if (bt_src_read(src, text, sizeof(text), "/proc/self/status") < 0)
		return;
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		lower(m, left(limit.rlim_cur, bt_src_field_u64(text, "VmSize") * 1024), "the limit on address space (ulimit -v)");
	if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		lower(m, left(limit.rlim_cur, bt_src_field_u64(text, "VmData") * 1024), "the limit on data (ulimit -d)");
}

void bt_memlimit_read(struct bt_memlimit *m, const struct bt_src *src)
{
	*m = (struct bt_memlimit){ .bytes = UINT64_MAX, .why = "" };
	read_machine(m, src);
	read_groups(m, src);
	read_process(m, src);
	if (m->bytes != UINT64_MAX)
		m->bytes = left(m->bytes, m->bytes / 16 + RESERVE_BYTES);
}
