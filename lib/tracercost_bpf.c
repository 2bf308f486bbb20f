/* SPDX-License-Identifier: ISC
 *
 * tracercost - what a tracer's programs cost, and what they missed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "tracer.h"

#define WINDOW_NS 50000000u /* the kernel measures run times for so long */

static int program_info(const struct bt_tracer *t, const char *name, struct bpf_prog_info *info)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->obj, name);
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return p && bpf_obj_get_info_by_fd(bpf_program__fd(p), info, &len) == 0 ? 0 : -errno;
}

static void begin_window(struct bt_tracer *t)
{
	struct bpf_prog_info info;

	for (unsigned i = 0; i < t->n_costs; i++)
		if (program_info(t, t->costs[i].program, &info) == 0) {
			t->costs[i].base_runs = info.run_cnt;
			t->costs[i].base_ns = info.run_time_ns;
		}
	t->window_ns = t->stats_fd >= 0 ? bt_clock_monotonic() + WINDOW_NS : UINT64_MAX;
}

void bt_tracer_switch(struct bt_tracer *t, bool on)
{
	if (on && t->beginnings++ == 0)
		begin_window(t);
	*t->running = on ? t->beginnings : 0;
}

static void end_window(struct bt_tracer *t)
{
	struct bpf_prog_info info;

	for (unsigned i = 0; i < t->n_costs && t->stats_fd >= 0; i++)
		if (program_info(t, t->costs[i].program, &info) == 0) {
			t->costs[i].runs = info.run_cnt - t->costs[i].base_runs;
			t->costs[i].ns = info.run_time_ns - t->costs[i].base_ns;
		}
	if (t->stats_fd >= 0)
		close(t->stats_fd);
	t->stats_fd = -1;
	t->window_ns = UINT64_MAX;
}

void bt_tracer_measure(struct bt_tracer *t, uint64_t now_ns)
{
	if (now_ns >= t->window_ns)
		end_window(t);
}

uint64_t bt_tracer_missed(struct bt_tracer *t)
{
	struct bpf_prog_info info;
	uint64_t missed = 0;

	if (t->stats_fd >= 0)
		end_window(t);
	for (unsigned i = 0; i < t->n_costs; i++)
		if (program_info(t, t->costs[i].program, &info) == 0) {
			t->costs[i].missed = info.recursion_misses;
			missed += info.recursion_misses;
		}
	return missed;
}

/* As the kernel charges it: /proc/self/fdinfo. */
uint64_t bt_tracer_map_bytes(const struct bt_tracer *t)
{
	const struct bt_src live = { "" };
	struct bpf_map *map;
	uint64_t sum = 0;
	char text[1024];

	bpf_object__for_each_map(map, t->obj)
		if (bt_src_read(&live, text, sizeof(text), "/proc/self/fdinfo/%d", bpf_map__fd(map)) > 0)
			sum += bt_src_field_u64(text, "memlock");
	return sum;
}
