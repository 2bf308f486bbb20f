/* SPDX-License-Identifier: ISC
 *
 * show - what a tick has, as records.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include "bsample.h"
#include "err.h"
#include "host.h"
#include "num.h"

void bsample_start(const struct bsample *s, struct bt_rec *r, enum bt_kind kind, const char *test, uint64_t read_ns,
		   uint64_t dur_ns)
{
	bt_rec_init(r, kind);
	r->ts_us = bsample_time(s, read_ns);
	r->test = test;
	r->dur_ns = dur_ns;
	r->late_ns = kind == BT_KIND_SAMPLE ? s->late_ns : 0;
}

/* Wide output has rows only; people see samples in lines of their own. */
void bsample_write(struct bsample *s, struct bt_rec *r)
{
	if (r->kind == BT_KIND_SAMPLE)
		bsample_marks_until(s, r->ts_us);
	if (r->ts_us > s->last_us)
		s->last_us = r->ts_us;
	if (s->wide || (s->out.format == BT_FORMAT_TEXT && (r->kind == BT_KIND_SAMPLE || r->kind == BT_KIND_RESULT)))
		return;
	bt_out_rec(&s->out, r);
}

void bsample_emit(struct bsample *s, struct bt_rec *r)
{
	if (!r->metric || bt_load_wants(&s->load, r->metric))
		bsample_write(s, r);
}

static void add_dims(struct bt_rec *r, const struct bsample_group *g, const struct bsample_row *row)
{
	for (unsigned i = 0; g->dims[i].name; i++) {
		uint64_t number;

		if (!row->dims[i])
			continue;
		if (g->dims[i].number && bt_num_u64(row->dims[i], 0, UINT64_MAX, &number) == 0)
			bt_rec_u64(r, g->dims[i].name, number);
		else
			bt_rec_text(r, g->dims[i].name, row->dims[i], row->dim_len[i]);
	}
}

void bsample_emit_row(struct bsample *s, const struct bsample_table *t, const struct bsample_row *row)
{
	const struct bsample_group *g = t->group;

	for (unsigned i = 0; i < t->n_fields; i++) {
		const struct bsample_field *f = &g->fields[i];
		struct bt_rec r;

		if (f->hidden || isnan(row->value[i]) || !bt_load_wants(&s->load, f->metric))
			continue;
		bsample_start(s, &r, BT_KIND_SAMPLE, g->name, row->read_ns, bsample_is_gauge(f) ? 0 : row->read_ns - row->was_ns);
		r.taint = row->taint[i];
		add_dims(&r, g, row);
		if (f->dim)
			bt_rec_str(&r, f->dim, f->is);
		if (f->dim2)
			bt_rec_str(&r, f->dim2, f->is2);
		bt_rec_value(&r, f->metric, f->unit, f->better, row->value[i]);
		bsample_write(s, &r);
	}
}

static void emit_figure(struct bsample *s, enum bt_kind kind, const char *metric, const char *unit, double value, uint64_t dur_ns)
{
	struct bt_rec r;

	bsample_start(s, &r, kind, "self", s->tick_ns, dur_ns);
	bt_rec_value(&r, metric, unit, BT_BETTER_LOWER, value);
	bsample_emit(s, &r);
}

/* The tick itself: how late it came, and what this process has used since the last one. */
static void emit_self(struct bsample *s)
{
	uint64_t span = s->tick_ns - s->last_ns;

	if (!bsample_live(s))
		return;
	emit_figure(s, BT_KIND_SAMPLE, "self_cpu", "ratio", (double)(s->cpu_ns - s->last_cpu_ns) / (double)span, span);
	emit_figure(s, BT_KIND_SAMPLE, "late", "ns", (double)s->late_ns, span);
	if (s->missed_now > 0)
		emit_figure(s, BT_KIND_SAMPLE, "missed", "count", (double)s->missed_now, span);
}

static void show_records(struct bsample *s)
{
	emit_self(s);
	for (unsigned i = 0; i < s->n_tables; i++) {
		struct bsample_table *t = &s->tables[i];

		if (!t->fresh)
			continue;
		for (size_t r = 0; r < t->n; r++)
			bsample_emit_row(s, t, t->rows[r]);
		if (t->group->emit)
			t->group->emit(s, t);
	}
}

