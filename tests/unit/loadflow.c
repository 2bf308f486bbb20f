/* SPDX-License-Identifier: ISC
 *
 * loadflow - tests of the loop of operations that overlap, against a device of our own that takes a time for each of them.
 */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "load.h"
#include "unit.h"

#define MS 1000000u
#define DEPTH_MAX 64
#define WORKERS_MAX 4

/* How the device behaves. */
struct device {
	uint32_t depth;
	uint64_t takes_ns;
	uint64_t stall_at, stall_ns; /* the operation of that number takes that much longer, and so does all that begins meanwhile */
	uint64_t fail_every;         /* every so many operations fail; 0: never */
	uint64_t hold_every;         /* after every so many operations the slot is kept for another takes_ns; 0: never */
	uint64_t enough_at;          /* the test has enough after that many; 0: never */
	uint64_t begin_error_at, reap_error_at;
	uint64_t last_ns;            /* how long `last` takes */
	uint64_t stop_at;            /* operation that makes stop() say so */
};

/* What a worker saw. */
static struct seen {
	uint64_t begun, landed, reaps, lasts, finis, clashes;
	uint32_t flying, deepest;
	uint64_t stalled_until;
	struct {
		uint64_t until_ns;
		bool busy, held;
		uint64_t number;
	} slots[DEPTH_MAX];
} seen[WORKERS_MAX];

static atomic_int stop_now;

static int stop(void)
{
	return atomic_load(&stop_now);
}

static int init(struct bt_worker *w)
{
	const struct device *d = w->config;

	w->depth = d->depth;
	w->state = &seen[w->index];
	return 0;
}

static int begin(struct bt_worker *w, uint32_t slot)
{
	const struct device *d = w->config;
	struct seen *s = w->state;
	uint64_t now = bt_clock_now(w->clock), from = now > s->stalled_until ? now : s->stalled_until;

	if (++s->begun == d->begin_error_at)
		return -EIO;
	if (s->begun == d->stall_at)
		from = s->stalled_until = now + d->stall_ns;
	s->clashes += s->slots[slot].busy;
	s->slots[slot].busy = true;
	s->slots[slot].held = false;
	s->slots[slot].until_ns = from + d->takes_ns;
	s->slots[slot].number = s->begun;
	if (++s->flying > s->deepest)
		s->deepest = s->flying;
	if (d->stop_at && s->begun == d->stop_at)
		atomic_store(&stop_now, 15);
	return 0;
}

static uint32_t land(struct bt_worker *w, struct seen *s, uint32_t slot)
{
	const struct device *d = w->config;
	uint32_t how = BT_LANDED_OK | BT_LANDED_FREE;

	if (s->slots[slot].held) {
		how = BT_LANDED_FREE;
	} else {
		s->landed++;
		if (d->fail_every && s->slots[slot].number % d->fail_every == 0)
			how = BT_LANDED_FAILED | BT_LANDED_FREE;
		else if (d->hold_every && s->slots[slot].number % d->hold_every == 0)
			how = BT_LANDED_OK;
		if (how & BT_LANDED_OK)
			w->tally->extra_count++;
		w->enough |= d->enough_at && s->landed >= d->enough_at;
	}
	s->slots[slot].held = how == BT_LANDED_OK;
	s->slots[slot].busy = s->slots[slot].held;
	s->slots[slot].until_ns = w->now_ns + d->takes_ns;
	s->flying -= !s->slots[slot].held;
	return how;
}

static int reap(struct bt_worker *w, uint64_t until_ns)
{
	const struct device *d = w->config;
	struct seen *s = w->state;
	int n = 0;

	if (++s->reaps == d->reap_error_at)
		return -ENXIO;
	do {
		w->now_ns = bt_clock_now(w->clock);
		for (uint32_t slot = 0; slot < d->depth; slot++)
			if (s->slots[slot].busy && s->slots[slot].until_ns <= w->now_ns)
				w->landed[n++] = (struct bt_landed){ slot, land(w, s, slot) };
	} while (n == 0 && w->now_ns < until_ns);
	return n;
}

static int last(struct bt_worker *w)
{
	const struct device *d = w->config;
	struct seen *s = w->state;
	uint64_t until = bt_clock_now(w->clock) + d->last_ns;

	s->lasts++;
	CHECK_EQ(s->flying, 0);
	do {
		w->now_ns = bt_clock_now(w->clock);
	} while (w->now_ns < until);
	return 0;
}

static void fini(struct bt_worker *w)
{
	((struct seen *)w->state)->finis++;
}

