/* SPDX-License-Identifier: ISC
 *
 * loadloop - the measured loops of a worker: closed and open.
 */
#include <errno.h>

#include "cpus.h"
#include "load_private.h"

/* Counts one operation that is done, but for its times. Returns false when it failed. */
static inline bool count(struct bt_load_worker *me, struct bt_tally *tally, int rc)
{
	uint32_t cpu = bt_cpus_current();

	if (__builtin_expect(rc != 0, 0)) {
		if (rc < 0) {
			bt_load_fail(me, rc, "step");
			return false;
		}
		tally->errors += (uint64_t)rc;
	}
	if (__builtin_expect(cpu != me->cpu, 0)) {
		me->cpu = cpu;
		tally->migrations++;
	}
	tally->ops++;
	me->left--;
	return true;
}

/* When the operation that has just returned, at now, was over. */
static inline uint64_t end_of(struct bt_load_worker *me, uint64_t now)
{
	uint64_t end = me->w.end_ns;

	if (__builtin_expect(end == 0, 1))
		return now;
	me->w.end_ns = 0;
	return end;
}

/* At least one operation, so that there is a result even if the warm-up took longer than the run. */
void bt_load_closed(struct bt_load_worker *me, uint64_t until_ns, bool warm)
{
	int (*step)(struct bt_worker *w) = me->engine->run->ops->step;
	const struct bt_clock *clock = me->w.clock;
	struct bt_tally *tally = &bt_load_lap(me)->tally;
	uint64_t t = bt_clock_now(clock);

	me->w.tally = tally;
	while (me->left > 0) {
		int rc = step(&me->w);
		uint64_t now = bt_clock_now(clock);

		if (!count(me, tally, rc))
			return;
		bt_hist_add(&tally->lat, end_of(me, now) - t);
		me->last_ns = t = now;
		if (t >= until_ns || me->w.enough)
			return;
		if (__builtin_expect(bt_load_control(me) != me->seen, 0)) {
			if (warm ? bt_load_stopping(me) : !bt_load_obey(me))
				return;
			me->w.tally = tally = &bt_load_lap(me)->tally;
			t = bt_clock_now(clock);
			if (t >= until_ns)
				return;
		}
	}
}

bool bt_load_await(struct bt_load_worker *me, uint64_t until_ns, bool warm)
{
	const struct bt_clock *clock = me->w.clock;
	uint64_t now, spin_ns = me->engine->run->sleeps ? 0 : BT_LOAD_SPIN_NS;

	for (;;) {
		if (warm ? bt_load_stopping(me) : !bt_load_obey(me))
			return false;
		now = bt_clock_now(clock);
		if (now >= until_ns)
			return true;
		if (until_ns - now > BT_LOAD_POLL_NS)
			(void)bt_clock_sleep_until(clock, now + BT_LOAD_POLL_NS, 0);
		else
			(void)bt_clock_sleep_until(clock, until_ns, spin_ns);
	}
}

/* Does the operation that is due and counts it in tally. Returns when it finished, 0 when it failed. */
static uint64_t operate(struct bt_load_worker *me, struct bt_tally *tally, uint64_t start_ns)
{
	uint64_t due_ns = me->pace.next_ns, finish_ns, end_ns;
	int rc;

	me->w.tally = tally;
	me->w.due_ns = due_ns;
	rc = me->engine->run->ops->step(&me->w);
	finish_ns = bt_clock_now(me->w.clock);
	if (!count(me, tally, rc))
		return 0;
	end_ns = end_of(me, finish_ns);
	bt_hist_add(&tally->lat, end_ns - due_ns);
	bt_hist_add(&tally->svc, end_ns - start_ns);
	bt_hist_add(&tally->late, start_ns - due_ns);
	bt_pace_next(&me->pace);
	return finish_ns;
}

static bool planned_before(const struct bt_load_worker *me, uint64_t until_ns)
{
	return me->left > 0 && me->pace.next_ns < until_ns;
}

void bt_load_open(struct bt_load_worker *me, uint64_t until_ns, bool warm)
{
	while (planned_before(me, until_ns) && bt_load_await(me, me->pace.next_ns, warm)) {
		uint64_t start = bt_clock_now(me->w.clock);

		if (start >= until_ns)
			return;
		me->last_ns = operate(me, &bt_load_lap(me)->tally, start);
		if (me->last_ns == 0)
			return;
	}
}

/* After the end: a stall there is no lack of capacity, so a worker that is behind may catch up for a while. If it does
 * not, it is as if it had not tried: else a step slower than the rate would gain operations. */
void bt_load_catch_up(struct bt_load_worker *me)
{
	const struct bt_load_engine *e = me->engine;
	struct bt_tally *tally = &bt_load_lap(me)->tally;
	struct bt_pace pace = me->pace;
	uint64_t left = me->left, start, finish = 0;

	while (planned_before(me, e->end_ns) && !bt_load_stopping(me)) {
		start = bt_clock_now(me->w.clock);
		if (start >= e->end_ns + e->grace_ns)
			break;
		finish = operate(me, &me->grace, start);
		if (finish == 0)
			return;
	}
	if (planned_before(me, e->end_ns)) {
		tally->errors += me->grace.errors;
		me->pace = pace;
		me->left = left;
	} else if (finish > 0) {
		if (bt_tally_merge(tally, &me->grace) != 0)
			bt_load_fail(me, -ENOMEM, "memory");
		me->last_ns = finish;
	}
}
