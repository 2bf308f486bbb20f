/* SPDX-License-Identifier: ISC
 *
 * unit test of lib/percall: times of operations become times of calls; the cost of measuring is found.
 */
#include <math.h>

#include "clock.h"
#include "percall.h"
#include "unit.h"

#define SPIN_NS 20000

static void test_divide(void)
{
	const struct bt_percall p = { .calls = 64, .cost_ns = 100 };
	struct bt_hist from, out;

	bt_hist_init(&from, 3);
	bt_hist_init(&out, 3);
	CHECK_EQ(bt_percall_hist(&out, &from, &p), 0); /* nothing gives nothing */
	CHECK_EQ(out.n, 0);
	bt_hist_add(&from, 6500);
	CHECK_EQ(bt_percall_hist(&out, &from, &p), 0);
	CHECK_EQ(out.n, 1);
	CHECK_EQ(out.min, 100);
	CHECK_EQ(out.max, 100);
	bt_hist_free(&out);
	bt_hist_add_n(&from, 7000, 98);
	bt_hist_add(&from, 64100);
	bt_hist_init(&out, 3);
	CHECK_EQ(bt_percall_hist(&out, &from, &p), 0);
	CHECK_EQ(out.n, 100);
	CHECK_EQ(out.min, 100);
	CHECK_EQ(bt_hist_percentile(&out, 50), 108);
	CHECK_EQ(out.max, 1000);
	/* (6400 + 98 * 6900 + 64000) / 64 = 11665.6 */
	CHECK_EQ(out.sum, 11666);
	CHECK(fabs(bt_percall_mean(&from, &p) - 116.65625) < 1e-9);
	bt_hist_free(&from);
	bt_hist_free(&out);
}

/* Without calls to divide by and cost to take off it is the same histogram. An operation shorter than the cost takes 0. */
static void test_edges(void)
{
	const struct bt_percall same = { .calls = 1 }, dear = { .calls = 1, .cost_ns = 50 };
	struct bt_hist from, out;

	bt_hist_init(&from, 3);
	bt_hist_init(&out, 3);
	for (uint64_t v = 10; v < 100000; v = v * 3 / 2)
		bt_hist_add(&from, v);
	CHECK_EQ(bt_percall_hist(&out, &from, &same), 0);
	CHECK_EQ(out.n, from.n);
	CHECK(out.sum == from.sum);
	CHECK_EQ(memcmp(out.counts, from.counts, bt_hist_used(&from) * sizeof(*out.counts)), 0);
	bt_hist_free(&out);
	bt_hist_init(&out, 3);
	CHECK_EQ(bt_percall_hist(&out, &from, &dear), 0);
	CHECK_EQ(out.n, from.n);
	CHECK_EQ(out.min, 0);
	CHECK_EQ(out.max, from.max - 50);
	bt_hist_free(&from);
	bt_hist_free(&out);
}

static int spin(struct bt_worker *w)
{
	uint64_t until = bt_clock_now(w->clock) + SPIN_NS;

	while (bt_clock_now(w->clock) < until)
		;
	return 0;
}

static void test_measure(void)
{
	static const struct bt_load_ops ops = { .step = spin };
	static struct bt_load_opts opts = BT_LOAD_OPTS_INIT;
	const struct bt_src src = { "" };
	struct bt_percall p = { .calls = 1 };
	struct bt_clock clock;

	bt_clock_init(&clock, 200000);
	for (opts.rate = 0; opts.rate < 2; opts.rate++) {
		p.cost_ns = 0;
		CHECK_EQ(bt_percall_measure(&p, &ops, NULL, &opts, &clock, &src), 0);
		CHECK(p.cost_ns >= SPIN_NS);
	}
}

static const struct unit_test tests[] = {
	{ "divide and take the cost off", test_divide },
	{ "one call, no cost, too much cost", test_edges },
	{ "the cost is what the engine sees", test_measure },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
