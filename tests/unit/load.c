/* SPDX-License-Identifier: ISC
 *
 * load - tests of the load engine, with steps that do nothing but count, wait or fail.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cpus.h"
#include "load.h"
#include "load_private.h"
#include "unit.h"

#define MS 1000000u
#define THREADS_MAX 4

/* What a fake test does. */
struct fake {
	uint64_t busy_ns;          /* a step takes that long, spinning */
	uint64_t wrong_every;      /* every so many steps return one wrong answer; 0: never */
	uint64_t fail_at;          /* that step of worker 0 returns -EIO; 0: none */
	int init_error;            /* of worker 1 */
	uint64_t tidy_ns;          /* what a step spends after its operation */
	uint64_t stop_at;          /* that step of worker 0 makes stop() say so; 0: none */
};

/* What it saw. The workers write their own row only. */
static struct {
	uint64_t steps, in_time, inits, finis, seed; /* in_time: steps before the planned end */
	uint32_t cpu;
} seen[THREADS_MAX];

static atomic_int stop_now;

static int fake_stop(void)
{
	return atomic_load(&stop_now);
}

static int fake_init(struct bt_worker *w)
{
	const struct fake *f = w->config;

	seen[w->index].inits++;
	seen[w->index].seed = w->seed;
	seen[w->index].cpu = bt_cpus_current();
	w->state = &seen[w->index];
	return w->index == 1 ? f->init_error : 0;
}

static int fake_step(struct bt_worker *w)
{
	const struct fake *f = w->config;
	uint64_t step = ++seen[w->index].steps, until;

	CHECK(w->state == &seen[w->index]);
	bt_hist_add(&w->tally->extra, step);
	bt_hist_add(&w->tally->extra2, 2 * step);
	bt_hist_add(&w->tally->extra3, w->due_ns);
	w->tally->extra_count += 3;
	seen[w->index].in_time += bt_clock_now(w->clock) < w->engine->engine->end_ns;
	if (f->busy_ns)
		for (until = bt_clock_now(w->clock) + f->busy_ns; bt_clock_now(w->clock) < until;)
			;
	if (f->tidy_ns)
		for (w->end_ns = until = bt_clock_now(w->clock); bt_clock_now(w->clock) < until + f->tidy_ns;)
			;
	if (w->index == 0 && step == f->stop_at)
		atomic_store(&stop_now, SIGINT);
	if (w->index == 0 && step == f->fail_at)
		return -EIO;
	return f->wrong_every && step % f->wrong_every == 0;
}

static void fake_fini(struct bt_worker *w)
{
	seen[w->index].finis++;
}

static const struct bt_load_ops fake_ops = { .init = fake_init, .step = fake_step, .fini = fake_fini };

/* What the engine reported. */
struct outcome {
	unsigned reports, intervals, ticks;
	struct bt_load_span span;                /* of the run; its pointers are dead */
	struct bt_tally total, sum;              /* of the run, and of its intervals */
	uint64_t worker_ops[THREADS_MAX], worker_errors;
	uint64_t sum_dur_ns, sum_planned, last_backlog, intervals_errors;
	uint32_t cpus[THREADS_MAX];
};

static struct bt_clock clock_used;
static struct bt_src live = { "" };

static void on_report(void *arg, const struct bt_load_span *span)
{
	struct outcome *o = arg;

	o->reports++;
	o->span = *span;
	CHECK_EQ(bt_tally_merge(&o->total, span->total), 0);
	for (uint32_t i = 0; i < span->n_workers; i++) {
		o->worker_ops[i] = span->workers[i].ops;
		o->worker_errors += span->workers[i].errors;
		o->cpus[i] = span->cpus[i];
	}
}

static void on_interval(void *arg, const struct bt_load_span *span)
{
	struct outcome *o = arg;

	o->intervals++;
	CHECK(span->workers == NULL);
	CHECK_EQ(bt_tally_merge(&o->sum, span->total), 0);
	o->sum_dur_ns += span->dur_ns;
	o->sum_planned += span->planned;
	o->last_backlog = span->backlog;
}

