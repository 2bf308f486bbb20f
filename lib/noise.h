/* SPDX-License-Identifier: ISC
 *
 * noise - what disturbed a span: steal, cgroup throttling, frequency, heat. Two snapshots and their difference.
 */
#ifndef BT_NOISE_H
#define BT_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "src.h"
#include "taint.h"

struct bt_noise {
	uint64_t steal_ns;      /* sum over the CPUs watched, from /proc/stat (10 ms ticks) */
	uint64_t total_ns;      /* all time of those CPUs, same source */
	uint64_t throttled_n;   /* cgroup quota periods in which we were stopped: our own group and all above it, added */
	uint64_t throttled_ns;  /* added over CPUs, as the kernel does */
	uint64_t thermal_n;     /* thermal_throttle counts of those CPUs, core and package; of 16 CPUs at most, evenly spread */
	uint64_t freq_khz;      /* mean scaling_cur_freq of the same CPUs; 0 where unknown */
};

/* bt_noise_read - now, for the CPUs named. Missing sources read as 0. */
void bt_noise_read(struct bt_noise *n, const struct bt_src *src, const uint32_t *cpus, size_t n_cpus);

/* bt_noise_delta - what happened from a to b. Pure. Counters that went backwards give 0. freq_khz is b's. */
struct bt_noise bt_noise_delta(const struct bt_noise *a, const struct bt_noise *b);

/* bt_noise_taint - the bits that delta earns, given the frequency at the start. Pure; thresholds as in taint.h. */
unsigned bt_noise_taint(const struct bt_noise *delta, uint64_t freq_before_khz);

#endif
