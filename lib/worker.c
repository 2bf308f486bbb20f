/* SPDX-License-Identifier: ISC
 *
 * worker - one thread of the load engine: its laps and its phases.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpus.h"
#include "load_private.h"

#define RESERVE_NS 100000000u /* histograms have room up to this from the start; larger values, rare, make it then */

void bt_load_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u) };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &ts, NULL, 0);
}

void bt_load_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void tell(struct bt_load_engine *e)
{
	atomic_fetch_add(&e->news, 1);
	bt_load_futex_wake(&e->news);
}

void bt_load_fail(struct bt_load_worker *me, int error, const char *where)
{
	me->error = error;
	me->error_in = where;
	atomic_fetch_or(&me->engine->control, BT_LOAD_STOP);
}

static void thread_usage(struct bt_load_worker *me, uint64_t *cpu_ns, uint64_t *preempted)
{
	uint64_t (*helpers)(struct bt_worker *w) = me->engine->run->ops->helpers;
	struct timespec ts;
	struct rusage usage;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	getrusage(RUSAGE_THREAD, &usage);
	*cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec + (helpers ? helpers(&me->w) : 0);
	*preempted = (uint64_t)usage.ru_nivcsw;
}

static void begin_lap(struct bt_load_worker *me, struct bt_lap *lap)
{
	thread_usage(me, &lap->cpu_ns, &lap->preempted);
	lap->begin_ns = bt_clock_now(me->w.clock);
}

static void end_lap(struct bt_load_worker *me, struct bt_lap *lap, uint64_t end_ns)
{
	uint64_t cpu_ns, preempted;

	thread_usage(me, &cpu_ns, &preempted);
	lap->tally.busy_ns = cpu_ns > lap->cpu_ns ? cpu_ns - lap->cpu_ns : 0; /* a helper may have ended */
	lap->tally.preemptions = preempted - lap->preempted;
	lap->end_ns = end_ns;
	lap->pace = me->pace;
	lap->left = me->left;
	lap->flying = me->flying;
}

bool bt_load_obey(struct bt_load_worker *me)
{
	uint32_t control = bt_load_control(me);
	uint64_t now;

	if (__builtin_expect(control == me->seen, 1))
		return true;
	if (control & BT_LOAD_STOP)
		return false;
	now = bt_clock_now(me->w.clock);
	if (now >= me->engine->end_ns) /* the last lap is over as well: all of it will be taken when we are done */
		return true;
	me->seen = control;
	end_lap(me, bt_load_lap(me), now);
	atomic_fetch_add_explicit(&me->acked, 1, memory_order_release);
	tell(me->engine);
	begin_lap(me, bt_load_lap(me));
	return true;
}

/* When the span of the last lap ends: see load.h for why. */
static uint64_t run_end(const struct bt_load_worker *me)
{
	uint64_t end = me->engine->end_ns;

	if (!me->engine->open)
		return me->free ? bt_load_flow_end(me) : me->last_ns;
	if (bt_load_stopping(me))
		return bt_clock_now(me->w.clock);
	if (me->left == 0 && me->pace.next_ns < end)
		end = me->pace.next_ns;
	return end > me->last_ns ? end : me->last_ns;
}

static void start_pace(struct bt_load_worker *me, uint64_t start_ns, uint64_t seed)
{
	const struct bt_load_opts *o = me->engine->run->opts;

	if (me->engine->open)
		bt_pace_init(&me->pace, o->arrival, o->rate, start_ns, me->w.index, me->w.n_workers, seed);
}

static void warm_up(struct bt_load_worker *me)
{
	struct bt_load_engine *e = me->engine;
	struct bt_tally *tally = &bt_load_lap(me)->tally;
	uint64_t errors;

	me->left = UINT64_MAX;
	start_pace(me, e->warm_ns, ~me->pace_seed);
	if (me->free)
		bt_load_flow(me, e->start_ns, true);
	else if (e->open)
		bt_load_open(me, e->start_ns, true);
	else
		bt_load_closed(me, e->start_ns, true);
	errors = tally->errors;
	bt_tally_reset(tally);
	tally->errors = errors;
}

static void run(struct bt_load_worker *me)
{
	struct bt_load_engine *e = me->engine;
	uint64_t count = e->run->opts->count, n = me->w.n_workers;

	if (!bt_load_await(me, e->warm_ns, true))
		return;
	if (e->start_ns > e->warm_ns)
		warm_up(me);
	if (!bt_load_await(me, e->start_ns, true))
		return;
	me->left = count ? count / n + (me->w.index < count % n) : UINT64_MAX;
	start_pace(me, e->start_ns, me->pace_seed);
	begin_lap(me, bt_load_lap(me));
	me->last_ns = bt_load_lap(me)->begin_ns;
	if (e->open) {
		/* A count ends with the last operation's own period, so it must begin with the first one's. */
		bt_load_lap(me)->begin_ns = count && e->run->opts->arrival == BT_ARRIVAL_FIXED ? me->pace.next_ns : e->start_ns;
	}
	if (me->free) {
		bt_load_flow(me, e->end_ns, false);
	} else if (e->open) {
		bt_load_open(me, e->end_ns, false);
		bt_load_catch_up(me);
	} else {
		bt_load_closed(me, e->end_ns, false);
	}
	end_lap(me, bt_load_lap(me), run_end(me));
}

static int reserve(const struct bt_load_worker *me, struct bt_tally *tally)
{
	int rc = bt_hist_reserve(&tally->lat, RESERVE_NS);

	if (rc == 0 && me->engine->open)
		rc = bt_hist_reserve(&tally->svc, RESERVE_NS);
	if (rc == 0 && me->engine->open)
		rc = bt_hist_reserve(&tally->late, RESERVE_NS);
	return rc;
}

/* Sets up the worker in its own thread. Returns whether init was called, and so fini must be. */
static bool prepare(struct bt_load_worker *me)
{
	const struct bt_load_run *job = me->engine->run;
	int rc = bt_cpus_pin(me->w.cpu);

	if (rc != 0) {
		bt_load_fail(me, rc, "pin");
		return false;
	}
	prctl(PR_SET_TIMERSLACK, 1); /* by default the kernel may let us sleep 50 us too long */
	me->cpu = bt_cpus_current();
	if (reserve(me, &me->laps[0].tally) != 0 || (job->opts->interval_ns && reserve(me, &me->laps[1].tally) != 0)) {
		bt_load_fail(me, -ENOMEM, "memory");
		return false;
	}
	if (job->ops->init && (rc = job->ops->init(&me->w)) != 0)
		bt_load_fail(me, rc, "init");
	else if (job->ops->begin && bt_load_flow_room(me) != 0)
		bt_load_fail(me, -ENOMEM, "memory");
	return true;
}

void *bt_load_worker_main(void *arg)
{
	struct bt_load_worker *me = arg;
	struct bt_load_engine *e = me->engine;
	bool initialised = prepare(me);

	atomic_fetch_add(&e->ready, 1);
	tell(e);
	while (atomic_load(&e->go) == BT_GO_WAIT)
		bt_load_futex_wait(&e->go, BT_GO_WAIT, BT_LOAD_POLL_NS);
	if (atomic_load(&e->go) == BT_GO_RUN)
		run(me);
	atomic_store_explicit(&me->done, true, memory_order_release);
	tell(e);
	if (initialised && e->run->ops->fini)
		e->run->ops->fini(&me->w);
	return NULL;
}
