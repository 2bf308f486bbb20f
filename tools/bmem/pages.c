/* SPDX-License-Identifier: ISC
 *
 * pages - regions of memory: on which pages, on which NUMA node, and what the kernel made of it.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bmem.h"
#include "smaps.h"

#define MB (1ull << 20)
#define THP_ROUND_MAX (32 * MB) /* above, small regions do without */
#define SMAPS_MAX (4 * MB)
#define SAMPLE 32               /* pages asked for their node */
#define HUGE_ENOUGH 0.95        /* share on large pages; the rest is what the kernel had none for */

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

void bmem_pages_know(struct bmem *b)
{
	const struct bt_src live = { "" };
	uint64_t thp = 0;

	bt_src_u64(&live, &thp, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	b->page_bytes[BMEM_BASE] = (uint64_t)sysconf(_SC_PAGESIZE);
	b->page_bytes[BMEM_THP] = thp ? thp : 2 * MB;
	b->page_bytes[BMEM_2M] = 2 * MB;
	b->page_bytes[BMEM_1G] = 1024 * MB;
	snprintf(b->page_names[BMEM_BASE], sizeof(b->page_names[0]), "%uk", (unsigned)(b->page_bytes[BMEM_BASE] / 1024) % 10000);
	memcpy(b->page_names[BMEM_THP], "thp", 4);
	memcpy(b->page_names[BMEM_2M], "2m", 3);
	memcpy(b->page_names[BMEM_1G], "1g", 3);
}

static uint64_t up(uint64_t bytes, uint64_t page)
{
	return (bytes + page - 1) / page * page;
}

uint64_t bmem_pages_round(const struct bmem *b, uint64_t bytes, enum bmem_pages pages)
{
	uint64_t page = b->page_bytes[pages];

	if (pages == BMEM_THP && page > THP_ROUND_MAX && bytes < page)
		page = b->page_bytes[BMEM_BASE];
	return up(bytes, page);
}

static uint64_t node_field(const char *text, uint32_t node, const char *name)
{
	char key[48];

	snprintf(key, sizeof(key), "Node %u %s", node, name);
	return bt_src_field_u64(text, key) * 1024;
}

/* Of a node: what is free, and page cache as memlimit counts that of a control group. 0 where it does not say. */
static uint64_t node_bytes(const struct bt_src *src, uint32_t node)
{
	char text[8192];

	if (bt_src_read(src, text, sizeof(text), "/sys/devices/system/node/node%u/meminfo", node) < 0)
		return 0;
	return node_field(text, node, "MemFree") + node_field(text, node, "Inactive(file)") + node_field(text, node, "Active(file)") / 2;
}

void bmem_limit_read(const struct bmem *b, struct bt_memlimit *limit)
{
	uint32_t nodes[BMEM_NODES];
	uint64_t bytes = 0, one;

	bt_memlimit_read(limit, &b->tool.src);
	if (b->place.policy != BMEM_BIND || /* the only node has what the machine has */
	    bt_src_list(&b->tool.src, BMEM_NODES - 1, nodes, BMEM_NODES, "/sys/devices/system/node/has_memory") < 2)
		return;
	for (size_t i = 0; i < b->place.n_nodes; i++, bytes += one)
		if ((one = node_bytes(&b->tool.src, b->place.nodes[i])) == 0)
			return;
	bytes -= bytes / 16;
	if (bytes < limit->bytes)
		*limit = (struct bt_memlimit){ .bytes = bytes, .why = "the free memory of --nodes" };
}

/* Free reserved pages of the nodes that memory is bound to; UINT64_MAX: of any. */
static uint64_t node_pages(const struct bmem *b, unsigned long long kb)
{
	uint64_t sum = 0, one;

	if (b->place.policy != BMEM_BIND)
		return UINT64_MAX;
	for (size_t i = 0; i < b->place.n_nodes; i++)
		if (bt_src_u64(&b->tool.src, &one, "/sys/devices/system/node/node%u/hugepages/hugepages-%llukB/free_hugepages",
			       b->place.nodes[i], kb) == 0)
			sum += one;
	return sum;
}

uint64_t bmem_pages_reserved(const struct bmem *b, enum bmem_pages pages)
{
	unsigned long long kb = b->page_bytes[pages] / 1024;
	uint64_t free_pages = 0, promised = 0, here = node_pages(b, kb);

	bt_src_u64(&b->tool.src, &free_pages, "/sys/kernel/mm/hugepages/hugepages-%llukB/free_hugepages", kb);
	bt_src_u64(&b->tool.src, &promised, "/sys/kernel/mm/hugepages/hugepages-%llukB/resv_hugepages", kb);
	free_pages = free_pages > promised ? free_pages - promised : 0;
	return (free_pages < here ? free_pages : here) * b->page_bytes[pages];
}

static int map_flags(const struct bmem_region *r)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (r->pages == BMEM_2M || r->pages == BMEM_1G)
		flags |= MAP_HUGETLB | __builtin_ctzll(r->page_bytes) << MAP_HUGE_SHIFT;
	return flags;
}