static void on_tick(void *arg, uint64_t now_ns)
{
	struct outcome *o = arg;

	(void)now_ns;
	o->ticks++;
}

static bool sleeps; /* in the open loop */

/* Runs a test and returns what bt_load_exec did. */
static int exec_ops(const struct bt_load_ops *ops, const struct fake *f, const struct bt_load_opts *opts, uint32_t threads,
		    struct outcome *o, struct bt_load_run *run)
{
	memset(seen, 0, sizeof(seen));
	memset(o, 0, sizeof(*o));
	bt_tally_init(&o->total);
	bt_tally_init(&o->sum);
	atomic_store(&stop_now, 0);
	*run = (struct bt_load_run){ .ops = ops, .config = f, .opts = opts, .threads = threads, .repetition = 1,
				     .clock = &clock_used, .src = &live, .stop = fake_stop, .on_interval = on_interval,
				     .on_tick = on_tick, .arg = o, .sleeps = sleeps };
	return bt_load_exec(run, on_report);
}

static int exec_fake(const struct fake *f, const struct bt_load_opts *opts, uint32_t threads, struct outcome *o,
		     struct bt_load_run *run)
{
	return exec_ops(&fake_ops, f, opts, threads, o, run);
}

static void drop(struct outcome *o)
{
	bt_tally_free(&o->total);
	bt_tally_free(&o->sum);
}

static struct bt_load_opts options(uint64_t duration_ns)
{
	struct bt_load_opts opts = BT_LOAD_OPTS_INIT;

	opts.duration_ns = duration_ns;
	opts.duration_set = true;
	opts.warmup_ns = 5 * MS;
	return opts;
}

static void check_same(const struct bt_hist *a, const struct bt_hist *b)
{
	uint32_t most = a->len > b->len ? a->len : b->len;

	CHECK_EQ(a->n, b->n);
	CHECK(a->sum == b->sum);
	CHECK(a->n == 0 || (a->min == b->min && a->max == b->max));
	for (uint32_t i = 0; i < most; i++)
		CHECK_EQ(i < a->len ? a->counts[i] : 0, i < b->len ? b->counts[i] : 0);
}

static void test_closed(void)
{
	struct bt_load_opts opts = options(50 * MS);
	struct fake f = { .busy_ns = 20000 };
	struct bt_load_run run;
	struct outcome o;

	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.reports, 1);
	CHECK_EQ(o.intervals, 0);
	CHECK(o.ticks > 0);
	CHECK(o.total.ops > 0 && o.total.ops < seen[0].steps); /* the warm-up took some */
	CHECK_EQ(o.total.lat.n, o.total.ops);
	CHECK_EQ(o.total.svc.n, 0);
	CHECK_EQ(o.total.late.n, 0);
	CHECK_EQ(o.total.extra.n, o.total.ops);
	CHECK_EQ(o.total.extra.max, seen[0].steps);
	CHECK_EQ(o.total.extra2.max, 2 * seen[0].steps);
	CHECK_EQ(o.total.extra3.max, 0); /* nothing is due in a closed loop */
	CHECK_EQ(o.total.extra_count, 3 * o.total.ops);
	CHECK_EQ(o.total.errors, 0);
	CHECK(o.total.lat.min >= f.busy_ns);
	CHECK(o.span.dur_ns >= opts.duration_ns);
	CHECK(o.total.lat.sum <= o.span.dur_ns); /* back to back, within the span */
	CHECK(o.span.rate > 0 && o.span.rate <= 1e9 / (double)f.busy_ns);
	CHECK(o.total.busy_ns > 0 && o.total.busy_ns <= o.span.dur_ns + MS);
	CHECK_EQ(o.span.planned + o.span.backlog, 0);
	CHECK(!o.span.interrupted);
	CHECK_EQ(seen[0].inits, 1);
	CHECK_EQ(seen[0].finis, 1);
	drop(&o);
}

