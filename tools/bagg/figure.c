/* SPDX-License-Identifier: ISC
 *
 * figure - which metrics stand for the speed and the response time of a test in the live view.
 */
#include <string.h>

#include "live.h"
#include "utf8.h"

void bagg_live_text(struct bt_span s, char *out, size_t cap)
{
	char text[BAGG_NAME];

	bt_utf8_clean(out, cap, text, bt_span_text(s, text, sizeof(text)));
}

static bool is_unit(const struct bt_rec_in *r, const char *unit)
{
	return bt_span_is(r->unit, unit);
}

static unsigned rate_rank(const struct bt_rec_in *r)
{
	if (!r->has_value)
		return r->has_dist && r->dur > 0 ? 1 : 0;
	if (bt_span_is(r->metric, "rate") || bt_span_is(r->metric, "iops"))
		return 4;
	return is_unit(r, "op/s") ? 3 : is_unit(r, "B/s") ? 2 : 0;
}

static unsigned lat_rank(const struct bt_rec_in *r)
{
	static const char *const best[] = { "lat", "rtt", "batch", "runq", "connect", NULL };
	unsigned i = 0;

	while (best[i] && !bt_span_is(r->metric, best[i]))
		i++;
	if (best[i])
		return 8 - i;
	return r->has_dist ? is_unit(r, "ns") ? 2 : 1 : is_unit(r, "ns") && r->kind == BT_KIND_EVENT;
}

/* Whether a figure of that rank stands for the test from now on. *fresh: it has another metric than so far. */
static bool prefer(struct bagg_figure *f, const struct bt_rec_in *r, unsigned rank, bool *fresh)
{
	char metric[BAGG_NAME];

	*fresh = false;
	if (rank == 0 || rank < f->rank)
		return false;
	bagg_live_text(r->metric, metric, sizeof(metric));
	if (rank == f->rank)
		return strcmp(metric, f->metric) == 0;
	*fresh = true;
	f->rank = rank;
	memcpy(f->metric, metric, sizeof(metric));
	bagg_live_text(r->unit, f->unit, sizeof(f->unit));
	return true;
}

static void add_trend(struct bagg_row *row, double v)
{
	if (row->n_trend == BAGG_TREND)
		memmove(row->trend, row->trend + 1, --row->n_trend * sizeof(row->trend[0]));
	row->trend[row->n_trend++] = (float)v;
}

static void take_rate(struct bagg_row *row, const struct bt_rec_in *r)
{
	unsigned rank = rate_rank(r);
	bool fresh;

	if (!prefer(&row->rate, r, rank, &fresh))
		return;
	if (rank == 1)
		memcpy(row->rate.unit, "op/s", sizeof("op/s"));
	if (fresh)
		row->n_trend = 0;
	row->now = rank == 1 ? (double)r->n / r->dur : r->value.f;
	if (r->kind != BT_KIND_RESULT || !row->sampled)
		add_trend(row, row->now);
}

/* Distributions bring their ranks along; of single events we count our own. */
static void take_lat(struct bagg_row *row, const struct bt_rec_in *r)
{
	bool fresh;

	if (!prefer(&row->lat, r, lat_rank(r), &fresh))
		return;
	if (fresh)
		bt_hist_reset(&row->hist);
	if (r->has_dist) {
		row->p50 = r->p50;
		row->p99 = r->p99;
	} else if (r->kind == BT_KIND_EVENT && r->value.f >= 0 && r->value.f < 0x1p63) {
		bt_hist_add(&row->hist, (uint64_t)r->value.f);
	}
}

void bagg_row_take(struct bagg_row *row, const struct bt_rec_in *r)
{
	take_rate(row, r);
	take_lat(row, r);
}

void bagg_row_settle(struct bagg_row *row, double s)
{
	if (row->rate.rank == 0 && (row->events > 0 || row->n_trend > 0)) {
		memcpy(row->rate.unit, "op/s", sizeof("op/s"));
		row->now = (double)row->events / s;
		add_trend(row, row->now);
	}
	row->events = 0;
}
