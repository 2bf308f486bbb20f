/* SPDX-License-Identifier: ISC
 *
 * bench/clock - what measuring costs: one reading of the clock, beside clock_gettime(2), and the load engine's share of one
 * operation, measured with a step that does nothing. Prints btools records.
 *
 * The rounds alternate, so that a noisy machine treats all alike; the figure is the median round.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "load.h"
#include "out.h"

#define ROUNDS 31
#define READINGS 20000
#define RUNS 7
#define RUN_NS 100000000u

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

static void report(struct bt_out *out, const char *test, const char *peer, const char *metric, const char *unit,
		   double value)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = test;
	bt_rec_str(&r, "peer", peer);
	bt_rec_value(&r, metric, unit, unit[0] == 'n' ? BT_BETTER_LOWER : BT_BETTER_HIGHER, value);
	bt_out_rec(out, &r);
}

static double ours(const struct bt_clock *clock)
{
	uint64_t start = bt_clock_now(clock), end = start;

	for (int i = 0; i < READINGS; i++)
		end = bt_clock_now(clock);
	return (double)(end - start) / READINGS;
}

static double theirs(void)
{
	uint64_t start = bt_clock_monotonic(), end = start;

	for (int i = 0; i < READINGS; i++)
		end = bt_clock_monotonic();
	return (double)(end - start) / READINGS;
}

static void read_clocks(struct bt_out *out, const struct bt_clock *clock)
{
	double mine[ROUNDS], libc[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		mine[i] = ours(clock);
		libc[i] = theirs();
	}
	report(out, "clock read", "btools", "overhead", "ns", median(mine, ROUNDS));
	report(out, "clock read", "clock_gettime", "overhead", "ns", median(libc, ROUNDS));
	report(out, "clock read", "btools", "ratio", "ratio", median(libc, ROUNDS) / median(mine, ROUNDS));
}

static int nothing(struct bt_worker *w)
{
	(void)w;
	return 0;
}

/* Half of the operations take no longer: unlike the mean, not moved by what else the CPU had to do. */
static void take(void *arg, const struct bt_load_span *span)
{
	*(double *)arg = (double)bt_hist_percentile(&span->total->lat, 50);
}

static int run_steps(struct bt_out *out, const struct bt_clock *clock)
{
	static const struct bt_load_ops ops = { .step = nothing };
	struct bt_load_opts opts = BT_LOAD_OPTS_INIT;
	struct bt_src src = { .root = "" };
	double each[RUNS];

	opts.duration_ns = RUN_NS;
	for (int i = 0; i < RUNS; i++) {
		struct bt_load_run run = { .ops = &ops, .opts = &opts, .threads = 1, .repetition = (uint64_t)i + 1, .clock = clock,
					   .src = &src, .arg = &each[i] };

		if (bt_load_exec(&run, take) != 0)
			return -1;
	}
	report(out, "load operation", "btools", "overhead", "ns", median(each, RUNS));
	return 0;
}

int main(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_AUTO };
	struct bt_clock clock;
	struct bt_rec meta;
	struct bt_out out;
	uint64_t start_ns;
	int rc;

	bt_clock_init(&clock, 20000000);
	start_ns = bt_clock_now(&clock);
	if (bt_out_open(&out, &opts, "bench") < 0)
		return 1;
	bt_rec_init(&meta, BT_KIND_META);
	bt_rec_str(&meta, "version", BT_VERSION);
	bt_rec_str(&meta, "clock", bt_clock_name(&clock));
	bt_out_rec(&out, &meta);
	read_clocks(&out, &clock);
	rc = run_steps(&out, &clock);
	bt_out_end(&out, rc == 0 ? "ok" : "failed", bt_clock_now(&clock) - start_ns, 0);
	return bt_out_close(&out) < 0 || rc != 0;
}
