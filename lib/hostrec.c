/* SPDX-License-Identifier: ISC
 *
 * hostrec - the facts about the machine as keys of a meta record.
 */
#include <string.h>

#include "host.h"

static void add_text(struct bt_rec *r, const char *name, const char *value)
{
	if (*value)
		bt_rec_str(r, name, value);
}

static void add_count(struct bt_rec *r, const char *name, uint64_t value)
{
	if (value)
		bt_rec_u64(r, name, value);
}

/* Bytes of one cache of that kind, 0 when there is none. */
static uint64_t cache_bytes(const struct bt_host *h, unsigned level, const char *type)
{
	unsigned i;

	for (i = 0; i < h->n_caches; i++)
		if (h->caches[i].level == level && strcmp(h->caches[i].type, type) == 0)
			return h->caches[i].size_bytes;
	return 0;
}

uint64_t bt_host_llc_bytes(const struct bt_host *h)
{
	const struct bt_cache *last = NULL, *c;

	for (c = h->caches; c < h->caches + h->n_caches; c++)
		if (strcmp(c->type, "Instruction") != 0 && (!last || c->level > last->level))
			last = c;
	return last ? last->size_bytes * last->instances : 0;
}

void bt_host_record(const struct bt_host *h, struct bt_rec *r)
{
	add_text(r, "kernel", h->kernel);
	add_text(r, "arch", h->arch);
	add_text(r, "cpu_model", h->cpu_model);
	add_text(r, "microcode", h->microcode);
	add_text(r, "virt", h->virt);
	add_text(r, "governor", h->governor);
	add_text(r, "thp", h->thp);
	add_text(r, "clocksource", h->clocksource);
	add_text(r, "smt", h->smt);
	add_text(r, "isolated", h->isolated);
	add_text(r, "mitigations", h->mitigations);
	add_count(r, "cpus", h->cpus_online);
	add_count(r, "cpus_allowed", h->cpus_allowed);
	add_count(r, "sockets", h->sockets);
	add_count(r, "cores", h->cores);
	add_count(r, "numa", h->numa_nodes);
	add_count(r, "freq_max_khz", h->freq_max_khz);
	add_count(r, "mem", h->mem_bytes);
	add_count(r, "swap", h->swap_bytes);
	add_count(r, "hugepages", h->hugepages);
	add_count(r, "l1d", cache_bytes(h, 1, "Data"));
	add_count(r, "l1i", cache_bytes(h, 1, "Instruction"));
	add_count(r, "l2", cache_bytes(h, 2, "Unified"));
	add_count(r, "l3", cache_bytes(h, 3, "Unified"));
	add_count(r, "llc", bt_host_llc_bytes(h));
	add_text(r, "cgroup", h->cgroup_mode);
	if (h->cgroup_cpus > 0)
		bt_rec_f64(r, "cgroup_cpus", h->cgroup_cpus);
	add_count(r, "cgroup_mem", h->cgroup_mem_bytes);
	add_text(r, "fp", h->fp);
}

void bt_host_argv(struct bt_buf *b, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (i > 0)
			bt_buf_char(b, ' ');
		bt_buf_str(b, argv[i]);
	}
}