/* An operation of 30 ms in a run of 50: two finish in it or after it, and the rate is still that of the operation. */
static void test_edges(void)
{
	struct bt_load_opts opts = options(50 * MS);
	struct fake f = { .busy_ns = 30 * MS };
	struct bt_load_run run;
	struct outcome o;

	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK(o.total.ops >= 1);
	CHECK(fabs(o.span.rate * (double)o.total.lat.sum / 1e9 / (double)o.total.ops - 1) < 0.01);
	CHECK(o.span.taint & BT_TAINT_SHORT);
	drop(&o);
	opts.duration_ns = MS; /* a single operation longer than warm-up and run together */
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.ops, 1);
	CHECK(o.span.dur_ns >= f.busy_ns);
	CHECK(o.span.taint & BT_TAINT_SHORT);
	drop(&o);
}

static void test_workers(void)
{
	struct bt_load_opts opts = options(30 * MS);
	struct fake f = { .busy_ns = 1000 };
	uint32_t allowed[2];
	struct bt_load_run run;
	struct outcome o;
	int n = bt_cpus_allowed(allowed, 2);

	CHECK_EQ(exec_fake(&f, &opts, 3, &o, &run), 0);
	CHECK_EQ(o.span.n_workers, 3);
	CHECK_EQ(o.worker_ops[0] + o.worker_ops[1] + o.worker_ops[2], o.total.ops);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(o.worker_ops[i] > 0);
		CHECK_EQ(seen[i].inits, 1);
		CHECK_EQ(seen[i].finis, 1);
		CHECK_EQ(seen[i].cpu, o.cpus[i]);
	}
	CHECK(seen[0].seed != seen[1].seed && seen[1].seed != seen[2].seed);
	if (n == 2) {
		CHECK_EQ(o.cpus[0], allowed[0]);
		CHECK_EQ(o.cpus[1], allowed[1]);
	}
	CHECK_EQ(o.total.migrations, 0);
	drop(&o);
	opts.cpus[0] = allowed[0];
	opts.n_cpus = 1;
	CHECK_EQ(exec_fake(&f, &opts, 2, &o, &run), 0);
	CHECK_EQ(o.cpus[0], allowed[0]);
	CHECK_EQ(o.cpus[1], allowed[0]);
	CHECK(o.span.taint & BT_TAINT_CONTENDED);
	drop(&o);
}

static void test_count(void)
{
	static const uint64_t counts[] = { 1, 2, 1000, 1001 };
	struct bt_load_opts opts = options(0);
	struct fake f = { .busy_ns = 100 };
	struct bt_load_run run;
	struct outcome o;

	opts.duration_set = false;
	opts.duration_ns = 1; /* the default, which must not matter */
	for (unsigned i = 0; i < 4; i++)
		for (uint32_t threads = 1; threads <= 2; threads++)
			for (unsigned open = 0; open < 2; open++) {
				opts.count = counts[i];
				opts.rate = open ? 50000 : 0;
				CHECK_EQ(exec_fake(&f, &opts, threads, &o, &run), 0);
				CHECK_EQ(o.total.ops, counts[i]);
				CHECK_EQ(o.total.lat.n, counts[i]);
				CHECK_EQ(o.worker_ops[0], threads == 1 ? counts[i] : (counts[i] + 1) / 2);
				CHECK_EQ(o.span.planned, open ? counts[i] : 0);
				CHECK_EQ(o.span.backlog, 0);
				drop(&o);
			}
	opts.count = UINT64_MAX / 2;
	opts.rate = 0;
	opts.duration_set = true;
	opts.duration_ns = 10 * MS;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK(o.span.dur_ns >= opts.duration_ns && o.total.ops > 0);
	drop(&o);
}

