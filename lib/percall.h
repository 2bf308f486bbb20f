/* SPDX-License-Identifier: ISC
 *
 * percall - the time of one call, from operations that each make several: divided, and without the cost of measuring.
 *
 * A call of 50 ns cannot be timed alone with a clock that takes 10 to read. An operation of 64 such calls can, and what the clock,
 * the engine and the loop add to it is measured by running the same without the calls. What is lost is the single call: a
 * percentile is one of means over an operation.
 */
#ifndef BT_PERCALL_H
#define BT_PERCALL_H

#include "load.h"

struct bt_percall {
	uint32_t calls; /* in one operation */
	double cost_ns; /* of an operation whose calls do nothing */
};

/* bt_percall_measure - set p->cost_ns: ops and config, whose calls do nothing, run through the engine for some milliseconds on
 * the first CPU of opts, open or closed as opts say; the median counts. 0 or -errno. Call while no load runs. */
int bt_percall_measure(struct bt_percall *p, const struct bt_load_ops *ops, const void *config, const struct bt_load_opts *opts,
		       const struct bt_clock *clock, const struct bt_src *src);

/* bt_percall_hist - fill out (initialised, empty) with the times of from, those of operations, as times of calls: each less the
 * cost, divided, rounded to a whole ns and not below 0. n stays the number of operations. The sum is as exact as that of
 * from, so the mean keeps the fractions of a ns that the values lack. Returns 0 or -ENOMEM. */
int bt_percall_hist(struct bt_hist *out, const struct bt_hist *from, const struct bt_percall *p);

/* bt_percall_mean - mean time of one call, ns; NaN when from is empty. */
double bt_percall_mean(const struct bt_hist *from, const struct bt_percall *p);

#endif
