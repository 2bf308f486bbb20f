/* SPDX-License-Identifier: ISC
 *
 * open - opens the groups, and says what they lack and where they are coarse.
 */
#include "bsample.h"
#include "err.h"
#include "tick.h"

#define QUANTA 10u

/* A group of which -m wants nothing is not read. */
static bool wants_some(const struct bsample *s, const struct bsample_group *g)
{
	for (const struct bsample_field *f = g->fields; f->metric; f++)
		if (!f->hidden && bt_load_wants(&s->load, f->metric))
			return true;
	for (const char *const *also = g->also; also && *also; also++)
		if (bt_load_wants(&s->load, *also))
			return true;
	return false;
}

static void open_all(struct bsample *s)
{
	for (unsigned i = 0; i < s->n_tables; i++) {
		struct bsample_table *t = &s->tables[i];

		t->wanted = wants_some(s, t->group);
		t->open = t->wanted && t->group->open(s, t) == 0;
	}
}

/* At least one group must have something to read, if any is wanted. */
static void need_one(struct bsample *s)
{
	for (unsigned i = 0; i < s->n_tables; i++)
		if (s->tables[i].open || !s->tables[i].wanted)
			return;
	bt_die(BT_EXIT_UNABLE, "%s: %s", s->tables[0].group->name, s->tables[0].why);
}

static void say_missing(struct bsample *s)
{
	for (unsigned i = 0; i < s->n_tables; i++)
		if (s->tables[i].why[0])
			bsample_warn(s, "missing", "%s: %s", s->tables[i].group->name, s->tables[i].why);
}

/* Warn of groups that count in steps so long that the interval has few of them. */
static void say_coarse(struct bsample *s)
{
	for (unsigned i = 0; bsample_live(s) && i < s->n_tables; i++) {
		const struct bsample_table *t = &s->tables[i];
		uint64_t longest = 0;

		for (unsigned f = 0; t->open && f < t->n_fields; f++) {
			const struct bsample_field *field = &t->group->fields[f];

			if (!bsample_is_gauge(field) && s->quantum_ns[field->quantum] > longest)
				longest = s->quantum_ns[field->quantum];
		}
		if (s->load.interval_ns < QUANTA * longest)
			bsample_warn(s, "quantum", "%s: the kernel counts some of it in steps of %g ms, so an interval of %g ms has fewer than %u; "
				     "such values are marked coarse", t->group->name, (double)longest / 1e6, (double)s->load.interval_ns / 1e6, QUANTA);
	}
}

/* The kernel's tick need not be known where no interval is so short. */
static void settle_quanta(struct bsample *s)
{
	s->quantum_ns[BSAMPLE_USER_HZ] = 10000000;
	s->quantum_ns[BSAMPLE_MS] = 1000000;
	s->quantum_ns[BSAMPLE_SECOND] = 1000000000;
	s->quantum_ns[BSAMPLE_TICK] = s->quantum_ns[BSAMPLE_USER_HZ];
	if (bsample_live(s) && s->load.interval_ns < QUANTA * s->quantum_ns[BSAMPLE_TICK]) {
		uint64_t tick = bt_tick_ns(&s->src);

		s->quantum_ns[BSAMPLE_TICK] = tick ? tick : s->quantum_ns[BSAMPLE_USER_HZ];
	}
	s->quantum_ns[BSAMPLE_TASK] = s->quantum_ns[proc_by_ticks(s) ? BSAMPLE_TICK : BSAMPLE_USER_HZ];
}

void bsample_open_groups(struct bsample *s)
{
	open_all(s);
	need_one(s);
}

void bsample_say_doubts(struct bsample *s)
{
	settle_quanta(s);
	say_missing(s);
	say_coarse(s);
}