/* Returns the backlog. */
static uint64_t open_once(uint32_t threads, enum bt_arrival arrival, double rate)
{
	struct bt_load_opts opts = options(500 * MS);
	struct fake f = { .busy_ns = 1000 };
	struct bt_load_run run;
	struct outcome o;

	opts.rate = rate;
	opts.arrival = arrival;
	CHECK_EQ(exec_fake(&f, &opts, threads, &o, &run), 0);
	CHECK_EQ(o.total.ops + o.span.backlog, o.span.planned);
	if (arrival == BT_ARRIVAL_FIXED)
		CHECK_EQ(o.span.planned, ceil(rate / 2));
	else
		CHECK(fabs((double)o.span.planned - rate / 2) < 5 * sqrt(rate / 2));
	CHECK_EQ(o.total.lat.n, o.total.ops);
	CHECK_EQ(o.total.svc.n, o.total.ops);
	CHECK_EQ(o.total.late.n, o.total.ops);
	CHECK(o.total.lat.sum == o.total.svc.sum + o.total.late.sum); /* response = lateness + service, to the nanosecond */
	CHECK(o.total.extra3.max - o.total.extra3.min < opts.duration_ns); /* when the operations were due */
	CHECK(o.span.dur_ns >= opts.duration_ns);
	if (o.span.dur_ns == opts.duration_ns && arrival == BT_ARRIVAL_FIXED)
		CHECK(fabs(o.span.rate - (double)o.total.ops * 2) < 1e-6 * rate);
	drop(&o);
	return o.span.backlog;
}

/* On a busy machine a worker may be held up at the very end for longer than the grace: then it is tried again. */
static void check_open(uint32_t threads, enum bt_arrival arrival, double rate)
{
	unsigned tries = 1;

	while (open_once(threads, arrival, rate) > 0 && tries < 10)
		tries++;
	CHECK(tries < 10);
}

static void test_open(void)
{
	check_open(1, BT_ARRIVAL_FIXED, 2000);
	check_open(2, BT_ARRIVAL_FIXED, 2000);
	check_open(3, BT_ARRIVAL_FIXED, 333.3);
	check_open(2, BT_ARRIVAL_FIXED, 3); /* sleeps longer than the polling interval */
	check_open(2, BT_ARRIVAL_POISSON, 2000);
}

/* 1 ms of work every 250 us: about a quarter can be done, the rest is backlog, and what is done after the end does not
 * count. */
static void test_overload(void)
{
	struct bt_load_opts opts = options(100 * MS);
	struct fake f = { .busy_ns = MS };
	struct bt_load_run run;
	struct outcome o;

	opts.rate = 4000;
	opts.warmup_ns = 0;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.span.planned, 400);
	CHECK(o.total.ops >= 1 && o.total.ops <= 101);
	CHECK(o.total.ops - seen[0].in_time <= 1); /* the engine looked at the clock just before the step did */
	CHECK_EQ(o.total.ops + o.span.backlog, 400);
	CHECK(o.span.rate <= 1001);
	CHECK(o.total.late.max > o.total.svc.min);
	CHECK_EQ(o.total.lat.n, o.total.ops);
	drop(&o);
}

static void check_intervals(uint32_t threads, double rate, uint64_t busy_ns, uint64_t count)
{
	struct bt_load_opts opts = options(100 * MS);
	struct fake f = { .busy_ns = busy_ns, .wrong_every = 10 };
	struct bt_load_run run;
	struct outcome o;

	opts.rate = rate;
	opts.interval_ns = 7 * MS;
	opts.warmup_ns = 0;
	opts.count = count;
	CHECK_EQ(exec_fake(&f, &opts, threads, &o, &run), 0);
	CHECK(o.intervals >= 2 && o.intervals <= 16);
	if (o.span.backlog == 0)
		CHECK_EQ(o.total.ops, seen[0].steps + seen[1].steps + seen[2].steps);
	CHECK_EQ(o.total.lat.n, o.total.ops);
	check_same(&o.sum.lat, &o.total.lat);
	check_same(&o.sum.svc, &o.total.svc);
	check_same(&o.sum.late, &o.total.late);
	check_same(&o.sum.extra, &o.total.extra);
	check_same(&o.sum.extra2, &o.total.extra2);
	check_same(&o.sum.extra3, &o.total.extra3);
	CHECK_EQ(o.sum.extra_count, o.total.extra_count);
	CHECK_EQ(o.total.extra.n, o.total.ops);
	CHECK_EQ(o.sum.ops, o.total.ops);
	CHECK_EQ(o.sum.errors, o.total.errors);
	CHECK(o.total.errors > 0 || o.total.ops < f.wrong_every * threads);
	CHECK_EQ(o.worker_errors, o.total.errors);
	CHECK(o.sum.busy_ns <= o.total.busy_ns && o.total.busy_ns - o.sum.busy_ns < MS); /* a lap of no length is not reported */
	CHECK_EQ(o.sum.migrations, o.total.migrations);
	CHECK_EQ(o.sum_dur_ns, o.span.dur_ns);
	CHECK_EQ(o.sum_planned, o.span.planned);
	CHECK_EQ(o.last_backlog, o.span.backlog);
	CHECK_EQ((o.span.taint & BT_TAINT_WRONG) != 0, o.total.errors > 0);
	drop(&o);
}

