/* SPDX-License-Identifier: ISC
 *
 * text - groups as a table for people: what is the same everywhere goes into a line above it, what differs gets a column.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "report.h"
#include "table.h"
#include "term.h"
#include "view.h"

enum { FIXED_COLUMNS = 15 }; /* all but dimensions and percentiles */

/* A name that groups have dimensions of. */
struct dim_name {
	const char *name, *value; /* value: of the first group that has it */
	uint32_t groups;          /* that have it */
	bool varies;
	unsigned column;
};

struct layout {
	const struct bagg_groups *groups;
	struct bt_intern names;
	struct dim_name *dims; /* by number in names */
	uint32_t n_dims, cap_dims;
	struct dim_name *placed[BT_TABLE_COLUMNS]; /* those with a column */
	unsigned n_placed;
	bool varies[BAGG_HEADS], of_varies; /* not the same in all groups */
	unsigned of, head[BAGG_HEADS], rep; /* columns */
	unsigned more;                      /* column of the dimensions that got none of their own */
	unsigned metric, n, mean, cv, rank, max, taint, lost;
	unsigned columns;
};

/* Nothing of the kind. */
#define NO_COLUMN BT_TABLE_COLUMNS

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int note_dim(struct layout *l, const struct bagg_dim *d)
{
	bool added;
	int64_t i = bt_intern(&l->names, d->name, strlen(d->name), &added);
	struct dim_name *n;

	if (i < 0)
		return -ENOMEM;
	if (added && l->n_dims == l->cap_dims) {
		uint32_t cap = l->cap_dims ? l->cap_dims * 2 : 16;
		struct dim_name *dims = reallocarray(l->dims, cap, sizeof(*dims));

		if (!dims)
			return -ENOMEM;
		l->dims = dims;
		l->cap_dims = cap;
	}
	n = &l->dims[i];
	if (added) {
		*n = (struct dim_name){ .name = d->name, .value = d->value, .column = NO_COLUMN };
		l->n_dims++;
	}
	n->groups++;
	n->varies = n->varies || !same_text(n->value, d->value);
	return 0;
}

/* Look through all groups for what differs between them. */
static int survey(struct layout *l)
{
	const struct bagg_groups *g = l->groups;
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		l->of_varies = l->of_varies || g->list[i]->of != g->list[0]->of;
		for (int h = 0; h < BAGG_HEADS; h++) {
			const char *text = bagg_agg_head(g->list[i], (enum bagg_head)h);

			l->varies[h] = l->varies[h] || !same_text(text, bagg_agg_head(g->list[0], (enum bagg_head)h));
		}
		for (unsigned d = 0; d < g->list[i]->n_dims && rc == 0; d++)
			rc = note_dim(l, &g->list[i]->dims[d]);
	}
	for (uint32_t i = 0; i < l->n_dims; i++)
		l->dims[i].varies = l->dims[i].varies || l->dims[i].groups < g->n;
	return rc;
}

static unsigned next_column(struct layout *l, bool wanted)
{
	return wanted ? l->columns++ : NO_COLUMN;
}

static void place_dims(struct layout *l, unsigned n_ranks)
{
	unsigned room = BT_TABLE_COLUMNS - FIXED_COLUMNS - n_ranks;

	l->more = NO_COLUMN;
	for (uint32_t i = 0; i < l->n_dims; i++) {
		if (!l->dims[i].varies)
			continue;
		if (room == 0) {
			l->more = next_column(l, true);
			break;
		}
		l->dims[i].column = next_column(l, true);
		l->placed[l->n_placed++] = &l->dims[i];
		room--;
	}
}

static void place(struct layout *l, const struct bt_ranks *ranks)
{
	const struct bagg_keys *k = &l->groups->keys;

	l->head[BAGG_TOOL] = next_column(l, l->varies[BAGG_TOOL]);
	l->head[BAGG_HOST] = next_column(l, l->varies[BAGG_HOST] && k->head[BAGG_HOST]);
	l->head[BAGG_RUN] = next_column(l, l->varies[BAGG_RUN] && k->head[BAGG_RUN]);
	l->head[BAGG_TEST] = next_column(l, true);
	l->head[BAGG_LOOP] = next_column(l, l->varies[BAGG_LOOP]);
	l->rep = next_column(l, k->rep);
	l->of = next_column(l, l->of_varies);
	place_dims(l, ranks->n);
	l->metric = next_column(l, true);
	l->n = next_column(l, true);
	l->mean = next_column(l, true);
	l->cv = next_column(l, true);
	l->rank = l->columns;
	l->columns += ranks->n;
	l->max = next_column(l, true);
	l->taint = next_column(l, true);
	l->lost = next_column(l, true);
}

