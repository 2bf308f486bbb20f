/* SPDX-License-Identifier: ISC
 *
 * page - the comparison as a table for people, in plain text or Markdown.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "page.h"
#include "term.h"

enum column { TOOL, TEST, DIMS, METRIC, BASE, NEW, CHANGE, P, N, VERDICT, TAINT, COLUMNS };

/* "k=v k=v" of the keys that have no column. */
static void cell_dims(struct bt_buf *b, const struct bdiff_groups *g, uint32_t i)
{
	const char *end, *p = bdiff_groups_id(g, i, &end);
	struct bdiff_part part;

	b->len = 0;
	for (int order = 0; (p = bdiff_part_next(p, end, &part)); order++) {
		if (order < BDIFF_HEADS || strcmp(part.name, "tool") == 0 || strcmp(part.name, "test") == 0)
			continue;
		bt_buf_printf(b, "%s%s=", b->len > 0 ? " " : "", part.name);
		bt_buf_add(b, part.value, part.len);
	}
}

/* The median, and how far the ends of its confidence interval are from it. */
static void cell_figures(struct bt_table *t, enum column column, const struct bdiff_figures *f, const char *unit)
{
	char value[64];
	double spread;

	if (f->n == 0)
		return;
	bt_fmt_scaled(value, sizeof(value), f->median, strcmp(unit, "count") == 0 ? "" : unit);
	spread = fmax(f->hi - f->median, f->median - f->lo) / fabs(f->median) * 100;
	if (isfinite(spread))
		bt_table_cell(t, column, "%s +-%.*f%%", value, spread < 9.95 ? 1 : 0, spread);
	else
		bt_table_cell(t, column, "%s", value);
}

static void cell_verdict(struct bt_table *t, const struct bdiff_row *row)
{
	if (row->verdict == BDIFF_UNSURE)
		bt_table_cell(t, VERDICT, "unsure: needs %zu runs a side", row->need);
	else if (row->verdict == BDIFF_WORSE)
		bt_table_cell(t, VERDICT, "WORSE");
	else
		bt_table_cell(t, VERDICT, "%s", bdiff_verdict_name(row->verdict));
}

static void cell_change(struct bt_table *t, double pct)
{
	if (fabs(pct) < 0.05)
		bt_table_cell(t, CHANGE, "0.0%%");
	else
		bt_table_cell(t, CHANGE, fabs(pct) < 99999.95 ? "%+.1f%%" : "%+.2e%%", pct);
}

static void cells_compared(struct bt_table *t, const struct bdiff_row *row)
{
	if (row->base.n == 0 || row->new.n == 0)
		return;
	if (isnan(row->change_pct))
		bt_table_cell(t, CHANGE, "?");
	else
		cell_change(t, row->change_pct);
	if (row->p < 0.001)
		bt_table_cell(t, P, "<0.001");
	else
		bt_table_cell(t, P, "%.3f", row->p);
}

void bdiff_page_row(struct bdiff_page *s, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		    const char *taint)
{
	static const char colours[BDIFF_VERDICTS] = {
		[BDIFF_BETTER] = '2', [BDIFF_WORSE] = '1', [BDIFF_CHANGED] = '3', [BDIFF_UNSURE] = '3', [BDIFF_MISSING] = '3',
	};
	struct bt_table *t = &s->table;
	struct bt_buf *dims = &s->d->id;

	bt_table_row(t);
	bt_table_cell(t, TOOL, "%s", s->several_tools && n->tool ? n->tool : "");
	bt_table_cell(t, TEST, "%s", n->test ? n->test : "");
	cell_dims(dims, &s->d->groups, i);
	bt_table_cell(t, DIMS, "%s", bt_buf_cstr(dims));
	bt_table_cell(t, METRIC, strcmp(n->stat, "value") == 0 ? "%s" : "%s %s", n->metric, n->stat);
	cell_figures(t, BASE, &row->base, n->unit);
	cell_figures(t, NEW, &row->new, n->unit);
	cells_compared(t, row);
	bt_table_cell(t, N, row->base.n == row->new.n ? "%zu" : "%zu/%zu", row->base.n, row->new.n);
	cell_verdict(t, row);
	bt_table_cell(t, TAINT, "%s", taint);
	bt_buf_char(&s->colours, colours[row->verdict]);
}

