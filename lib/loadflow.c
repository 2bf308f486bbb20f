/* SPDX-License-Identifier: ISC
 *
 * loadflow - the measured loop of a worker whose operations overlap: closed and open.
 */
#include <errno.h>
#include <stdlib.h>

#include "cpus.h"
#include "load_private.h"

int bt_load_flow_room(struct bt_load_worker *me)
{
	uint32_t depth = me->w.depth;

	me->free = calloc(depth, sizeof(*me->free));
	me->w.flights = calloc(depth, sizeof(*me->w.flights));
	me->w.landed = calloc(depth, sizeof(*me->w.landed));
	if (!me->free || !me->w.flights || !me->w.landed)
		return -ENOMEM;
	for (me->n_free = 0; me->n_free < depth; me->n_free++)
		me->free[me->n_free] = depth - 1 - me->n_free;
	return 0;
}

/* Begins one operation in a slot that is free. Returns false when that failed. */
static inline bool take_off(struct bt_load_worker *me, uint64_t now, uint64_t due_ns)
{
	uint32_t slot = me->free[me->n_free - 1];
	struct bt_flight *f = &me->w.flights[slot];
	int rc;

	f->start_ns = now;
	f->due_ns = due_ns;
	f->after_end = now >= me->engine->end_ns;
	rc = me->engine->run->ops->begin(&me->w, slot);
	if (__builtin_expect(rc < 0, 0)) {
		bt_load_fail(me, rc, "begin");
		return false;
	}
	me->n_free--;
	me->flying++;
	me->left--;
	return true;
}

static void count(struct bt_load_worker *me, struct bt_tally *tally, const struct bt_flight *f)
{
	uint64_t now = me->w.now_ns;

	tally->ops++;
	if (!me->engine->open) {
		bt_hist_add(&tally->lat, now - f->start_ns);
		return;
	}
	bt_hist_add(&tally->lat, now - f->due_ns);
	bt_hist_add(&tally->svc, now - f->start_ns);
	bt_hist_add(&tally->late, f->start_ns - f->due_ns);
}

static void land(struct bt_load_worker *me, struct bt_tally *tally, const struct bt_landed *l)
{
	struct bt_flight *f = &me->w.flights[l->slot];

	if (__builtin_expect(f->after_end && me->engine->open, 0)) {
		tally = &me->grace;
		me->grace_last_ns = me->w.now_ns;
	} else {
		me->last_ns = me->w.now_ns;
	}
	if (l->how & BT_LANDED_OK)
		count(me, tally, f);
	if (__builtin_expect(l->how & BT_LANDED_FAILED, 0)) {
		tally->failed++;
		tally->errors++;
	}
	if (l->how & BT_LANDED_FREE) {
		f->end_ns = me->w.now_ns;
		me->free[me->n_free++] = l->slot;
		me->flying--;
	}
}

/* Waits for something to land, until the instant at most, and counts it. Returns false when that failed. */
static bool reap(struct bt_load_worker *me, uint64_t until_ns)
{
	struct bt_tally *tally = &bt_load_lap(me)->tally;
	uint32_t cpu;
	int n;

	me->w.tally = tally;
	n = me->engine->run->ops->reap(&me->w, until_ns);
	if (__builtin_expect(n < 0, 0)) {
		bt_load_fail(me, n, "reap");
		return false;
	}
	for (int i = 0; i < n; i++)
		land(me, tally, &me->w.landed[i]);
	cpu = bt_cpus_current();
	if (__builtin_expect(cpu != me->cpu, 0)) {
		me->cpu = cpu;
		tally->migrations++;
	}
	return true;
}

/* Whether the run goes on, as far as the caller's thread and the test are concerned. Hands the lap over if asked. */
static inline bool going_on(struct bt_load_worker *me, bool warm)
{
	if (me->w.enough)
		return false;
	if (__builtin_expect(bt_load_control(me) == me->seen, 1))
		return true;
	return warm ? !bt_load_stopping(me) : bt_load_obey(me);
}

/* At least one operation begins, as in bt_load_closed. */
static void closed(struct bt_load_worker *me, uint64_t until_ns, bool warm)
{
	uint64_t now = bt_clock_now(me->w.clock);
	bool going = true;

	for (;;) {
		while (going && me->n_free > 0 && me->left > 0)
			if (!take_off(me, now, 0))
				return;
		if (me->flying == 0 || !reap(me, now + BT_LOAD_POLL_NS))
			return;
		now = me->w.now_ns;
		going = going && going_on(me, warm) && now < until_ns;
	}
}

