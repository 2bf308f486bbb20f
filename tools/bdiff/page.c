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
#include "utf8.h"

#define REMARKS_MAX 40 /* lines of reasons; the records have them all */

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

/* What people read; records have the plain names. */
static const char *verdict_word(enum bdiff_verdict v)
{
	return v == BDIFF_UNSURE ? "cannot tell" : v == BDIFF_REGRESSED ? "REGRESSED" : bdiff_verdict_name(v);
}

static void put_pct(struct bt_buf *b, double pct)
{
	if (isnan(pct))
		bt_buf_char(b, '?');
	else if (fabs(pct) < 0.05)
		bt_buf_str(b, "0.0%");
	else
		bt_buf_printf(b, fabs(pct) < 99999.95 ? "%+.1f%%" : "%+.2e%%", pct);
}

static void put_change(struct bt_buf *b, const struct bdiff_row *row)
{
	put_pct(b, row->change_pct);
	if (isnan(row->change_lo) || isnan(row->change_hi))
		return;
	bt_buf_str(b, " [");
	put_pct(b, row->change_lo);
	bt_buf_str(b, ", ");
	put_pct(b, row->change_hi);
	bt_buf_char(b, ']');
}

static void put_p(struct bt_buf *b, double p)
{
	if (p < 0.001)
		bt_buf_str(b, "<0.001");
	else if (!isnan(p))
		bt_buf_printf(b, "%.3f", p);
}

static void cells_compared(struct bt_table *t, const struct bdiff_row *row)
{
	struct bt_buf b = BT_BUF_INIT;

	if (row->base.n == 0 || row->new.n == 0)
		return;
	put_change(&b, row);
	bt_table_cell(t, CHANGE, "%s", bt_buf_cstr(&b));
	b.len = 0;
	put_p(&b, row->p);
	bt_table_cell(t, P, "%s", bt_buf_cstr(&b));
	bt_buf_free(&b);
}

/* Strings of records may hold anything; a terminal must not obey it, nor Markdown. */
static void put_clean(struct bt_buf *b, bool markdown, const char *text)
{
	struct bt_buf clean = BT_BUF_INIT;
	size_t len = strlen(text);

	if (bt_buf_room(&clean, len + 1) == 0) {
		bt_utf8_clean(clean.data, len + 1, text, len);
		if (markdown)
			bt_markdown(b, clean.data);
		else
			bt_buf_str(b, clean.data);
	}
	b->failed |= clean.failed;
	bt_buf_free(&clean);
}

static void put_name(struct bt_buf *b, bool markdown, const struct bdiff_names *n)
{
	put_clean(b, markdown, n->metric);
	if (strcmp(n->stat, "value") != 0) {
		bt_buf_char(b, ' ');
		put_clean(b, markdown, n->stat);
	}
}

static bool in_markdown(const struct bdiff_page *s)
{
	return s->d->opts.out.format == BT_FORMAT_MD;
}

/* Begin a line below the table, about group i. Returns false when there are too many already. */
static bool remark(struct bdiff_page *s, uint32_t i, const struct bdiff_names *n)
{
	struct bt_buf *b = &s->remarks, *dims = &s->d->id;
	bool markdown = in_markdown(s);

	if (s->n_remarks++ >= REMARKS_MAX)
		return false;
	bt_buf_str(b, markdown ? "- " : "");
	if (n->test) {
		put_clean(b, markdown, n->test);
		bt_buf_char(b, ' ');
	}
	cell_dims(dims, &s->d->groups, i);
	put_clean(b, markdown, bt_buf_cstr(dims));
	bt_buf_str(b, dims->len > 0 ? " " : "");
	put_name(b, markdown, n);
	bt_buf_str(b, ": ");
	return true;
}

static void remark_unsure(struct bt_buf *b, const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	const char *things = row->level == BDIFF_BY_RUN ? "runs" : "repetitions";

	if (row->why == BDIFF_WHY_ONE_RUN)
		bt_buf_printf(b, "one run on a side does not show how runs differ; needs %zu runs a side", row->need);
	else if (row->why == BDIFF_WHY_FEW)
		bt_buf_printf(b, "%zu and %zu %s cannot give a p of %g among %zu row%s; needs %zu %s a side", row->base.n,
			      row->new.n, things, rule->alpha, rule->family, rule->family == 1 ? "" : "s", row->need, things);
	else
		bt_buf_printf(b, "beyond threshold and noise, but chance may do that: p = %.3f; about %zu %s a side would tell",
			      row->p, row->need, things);
}

