/* SPDX-License-Identifier: ISC
 *
 * load - runs a test: the caller's thread. It starts the workers, sets the time line, collects the laps and reports.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "load_private.h"

#define START_NS 500000u     /* from the release to the first operation: all workers are awake by then */
#define GRACE_NS 100000000u
#define TICK_NS 200000000u

typedef bool reached(const struct bt_director *d);

static bool all_ready(const struct bt_director *d)
{
	return atomic_load(&d->e.ready) == d->started;
}

static bool all_done(const struct bt_director *d)
{
	for (uint32_t i = 0; i < d->started; i++)
		if (!atomic_load_explicit(&d->e.workers[i].done, memory_order_acquire))
			return false;
	return true;
}

uint32_t bt_load_laps_asked(const struct bt_director *d)
{
	return atomic_load_explicit(&d->e.control, memory_order_relaxed) / BT_LOAD_LAP;
}

bool bt_load_handed_over(const struct bt_director *d, const struct bt_load_worker *w)
{
	return atomic_load_explicit(&w->acked, memory_order_acquire) == bt_load_laps_asked(d);
}

static bool all_handed_over(const struct bt_director *d)
{
	for (uint32_t i = 0; i < d->started; i++) {
		const struct bt_load_worker *w = &d->e.workers[i];

		if (!bt_load_handed_over(d, w) && !atomic_load_explicit(&w->done, memory_order_acquire))
			return false;
	}
	return true;
}

static bool interrupted(const struct bt_director *d)
{
	return d->interrupted;
}

/* Sleeps until the instant or the condition, polling for a stop and ticking. A stop does not end it: the workers do. */
static void wait_until(struct bt_director *d, uint64_t until_ns, reached *condition)
{
	const struct bt_load_run *run = d->e.run;

	for (;;) {
		uint32_t news = atomic_load(&d->e.news);
		uint64_t now = bt_clock_now(run->clock), left;

		if (!d->interrupted && run->stop && run->stop()) {
			d->interrupted = true;
			atomic_fetch_or(&d->e.control, BT_LOAD_STOP);
		}
		if (run->on_tick && now >= d->tick_ns) {
			run->on_tick(run->arg, now);
			d->tick_ns = now + TICK_NS;
		}
		if (condition(d) || now >= until_ns)
			return;
		left = until_ns - now;
		bt_load_futex_wait(&d->e.news, news, left < BT_LOAD_POLL_NS ? left : BT_LOAD_POLL_NS);
	}
}

static void set_time_line(struct bt_director *d)
{
	const struct bt_load_opts *o = d->e.run->opts;
	struct bt_load_engine *e = &d->e;

	e->warm_ns = bt_clock_now(e->run->clock) + START_NS;
	e->start_ns = e->warm_ns + o->warmup_ns;
	e->end_ns = BT_LOAD_NEVER;
	if (o->count == 0 || o->duration_set) {
		e->end_ns = e->start_ns + o->duration_ns;
		e->grace_ns = o->duration_ns / 10 < GRACE_NS ? o->duration_ns / 10 : GRACE_NS;
	}
	d->edge_ns = e->start_ns;
}

static void send(struct bt_director *d, enum bt_load_go go)
{
	atomic_store(&d->e.go, go);
	bt_load_futex_wake(&d->e.go);
}

static void begin_run(struct bt_director *d)
{
	const struct bt_load_run *run = d->e.run;

	if (run->on_start && !d->interrupted && (d->error = run->on_start(run->arg)) < 0)
		atomic_fetch_or(&d->e.control, BT_LOAD_STOP);
}

/* From the release to the last operation. */
static void conduct(struct bt_director *d)
{
	const struct bt_load_run *run = d->e.run;
	uint64_t every = run->opts->interval_ns, next;

	send(d, BT_GO_RUN);
	wait_until(d, d->e.start_ns, all_done);
	if (run->opts->warmup_ns > 0)
		begin_run(d);
	bt_noise_read(&d->noise_start, run->src, d->e.cpus, d->n);
	d->noise_edge = d->noise_start;
	next = every ? d->e.start_ns + every : BT_LOAD_NEVER;
	for (;;) {
		wait_until(d, next < d->e.end_ns ? next : BT_LOAD_NEVER, all_done);
		if (all_done(d))
			return;
		atomic_fetch_add(&d->e.control, BT_LOAD_LAP);
		wait_until(d, BT_LOAD_NEVER, all_handed_over);
		bt_load_interval(d, false);
		if (run->enough && run->enough(run->arg))
			atomic_fetch_or(&d->e.control, BT_LOAD_STOP);
		/* Edges stay on the grid; those missed while a slow operation or reader held us up are left out. */
		next += (bt_clock_now(run->clock) - next) / every * every + every;
	}
}