static void heading(const struct layout *l, const struct bt_ranks *ranks, struct bt_table *t)
{
	bt_table_row(t);
	for (int i = 0; i < BAGG_TAINT; i++)
		bt_table_cell(t, l->head[i], "%s", bagg_head_name((enum bagg_head)i));
	bt_table_cell(t, l->rep, "rep");
	bt_table_cell(t, l->of, "of");
	for (unsigned i = 0; i < l->n_placed; i++)
		bt_table_cell(t, l->placed[i]->column, "%s", l->placed[i]->name);
	bt_table_cell(t, l->more, "more");
	bt_table_cell(t, l->metric, "metric");
	bt_table_cell(t, l->n, "n");
	bt_table_cell(t, l->mean, "mean");
	bt_table_cell(t, l->cv, "cv");
	for (unsigned i = 0; i < ranks->n; i++)
		bt_table_cell(t, l->rank + i, "%s", ranks->rank[i].name);
	bt_table_cell(t, l->max, "max");
	bt_table_cell(t, l->taint, "taint");
	bt_table_cell(t, l->lost, "lost");
	for (unsigned i = l->n; i <= l->max; i++)
		bt_table_right(t, i);
	bt_table_right(t, l->rep);
	bt_table_right(t, l->lost);
}

/* The dimensions of a group: those with a column in it, the others together. Columns of numbers align to the right. */
static void row_dims(struct layout *l, const struct bagg_group *g, struct bt_table *t)
{
	struct bt_buf more = BT_BUF_INIT;

	for (unsigned i = 0; i < l->n_placed; i++)
		bt_table_cell(t, l->placed[i]->column, "-");
	for (unsigned i = 0; i < g->n_dims; i++) {
		const struct bagg_dim *d = &g->dims[i];
		const struct dim_name *n = &l->dims[bt_intern_find(&l->names, d->name, strlen(d->name))];

		bt_table_cell(t, n->column, "%s", d->value ? d->value : "-");
		if (d->value && !d->string)
			bt_table_right(t, n->column);
		if (n->varies && n->column == NO_COLUMN)
			bt_buf_printf(&more, "%s%s=%s", more.len ? "," : "", d->name, d->value ? d->value : "-");
	}
	bt_table_cell(t, l->more, "%s", bt_buf_cstr(&more));
	bt_buf_free(&more);
}

static void cell_scaled(struct bt_table *t, unsigned column, bool known, double v, const char *unit)
{
	char text[64];

	bt_fmt_scaled(text, sizeof(text), known ? v : NAN, unit);
	bt_table_cell(t, column, "%s", text);
}

/* One value has no spread, and says nothing more in five columns than in one. */
static void row_spread(const struct layout *l, const struct bagg_agg *a, struct bt_table *t)
{
	const struct bagg_group *g = a->group;
	const char *unit = g->unit ? g->unit : "";
	struct bt_number v;

	if (g->fold.moments.n < 2)
		return;
	if (isfinite(a->cv))
		bt_table_cell(t, l->cv, a->cv < 0.0995 ? "%.1f %%" : "%.0f %%", a->cv * 100);
	else
		bt_table_cell(t, l->cv, "-");
	for (unsigned i = 0; i < a->ranks->n; i++) {
		bool known = bagg_agg_rank(a, a->ranks->rank[i].p, &v);

		cell_scaled(t, l->rank + i, known, known ? v.f : 0, unit);
	}
	cell_scaled(t, l->max, g->fold.has_range, g->fold.max.f, unit);
}

static void row(struct layout *l, const struct bagg_agg *a, struct bt_table *t)
{
	const struct bagg_group *g = a->group;

	bt_table_row(t);
	for (int i = 0; i < BAGG_TAINT; i++) {
		const char *text = bagg_agg_head(g, (enum bagg_head)i);

		bt_table_cell(t, l->head[i], "%s", text ? text : i == BAGG_TEST ? "" : "-");
	}
	bt_table_cell(t, l->rep, g->rep ? "%llu" : "-", (unsigned long long)g->rep);
	bt_table_cell(t, l->of, "%s", bt_kind_name(g->of));
	row_dims(l, g, t);
	bt_table_cell(t, l->metric, "%s", g->metric ? g->metric : "-");
	bt_table_cell(t, l->n, "%llu", (unsigned long long)g->fold.moments.n);
	cell_scaled(t, l->mean, true, a->mean, g->unit ? g->unit : "");
	row_spread(l, a, t);
	bt_table_cell(t, l->taint, "%s", g->taint);
	if (g->fold.lost > 0)
		bt_table_cell(t, l->lost, "%llu", (unsigned long long)g->fold.lost);
}