static bool planned(const struct bt_load_worker *me, uint64_t until_ns)
{
	return me->left > 0 && me->pace.next_ns < until_ns;
}

/* Begins all that is due now and finds a slot. Returns false when that failed. */
static bool take_off_due(struct bt_load_worker *me, uint64_t now, uint64_t until_ns)
{
	while (me->n_free > 0 && planned(me, until_ns) && me->pace.next_ns <= now) {
		if (!take_off(me, now, me->pace.next_ns))
			return false;
		bt_pace_next(&me->pace);
	}
	return true;
}

/* How long a reap may take: to the next operation that could begin, looking now and then whether to stop. */
static uint64_t patience(const struct bt_load_worker *me, uint64_t now, uint64_t until_ns, bool going)
{
	uint64_t poll_ns = now + BT_LOAD_POLL_NS;

	return going && me->n_free > 0 && planned(me, until_ns) && me->pace.next_ns < poll_ns ? me->pace.next_ns : poll_ns;
}

/* How the plan stood at the end of the run. */
struct at_end {
	bool passed;
	struct bt_pace pace;
	uint64_t left;
};

/* Begins what is due before until_ns, up to last_ns, and returns when nothing is under way any more. */
static void open_loop(struct bt_load_worker *me, uint64_t until_ns, uint64_t last_ns, bool warm, struct at_end *end)
{
	bool going = true;

	for (;;) {
		uint64_t now = bt_clock_now(me->w.clock);

		if (!end->passed && now >= until_ns)
			*end = (struct at_end){ true, me->pace, me->left };
		going = going && going_on(me, warm) && now < last_ns;
		if (going && !take_off_due(me, now, until_ns))
			return;
		if (me->flying > 0) {
			if (!reap(me, patience(me, now, until_ns, going)))
				return;
		} else if (!going || !planned(me, until_ns) || !bt_load_await(me, me->pace.next_ns, warm)) {
			return;
		}
	}
}

/* What began after the end counts only if that was all there was to catch up with: see bt_load_catch_up. */
static void settle(struct bt_load_worker *me, const struct at_end *end)
{
	struct bt_tally *tally = &bt_load_lap(me)->tally;

	if (planned(me, me->engine->end_ns)) {
		tally->errors += me->grace.errors;
		me->pace = end->pace;
		me->left = end->left;
		return;
	}
	if (bt_tally_merge(tally, &me->grace) != 0)
		bt_load_fail(me, -ENOMEM, "memory");
	if (me->grace_last_ns > me->last_ns)
		me->last_ns = me->grace_last_ns;
}

static void finish(struct bt_load_worker *me)
{
	uint64_t before = me->w.now_ns;
	int rc;

	me->w.tally = &bt_load_lap(me)->tally;
	rc = me->engine->run->ops->last(&me->w);
	if (rc < 0) {
		bt_load_fail(me, rc, "end");
		return;
	}
	me->tail_ns = me->w.now_ns - before;
	me->last_ns = me->w.now_ns;
}

void bt_load_flow(struct bt_load_worker *me, uint64_t until_ns, bool warm)
{
	struct at_end end = { .passed = false };

	if (!me->engine->open) {
		for (uint32_t slot = 0; slot < me->w.depth; slot++)
			me->w.flights[slot].end_ns = 0;
		closed(me, until_ns, warm);
	} else {
		open_loop(me, until_ns, warm ? until_ns : until_ns + me->engine->grace_ns, warm, &end);
		if (!warm && end.passed)
			settle(me, &end);
	}
	if (!warm && me->error == 0 && me->engine->run->ops->last)
		finish(me);
}

uint64_t bt_load_flow_end(const struct bt_load_worker *me)
{
	uint64_t begin = me->laps[atomic_load_explicit(&me->acked, memory_order_relaxed) & 1].begin_ns;
	unsigned __int128 sum = 0;
	uint32_t used = 0;

	for (uint32_t slot = 0; slot < me->w.depth; slot++) {
		uint64_t end = me->w.flights[slot].end_ns;

		sum += end;
		used += end != 0;
	}
	if (used == 0 || (uint64_t)(sum / used) < begin)
		return me->last_ns;
	return (uint64_t)(sum / used) + me->tail_ns;
}