static int bind_nodes(const struct bmem_region *r)
{
	static const int modes[] = { MPOL_DEFAULT, MPOL_BIND, MPOL_PREFERRED, MPOL_INTERLEAVE };
	const struct bmem_place *place = r->place;
	unsigned long mask[BMEM_NODES / (8 * sizeof(unsigned long))] = { 0 };
	unsigned bits = 8 * sizeof(mask[0]);

	for (size_t i = 0; i < place->n_nodes; i++)
		mask[place->nodes[i] / bits] |= 1ul << place->nodes[i] % bits;
	if (place->policy == BMEM_LOCAL)
		return 0;
	return syscall(SYS_mbind, r->base, r->bytes, modes[place->policy], mask, BMEM_NODES, 0) < 0 ? -errno : 0;
}

/* A kernel without transparent huge pages knows neither advice; then all pages are small, which shows. */
static int advise(const struct bmem_region *r)
{
	if (r->pages == BMEM_THP)
		(void)madvise(r->base, r->bytes, MADV_HUGEPAGE);
	if (r->pages == BMEM_BASE)
		(void)madvise(r->base, r->bytes, MADV_NOHUGEPAGE);
	return bind_nodes(r);
}

/* Cut a mapping of bytes + page down to the aligned part. */
static char *trim(char *map, size_t bytes, size_t page)
{
	size_t before = (page - (uintptr_t)map % page) % page;

	if (before)
		munmap(map, before);
	if (page - before)
		munmap(map + before + bytes, page - before);
	return map + before;
}

int bmem_region_map(struct bmem_region *r, const struct bmem_job *job, uint64_t bytes)
{
	size_t page = job->b->page_bytes[job->pages], slack = job->pages == BMEM_THP ? page : 0;
	char *map;
	int rc;

	*r = (struct bmem_region){ .bytes = bmem_pages_round(job->b, bytes, job->pages), .pages = job->pages, .page_bytes = page,
				   .place = &job->b->place };
	map = mmap(NULL, r->bytes + slack, PROT_READ | PROT_WRITE, map_flags(r), -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	r->base = slack ? trim(map, r->bytes, page) : map;
	rc = advise(r);
	if (rc != 0)
		bmem_region_free(r);
	return rc;
}

int bmem_region_renew(struct bmem_region *r)
{
	char *map = mmap(r->base, r->bytes, PROT_READ | PROT_WRITE, map_flags(r) | MAP_FIXED, -1, 0);
	int rc = map == MAP_FAILED ? -errno : advise(r);

	if (map == MAP_FAILED)
		bmem_region_free(r);
	return rc;
}

void bmem_region_free(struct bmem_region *r)
{
	if (r->base)
		munmap(r->base, r->bytes);
	r->base = NULL;
	r->bytes = 0;
}

static bool on_nodes(const struct bmem_place *place, int node)
{
	unsigned here = 0;

	if (place->policy == BMEM_LOCAL) {
		syscall(SYS_getcpu, NULL, &here, NULL);
		return node == (int)here;
	}
	for (size_t i = 0; i < place->n_nodes; i++)
		if ((int)place->nodes[i] == node)
			return true;
	return false;
}

/* Pages that are not there, or a kernel that does not say, are not misplaced. */
static bool misplaced(const struct bmem_region *r)
{
	size_t step = r->bytes / SAMPLE / r->page_bytes * r->page_bytes;
	void *pages[SAMPLE];
	int status[SAMPLE];
	unsigned n = 0;

	for (size_t at = 0; at < r->bytes && n < SAMPLE; at += step ? step : r->page_bytes)
		pages[n++] = r->base + at;
	if (syscall(SYS_move_pages, 0, (unsigned long)n, pages, NULL, status, 0) < 0)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (status[i] >= 0 && !on_nodes(r->place, status[i]))
			return true;
	return false;
}

/* Whether the kernel keeps it as it was asked to: on pages of its own in RAM, large or small. Sets the share on large ones. */
static bool astray(const struct bmem_region *r, double *huge)
{
	const struct bt_src live = { "" };
	char *text = bt_src_text(&live, SMAPS_MAX, "/proc/self/smaps");
	struct bt_smaps s;
	bool found = text && bt_smaps_find(&s, text, (uintptr_t)r->base) == 0;

	free(text);
	*huge = found && s.rss_bytes ? (double)s.huge_bytes / (double)s.rss_bytes : 0;
	if (!found || s.rss_bytes == 0 || s.swap_bytes > 0 || s.ksm_bytes > 0)
		return true;
	return r->pages == BMEM_THP ? *huge < HUGE_ENOUGH : s.huge_bytes > 0;
}

void bmem_region_look(const struct bmem_region *r, struct bmem_seen *seen)
{
	bool wrong = misplaced(r);
	double huge = 1;

	if (r->pages == BMEM_BASE || r->pages == BMEM_THP)
		wrong |= astray(r, &huge);
	atomic_fetch_add(&seen->bytes, r->bytes);
	atomic_fetch_add(&seen->huge_bytes, (uint64_t)(huge * (double)r->bytes));
	if (wrong)
		atomic_store(&seen->astray, true);
}

int bmem_place_try(const struct bmem_place *place)
{
	struct bmem_region r = { .bytes = (size_t)sysconf(_SC_PAGESIZE), .place = place };
	int rc;

	r.base = mmap(NULL, r.bytes, PROT_READ | PROT_WRITE, map_flags(&r), -1, 0);
	if (r.base == MAP_FAILED)
		return -errno;
	rc = bind_nodes(&r);
	bmem_region_free(&r);
	return rc;
}