static void caption_part(struct bt_buf *b, size_t start, const char *name, const char *value)
{
	bt_buf_printf(b, "%s%s=%s", b->len > start ? ", " : ": ", name, value ? value : "-");
}

/* "bcpu on db1, results: threads=1, loop=closed" */
static void caption(const struct layout *l, const struct bagg_agg *a, struct bt_buf *b)
{
	const struct bt_rec_source *own = a->own;
	const struct bagg_group *first = l->groups->list[0];
	const char *tool = bagg_agg_head(first, BAGG_TOOL), *host = bagg_agg_head(first, BAGG_HOST);
	const char *loop = bagg_agg_head(first, BAGG_LOOP), *run = bagg_agg_head(first, BAGG_RUN);
	size_t start;

	bt_buf_str(b, !l->varies[BAGG_TOOL] && tool ? tool : "records");
	if (!l->varies[BAGG_HOST] && host)
		bt_buf_printf(b, " on %s", host);
	if (!l->varies[BAGG_RUN] && run)
		bt_buf_printf(b, ", run %s", run);
	if (!l->of_varies)
		bt_buf_printf(b, ", %ss", bt_kind_name(first->of));
	bagg_window_text(a, b);
	start = b->len;
	for (uint32_t i = 0; i < l->n_dims; i++)
		if (!l->dims[i].varies)
			caption_part(b, start, l->dims[i].name, l->dims[i].value);
	for (unsigned i = 0; i < own->n_tags; i++)
		caption_part(b, start, own->tag_names[i], own->tag_values[i]);
	if (!l->varies[BAGG_LOOP] && loop)
		caption_part(b, start, "loop", loop);
	bagg_clean(b, 0);
	bt_buf_str(b, "\n\n");
}

static int fill(struct layout *l, struct bagg_agg *a, struct bt_table *t)
{
	int rc = 0;

	heading(l, a->ranks, t);
	for (uint32_t i = 0; i < l->groups->n && rc == 0; i++) {
		rc = bagg_agg_set(a, l->groups->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		if (rc == 0)
			row(l, a, t);
	}
	return rc < 0 ? rc : t->failed ? -ENOMEM : 0;
}

/* Below the table, a drawing for each group. */
static int charts(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g, struct bt_buf *b)
{
	unsigned width = isatty(r->file->fd) ? bt_term_width(r->file->fd) : 80;
	bool markdown = r->format == BAGG_MD;
	struct bt_buf title = BT_BUF_INIT;
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		title.len = 0;
		bagg_title(a, ' ', &title);
		bt_buf_str(b, markdown ? "\n```\n" : "\n");
		bagg_chart(a, bt_buf_cstr(&title), width, b);
		bt_buf_str(b, markdown ? "```\n" : "");
		rc = title.failed ? -ENOMEM : bagg_flush(r, b, false, rc);
	}
	bt_buf_free(&title);
	return rc;
}

static int table(struct bagg_report *r, struct bagg_agg *a, struct layout *l, struct bt_buf *b)
{
	bool markdown = r->format == BAGG_MD;
	struct bt_buf head = BT_BUF_INIT;
	struct bt_table t;
	int rc;

	bt_table_init(&t, l->columns);
	rc = fill(l, a, &t);
	if (rc == 0) {
		caption(l, a, &head);
		bt_buf_str(b, r->calls > 0 ? "\n" : "");
		if (markdown)
			bt_markdown(b, bt_buf_cstr(&head));
		else
			bt_buf_str(b, bt_buf_cstr(&head));
		if (markdown)
			bt_table_markdown(&t, b);
		else
			bt_table_text(&t, b);
		rc = head.failed ? -ENOMEM : 0;
	}
	bt_table_free(&t);
	bt_buf_free(&head);
	return rc;
}

int bagg_report_table(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct layout l = { .groups = g };
	struct bt_buf b = BT_BUF_INIT;
	int rc;

	if (g->n == 0)
		return 0;
	rc = survey(&l);
	place(&l, a->ranks);
	if (rc == 0)
		rc = table(r, a, &l, &b);
	if (rc == 0 && r->chart)
		rc = charts(r, a, g, &b);
	rc = bagg_flush(r, &b, true, rc);
	bt_buf_free(&b);
	bt_intern_free(&l.names);
	free(l.dims);
	return rc;
}