static void remark_moved(struct bt_buf *b, const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	put_change(b, row);
	bt_buf_printf(b, " is beyond the threshold of %g%%", row->threshold_pct);
	if (!isnan(row->floor_pct))
		bt_buf_printf(b, " and the noise of %.1f%%", row->floor_pct);
	bt_buf_str(b, row->p < 0.001 ? ", p " : ", p = ");
	put_p(b, row->p);
	if (rule->family > 1)
		bt_buf_printf(b, " among %zu rows", rule->family);
	if (row->level == BDIFF_BY_REP)
		bt_buf_str(b, ", by repetitions within one run");
}

static void end_remark(struct bdiff_page *s, const struct bdiff_accept *accept)
{
	if (accept) {
		bt_buf_str(&s->remarks, "; accepted: ");
		put_clean(&s->remarks, in_markdown(s), accept->reason);
	}
	bt_buf_char(&s->remarks, '\n');
}

static void row_remark(struct bdiff_page *s, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		       const struct bdiff_accept *accept)
{
	struct bt_buf *b = &s->remarks;
	bool moved = row->verdict == BDIFF_IMPROVED || row->verdict == BDIFF_REGRESSED || row->verdict == BDIFF_CHANGED ||
		     row->verdict == BDIFF_ACCEPTED;

	if (!moved && row->verdict != BDIFF_UNSURE && row->why != BDIFF_WHY_NOISE)
		return;
	if (!remark(s, i, n))
		return;
	if (row->verdict == BDIFF_UNSURE)
		remark_unsure(b, row, &s->d->rule);
	else if (row->why == BDIFF_WHY_NOISE)
		bt_buf_printf(b, "not beyond the noise of %.1f%%", row->floor_pct);
	else
		remark_moved(b, row, &s->d->rule);
	end_remark(s, accept);
}

/* The cells that say what the row is about. */
static void cells_named(struct bdiff_page *s, uint32_t i, const struct bdiff_names *n, enum bdiff_verdict verdict,
			const char *taint)
{
	static const char colours[BDIFF_VERDICTS] = {
		[BDIFF_IMPROVED] = '2', [BDIFF_REGRESSED] = '1', [BDIFF_CHANGED] = '3', [BDIFF_UNSURE] = '3',
		[BDIFF_MISSING] = '3',
	};
	struct bt_table *t = &s->table;
	struct bt_buf *dims = &s->d->id;

	bt_table_row(t);
	bt_table_cell(t, TOOL, "%s", s->several_tools && n->tool ? n->tool : "");
	bt_table_cell(t, TEST, "%s", n->test ? n->test : "");
	cell_dims(dims, &s->d->groups, i);
	bt_table_cell(t, DIMS, "%s", bt_buf_cstr(dims));
	bt_table_cell(t, METRIC, strcmp(n->stat, "value") == 0 ? "%s" : "%s %s", n->metric, n->stat);
	bt_table_cell(t, VERDICT, "%s", verdict_word(verdict));
	bt_table_cell(t, TAINT, "%s", taint);
	bt_buf_char(&s->colours, colours[verdict]);
}

void bdiff_page_row(struct bdiff_page *s, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		    const char *taint, const struct bdiff_accept *accept)
{
	struct bt_table *t = &s->table;

	cells_named(s, i, n, row->verdict, taint);
	cell_figures(t, BASE, &row->base, n->unit);
	cell_figures(t, NEW, &row->new, n->unit);
	cells_compared(t, row);
	bt_table_cell(t, N, row->base.n == row->new.n ? "%zu" : "%zu/%zu", row->base.n, row->new.n);
	row_remark(s, i, row, n, accept);
}

