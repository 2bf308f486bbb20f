/* SPDX-License-Identifier: ISC
 *
 * plan - how far a producer is, by the plan in its meta record and the results that have come.
 */
#include <string.h>

#include "live.h"

static double number_of(const struct bt_rec_in *r, const char *key, double otherwise)
{
	const struct bt_json_field *f = bt_json_find(r->json, key);
	struct bt_number v;

	if (!f || f->type != BT_JSON_NUMBER || bt_json_number(f->val, f->val_len, &v) < 0 || !(v.f >= 0 && v.f < 1e9))
		return otherwise;
	return v.f;
}

static bool text_of(const struct bt_rec_in *r, const char *key, char *out, size_t cap)
{
	const struct bt_json_field *f = bt_json_find(r->json, key);

	return f && f->type == BT_JSON_STRING && bt_rec_dim_value(f, out, cap) > 0;
}

static unsigned count_items(const char *list)
{
	unsigned n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* How long one run takes: not known where only a count ends it. */
static double run_seconds(const struct bt_rec_in *r)
{
	double count = number_of(r, "count", 0), rate = number_of(r, "rate", 0);

	if (count > 0)
		return rate > 0 ? count / rate : 0;
	return number_of(r, "duration", 0);
}

bool bagg_plan_read(struct bagg_plan *p, const struct bt_rec_in *r, char *tests, size_t cap)
{
	char threads[512];
	double run_s = run_seconds(r);

	*p = (struct bagg_plan){ .scales = 1 };
	if (run_s <= 0 || !text_of(r, "tests", tests, cap))
		return false;
	p->n_tests = count_items(tests);
	if (text_of(r, "threads", threads, sizeof(threads)))
		p->scales = count_items(threads);
	p->repeat = (uint64_t)number_of(r, "repeat", 1);
	p->warmup_s = number_of(r, "warmup", 0);
	p->slot_s = p->warmup_s + run_s + number_of(r, "cooldown", 0);
	return p->n_tests <= BAGG_PLAN_TESTS && p->repeat > 0;
}

unsigned bagg_plan_test(const struct bagg_plan *p)
{
	uint64_t slots = p->repeat * p->scales * p->n_tests;

	return p->done < slots ? (unsigned)(p->done / p->scales % p->n_tests) : p->n_tests;
}

static double slot_share(const struct bagg_live *l, const struct bagg_plan *p)
{
	double s = l->now_ns > p->start_ns ? (double)(l->now_ns - p->start_ns) / 1e9 : 0;

	return s < p->slot_s ? s / p->slot_s : 1;
}

static bool ended(enum bagg_state state)
{
	return state >= BAGG_DONE;
}

/* The plan as long as it says something: that of a producer that has ended is history. */
static const struct bagg_plan *plan_of(const struct bagg_live *l, const struct bagg_row *row)
{
	return row->plan == BAGG_NO_PLAN ? NULL : &l->plans[row->plan];
}

enum bagg_state bagg_row_state(const struct bagg_live *l, const struct bagg_row *row)
{
	const struct bagg_stream *s = &l->streams[row->stream];
	const struct bagg_plan *p = plan_of(l, row);
	double slot_s;

	if (p && row->done >= p->repeat * p->scales)
		return row->errors > 0 ? BAGG_FAILED : BAGG_DONE;
	if (ended(s->state) || !p)
		return s->state;
	if (bagg_plan_test(p) != row->place)
		return BAGG_QUEUED;
	slot_s = slot_share(l, p) * p->slot_s;
	return s->state == BAGG_WAITING ? BAGG_WAITING : slot_s < p->warmup_s ? BAGG_WARMING : BAGG_RUNNING;
}

bool bagg_row_progress(const struct bagg_live *l, const struct bagg_row *row, double *share, double *left_s)
{
	const struct bagg_plan *p = plan_of(l, row);
	double slots, last, now;

	*left_s = 0;
	if (!p)
		return false;
	slots = (double)(p->repeat * p->scales);
	now = l->streams[row->stream].state == BAGG_WAITING || ended(l->streams[row->stream].state) ? 0 : slot_share(l, p);
	*share = (double)row->done / slots + (bagg_plan_test(p) == row->place ? now / slots : 0);
	if (*share > 1)
		*share = 1;
	/* Its last slot, counted over all tests of the plan. */
	last = ((double)(p->repeat - 1) * p->n_tests + row->place) * p->scales + p->scales - 1;
	if (*share < 1)
		*left_s = (last + 1 - (double)p->done - now) * p->slot_s;
	if (*left_s < 0)
		*left_s = 0;
	return true;
}