static uint64_t helpers(struct bt_worker *w)
{
	return 1000000 * ((struct seen *)w->state)->landed;
}

static const struct bt_load_ops ops = { .init = init, .fini = fini, .begin = begin, .reap = reap };
static const struct bt_load_ops ops_last = { .init = init, .fini = fini, .begin = begin, .reap = reap, .last = last };
static const struct bt_load_ops ops_helped = { .init = init, .fini = fini, .begin = begin, .reap = reap, .helpers = helpers };

struct outcome {
	unsigned reports, intervals, enough_after;
	struct bt_load_span span;
	struct bt_tally total, sum;
	uint64_t sum_planned;
};

static struct bt_clock clock_used;
static struct bt_src live = { "" };

static void on_report(void *arg, const struct bt_load_span *span)
{
	struct outcome *o = arg;

	o->reports++;
	o->span = *span;
	CHECK_EQ(bt_tally_merge(&o->total, span->total), 0);
}

static void on_interval(void *arg, const struct bt_load_span *span)
{
	struct outcome *o = arg;

	o->intervals++;
	o->sum_planned += span->planned;
	CHECK_EQ(bt_tally_merge(&o->sum, span->total), 0);
}

static bool enough(void *arg)
{
	const struct outcome *o = arg;

	return o->enough_after && o->intervals >= o->enough_after;
}

static struct bt_load_opts options(uint64_t duration_ns)
{
	struct bt_load_opts opts = BT_LOAD_OPTS_INIT;

	opts.duration_ns = duration_ns;
	opts.duration_set = true;
	opts.warmup_ns = 5 * MS;
	return opts;
}

static int exec_device(const struct bt_load_ops *how, const struct device *d, const struct bt_load_opts *opts, uint32_t threads,
		       struct outcome *o, struct bt_load_run *run)
{
	unsigned enough_after = o->enough_after;

	memset(seen, 0, sizeof(seen));
	*o = (struct outcome){ .enough_after = enough_after };
	bt_tally_init(&o->total);
	bt_tally_init(&o->sum);
	atomic_store(&stop_now, 0);
	*run = (struct bt_load_run){ .ops = how, .config = d, .opts = opts, .threads = threads, .repetition = 1, .clock = &clock_used,
				     .src = &live, .stop = stop, .on_interval = on_interval, .enough = enough, .arg = o };
	return bt_load_exec(run, on_report);
}

static void drop(struct outcome *o)
{
	bt_tally_free(&o->total);
	bt_tally_free(&o->sum);
	*o = (struct outcome){ .reports = 0 };
}

/* What must hold after any run. */
static void check_manners(uint32_t threads, uint32_t depth)
{
	for (uint32_t i = 0; i < threads; i++) {
		CHECK_EQ(seen[i].clashes, 0);
		CHECK_EQ(seen[i].flying, 0);
		CHECK_EQ(seen[i].begun, seen[i].landed);
		CHECK(seen[i].deepest <= depth);
		CHECK_EQ(seen[i].finis, 1);
	}
}

static void test_closed(void)
{
	static const uint32_t depths[] = { 1, 2, 7, 64 };
	struct bt_load_opts opts = options(40 * MS);
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	for (unsigned i = 0; i < 4; i++) {
		struct device d = { .depth = depths[i], .takes_ns = 200000 };

		CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
		check_manners(1, d.depth);
		CHECK_EQ(seen[0].deepest, d.depth);
		CHECK_EQ(o.reports, 1);
		CHECK(o.total.ops >= d.depth && o.total.ops < seen[0].landed);
		CHECK_EQ(o.total.lat.n, o.total.ops);
		CHECK_EQ(o.total.extra_count, o.total.ops);
		CHECK_EQ(o.total.svc.n + o.total.late.n, 0);
		CHECK(o.total.lat.min >= d.takes_ns);
		/* Slots are never idle: by Little's law the rate is that of the times seen, but for the time between two operations. */
		CHECK(o.span.rate * (double)o.total.lat.sum / (double)o.total.ops <= 1e9 * d.depth * 1.001);
		CHECK(o.span.rate * (double)o.total.lat.sum / (double)o.total.ops >= 1e9 * d.depth * 0.9);
		drop(&o);
	}
}

/* Operations longer than the run: the rate is that of the operations all the same. */
static void test_edges(void)
{
	struct bt_load_opts opts = options(10 * MS);
	struct device d = { .depth = 8, .takes_ns = 30 * MS };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.warmup_ns = 0;
	CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.ops, 8);
	CHECK(fabs(o.span.rate * (double)o.total.lat.sum / 8e9 / 8 - 1) < 0.01);
	check_manners(1, 8);
	drop(&o);
}

