/* SPDX-License-Identifier: ISC
 *
 * rate - from counters that only grow to how fast they grow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "rate.h"

void bagg_rates_init(struct bagg_rates *s, const struct bagg_keys *group_keys)
{
	*s = (struct bagg_rates){ .keys = *group_keys };
	s->keys.text = NULL;
	s->keys.every_dim = s->keys.rep = true;
	s->keys.head[BAGG_TOOL] = s->keys.head[BAGG_TEST] = s->keys.head[BAGG_HOST] = s->keys.head[BAGG_RUN] = true;
}

void bagg_rates_free(struct bagg_rates *s)
{
	bt_intern_free(&s->index);
	bt_buf_free(&s->key);
	free(s->list);
	s->list = NULL;
	s->cap = 0;
}

/* The series that the record belongs to, or NULL when out of memory. */
static struct bagg_counter *find(struct bagg_rates *s, const struct bt_rec_in *series)
{
	int64_t number;
	bool added;

	bagg_key(&s->keys, series, series->kind, true, &s->key);
	number = s->key.failed ? -ENOMEM : bt_intern(&s->index, s->key.data, s->key.len, &added);
	if (number < 0)
		return NULL;
	if (added && (uint64_t)number >= s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 16;
		struct bagg_counter *list = reallocarray(s->list, cap, sizeof(*list));

		if (!list)
			return NULL;
		s->list = list;
		s->cap = cap;
	}
	if (added)
		s->list[number].ts_us = INT64_MIN;
	return &s->list[number];
}

/* The unit of the rate into s->unit. Returns by what the growth in a second is divided: time per time is a ratio. */
static uint64_t set_unit(struct bagg_rates *s, struct bt_span unit)
{
	size_t len;

	if (!unit.p || bt_span_is(unit, "count") || bt_span_is(unit, "op")) {
		memcpy(s->unit, "op/s", 5);
		return 1;
	}
	if (bt_span_is(unit, "ns")) {
		memcpy(s->unit, "ratio", 6);
		return 1000000000;
	}
	len = bt_span_text(unit, s->unit, sizeof(s->unit) - 2);
	memcpy(s->unit + len, "/s", 3);
	return 1;
}

/* Exact while numerator and result are whole, else rounded once or twice. */
static struct bt_number divide(struct bt_number growth, uint64_t span_us, uint64_t by)
{
	__int128 span = (__int128)span_us * (__int128)by, whole;
	struct bt_number v = { .integer = false };

	if (growth.integer && !__builtin_mul_overflow(growth.i, (__int128)1000000, &whole) && whole % span == 0) {
		v.integer = true;
		v.i = whole / span;
		v.f = (double)v.i;
		return v;
	}
	v.f = growth.f * 1e6 / ((double)span_us * (double)by);
	return v;
}

static struct bt_number minus(struct bt_number a, struct bt_number b)
{
	struct bt_number v = { .integer = a.integer && b.integer, .f = a.f - b.f };

	if (v.integer && __builtin_sub_overflow(a.i, b.i, &v.i))
		v.integer = false;
	if (v.integer)
		v.f = (double)v.i;
	else
		v.i = 0;
	return v;
}

int bagg_rates_take(struct bagg_rates *s, struct bt_rec_in *r, const struct bt_rec_in *series)
{
	int64_t ts_us = bagg_fold_us(r->ts);
	struct bagg_counter *c, last;
	uint64_t by, span_us;

	if (ts_us == INT64_MIN) {
		s->no_time++;
		return 0;
	}
	c = find(s, series);
	if (!c)
		return -ENOMEM;
	last = *c;
	if (last.ts_us != INT64_MIN && ts_us <= last.ts_us) {
		s->backward++;
		return 0;
	}
	*c = (struct bagg_counter){ ts_us, r->value };
	if (last.ts_us == INT64_MIN)
		return 0;
	span_us = (uint64_t)ts_us - (uint64_t)last.ts_us;
	by = set_unit(s, r->unit);
	/* A counter that is below what it was has begun again at 0. */
	r->resets = bagg_number_cmp(&r->value, &last.value) < 0;
	r->value = divide(r->resets ? r->value : minus(r->value, last.value), span_us, by);
	r->unit = (struct bt_span){ .p = s->unit, .len = (uint32_t)strlen(s->unit) };
	r->better = BT_BETTER_NONE;
	r->dur = (double)span_us / 1e6;
	s->resets += r->resets;
	s->rates++;
	return 1;
}