static void shape_remark(struct bt_buf *b, bool markdown, const struct bdiff_shape *shape, const char *unit)
{
	static const char *const names[BDIFF_SHAPE_RANKS] = { "p50", "p90", "p99", "p99.9" };
	char distance[64];

	if (bdiff_shape_class(shape))
		bt_buf_printf(b, "psi %.3g (%s; chance stays below %.2g), ", shape->psi.psi, bdiff_shape_class(shape),
			      shape->psi.bound);
	bt_fmt_scaled(distance, sizeof(distance), shape->wasserstein, strcmp(unit, "count") == 0 ? "" : unit);
	bt_buf_printf(b, "ks %.3g (%.2g), apart by ", shape->ks, shape->ks_bound);
	put_clean(b, markdown, distance);
	for (int k = 0; k < BDIFF_SHAPE_RANKS; k++) {
		if (isnan(shape->shift_pct[k]))
			continue;
		bt_buf_printf(b, ", %s ", names[k]);
		put_pct(b, shape->shift_pct[k]);
	}
}

void bdiff_page_shape(struct bdiff_page *s, uint32_t i, const struct bdiff_shape *shape, const struct bdiff_names *n,
		      const char *taint, const struct bdiff_accept *accept)
{
	cells_named(s, i, n, shape->verdict, taint);
	if (!isnan(shape->psi.psi))
		bt_table_cell(&s->table, CHANGE, "psi %.2f", shape->psi.psi);
	else
		bt_table_cell(&s->table, CHANGE, "ks %.2f", shape->ks);
	if (shape->verdict == BDIFF_SAME || !remark(s, i, n))
		return;
	shape_remark(&s->remarks, in_markdown(s), shape, n->unit);
	end_remark(s, accept);
}

void bdiff_page_geomean(struct bdiff_page *s, const struct bdiff_geomean *m, const struct bdiff_names *n)
{
	struct bt_buf *b = &s->means;

	bt_buf_str(b, in_markdown(s) ? "- geomean of " : "geomean of ");
	put_name(b, in_markdown(s), n);
	if (*n->unit) {
		bt_buf_str(b, " in ");
		put_clean(b, in_markdown(s), n->unit);
	}
	bt_buf_str(b, ": ");
	put_pct(b, bdiff_geomean_pct(m));
	bt_buf_printf(b, " over %" PRIu64 " rows", m->rows);
	if (m->excluded > 0)
		bt_buf_printf(b, ", without %" PRIu64 " that are not above 0", m->excluded);
	bt_buf_char(b, '\n');
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
	/* What matters most stands first. */
	static const enum bdiff_verdict order[BDIFF_VERDICTS] = {
		BDIFF_REGRESSED, BDIFF_ACCEPTED, BDIFF_IMPROVED, BDIFF_CHANGED, BDIFF_UNSURE, BDIFF_MISSING, BDIFF_ADDED,
		BDIFF_SAME,
	};

	bt_buf_printf(b, "%zu compared", d->rule.rows);
	for (int v = 0, said = 0; v < BDIFF_VERDICTS; v++)
		if (d->verdicts[order[v]] > 0)
			bt_buf_printf(b, "%s%" PRIu64 " %s", said++ ? ", " : ": ", d->verdicts[order[v]],
				      order[v] == BDIFF_UNSURE ? "cannot tell" : bdiff_verdict_name(order[v]));
	if (d->shapes > 0)
		bt_buf_printf(b, "; %" PRIu64 " shape%s: %" PRIu64 " changed", d->shapes, d->shapes == 1 ? "" : "s",
			      d->shapes_changed);
	bt_buf_printf(b, " (alpha %g%s, threshold %g%%)\n", d->opts.alpha, d->rule.family > 1 ? " for all together" : "",
		      d->opts.threshold_pct);
}

/* What stands below the table, each part after a blank line. */
static void below(const struct bdiff_page *s, struct bt_buf *b)
{
	bool after = s->table.rows > 1;

	for (int part = 0; part < 2; part++) {
		const struct bt_buf *from = part == 0 ? &s->remarks : &s->means;

		if (from->len == 0)
			continue;
		bt_buf_str(b, after ? "\n" : "");
		bt_buf_add(b, from->data, from->len);
		if (part == 0 && s->n_remarks > REMARKS_MAX)
			bt_buf_printf(b, "%sand %" PRIu64 " more\n", in_markdown(s) ? "- " : "",
				      s->n_remarks - REMARKS_MAX);
		after = true;
	}
	bt_buf_str(b, after ? "\n" : "");
	summary(s->d, b);
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
	}
	below(s, &b);
	if (s->table.failed || plain.failed || b.failed || s->remarks.failed || s->means.failed)
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
	bt_buf_free(&s->remarks);
	bt_buf_free(&s->means);
}
