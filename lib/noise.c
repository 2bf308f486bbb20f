/* SPDX-License-Identifier: ISC
 *
 * noise - what disturbed a span: steal, cgroup throttling, frequency, heat. Two snapshots and their difference.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpus.h"
#include "noise.h"

#define STAT_MAX 1048576 /* bytes read of /proc/stat; 4096 CPU lines fit */
#define CPUS_SAMPLED 16  /* CPUs whose frequency and heat are read: three files each, so that 1000 CPUs do not cost 30 ms */

struct cpu_set {
	uint64_t bits[BT_CPUS_MAX / 64];
};

static bool set_has(const struct cpu_set *set, unsigned long cpu)
{
	return cpu < BT_CPUS_MAX && (set->bits[cpu / 64] >> (cpu % 64) & 1);
}

/* "cpuN user nice system idle iowait irq softirq steal guest guest_nice" in ticks; guest is part of user already. */
static void add_cpu_line(struct bt_noise *n, const char *line, const struct cpu_set *cpus, uint64_t tick_ns)
{
	uint64_t ticks[8] = { 0 }, total = 0;
	unsigned i;
	char *p;

	if (!set_has(cpus, strtoul(line + 3, &p, 10)))
		return;
	for (i = 0; i < 8 && *p == ' '; i++) {
		ticks[i] = strtoull(p, &p, 10);
		total += ticks[i];
	}
	n->steal_ns += ticks[7] * tick_ns;
	n->total_ns += total * tick_ns;
}

static void read_stat(struct bt_noise *n, const struct bt_src *src, const struct cpu_set *cpus)
{
	char *text = bt_src_text(src, STAT_MAX, "/proc/stat");
	uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	const char *line;

	/* The first line is the sum over all CPUs, and has no number. */
	for (line = text; line && strncmp(line, "cpu", 3) == 0; line = strchr(line, '\n'), line += line != NULL)
		if (line[3] >= '0' && line[3] <= '9')
			add_cpu_line(n, line, cpus, tick_ns);
	free(text);
}

/* A quota anywhere above us stops us too, and each group counts only its own: hence the sum. The maximum would not do, as
 * the difference of two maxima hides what a group with the smaller count added. Overlapping stops count twice in time. */
static void read_throttling(struct bt_noise *n, const struct bt_src *src)
{
	struct bt_cgroup cgroup;
	char text[1024];

	bt_cgroup_find(&cgroup, src);
	if (!cgroup.cpu.path[0])
		return;
	do {
		if (bt_src_read(src, text, sizeof(text), "%s/cpu.stat", cgroup.cpu.path) < 0)
			continue;
		n->throttled_n += bt_src_field_u64(text, "nr_throttled");
		n->throttled_ns += cgroup.cpu.v2 ? bt_src_field_u64(text, "throttled_usec") * 1000
						 : bt_src_field_u64(text, "throttled_time");
	} while (bt_cgroup_up(&cgroup.cpu));
}

/* Counters of a package appear at each of its CPUs and are added for each: what matters is whether the sum moves. */
static bool read_thermal(struct bt_noise *n, const struct bt_src *src, uint32_t cpu)
{
	uint64_t core = 0, package = 0;

	if (bt_src_u64(src, &core, "/sys/devices/system/cpu/cpu%u/thermal_throttle/core_throttle_count", cpu) < 0)
		return false;
	bt_src_u64(src, &package, "/sys/devices/system/cpu/cpu%u/thermal_throttle/package_throttle_count", cpu);
	n->thermal_n += core + package;
	return true;
}

/* Machines without these files lack them for all CPUs: the first failure ends the reading. */
static void read_clocks(struct bt_noise *n, const struct bt_src *src, const uint32_t *cpus, size_t n_cpus)
{
	size_t step = (n_cpus + CPUS_SAMPLED - 1) / CPUS_SAMPLED, i, freqs = 0;
	bool thermal = true, freq = true;
	uint64_t khz, sum = 0;

	for (i = 0; i < n_cpus; i += step) {
		thermal = thermal && read_thermal(n, src, cpus[i]);
		freq = freq && bt_src_u64(src, &khz, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq", cpus[i]) == 0;
		if (!freq)
			continue;
		sum += khz;
		freqs++;
	}
	n->freq_khz = freqs ? sum / freqs : 0;
}

void bt_noise_read(struct bt_noise *n, const struct bt_src *src, const uint32_t *cpus, size_t n_cpus)
{
	struct cpu_set set = { { 0 } };
	size_t i;

	memset(n, 0, sizeof(*n));
	for (i = 0; i < n_cpus; i++)
		if (cpus[i] < BT_CPUS_MAX)
			set.bits[cpus[i] / 64] |= 1ull << (cpus[i] % 64);
	read_stat(n, src, &set);
	read_throttling(n, src);
	read_clocks(n, src, cpus, n_cpus);
}

static uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

struct bt_noise bt_noise_delta(const struct bt_noise *a, const struct bt_noise *b)
{
	struct bt_noise delta = {
		.steal_ns = grown(a->steal_ns, b->steal_ns),
		.total_ns = grown(a->total_ns, b->total_ns),
		.throttled_n = grown(a->throttled_n, b->throttled_n),
		.throttled_ns = grown(a->throttled_ns, b->throttled_ns),
		.thermal_n = grown(a->thermal_n, b->thermal_n),
		.freq_khz = b->freq_khz,
	};

	return delta;
}

unsigned bt_noise_taint(const struct bt_noise *delta, uint64_t freq_before_khz)
{
	uint64_t now = delta->freq_khz, before = freq_before_khz, moved = now > before ? now - before : before - now;
	unsigned taint = 0;

	if (delta->steal_ns > delta->total_ns / 100)
		taint |= BT_TAINT_STEAL;
	if (delta->throttled_n > 0)
		taint |= BT_TAINT_THROTTLED;
	if (now && before && moved > before / 20)
		taint |= BT_TAINT_FREQ;
	if (delta->thermal_n > 0)
		taint |= BT_TAINT_THERMAL;
	return taint;
}
