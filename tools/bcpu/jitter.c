/* SPDX-License-Identifier: ISC
 *
 * jitter - reads the clock back to back and notes every gap: time in which something else had the CPU (an interrupt, another
 * task, the hypervisor, the firmware).
 *
 * Shape: the latency of the clock, a TSC reading each 20 to 30 cycles; one branch never taken.
 *
 * The answer of a batch is how often the clock ran backwards, which must be never.
 */
#include "bcpu.h"

#define SPIN_NS 100000
#define THRESHOLD_NS 1000 /* shorter gaps are the clock's and the loop's own: reading takes 10 to 40 ns */

static const uint64_t golden[] = { 0 };

/* Where the clock is a slow one (a system call, an emulated timer), a gap is what ten readings do not explain. */
static uint64_t threshold_ns(const struct bt_clock *clock)
{
	uint64_t ten_readings = clock->cost_ns100 / 10;

	return ten_readings > THRESHOLD_NS ? ten_readings : THRESHOLD_NS;
}

static uint64_t batch(struct bcpu_work *k)
{
	const struct bt_clock *clock = k->worker->clock;
	uint64_t threshold = threshold_ns(clock), backwards = 0;
	uint64_t start = bt_clock_now(clock), last = start;

	while (last - start < SPIN_NS) {
		uint64_t now = bt_clock_now(clock), gap = now - last;

		if (gap > threshold) {
			if (now < last)
				backwards++;
			else
				bt_hist_add(&k->worker->tally->extra, gap);
		}
		last = now;
	}
	return backwards;
}

static void describe(struct bt_rec *r, const struct bt_clock *clock)
{
	bt_rec_u64(r, "threshold", threshold_ns(clock));
}

static const struct bcpu_isa isas[] = { { NULL, NULL, batch } };

const struct bcpu_kernel bcpu_jitter = {
	.name = "jitter", .id = "jitter.1", .help = "gaps above 1 us in which a spinning thread did not run",
	.work = "100 us of reading the clock", .golden = golden, .rounds = 1, .describe = describe, .isas = isas,
};