static void test_intervals(void)
{
	check_intervals(1, 0, 1000, 0);
	check_intervals(2, 0, 1000, 0);
	check_intervals(3, 0, 3000, 0);
	check_intervals(2, 5000, 1000, 0);
	check_intervals(1, 10000, MS, 0); /* behind all the time */
	check_intervals(2, 20000, 1000, 1000);
}

/* One worker takes 60 ms an operation: the other goes on, and nothing is lost or counted twice. */
static int slow_step(struct bt_worker *w)
{
	struct fake f = { .busy_ns = w->index == 1 ? 60 * MS : 1000 };
	struct bt_worker copy = *w;

	copy.config = &f;
	return fake_step(&copy);
}

static void test_slow_worker(void)
{
	static const struct bt_load_ops slow_ops = { .init = fake_init, .step = slow_step, .fini = fake_fini };
	struct bt_load_opts opts = options(100 * MS);
	struct fake f = { .busy_ns = 0 };
	struct bt_load_run run;
	struct outcome o;

	opts.interval_ns = 10 * MS;
	CHECK_EQ(exec_ops(&slow_ops, &f, &opts, 2, &o, &run), 0);
	check_same(&o.sum.lat, &o.total.lat);
	CHECK_EQ(o.sum_dur_ns, o.span.dur_ns);
	CHECK(o.worker_ops[0] > 100 * o.worker_ops[1]);
	CHECK(o.worker_ops[1] >= 1);
	drop(&o);
}