/* Signals are for the caller's thread: the workers inherit a mask that blocks them all. */
static int start_workers(struct bt_director *d)
{
	sigset_t all, old;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; rc == 0 && d->started < d->n; d->started += rc == 0)
		rc = pthread_create(&d->e.workers[d->started].thread, NULL, bt_load_worker_main, &d->e.workers[d->started]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

/* The first worker that failed speaks for all, then the hooks. Returns 0 when none did. */
static int first_error(struct bt_director *d)
{
	struct bt_load_run *run = d->e.run;

	for (uint32_t i = 0; i < d->started && run->error == 0; i++) {
		run->error = d->e.workers[i].error;
		run->error_in = d->e.workers[i].error_in;
	}
	if (run->error == 0) {
		run->error = d->error < 0 || !run->on_over ? d->error : run->on_over(run->arg);
		run->error_in = run->error ? "end" : NULL;
	}
	return run->error;
}

static int choose_cpus(struct bt_director *d)
{
	const struct bt_load_opts *o = d->e.run->opts;
	uint32_t allowed[BT_CPUS_MAX];
	const uint32_t *list = o->cpus;
	size_t n = o->n_cpus;
	uint32_t distinct = 0;
	int rc;

	if (n == 0) {
		rc = bt_cpus_allowed(allowed, BT_CPUS_MAX);
		if (rc < 0)
			return rc;
		list = allowed;
		n = (size_t)rc;
	}
	for (uint32_t i = 0, k; i < d->n; i++) {
		d->e.cpus[i] = list[i % n];
		for (k = 0; k < i && d->e.cpus[k] != d->e.cpus[i]; k++)
			;
		distinct += k == i;
	}
	d->contended = distinct < d->n ? BT_TAINT_CONTENDED : 0;
	return 0;
}

static void make_worker(struct bt_director *d, uint32_t i)
{
	const struct bt_load_run *run = d->e.run;
	struct bt_load_worker *w = &d->e.workers[i];
	struct bt_rng rng;

	bt_rng_seed(&rng, run->opts->seed + (run->repetition << 40) + ((uint64_t)i << 20));
	w->w = (struct bt_worker){ .index = i, .n_workers = d->n, .cpu = d->e.cpus[i], .seed = bt_rng_next(&rng),
				   .config = run->config, .clock = run->clock, .engine = w };
	w->pace_seed = bt_rng_next(&rng);
	w->engine = &d->e;
	bt_tally_init(&w->laps[0].tally);
	bt_tally_init(&w->laps[1].tally);
	bt_tally_init(&w->grace);
	bt_tally_init(&d->whole[i]);
}

static int set_up(struct bt_director *d)
{
	int rc;

	if (d->n == 0 || d->n > BT_LOAD_THREADS_MAX)
		return -EINVAL;
	d->e.workers = aligned_alloc(_Alignof(struct bt_load_worker), d->n * sizeof(*d->e.workers));
	d->e.cpus = calloc(d->n, sizeof(*d->e.cpus));
	d->whole = calloc(d->n, sizeof(*d->whole));
	if (!d->e.workers || !d->e.cpus || !d->whole)
		return -ENOMEM;
	memset(d->e.workers, 0, d->n * sizeof(*d->e.workers));
	rc = choose_cpus(d);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < d->n; i++)
		make_worker(d, i);
	return start_workers(d);
}

/* Sends the workers home if they wait to be released, and returns when they are gone. */
static void join(struct bt_director *d)
{
	if (atomic_load(&d->e.go) == BT_GO_WAIT)
		send(d, BT_GO_HOME);
	for (uint32_t i = 0; i < d->started; i++)
		pthread_join(d->e.workers[i].thread, NULL);
}

static void tear_down(struct bt_director *d)
{
	for (uint32_t i = 0; d->e.workers && i < d->n; i++) {
		bt_tally_free(&d->e.workers[i].laps[0].tally);
		bt_tally_free(&d->e.workers[i].laps[1].tally);
		bt_tally_free(&d->e.workers[i].grace);
		free(d->e.workers[i].free);
		free(d->e.workers[i].w.flights);
		free(d->e.workers[i].w.landed);
	}
	for (uint32_t i = 0; d->whole && i < d->n; i++)
		bt_tally_free(&d->whole[i]);
	free(d->e.workers);
	free(d->e.cpus);
	free(d->whole);
}

int bt_load_exec(struct bt_load_run *run, void (*report)(void *arg, const struct bt_load_span *span))
{
	struct bt_director d = { .e = { .run = run, .open = run->opts->rate > 0 }, .n = run->threads };
	int rc = set_up(&d);

	run->error = 0;
	run->error_in = NULL;
	if (rc == 0) {
		wait_until(&d, BT_LOAD_NEVER, all_ready);
		if (run->opts->warmup_ns == 0 && !(atomic_load(&d.e.control) & BT_LOAD_STOP))
			begin_run(&d);
		set_time_line(&d);
		if (!(atomic_load(&d.e.control) & BT_LOAD_STOP))
			conduct(&d);
	}
	d.cut_short = d.interrupted;
	join(&d);
	if (rc != 0) {
		run->error = rc;
		run->error_in = "start";
	} else if (first_error(&d) == 0) {
		bt_load_interval(&d, true);
		if (run->opts->cooldown_ns)
			wait_until(&d, bt_clock_now(run->clock) + run->opts->cooldown_ns, interrupted);
		run->error = bt_load_whole(&d, report);
		run->error_in = run->error ? "memory" : NULL;
	}
	tear_down(&d);
	return run->error;
}
