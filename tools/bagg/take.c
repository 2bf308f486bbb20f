/* SPDX-License-Identifier: ISC
 *
 * take - from a line to the groups that its measurements belong to.
 */
#include <errno.h>

#include "bagg.h"
#include "err.h"
#include "units.h"

static bool named(const struct bagg_metric *list, unsigned n, struct bt_span metric)
{
	for (unsigned i = 0; i < n; i++)
		if (bt_span_is(metric, list[i].name))
			return true;
	return false;
}

static bool wanted(const struct bagg_opts *opts, struct bt_span metric)
{
	return opts->n_metrics == 0 || named(opts->metrics, opts->n_metrics, metric);
}

static bool measures(const struct bt_rec_in *r)
{
	return r->kind == BT_KIND_SAMPLE || r->kind == BT_KIND_RESULT || r->kind == BT_KIND_EVENT || r->kind == BT_KIND_AGG;
}

bool bagg_plain(const struct bagg *b)
{
	return b->opts.from == BAGG_FROM_RECORDS && b->opts.interval_ns == 0 && b->opts.n_rates == 0 && b->opts.n_spans == 0 &&
	       b->opts.corrected_ns == 0;
}

void bagg_take_init(struct bagg *b)
{
	bagg_convert_init(&b->convert);
	bagg_correct_init(&b->correct, b->opts.corrected_ns);
	bagg_rates_init(&b->rates, &b->groups.keys);
	bagg_windows_init(&b->windows, b->opts.interval_ns, b->opts.late_ns);
}

void bagg_take_free(struct bagg *b)
{
	bagg_convert_free(&b->convert);
	bagg_correct_free(&b->correct);
	bagg_rates_free(&b->rates);
	bagg_windows_free(&b->windows);
	bagg_spans_free(&b->spans);
}

int bagg_fold_measure(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why)
{
	int rc;

	if (b->windows.interval_ns > 0)
		rc = bagg_windows_add(b, r, hist, blind, why);
	else
		rc = bagg_groups_add(&b->groups, r, hist, blind, why);
	b->lines += rc == 0;
	return rc > 0 ? 0 : rc;
}

/* r in another form than it came: in base units, as a rate, corrected. */
static int reshape(struct bagg *b, struct bt_rec_in r, const struct bt_rec_in *series, struct bt_hist *hist, bool *blind,
		   const char **why)
{
	int rc = 0;

	if (bagg_convert_needed(&r, hist))
		rc = bagg_convert(&b->convert, &r, &hist, why);
	if (rc == 0 && r.has_value && r.kind != BT_KIND_AGG && named(b->opts.rates, b->opts.n_rates, r.metric)) {
		if (b->opts.interval_ns > 0)
			bagg_windows_see(b, r.ts);
		rc = bagg_rates_take(&b->rates, &r, series);
		if (rc <= 0)
			return rc;
		rc = 0;
	}
	if (rc == 0)
		rc = bagg_correct(&b->correct, &b->convert, &r, &hist, why);
	return rc < 0 ? rc : bagg_fold_measure(b, &r, hist, blind, why);
}

int bagg_measure_as(struct bagg *b, const struct bt_rec_in *r, const struct bt_rec_in *series, struct bt_hist *hist,
		    bool *blind, const char **why)
{
	*blind = false;
	if (b->opts.n_rates > 0 || b->opts.corrected_ns > 0 || bagg_convert_needed(r, hist))
		return reshape(b, *r, series, hist, blind, why);
	return bagg_fold_measure(b, r, hist, blind, why);
}

int bagg_measure(struct bagg *b, const struct bt_rec_in *r, struct bt_hist *hist, bool *blind, const char **why)
{
	if (!wanted(&b->opts, r->metric))
		return 0;
	return bagg_measure_as(b, r, r, hist, blind, why);
}

/* Records that measure nothing. */
static int take_other(struct bagg *b, const struct bt_rec_in *r)
{
	if (r->kind == BT_KIND_MARK && b->opts.n_spans > 0)
		return bagg_spans_mark(b, r);
	return bagg_input_other(&b->input, r);
}

int bagg_take_noted(struct bagg *b, const char *line, size_t len)
{
	struct bt_rec_in r;
	const char *why;
	int rc = bt_rec_parse(&r, &b->json, line, len, &why);

	return rc == 0 ? take_other(b, &r) : rc;
}

const struct bt_unit *bagg_unit_of(const struct bt_rec_in *r)
{
	return r->unit.p ? bt_unit_find(r->unit.p, r->unit.len) : NULL;
}

int bagg_take(struct bagg *b, const char *line, size_t len, bool *blind, const char **why)
{
	struct bt_rec_in r;
	int rc = bt_rec_parse(&r, &b->json, line, len, why);

	if (rc == -EINVAL && bagg_foreign_is(b))
		return bagg_foreign_take(b, line, len, blind, why);
	if (rc < 0)
		return rc;
	if (b->screen)
		bagg_live_record(&b->screen->live, &r);
	if (!measures(&r))
		return b->notes ? bagg_notes_other(b->notes, line, len) : take_other(b, &r);
	if (!r.metric.p)
		return 0;
	if (!r.has_value && !r.has_dist) {
		b->input.unfolded += wanted(&b->opts, r.metric);
		return 0;
	}
	b->groups.last = NULL;
	rc = bagg_measure(b, &r, NULL, blind, why);
	if (rc == 0 && b->fast && !bagg_corrected_field(&b->groups.keys, &r))
		bagg_fast_record(b->fast, line, len, &r, &b->groups.keys, &(struct bagg_target){ b->groups.last, bagg_unit_of(&r) });
	return rc;
}

static void count_note(uint64_t n, const char *one, const char *many)
{
	if (n > 0)
		bt_note("%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

/* Nothing that was left out is left unsaid. */
static void say_counts(const struct bagg *b)
{
	const struct bagg_rates *rates = &b->rates;

	count_note(b->foreign.unmeasured, "line has no number under any key that -m names",
		   "lines have no number under any key that -m names");
	if (b->opts.interval_ns == 0 && (b->opts.time_given || b->input.verbose))
		count_note(b->foreign.no_time, "line has no time that could be read; see --time",
			   "lines have no time that could be read; see --time");
	count_note(b->windows.no_time, "measurement without a time is in the window of the newest one",
		   "measurements without a time are in the windows of the newest ones");
	count_note(rates->resets, "counter was reset", "resets of counters");
	count_note(rates->backward, "record of a counter is not newer than the one before, and left out",
		   "records of counters are not newer than the ones before, and left out");
	count_note(rates->no_time, "record of a counter has no time, and is left out",
		   "records of counters have no time, and are left out");
	if (rates->index.n > 0 && rates->rates == 0)
		bt_note("no counter has two records, so there is no rate");
	count_note(b->spans.alone, "mark of a span has no partner", "marks of spans have no partner");
	count_note(b->spans.late, "mark came after its time was over, and is left out",
		   "marks came after their time was over, and are left out");
	count_note(b->correct.open, "record of an open loop needs no correction",
		   "records of open loops need no correction");
	count_note(b->correct.unknown, "record could not be corrected: no histogram, or values out of range",
		   "records could not be corrected: no histogram, or values out of range");
}

void bagg_take_end(struct bagg *b)
{
	bagg_spans_finish(b);
	say_counts(b);
}