static void test_errors(void)
{
	struct bt_load_opts opts = options(20 * MS);
	struct fake wrong = { .busy_ns = 10000, .wrong_every = 1 };
	struct bt_load_run run;
	struct outcome o;

	CHECK_EQ(exec_fake(&wrong, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.errors, seen[0].steps); /* those of the warm-up too */
	CHECK(o.total.errors > o.total.ops);
	CHECK(o.span.taint & BT_TAINT_WRONG);
	drop(&o);
}

static void test_failures(void)
{
	struct bt_load_opts opts = options(60000ull * MS);
	struct fake step = { .busy_ns = 1000, .fail_at = 5000 }, warm = { .fail_at = 1 }, init = { .init_error = -ENODEV };
	struct bt_load_run run;
	struct outcome o;

	for (unsigned open = 0; open < 2; open++) {
		opts.rate = open ? 100000 : 0;
		CHECK_EQ(exec_fake(&step, &opts, 2, &o, &run), -EIO);
		CHECK_STR(run.error_in, "step");
		CHECK_EQ(run.error, -EIO);
		CHECK_EQ(o.reports, 0);
		CHECK_EQ(seen[0].finis + seen[1].finis, 2);
		CHECK_EQ(seen[0].steps, 5000);
		drop(&o);
		CHECK_EQ(exec_fake(&warm, &opts, 2, &o, &run), -EIO);
		CHECK_EQ(seen[0].steps, 1);
		CHECK_EQ(o.reports, 0);
		drop(&o);
	}
	CHECK_EQ(exec_fake(&init, &opts, 3, &o, &run), -ENODEV);
	CHECK_STR(run.error_in, "init");
	CHECK_EQ(o.reports, 0);
	CHECK_EQ(seen[0].steps + seen[1].steps + seen[2].steps, 0);
	CHECK_EQ(seen[0].finis + seen[1].finis + seen[2].finis, 3);
	drop(&o);
	opts.cpus[0] = BT_CPUS_MAX - 1;
	opts.n_cpus = 1;
	CHECK_EQ(exec_fake(&step, &opts, 2, &o, &run), -EINVAL);
	CHECK_STR(run.error_in, "pin");
	CHECK_EQ(seen[0].inits + seen[0].finis, 0);
	drop(&o);
	CHECK_EQ(exec_fake(&step, &opts, 0, &o, &run), -EINVAL);
	CHECK_STR(run.error_in, "start");
	drop(&o);
}

static void test_stop(void)
{
	struct bt_load_opts opts = options(600000ull * MS);
	struct fake f = { .busy_ns = 1000, .stop_at = 2000 };
	struct bt_load_run run;
	struct outcome o;

	opts.warmup_ns = 0; /* the stop must fall into the run */
	for (unsigned i = 0; i < 4; i++) {
		opts.rate = i & 1 ? 50000 : 0;
		opts.interval_ns = i & 2 ? 10 * MS : 0;
		CHECK_EQ(exec_fake(&f, &opts, 2, &o, &run), 0);
		CHECK_EQ(o.reports, 1);
		CHECK(o.span.interrupted);
		CHECK(o.total.ops > 0 && o.span.dur_ns > 0 && o.span.dur_ns < opts.duration_ns);
		CHECK_EQ(o.total.ops + o.span.backlog, opts.rate > 0 ? o.span.planned : o.total.ops);
		if (opts.interval_ns)
			check_same(&o.sum.lat, &o.total.lat);
		drop(&o);
	}
}

/* Stopped while sleeping: for an operation due in minutes, in the warm-up, in the cooldown, and before the start. */
static void test_stop_asleep(void)
{
	struct bt_load_opts opts = options(600000ull * MS);
	struct fake f = { .stop_at = 1 };
	struct bt_load_run run;
	struct outcome o;

	opts.rate = 0.001;
	opts.warmup_ns = 0;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK(o.span.interrupted);
	CHECK_EQ(o.total.ops, 1);
	CHECK_EQ(o.span.planned, 1);
	drop(&o);
	opts.warmup_ns = 600000ull * MS;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK(o.span.interrupted);
	CHECK_EQ(o.total.ops, 0);
	CHECK_EQ(o.span.dur_ns, 0);
	drop(&o);
	opts = options(MS);
	opts.count = 1;
	opts.warmup_ns = 0;
	opts.cooldown_ns = 600000ull * MS;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.ops, 1);
	CHECK_EQ(o.reports, 1);
	drop(&o);
}

static int stop_at_once(void)
{
	return SIGTERM;
}

static void test_stop_at_once(void)
{
	struct bt_load_opts opts = options(600000ull * MS);
	struct fake f = { .busy_ns = 0 };
	struct outcome o = { .reports = 0 };
	struct bt_load_run run = { .ops = &fake_ops, .config = &f, .opts = &opts, .threads = 2, .repetition = 1,
				   .clock = &clock_used, .src = &live, .stop = stop_at_once, .arg = &o };

	memset(seen, 0, sizeof(seen));
	bt_tally_init(&o.total);
	bt_tally_init(&o.sum);
	CHECK_EQ(bt_load_exec(&run, on_report), 0);
	CHECK(o.span.interrupted);
	CHECK_EQ(o.total.ops, 0);
	CHECK_EQ(seen[0].steps + seen[1].steps, 0);
	CHECK_EQ(seen[0].finis + seen[1].finis, 2);
	drop(&o);
}

/* Signals of the process must reach the caller's thread: the workers block them. */
static int mask_step(struct bt_worker *w)
{
	sigset_t set;

	(void)w;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	return !sigismember(&set, SIGINT) || !sigismember(&set, SIGTERM);
}