void bdiff_page_init(struct bdiff_page *s, struct bdiff *d, bool several_tools)
{
	static const char *const titles[COLUMNS] = {
		"tool", "test", "dims", "metric", "base", "new", "change", "p", "n", "verdict", "taint",
	};

	*s = (struct bdiff_page){ .d = d, .several_tools = several_tools };
	bt_table_init(&s->table, COLUMNS);
	bt_table_row(&s->table);
	for (unsigned c = 0; c < COLUMNS; c++) {
		if (c >= BASE && c <= N)
			bt_table_right(&s->table, c);
		bt_table_cell(&s->table, c, "%s", titles[c]);
	}
	bt_buf_char(&s->colours, '\0');
}

static void summary(const struct bdiff *d, struct bt_buf *b)
{
	uint64_t compared = 0, rows = 0;

	for (int v = 0; v < BDIFF_VERDICTS; v++) {
		rows += d->verdicts[v];
		compared += v < BDIFF_MISSING ? d->verdicts[v] : 0;
	}
	if (rows > 0)
		bt_buf_char(b, '\n');
	bt_buf_printf(b, "%" PRIu64 " compared", compared);
	for (int v = 0, said = 0; v < BDIFF_VERDICTS; v++) {
		/* What matters most stands first. */
		static const enum bdiff_verdict order[BDIFF_VERDICTS] = {
			BDIFF_WORSE, BDIFF_BETTER, BDIFF_CHANGED, BDIFF_UNSURE, BDIFF_MISSING, BDIFF_ADDED, BDIFF_SAME,
		};

		if (d->verdicts[order[v]] > 0)
			bt_buf_printf(b, "%s%" PRIu64 " %s", said++ ? ", " : ": ", d->verdicts[order[v]], bdiff_verdict_name(order[v]));
	}
	bt_buf_printf(b, " (alpha %g, threshold %g%%)\n", d->opts.alpha, d->opts.threshold_pct);
}

/* The lines of the text table, those that changed in colour. */
static void coloured(const struct bdiff_page *s, struct bt_buf *from, struct bt_buf *b)
{
	const char *p = from->data, *end = from->data + from->len;

	for (size_t row = 0; p < end; row++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);
		char colour = row < s->colours.len ? s->colours.data[row] : '\0';

		if (colour)
			bt_buf_printf(b, "\033[3%cm", colour);
		bt_buf_add(b, p, len);
		bt_buf_str(b, colour ? "\033[0m\n" : "\n");
		p += len + 1;
	}
}

int bdiff_page_write(struct bdiff_page *s)
{
	struct bdiff *d = s->d;
	struct bt_buf plain = BT_BUF_INIT, b = BT_BUF_INIT;
	bool in_colour = d->out.file.fd == STDOUT_FILENO && bt_term_colour(STDOUT_FILENO) && !s->colours.failed;

	if (d->opts.out.format == BT_FORMAT_MD) {
		bt_table_markdown(&s->table, &b);
	} else {
		if (s->table.rows > 1)
			bt_table_text(&s->table, in_colour ? &plain : &b);
		coloured(s, &plain, &b);
		summary(d, &b);
	}
	if (s->table.failed || plain.failed || b.failed)
		d->out.error = -ENOMEM;
	else if (d->out.error == 0 && b.len > 0)
		d->out.error = bt_outfile_write(&d->out.file, b.data, b.len);
	bt_buf_free(&plain);
	bt_buf_free(&b);
	return d->out.error == -ENOMEM ? -ENOMEM : 0;
}

void bdiff_page_free(struct bdiff_page *s)
{
	bt_table_free(&s->table);
	bt_buf_free(&s->colours);
}
