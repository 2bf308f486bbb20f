/* SPDX-License-Identifier: ISC
 *
 * pace - when each operation of an open loop is due. No drift and no integer truncation: operation k of a fixed schedule is
 * due at start + floor(k * 1e9 / rate) exactly, however large k is.
 *
 * How: a rate is a double, so 1e9 / rate is a fraction of two integers. A schedule carries whole nanoseconds and the
 * remainder over that denominator, and adds both exactly.
 */
#ifndef BT_PACE_H
#define BT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

#define BT_PACE_RATE_MIN 1e-3 /* operations per second */
#define BT_PACE_RATE_MAX 1e9

enum bt_arrival { BT_ARRIVAL_FIXED, BT_ARRIVAL_POISSON };

struct bt_pace {
	enum bt_arrival arrival;
	uint64_t next_ns;        /* when the next operation is due */
	/* fixed */
	uint64_t step_ns;        /* whole part of stride / rate */
	uint64_t step_rest, rest; /* its remainder, and that of next_ns, over den */
	uint64_t den;
	/* Poisson */
	double mean_ns;          /* stride / rate */
	double part_ns;          /* fraction of next_ns, 0..1 */
	struct bt_rng rng;
};

/* bt_pace_init - a schedule of rate operations per second (the range above; clamped to it) from start_ns on. With n
 * workers, worker i passes first = i and stride = n: fixed schedules interleave exactly; Poisson schedules draw gaps of
 * mean stride / rate, which together are one Poisson process of that rate (seed must differ by worker). */
void bt_pace_init(struct bt_pace *p, enum bt_arrival arrival, double rate, uint64_t start_ns, uint64_t first,
		  uint64_t stride, uint64_t seed);

/* bt_pace_next - due time of the next operation, nondecreasing; advances. */
uint64_t bt_pace_next(struct bt_pace *p);

/* bt_pace_before - how many operations from the next one on are due before t_ns. Exact; for Poisson arrivals the expected
 * number where that is above a million. */
uint64_t bt_pace_before(const struct bt_pace *p, uint64_t t_ns);

#endif