static void test_count(void)
{
	static const uint64_t counts[] = { 1, 5, 64, 65, 1001 };
	struct bt_load_opts opts = options(0);
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.duration_set = false;
	for (unsigned i = 0; i < 5; i++)
		for (uint32_t depth = 1; depth <= 64; depth *= 8)
			for (unsigned open = 0; open < 2; open++) {
				struct device d = { .depth = depth, .takes_ns = 20000 };

				opts.count = counts[i];
				opts.rate = open ? 50000 : 0;
				CHECK_EQ(exec_device(&ops, &d, &opts, 2, &o, &run), 0);
				CHECK_EQ(o.total.ops, counts[i]);
				CHECK_EQ(o.total.lat.n, counts[i]);
				CHECK_EQ(o.span.planned, open ? counts[i] : 0);
				CHECK_EQ(o.span.backlog, 0);
				check_manners(2, depth);
				drop(&o);
			}
}

static void test_open(void)
{
	struct bt_load_opts opts = options(300 * MS);
	struct device d = { .depth = 16, .takes_ns = MS };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.rate = 2000;
	opts.interval_ns = 30 * MS;
	for (uint32_t threads = 1; threads <= 2; threads++) {
		CHECK_EQ(exec_device(&ops, &d, &opts, threads, &o, &run), 0);
		check_manners(threads, 16);
		CHECK_EQ(o.total.ops + o.span.backlog, 600);
		CHECK_EQ(o.span.planned, 600);
		CHECK_EQ(o.sum_planned, 600);
		CHECK_EQ(o.total.svc.n, o.total.ops);
		CHECK_EQ(o.total.late.n, o.total.ops);
		CHECK(o.total.lat.sum == o.total.svc.sum + o.total.late.sum);
		CHECK(o.total.svc.min >= d.takes_ns);
		CHECK_EQ(o.sum.ops, o.total.ops);
		drop(&o);
	}
}

/* While the device stalls, operations begin as planned as long as there are slots: each is late by what it waits in the
 * device, none in the generator. */
static void test_stall(void)
{
	struct bt_load_opts opts = options(400 * MS);
	struct device d = { .depth = 64, .takes_ns = 100000, .stall_at = 200, .stall_ns = 100 * MS };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;
	uint64_t waited = 0;

	opts.rate = 500;
	opts.warmup_ns = 0;
	d.stall_at = 50;
	CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
	check_manners(1, 64);
	CHECK_EQ(o.total.ops, 200);
	for (uint32_t i = bt_hist_index(&o.total.svc, 5 * MS); i < o.total.svc.len; i++)
		waited += o.total.svc.counts[i];
	CHECK(waited >= 45); /* 50 began in the 100 ms; the last ones did not wait for 5 */
	CHECK(o.total.svc.max >= 100 * MS);
	CHECK(seen[0].deepest >= 45);
	drop(&o);
}

/* A full queue is backlog; the queue stays full. */
static void test_behind(void)
{
	struct bt_load_opts opts = options(200 * MS);
	struct device d = { .depth = 4, .takes_ns = 4 * MS }; /* 1000 a second */
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.rate = 10000;
	opts.warmup_ns = 0;
	CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
	check_manners(1, 4);
	CHECK_EQ(o.total.ops + o.span.backlog, 2000);
	CHECK(o.total.ops >= 4 && o.total.ops <= 204);
	CHECK(o.total.lat.sum == o.total.svc.sum + o.total.late.sum);
	CHECK(o.total.late.max >= (o.total.ops - 4) * MS * 9 / 10); /* one begins each ms at most, and is due after a tenth of that */
	drop(&o);
}