static void test_signals(void)
{
	static const struct bt_load_ops mask_ops = { .step = mask_step };
	struct bt_load_opts opts = options(5 * MS);
	struct outcome o = { .reports = 0 };
	struct bt_load_run run = { .ops = &mask_ops, .opts = &opts, .threads = 2, .repetition = 1,
				   .clock = &clock_used, .src = &live, .arg = &o };
	sigset_t set;

	bt_tally_init(&o.total);
	bt_tally_init(&o.sum);
	CHECK_EQ(bt_load_exec(&run, on_report), 0);
	CHECK(o.total.ops > 0);
	CHECK_EQ(o.total.errors, 0);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	CHECK(!sigismember(&set, SIGINT));
	drop(&o);
}

/* The taint of the caller is passed on; repetitions differ in their seeds, equal ones do not. */
static void test_seeds(void)
{
	struct bt_load_opts opts = options(MS);
	struct fake f = { .busy_ns = 0 };
	struct bt_load_run run;
	struct outcome o;
	uint64_t first;

	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	first = seen[0].seed;
	drop(&o);
	CHECK_EQ(exec_fake(&f, &opts, 2, &o, &run), 0);
	CHECK(seen[0].seed == first);
	drop(&o);
	opts.seed = 2;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK(seen[0].seed != first);
	drop(&o);
}

static bool take(struct bt_load_opts *l, const char *option, const char *value)
{
	static const struct bt_opt table[] = { BT_OPTS_LOAD, BT_OPTS_OUT, BT_OPTS_END };
	char name[32], text[64], *argv[] = { name, NULL, text, NULL };
	char opt[32];
	struct bt_opts o;
	int key;

	snprintf(name, sizeof(name), "tool");
	snprintf(opt, sizeof(opt), "%s", option);
	snprintf(text, sizeof(text), "%s", value);
	argv[1] = opt;
	bt_opts_init(&o, table, 3, argv);
	key = bt_opts_next(&o);
	return key > 0 && bt_load_option(l, &o, key) && o.error[0] == '\0';
}

static void test_options(void)
{
	struct bt_load_opts l = BT_LOAD_OPTS_INIT;

	CHECK(take(&l, "-t", "1,2,4"));
	CHECK_EQ(l.n_threads, 3);
	CHECK_EQ(l.threads[2], 4);
	CHECK(!take(&l, "-t", "0"));
	CHECK(!take(&l, "-t", "1025"));
	CHECK(!take(&l, "-t", "x"));
	CHECK_EQ(l.n_threads, 3);
	CHECK(!l.duration_set && take(&l, "-d", "2s") && l.duration_set);
	CHECK_EQ(l.duration_ns, 2000000000);
	CHECK(take(&l, "-r", "50k") && l.rate == 50000);
	CHECK(!take(&l, "-r", "0") && l.rate == 50000);
	CHECK(take(&l, "-c", "0,2-3"));
	CHECK_EQ(l.n_cpus, 3);
	CHECK(take(&l, "--arrival", "poisson") && l.arrival == BT_ARRIVAL_POISSON);
	CHECK(!take(&l, "--arrival", "uniform") && l.arrival == BT_ARRIVAL_POISSON);
	CHECK(take(&l, "--lock", "off") && l.lock == BT_LOCK_OFF);
	CHECK(take(&l, "-n", "7") && l.count == 7);
	CHECK(!take(&l, "-n", "0"));
	CHECK(!take(&l, "-f", "json")); /* not ours */
}

static void test_wants(void)
{
	struct bt_load_opts l = BT_LOAD_OPTS_INIT;

	CHECK(bt_load_wants(&l, "lat"));
	l.metrics = "lat,rate";
	CHECK(bt_load_wants(&l, "lat") && bt_load_wants(&l, "rate"));
	CHECK(!bt_load_wants(&l, "late") && !bt_load_wants(&l, "la") && !bt_load_wants(&l, ""));
}

