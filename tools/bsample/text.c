/* SPDX-License-Identifier: ISC
 *
 * text - a tick for people: one line of all groups that fold into columns, and for each list a line for each row in which something
 * happened. Headings come again when they would leave the screen.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bsample.h"
#include "term.h"
#include "utf8.h"

#define NAME_MAX_COLUMNS 48

/* At most five characters. What is not nothing never looks like it. */
static void compact(char out[16], double v, const char *unit)
{
	static const char prefixes[] = " kMGTPE";
	double step = unit[0] == 'B' ? 1024 : 1000, size = v < 0 ? -v : v;
	unsigned n = 0;

	if (isnan(v)) {
		snprintf(out, 16, "-");
		return;
	}
	while (size >= 999.5 && n + 2 < sizeof(prefixes)) {
		size /= step;
		n++;
	}
	v = v < 0 ? -size : size;
	if (n > 0)
		snprintf(out, 16, size < 9.95 ? "%.1f%c" : "%.0f%c", v, prefixes[n]);
	else if (size > 0 && size < 0.005)
		snprintf(out, 16, "0+");
	else if (strcmp(unit, "ratio") == 0)
		snprintf(out, 16, size < 9.995 ? "%.2f" : "%.0f", v);
	else
		snprintf(out, 16, size < 9.95 && size != (double)(int)size ? "%.1f" : "%.0f", v);
}

static unsigned width_of(const struct bsample_field *f)
{
	unsigned need = strcmp(f->unit, "ratio") == 0 ? 4 : strcmp(f->unit, "count") == 0 ? 3 : 5;

	return strlen(f->column) > need ? (unsigned)strlen(f->column) : need;
}

static bool is_shown(const struct bsample *s, const struct bsample_field *f)
{
	return f->column && bt_load_wants(&s->load, f->metric);
}

/* Whether people get a line for each row: always, or since -k asks for it. */
static bool is_list(const struct bsample *s, const struct bsample_group *g)
{
	const char *dim = g->dims[0].name;

	return g->list || (dim && s->by_cpu && strcmp(dim, "cpu") == 0) || (dim && s->by_node && strcmp(dim, "node") == 0);
}

static double fold(const struct bsample_table *t, unsigned field)
{
	double sum = NAN;

	for (size_t r = 0; r < t->n; r++) {
		double v = t->rows[r]->value[field];

		if (t->rows[r]->aside || isnan(v))
			continue;
		if (isnan(sum))
			sum = v;
		else if (t->group->fields[field].fold == BSAMPLE_LARGEST)
			sum = v > sum ? v : sum;
		else
			sum += v;
	}
	return sum;
}

/* Since the start, fine enough to tell ticks apart. */
static void add_time(const struct bsample *s, struct bt_buf *b)
{
	char text[32];

	if (s->load.interval_ns < 100000000) {
		bt_buf_printf(b, "%5.2fs", (double)(s->tick_ns - s->start_ns) / 1e9);
		return;
	}
	bt_term_time(text, sizeof(text), s->tick_ns - s->start_ns);
	bt_buf_printf(b, "%6s", text);
}

/* As many lines as a terminal shows, else twenty. */
static bool heading_due(struct bsample *s, unsigned block)
{
	struct bsample_page *p = &s->page;
	unsigned room = isatty(s->out.file.fd) ? bt_term_height(s->out.file.fd) : 22;
	bool due = !p->headed || p->block != block || p->lines + 2 >= room;

	if (due)
		p->lines = 0;
	p->headed = true;
	p->block = block;
	p->lines++;
	return due;
}

static void line_heading(const struct bsample *s, struct bt_buf *b)
{
	bt_buf_printf(b, "%6s", "at");
	for (unsigned i = 0; i < s->n_tables; i++) {
		const struct bsample_table *t = &s->tables[i];

		for (unsigned f = 0; t->open && !is_list(s, t->group) && f < t->n_fields; f++)
			if (is_shown(s, &t->group->fields[f]))
				bt_buf_printf(b, " %*s", (int)width_of(&t->group->fields[f]), t->group->fields[f].column);
	}
	bt_buf_char(b, '\n');
}

