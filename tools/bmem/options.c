/* SPDX-License-Identifier: ISC
 *
 * options - the options that only bmem has, and what the machine says to them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bmem.h"
#include "err.h"
#include "num.h"
#include "topo.h"

/* One size, or "4k-1M": all doublings. Returns 0 or -EINVAL. */
static int take_size(uint64_t *out, size_t *n, const char *item, size_t len, uint64_t least, uint64_t most)
{
	char from[32], to[32];
	size_t dash = 0;
	uint64_t low, high;

	while (dash < len && item[dash] != '-')
		dash++;
	if (dash >= sizeof(from) || len - dash > sizeof(to))
		return -EINVAL;
	snprintf(from, sizeof(from), "%.*s", (int)dash, item);
	snprintf(to, sizeof(to), "%.*s", dash < len ? (int)(len - dash - 1) : (int)dash, dash < len ? item + dash + 1 : item);
	if (bt_num_size(from, least, most, &low) < 0 || bt_num_size(to, low, most, &high) < 0 || low % least)
		return -EINVAL;
	for (; low <= high; low *= 2) {
		if (*n == BMEM_LIST)
			return -EINVAL;
		out[(*n)++] = low;
	}
	return 0;
}

static void take_sizes(struct bt_opts *o, uint64_t *out, size_t *n, uint64_t least, uint64_t most, const char *range)
{
	const char *p = o->arg;

	for (*n = 0;; p++) {
		size_t len = strcspn(p, ",");

		if (take_size(out, n, p, len, least, most) < 0) {
			*n = 0;
			bt_opts_fail(o, "'%.60s': up to 64 sizes like 16k,1M or 4k-1G (all doublings) are accepted, %s", o->arg, range);
			return;
		}
		p += len;
		if (*p == '\0')
			return;
	}
}

static void take_pages(struct bmem *b, struct bt_opts *o)
{
	b->kinds = 0;
	for (const char *p = o->arg;; p++) {
		size_t len = strcspn(p, ",");
		enum bmem_pages kind = 0;

		while (kind < BMEM_PAGES && (strlen(b->page_names[kind]) != len || strncmp(p, b->page_names[kind], len) != 0))
			kind++;
		if (kind == BMEM_PAGES) {
			bt_opts_fail(o, "'%.40s': a list of %s, thp, 2m and 1g is accepted", o->arg, b->page_names[BMEM_BASE]);
			return;
		}
		b->kinds |= 1u << kind;
		p += len;
		if (*p == '\0')
			return;
	}
}

static void take_policy(struct bmem *b, struct bt_opts *o)
{
	static const char *const names[] = { "local", "bind", "preferred", "interleave", NULL };

	bt_opts_choice(o, names, &b->place.policy);
}

bool bmem_option(struct bmem *b, struct bt_opts *o, int key)
{
	switch (key) {
	case 's': take_sizes(o, b->sizes, &b->n_sizes, BMEM_CHUNK, BMEM_SIZE_MAX, "multiples of 4k up to 16T"); break;
	case 'E': b->isa_name = o->arg; break;
	case OPT_LOAD: bt_opts_list(o, 100, b->loads, BMEM_LIST, &b->n_loads); break;
	case OPT_MEMPOLICY: take_policy(b, o); break;
	case OPT_NODES: bt_opts_list(o, BMEM_NODES - 1, b->place.nodes, BMEM_NODES, &b->place.n_nodes); break;
	case OPT_NT: b->nt = true; break;
	case OPT_PAGES: take_pages(b, o); break;
	case OPT_STRIDE: take_sizes(o, b->strides, &b->n_strides, 16, BMEM_STRIDE_MAX, "multiples of 16 up to 1G"); break;
	default: return false;
	}
	return true;
}

static void settle_isa(struct bmem *b)
{
	struct bt_buf reason = BT_BUF_INIT;

	b->isa = bmem_isa_find(b->isa_name);
	if (!b->isa) {
		bt_buf_printf(&reason, "-E, --engine: '%.40s' is no instruction set of this architecture; there are: best portable", b->isa_name);
		for (size_t i = 0; bmem_isas[i]; i++)
			bt_buf_printf(&reason, " %s", bmem_isas[i]->name);
		bt_die_usage(bt_buf_cstr(&reason));
	}
	if (!b->isa->usable())
		bt_die(BT_EXIT_UNABLE, "this CPU has no %s; without -E the best that it has is used", b->isa->name);
}

static void settle_cpus(struct bmem *b)
{
	const struct bt_load_opts *l = &b->tool.load;
	int n = bt_cpus_allowed(b->cpus, BT_CPUS_MAX);

	if (n < 0)
		bt_die(BT_EXIT_TROUBLE, "CPUs allowed: %s", strerror(-n));
	b->n_cpus = (size_t)n;
	if (l->n_cpus == 0)
		return;
	b->n_cpus = 0;
	for (size_t i = 0; i < l->n_cpus; i++) { /* each once */
		size_t k = 0;

		while (k < b->n_cpus && b->cpus[k] != l->cpus[i])
			k++;
		if (k == b->n_cpus)
			b->cpus[b->n_cpus++] = l->cpus[i];
	}
}

static void settle_place(struct bmem *b)
{
	struct bmem_place *place = &b->place;
	int rc;

	if (place->n_nodes > 0 && place->policy == BMEM_LOCAL)
		place->policy = BMEM_BIND;
	if (place->policy != BMEM_LOCAL && place->n_nodes == 0)
		bt_die_usage("--mempolicy: needs --nodes to say where");
	rc = bmem_place_try(place);
	if (rc < 0)
		bt_die(BT_EXIT_UNABLE, "--nodes, --mempolicy: the kernel does not place memory there: %s; /sys/devices/system/node/has_memory "
		       "lists nodes that have any", strerror(-rc));
}

void bmem_settle(struct bmem *b)
{
	bt_loadtool_check(&b->tool);
	settle_isa(b);
	settle_cpus(b);
	settle_place(b);
	bt_topo_read(&b->host, &b->tool.src);
	bmem_limit_read(b, &b->limit);
	for (size_t i = 0; i < b->tool.load.n_threads; i++)
		b->most_workers = b->tool.load.threads[i] > b->most_workers ? b->tool.load.threads[i] : b->most_workers;
}