static void test_total(void)
{
	struct bt_load_opts l = BT_LOAD_OPTS_INIT;

	CHECK_EQ(bt_load_total_ns(&l, 2), 2200000000);
	l.n_threads = 2;
	l.repeat = 5;
	l.cooldown_ns = 100 * MS;
	CHECK_EQ(bt_load_total_ns(&l, 1), 12000000000);
	l.count = 100;
	l.rate = 1000;
	CHECK_EQ(bt_load_total_ns(&l, 1), 3000000000);
	l.duration_ns = l.warmup_ns = UINT64_MAX;
	l.rate = 0;
	CHECK_EQ(bt_load_total_ns(&l, 8), INT64_MAX);
}

/* CPU time of an open loop of that rate. */
static uint64_t busy_at(double rate)
{
	struct bt_load_opts opts = options(100 * MS);
	struct fake f = { .busy_ns = 0 };
	struct bt_load_run run;
	struct outcome o;
	uint64_t busy_ns;

	opts.rate = rate;
	CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
	CHECK_EQ(o.total.late.n, o.total.ops);
	busy_ns = o.total.busy_ns;
	drop(&o);
	return busy_ns;
}

/* With 500 us between operations a spinner spends a tenth of its time on the wait, a sleeper nothing. On a busy machine a spinner
 * may be too late to wait at all. */
static void test_sleeps(void)
{
	uint64_t most_spun_ns = 0, least_slept_ns = UINT64_MAX;

	for (int i = 0; i < 4; i++) {
		uint64_t spun_ns = busy_at(2000), slept_ns;

		sleeps = true;
		slept_ns = busy_at(2000);
		sleeps = false;
		most_spun_ns = spun_ns > most_spun_ns ? spun_ns : most_spun_ns;
		least_slept_ns = slept_ns < least_slept_ns ? slept_ns : least_slept_ns;
	}
	CHECK(least_slept_ns < most_spun_ns / 2);
}

/* What a step does after it has said when its operation was over is in no operation's time. */
static void test_tidy(void)
{
	struct bt_load_opts opts = options(50 * MS);
	struct fake f = { .busy_ns = 1000, .tidy_ns = 50000 };
	struct bt_load_run run;
	struct outcome o;

	for (opts.rate = 0; opts.rate <= 2000; opts.rate += 2000) {
		const struct bt_hist *h = opts.rate > 0 ? &o.total.svc : &o.total.lat;

		CHECK_EQ(exec_fake(&f, &opts, 1, &o, &run), 0);
		CHECK(o.total.ops > 10);
		CHECK_EQ(h->n, o.total.ops);
		CHECK(h->min >= f.busy_ns);
		CHECK(bt_hist_percentile(h, 50) < f.tidy_ns);
		CHECK(o.span.rate < 1e9 / (double)f.tidy_ns); /* but of the span, of course */
		drop(&o);
	}
}

static const struct unit_test tests[] = {
	{ "closed loop: counts, times and span agree", test_closed },
	{ "closed loop: long operations do not bend the rate", test_edges },
	{ "tidying up is not part of an operation", test_tidy },
	{ "workers run on their CPUs and add up", test_workers },
	{ "a count is exact", test_count },
	{ "open loop: every planned operation is done", test_open },
	{ "open loop: sleeps instead of spinning where the test wants it", test_sleeps },
	{ "open loop: a rate too high leaves a backlog", test_overload },
	{ "intervals add up to the run", test_intervals },
	{ "a slow worker does not hold up the others", test_slow_worker },
	{ "wrong answers are counted, also in the warm-up", test_errors },
	{ "failures of pin, init and step end the run", test_failures },
	{ "a stop ends the run with what there is", test_stop },
	{ "a stop wakes sleepers", test_stop_asleep },
	{ "a stop before the start", test_stop_at_once },
	{ "workers leave signals to the caller", test_signals },
	{ "seeds depend on worker and option, not on the number of workers", test_seeds },
	{ "options are taken, nonsense is not", test_options },
	{ "metrics are chosen by whole names", test_wants },
	{ "the length of all runs", test_total },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	bt_clock_init(&clock_used, 2 * MS);
	return unit_main(tests, argc, argv);
}