/* All groups that fold. */
static void add_line(struct bsample *s, struct bt_buf *b)
{
	char text[16];
	bool any = false;

	for (unsigned i = 0; i < s->n_tables; i++)
		any |= s->tables[i].open && !is_list(s, s->tables[i].group);
	if (!any)
		return;
	if (heading_due(s, 0))
		line_heading(s, b);
	add_time(s, b);
	for (unsigned i = 0; i < s->n_tables; i++) {
		const struct bsample_table *t = &s->tables[i];

		for (unsigned f = 0; t->open && !is_list(s, t->group) && f < t->n_fields; f++) {
			const struct bsample_field *field = &t->group->fields[f];

			if (!is_shown(s, field))
				continue;
			compact(text, t->fresh ? fold(t, f) : NAN, field->unit);
			bt_buf_printf(b, " %*s", (int)width_of(field), text);
		}
	}
	bt_buf_char(b, '\n');
}

static void list_heading(const struct bsample *s, const struct bsample_table *t, struct bt_buf *b)
{
	bt_buf_printf(b, "%6s", "at");
	for (unsigned f = 0; f < t->n_fields; f++)
		if (is_shown(s, &t->group->fields[f]))
			bt_buf_printf(b, " %*s", (int)width_of(&t->group->fields[f]), t->group->fields[f].column);
	for (unsigned i = 0; t->group->dims[i].name; i++)
		bt_buf_printf(b, " %-*s", t->group->dims[i].number ? 7 : 0, t->group->dims[i].name);
	bt_buf_char(b, '\n');
}

static void add_dims(const struct bsample_table *t, const struct bsample_row *row, struct bt_buf *b)
{
	char text[4 * NAME_MAX_COLUMNS + 1];

	for (unsigned i = 0; t->group->dims[i].name; i++) {
		size_t columns, len = row->dim_len[i];

		bt_utf8_clean(text, sizeof(text), row->dims[i] ? row->dims[i] : "-", row->dims[i] ? len : 1);
		text[bt_utf8_cut(text, strlen(text), NAME_MAX_COLUMNS)] = '\0';
		columns = bt_utf8_width(text, strlen(text));
		bt_buf_printf(b, " %s", text);
		if (t->group->dims[i].number && columns < 7)
			bt_buf_fill(b, ' ', 7 - columns);
	}
	while (b->len > 0 && b->data[b->len - 1] == ' ')
		b->len--;
}

/* A row in which nothing happened is no news. */
static bool is_idle(const struct bsample *s, const struct bsample_table *t, const struct bsample_row *row)
{
	for (unsigned f = 0; f < t->n_fields; f++)
		if (is_shown(s, &t->group->fields[f]) && !isnan(row->value[f]) && row->value[f] != 0)
			return false;
	return true;
}

static void add_list(struct bsample *s, unsigned which, struct bt_buf *b)
{
	const struct bsample_table *t = &s->tables[which];
	char text[16];

	for (size_t r = 0; r < t->n; r++) {
		const struct bsample_row *row = t->rows[r];

		if (is_idle(s, t, row))
			continue;
		if (heading_due(s, 1 + which))
			list_heading(s, t, b);
		add_time(s, b);
		for (unsigned f = 0; f < t->n_fields; f++) {
			const struct bsample_field *field = &t->group->fields[f];

			if (!is_shown(s, field))
				continue;
			compact(text, row->value[f], field->unit);
			bt_buf_printf(b, " %*s", (int)width_of(field), text);
		}
		add_dims(t, row, b);
		bt_buf_char(b, '\n');
	}
}

void bsample_text_tick(struct bsample *s)
{
	struct bt_buf *b = &s->rows.line;

	b->len = 0;
	if (s->missed_now > 0) {
		bt_buf_printf(b, "%6s %llu ticks missed\n", "--", (unsigned long long)s->missed_now);
		s->page.lines++;
	}
	add_line(s, b);
	for (unsigned i = 0; i < s->n_tables; i++)
		if (s->tables[i].fresh && is_list(s, s->tables[i].group))
			add_list(s, i, b);
	if (!b->failed)
		bt_out_raw(&s->out, b->data, b->len);
}

/* What the run was worth, in a line. */
void bsample_text_end(struct bsample *s)
{
	uint64_t span = s->tick_ns - s->start_ns, p99 = s->late.n ? bt_hist_percentile(&s->late, 99) : 0;
	struct bt_buf *b = &s->rows.line;

	if (!bsample_live(s) || s->ticks == 0)
		return;
	b->len = 0;
	bt_buf_printf(b, "%llu ticks, %llu missed, 99 %% at most %.3g ms late, own CPU time %.2g %%\n",
		      (unsigned long long)s->ticks, (unsigned long long)s->missed, (double)p99 / 1e6,
		      span ? (double)(s->cpu_ns - s->first_cpu_ns) / (double)span * 100 : 0);
	bt_out_raw(&s->out, b->data, b->len);
}
