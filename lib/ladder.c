/* SPDX-License-Identifier: ISC
 *
 * ladder - which level of the memory a working set lives in, and working sets that show each level.
 */
#include <stdbool.h>

#include "ladder.h"

#define FAR_UNKNOWN (128u << 20)
#define LEAST 4096u /* bytes of a step */

static bool holds_data(const struct bt_cache *c)
{
	return c->type[0] != 'I' && c->size_bytes > 0;
}

/* Workers are spread over the instances of a cache; none holds the data of another one's. */
static bool fits(const struct bt_cache *c, uint32_t workers, uint64_t own_bytes)
{
	uint32_t instances = c->instances ? c->instances : 1;
	uint32_t used = workers < instances ? workers : instances;
	uint32_t sharing = (workers + used - 1) / used;

	return own_bytes <= c->size_bytes / sharing;
}

const char *bt_ladder_level(const struct bt_host *h, uint32_t workers, uint64_t own_bytes, uint64_t buffer_bytes)
{
	static const char *const names[] = { "L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9" };
	uint32_t level = 10;

	if (bt_host_llc_bytes(h) == 0)
		return "unknown";
	for (unsigned i = 0; i < h->n_caches; i++)
		if (holds_data(&h->caches[i]) && h->caches[i].level < level && fits(&h->caches[i], workers, own_bytes))
			level = h->caches[i].level;
	if (level < 10)
		return names[level];
	return buffer_bytes >= bt_ladder_far(h) ? "RAM" : "mixed";
}

uint64_t bt_ladder_far(const struct bt_host *h)
{
	uint64_t llc = bt_host_llc_bytes(h);

	return llc ? BT_LADDER_FAR * llc : FAR_UNKNOWN;
}

static void add(uint64_t *out, size_t *n, uint64_t bytes)
{
	bytes = bytes / LEAST * LEAST;
	if (bytes >= LEAST && *n < BT_LADDER_MAX && (*n == 0 || bytes > out[*n - 1]))
		out[(*n)++] = bytes;
}

/* The data cache of that level, or NULL. */
static const struct bt_cache *cache_of(const struct bt_host *h, uint32_t level)
{
	for (unsigned i = 0; i < h->n_caches; i++)
		if (h->caches[i].level == level && holds_data(&h->caches[i]))
			return &h->caches[i];
	return NULL;
}

size_t bt_ladder_sizes(const struct bt_host *h, uint64_t most_bytes, uint64_t out[BT_LADDER_MAX])
{
	uint64_t last = 0, far = bt_ladder_far(h);
	size_t n = 0;

	for (uint32_t level = 1; level < 10; level++) {
		const struct bt_cache *c = cache_of(h, level);

		if (!c || c->size_bytes / 2 > most_bytes)
			continue;
		if (c->size_bytes / 8 >= 2 * last)
			add(out, &n, c->size_bytes / 8);
		if (c->size_bytes / 2 > last)
			add(out, &n, c->size_bytes / 2);
		last = c->size_bytes;
	}
	if (2 * far <= most_bytes) {
		add(out, &n, far);
		add(out, &n, 2 * far);
	} else if (most_bytes > last) {
		add(out, &n, far < most_bytes ? far : most_bytes);
	}
	if (n == 0)
		out[n++] = LEAST;
	return n;
}
