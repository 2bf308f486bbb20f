/* SPDX-License-Identifier: ISC
 *
 * chart - a distribution drawn with characters: horizontal bars over rows of equal ratio.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fmt.h"
#include "report.h"
#include "term.h"
#include "utf8.h"
#include "view.h"

enum { ROWS = 20, LABEL = 32, MARKS = 24, SHARE = 8, BAR_LEAST = 8 };

struct chart_row {
	char label[LABEL], marks[MARKS];
	double count;
};

struct chart {
	const struct bagg_agg *a;
	double from, to;   /* log of the smallest and largest value, or these themselves */
	bool log;
	unsigned n;
	struct chart_row rows[ROWS];
};

static double axis(const struct chart *c, double v)
{
	return c->log ? log(v) : v;
}

static unsigned row_of(const struct chart *c, double v)
{
	double at = c->to > c->from ? (axis(c, v) - c->from) / (c->to - c->from) * c->n : 0;

	return at < 1 ? 0 : at >= c->n ? c->n - 1 : (unsigned)at;
}

static unsigned count_steps(const struct bagg_agg *a, unsigned most)
{
	struct bagg_step s = { 0 };
	unsigned n = 0;

	while (n < most && bagg_step_next(a, &s))
		n++;
	return n;
}

/* The rows and where they begin. Values that are not all above 0 have no logarithm. */
static void scale(struct chart *c)
{
	const struct bagg_fold *f = &c->a->group->fold;
	const char *unit = c->a->group->unit ? c->a->group->unit : "";
	char label[64];

	c->n = count_steps(c->a, ROWS);
	c->log = f->min.f > 0;
	c->from = axis(c, f->min.f);
	c->to = axis(c, f->max.f);
	for (unsigned i = 0; i < c->n; i++) {
		double low = c->from + (c->to - c->from) * i / c->n;

		bt_fmt_scaled(label, sizeof(label), i == 0 ? f->min.f : c->log ? exp(low) : low, unit);
		bt_utf8_clean(c->rows[i].label, LABEL, label, strlen(label));
	}
}

static void mark(struct chart *c, double v, const char *name)
{
	char *marks = c->rows[row_of(c, v)].marks;
	size_t len = strlen(marks);

	snprintf(marks + len, MARKS - len, " %s", name);
}

static void fill(struct chart *c)
{
	static const struct { double p; const char *name; } ranks[] = { { 50, "p50" }, { 90, "p90" }, { 99, "p99" } };
	struct bagg_step s = { 0 };
	struct bt_number v;

	while (bagg_step_next(c->a, &s))
		c->rows[row_of(c, s.value.f)].count += (double)s.count;
	for (unsigned i = 0; i < 3; i++)
		if (bagg_agg_rank(c->a, ranks[i].p, &v))
			mark(c, v.f, ranks[i].name);
	mark(c, c->a->group->fold.max.f, "max");
}

/* eighths of a column; what is not empty shows. */
static void bar(struct bt_buf *b, unsigned eighths, unsigned width, bool utf8)
{
	static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned full = eighths / 8, rest = eighths % 8;

	if (!utf8) {
		full += rest >= 4;
		bt_buf_fill(b, '#', full);
		if (eighths > 0 && full == 0)
			bt_buf_char(b, '.');
		bt_buf_fill(b, ' ', width - (eighths > 0 && full == 0 ? 1 : full));
		return;
	}
	for (unsigned i = 0; i < full; i++)
		bt_buf_str(b, "█");
	bt_buf_str(b, parts[rest]);
	bt_buf_fill(b, ' ', width - full - (rest > 0));
}

static size_t columns(const char *s)
{
	return bt_utf8_width(s, strlen(s));
}

/* What there is room for, the label last to go, and the bar what is left. */
struct parts {
	size_t label, marks;
	unsigned share, bar;
	double most; /* count of the longest bar */
};

static struct parts divide(const struct chart *c, unsigned width)
{
	struct parts p = { .share = SHARE };
	unsigned used;

	for (unsigned i = 0; i < c->n; i++) {
		p.label = columns(c->rows[i].label) > p.label ? columns(c->rows[i].label) : p.label;
		p.marks = strlen(c->rows[i].marks) > p.marks ? strlen(c->rows[i].marks) : p.marks;
		p.most = c->rows[i].count > p.most ? c->rows[i].count : p.most;
	}
	used = (unsigned)p.label + 1 + BAR_LEAST;
	if (used + SHARE + p.marks > width)
		p.marks = 0;
	if (used + SHARE > width)
		p.share = 0;
	if (used > width)
		p.label = 0;
	used = (p.label ? (unsigned)p.label + 1 : 0) + p.share + (unsigned)p.marks;
	p.bar = used < width ? width - used : 0;
	return p;
}

static void draw(const struct chart *c, unsigned width, struct bt_buf *b)
{
	double n = (double)c->a->group->fold.moments.n;
	struct parts p = divide(c, width);
	bool utf8 = bt_term_utf8();

	for (unsigned i = 0; i < c->n; i++) {
		const struct chart_row *row = &c->rows[i];
		unsigned eighths = (unsigned)(row->count / p.most * 8 * p.bar);

		if (p.label) {
			bt_buf_fill(b, ' ', p.label - columns(row->label));
			bt_buf_printf(b, "%s ", row->label);
		}
		bar(b, eighths == 0 && row->count > 0 && p.bar > 0 ? 1 : eighths, p.bar, utf8);
		if (p.share)
			bt_buf_printf(b, " %5.1f %%", row->count / n * 100);
		bt_buf_str(b, p.marks ? row->marks : "");
		while (b->len > 0 && b->data[b->len - 1] == ' ')
			b->len--;
		bt_buf_char(b, '\n');
	}
}

/* At most width columns, without what would end a code block. */
static void add_title(struct bt_buf *b, const char *s, unsigned width)
{
	size_t left = strlen(s), used = 0;

	while (left > 0) {
		unsigned n = bt_utf8_char(s, left);

		n = n > 0 ? n : 1;
		used += bt_utf8_width(s, n);
		if (used > width)
			break;
		if (*s == '`')
			bt_buf_char(b, '?');
		else
			bt_buf_add(b, s, n);
		s += n;
		left -= n;
	}
	bt_buf_char(b, '\n');
}

void bagg_chart(const struct bagg_agg *a, const char *title, unsigned width, struct bt_buf *b)
{
	struct chart c = { .a = a };

	add_title(b, title, width);
	if (a->source == BAGG_UNKNOWN || !a->group->fold.has_range) {
		add_title(b, "(its distribution is not known)", width);
		return;
	}
	scale(&c);
	fill(&c);
	draw(&c, width, b);
}
