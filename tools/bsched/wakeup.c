/* SPDX-License-Identifier: ISC
 *
 * wakeup - message threads wake workers through futexes, as in schbench: from the time stamp that the waker takes to the first
 * instruction of the woken, and then, with --work, to the end of a request.
 *
 * A worker that has nothing to do puts itself on the list of its message thread and sleeps. One operation of a message
 * thread, which is the engine's worker, takes one from the list, waiting if it is empty, and wakes it. What the worker found
 * out about its last wake-up travels back on the list, so no thread shares a histogram.
 *
 * A wake-up carries the number of the wake-ups of this worker so far, which it compares with its own count.
 */
#include <errno.h>
#include <stdlib.h>

#include "bsched.h"

struct worker {
	struct crew *crew;
	struct bsched_task task;
	struct worker *next;      /* on the list */
	_Atomic uint32_t woken;   /* a futex: wake-ups so far */
	/* from the message thread */
	uint64_t number, sent_ns, due_ns; /* due_ns: 0 in the closed loop */
	/* back to it */
	bool fresh, slept, wrong;
	uint64_t from_sent_ns, from_due_ns, request_ns;
};

struct crew {
	const struct bsched_job *job;
	const struct bt_clock *clock;
	uint32_t n;
	_Atomic bool quit;
	_Atomic uint32_t waiting;      /* a futex: whether the message thread sleeps */
	struct worker *_Atomic ready;  /* latest first */
	struct worker *taken;          /* earliest first; the message thread's own */
	uint64_t sent;
	struct worker workers[];
};

static void report_ready(struct worker *me)
{
	struct crew *c = me->crew;

	me->next = atomic_load(&c->ready);
	while (!atomic_compare_exchange_weak(&c->ready, &me->next, me))
		;
	if (atomic_exchange(&c->waiting, 0) == 1)
		bsched_futex_wake(&c->waiting, 1, false);
}

/* Returns whether it slept: a wake-up that comes first finds it awake and has no latency to speak of. */
static bool await_wakeup(struct worker *me, uint32_t seen)
{
	bool slept = false;

	while (atomic_load(&me->woken) == seen)
		slept |= bsched_futex_wait(&me->woken, seen, 0, false) == 0;
	return slept;
}

static void work(void *arg)
{
	struct worker *me = arg;
	struct crew *c = me->crew;
	uint64_t rounds = c->job->b->work_rounds;

	for (uint32_t seen = 0;; seen++) {
		uint64_t now;

		report_ready(me);
		me->slept = await_wakeup(me, seen);
		now = bt_clock_now(c->clock);
		if (atomic_load(&c->quit))
			return;
		me->fresh = true;
		me->wrong = me->number != (uint64_t)seen + 1;
		me->from_sent_ns = now - me->sent_ns;
		me->from_due_ns = now - me->due_ns;
		if (rounds) {
			bsched_work(rounds);
			me->request_ns = bt_clock_now(c->clock) - now;
		}
	}
}

/* Moves the list to taken, the earliest first. */
static void take_all(struct crew *c)
{
	struct worker *list = atomic_exchange(&c->ready, NULL);

	while (list) {
		struct worker *w = list;

		list = w->next;
		w->next = c->taken;
		c->taken = w;
	}
}

/* The worker that has been ready longest. */
static struct worker *take_ready(struct crew *c)
{
	struct worker *first;

	for (;;) {
		if (!c->taken)
			take_all(c);
		first = c->taken;
		if (first)
			break;
		atomic_store(&c->waiting, 1);
		if (!atomic_load(&c->ready))
			bsched_futex_wait(&c->waiting, 1, 0, false);
		atomic_store(&c->waiting, 0);
	}
	c->taken = first->next;
	return first;
}