static void test_failed(void)
{
	struct bt_load_opts opts = options(0);
	struct device d = { .depth = 8, .takes_ns = 10000, .fail_every = 10 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.duration_set = false;
	opts.count = 1000;
	opts.warmup_ns = 0;
	for (unsigned open = 0; open < 2; open++) {
		opts.rate = open ? 20000 : 0;
		CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
		CHECK_EQ(o.total.ops, 900);
		CHECK_EQ(o.total.lat.n, 900);
		CHECK_EQ(o.total.failed, 100);
		CHECK_EQ(o.total.errors, 100);
		CHECK_EQ(o.span.planned, open ? 1000 : 0);
		CHECK(o.span.taint & BT_TAINT_WRONG);
		check_manners(1, 8);
		drop(&o);
	}
}

/* A slot that is kept takes part in nothing until it is given back. */
static void test_held(void)
{
	struct bt_load_opts opts = options(0);
	struct device d = { .depth = 4, .takes_ns = 10000, .hold_every = 3 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.duration_set = false;
	opts.count = 999;
	CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.ops, 999);
	check_manners(1, 4);
	drop(&o);
}

static void test_last(void)
{
	struct bt_load_opts opts = options(20 * MS);
	struct device d = { .depth = 4, .takes_ns = 100000, .last_ns = 30 * MS };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	for (unsigned open = 0; open < 2; open++) {
		opts.rate = open ? 1000 : 0;
		CHECK_EQ(exec_device(&ops_last, &d, &opts, 2, &o, &run), 0);
		CHECK_EQ(seen[0].lasts, 1); /* not after the warm-up */
		CHECK_EQ(seen[1].lasts, 1);
		CHECK(o.span.dur_ns >= 45 * MS); /* the plan may end a little before the run */
		if (!open)
			CHECK(o.span.rate <= (double)o.total.ops * 1e9 / (50.0 * MS) * 1.2);
		drop(&o);
	}
}

static void test_helpers(void)
{
	struct bt_load_opts opts = options(20 * MS);
	struct device d = { .depth = 4, .takes_ns = 100000 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	CHECK_EQ(exec_device(&ops_helped, &d, &opts, 1, &o, &run), 0);
	CHECK(o.total.busy_ns >= o.total.ops * 1000000 && o.total.busy_ns < o.total.ops * 1000000 + 100 * MS);
	drop(&o);
}

static void test_enough(void)
{
	struct bt_load_opts opts = options(60000ull * MS);
	struct device d = { .depth = 4, .takes_ns = 100000, .enough_at = 500 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.warmup_ns = 0;
	CHECK_EQ(exec_device(&ops, &d, &opts, 2, &o, &run), 0); /* the test's own */
	CHECK(!o.span.interrupted);
	CHECK(o.total.ops >= 1000 && o.total.ops < 1008);
	check_manners(2, 4);
	drop(&o);
	d.enough_at = 0;
	for (unsigned open = 0; open < 2; open++) {
		opts.rate = open ? 1000 : 0;
		opts.interval_ns = 20 * MS;
		o.enough_after = 3;
		CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0); /* the caller's */
		CHECK(!o.span.interrupted);
		CHECK(o.intervals >= 3 && o.intervals <= 4);
		CHECK_EQ(o.sum.ops, o.total.ops);
		CHECK(o.span.dur_ns < 10000ull * MS);
		check_manners(1, 4);
		drop(&o);
	}
}

static void test_stop(void)
{
	struct bt_load_opts opts = options(60000ull * MS);
	struct device d = { .depth = 8, .takes_ns = 100000, .stop_at = 300 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	opts.warmup_ns = 0;
	for (unsigned open = 0; open < 2; open++) {
		opts.rate = open ? 5000 : 0;
		CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), 0);
		CHECK(o.span.interrupted);
		CHECK(o.total.ops > 0);
		check_manners(1, 8);
		drop(&o);
	}
}

static void test_errors(void)
{
	struct bt_load_opts opts = options(60000ull * MS);
	struct device d = { .depth = 8, .takes_ns = 100000, .begin_error_at = 100 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run;

	CHECK_EQ(exec_device(&ops, &d, &opts, 2, &o, &run), -EIO);
	CHECK_STR(run.error_in, "begin");
	CHECK_EQ(o.reports, 0);
	CHECK_EQ(seen[0].finis, 1);
	drop(&o);
	d = (struct device){ .depth = 8, .takes_ns = 100000, .reap_error_at = 50 };
	CHECK_EQ(exec_device(&ops, &d, &opts, 1, &o, &run), -ENXIO);
	CHECK_STR(run.error_in, "reap");
	drop(&o);
}

static const struct unit_test tests[] = {
	{ "closed: slots are kept busy, each operation counts once", test_closed },
	{ "operations longer than the run have the right rate", test_edges },
	{ "a count ends it exactly, at any depth", test_count },
	{ "open: every planned operation is done, and intervals add up", test_open },
	{ "a device that stalls delays what it holds, not the plan", test_stall },
	{ "a full queue is backlog", test_behind },
	{ "failed operations are counted apart", test_failed },
	{ "a slot may be kept after its operation", test_held },
	{ "what follows the last operation belongs to the span", test_last },
	{ "CPU time of helpers is added", test_helpers },
	{ "a run ends when the test or the caller has enough", test_enough },
	{ "a signal ends it, with everything landed", test_stop },
	{ "a test that cannot go on", test_errors },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	bt_clock_init(&clock_used, 200000);
	return unit_main(tests, argc, argv);
}