void bsample_show(struct bsample *s)
{
	if (s->wide || s->out.format == BT_FORMAT_TEXT)
		bsample_marks_until(s, bsample_time(s, s->tick_ns));
	bt_out_hold(&s->out);
	if (s->wide)
		bsample_wide(s);
	else if (s->out.format == BT_FORMAT_TEXT)
		bsample_text_tick(s);
	else
		show_records(s);
	bt_out_release(&s->out);
}

void bsample_meta(struct bsample *s)
{
	struct bt_buf argv = BT_BUF_INIT, groups = BT_BUF_INIT;
	struct bt_host host;
	struct bt_rec r;

	bt_host_argv(&argv, s->argc, s->argv);
	for (unsigned i = 0; i < s->n_tables; i++)
		bt_buf_printf(&groups, "%s%s", i ? "," : "", s->tables[i].group->name);
	bt_host_read(&host, &s->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", BT_VERSION);
	bt_rec_str(&r, "argv", bt_buf_cstr(&argv));
	bt_rec_str(&r, "clock", "monotonic");
	bt_rec_str(&r, "tests", bt_buf_cstr(&groups));
	bt_rec_f64(&r, "interval", (double)s->load.interval_ns / 1e9);
	if (s->load.duration_set)
		bt_rec_f64(&r, "duration", (double)s->load.duration_ns / 1e9);
	if (s->load.count)
		bt_rec_u64(&r, "count", s->load.count);
	if (s->align)
		bt_rec_bool(&r, "align", true);
	if (s->load.dry_run)
		bt_rec_bool(&r, "dry_run", true);
	for (unsigned i = 0; i < s->n_tables; i++)
		if (s->tables[i].open && s->tables[i].group->meta)
			s->tables[i].group->meta(s, &s->tables[i], &r);
	bt_host_record(&host, &r);
	bsample_write(s, &r);
	bt_buf_free(&argv);
	bt_buf_free(&groups);
}

/* What was lost on the way: steps back of counters, and passes that failed. */
static void emit_trouble(struct bsample *s, const struct bsample_table *t, const char *metric, uint64_t count)
{
	struct bt_rec r;

	bsample_start(s, &r, BT_KIND_RESULT, "self", s->tick_ns, s->tick_ns - s->start_ns);
	bt_rec_str(&r, "group", t->group->name);
	bt_rec_count(&r, metric, "count", BT_BETTER_LOWER, count);
	bsample_emit(s, &r);
}

static void result_records(struct bsample *s)
{
	uint64_t span = s->tick_ns - s->start_ns;
	struct rusage usage;
	struct bt_rec r;

	for (unsigned i = 0; i < s->n_tables; i++) {
		struct bsample_table *t = &s->tables[i];

		if (t->open && t->group->finish)
			t->group->finish(s, t);
		if (t->open)
			emit_trouble(s, t, "backwards", t->clamped);
		if (t->failed)
			emit_trouble(s, t, "failed", t->failed);
	}
	if (!bsample_live(s))
		return;
	getrusage(RUSAGE_SELF, &usage);
	emit_figure(s, BT_KIND_RESULT, "ticks", "count", (double)s->ticks, span);
	emit_figure(s, BT_KIND_RESULT, "missed", "count", (double)s->missed, span);
	emit_figure(s, BT_KIND_RESULT, "self_rss", "B", (double)usage.ru_maxrss * 1024, 0);
	if (s->ticks == 0)
		return;
	emit_figure(s, BT_KIND_RESULT, "self_cpu", "ratio", (double)(s->cpu_ns - s->first_cpu_ns) / (double)span, span);
	bsample_start(s, &r, BT_KIND_RESULT, "self", s->tick_ns, span);
	bt_rec_dist(&r, "late", "ns", BT_BETTER_LOWER, &s->late);
	bsample_emit(s, &r);
}

void bsample_results(struct bsample *s)
{
	if (s->out.format == BT_FORMAT_TEXT)
		bsample_text_end(s);
	result_records(s);
}

void bsample_warn(struct bsample *s, const char *code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bt_warn("%s", text);
	if (!s->wide)
		bt_out_warn(&s->out, code, text);
}