/* Takes what the worker brings. Returns the number of errors in it. */
static int collect(struct worker *w, struct bt_tally *tally)
{
	if (!w->fresh)
		return 0;
	w->fresh = false;
	if (!w->slept)
		tally->extra_count++;
	else
		bt_hist_add(&tally->extra, w->from_sent_ns);
	if (w->slept && w->due_ns)
		bt_hist_add(&tally->extra2, w->from_due_ns);
	if (w->crew->job->b->work_rounds)
		bt_hist_add(&tally->extra3, w->request_ns);
	return w->wrong;
}

static int wakeup_step(struct bt_worker *waker)
{
	struct crew *c = waker->state;
	struct worker *w = take_ready(c);
	uint64_t plant = c->job->plant;
	int errors = collect(w, waker->tally);

	w->number = (uint64_t)atomic_load(&w->woken) + 1;
	if (plant && ++c->sent % plant == 0)
		w->number = ~w->number;
	w->due_ns = waker->due_ns;
	w->sent_ns = bt_clock_now(waker->clock);
	atomic_fetch_add(&w->woken, 1);
	bsched_futex_wake(&w->woken, 1, false);
	return errors;
}

/* One worker goes with its message thread as a pair; several are on the CPUs of -c in turn, or where the scheduler puts them. */
static int64_t worker_cpu(const struct bsched_job *job, uint32_t crew, uint32_t n, uint32_t index)
{
	const struct bsched *b = job->b;
	uint32_t cpu, peer;

	if (job->pair) {
		bsched_pair(job, crew, &cpu, &peer);
		return peer;
	}
	return b->pin ? (int64_t)b->cpus[((uint64_t)crew * n + index) % b->n_cpus] : -1;
}

static int wakeup_init(struct bt_worker *waker)
{
	const struct bsched_job *job = waker->config;
	uint32_t n = (uint32_t)job->b->workers;
	struct crew *c = calloc(1, sizeof(*c) + n * sizeof(c->workers[0]));
	int rc = 0;

	if (!c)
		return -ENOMEM;
	waker->state = c;
	c->job = job;
	c->clock = waker->clock;
	for (; c->n < n && rc == 0; c->n++) {
		struct worker *w = &c->workers[c->n];

		w->crew = c;
		w->task = (struct bsched_task){ .b = job->b, .body = work, .arg = w, .cpu = worker_cpu(job, waker->index, n, c->n) };
		rc = bsched_task_start(&w->task);
	}
	return rc ? rc : bsched_policy_apply(job->b, 0);
}

static void wakeup_fini(struct bt_worker *waker)
{
	struct crew *c = waker->state;

	if (!c)
		return;
	atomic_store(&c->quit, true);
	for (uint32_t i = 0; i < c->n; i++) {
		atomic_fetch_add(&c->workers[i].woken, 1);
		bsched_futex_wake(&c->workers[i].woken, 1, false);
		bsched_task_end(&c->workers[i].task);
	}
	free(c);
	waker->state = NULL;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsched *b = bsched_of(e);

	bt_rec_u64(r, "workers", b->workers);
	if (b->work_ns)
		bt_rec_u64(r, "work", b->work_ns);
}

static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	bool open = e->tool->opts->rate > 0;

	bt_emit_rate(e);
	bt_emit_dist(e, "lat", open ? &total->extra2 : &total->extra);
	if (open) {
		bt_emit_dist(e, "svc", &total->extra);
		bt_emit_dist(e, "late", &total->late);
	}
	if (bsched_of(e)->work_ns)
		bt_emit_dist(e, "request", &total->extra3);
	if (e->kind == BT_KIND_RESULT)
		bt_emit_value(e, "awake", "ratio", BT_BETTER_NONE, (double)total->extra_count / (double)total->ops);
}

const struct bsched_test bsched_wakeup = {
	.name = "wakeup", .kernel = "wakeup.1", .help = "message threads wake workers through futexes",
	.operation = "a wake-up of a worker, and its --work", .abilities = BSCHED_RATE | BSCHED_MATRIX,
	.ops = { .init = wakeup_init, .step = wakeup_step, .fini = wakeup_fini },
	.describe = describe, .measures = measures,
};
