/* SPDX-License-Identifier: ISC
 *
 * columns - a group as the text columns that all btools records have.
 */
#include <math.h>
#include <string.h>

#include "fmt.h"
#include "view.h"

/* Text of which no byte can be taken for the end of a name or value. */
static void add_dim_text(struct bt_buf *b, const char *s)
{
	for (; *s; s++) {
		char plain[2] = { *s };
		const char *escape = bt_rec_tsv_escape(*s);

		bt_buf_str(b, escape ? escape : plain);
	}
}

static struct bt_buf *column(struct bagg_columns *c)
{
	bt_buf_char(&c->text, '\0');
	c->at[c->n++] = c->text.len;
	return &c->text;
}

static void text(struct bagg_columns *c, const char *s)
{
	bt_buf_str(column(c), s ? s : "");
}

static void number(struct bagg_columns *c, bool known, const struct bt_number *v)
{
	struct bt_buf *b = column(c);

	if (known && (v->integer || isfinite(v->f)))
		bagg_number_json(b, v);
}

/* The dimensions in canonical order, which is by name. `of` is among them: without it the intervals of a run could not be
 * told from the run itself. */
static void dims(struct bagg_columns *c, const struct bagg_agg *a)
{
	struct bagg_pair pairs[BAGG_PAIRS];
	unsigned n = bagg_pairs(a, true, pairs);
	struct bt_buf *b = column(c);

	for (unsigned i = 0; i < n; i++) {
		bt_buf_str(b, i ? "," : "");
		add_dim_text(b, pairs[i].name);
		bt_buf_char(b, '=');
		add_dim_text(b, pairs[i].value ? pairs[i].value : "-");
	}
}

static void head(struct bagg_columns *c, const struct bagg_agg *a)
{
	const struct bagg_group *g = a->group;
	struct bt_number rep = { .integer = true, .i = g->rep };
	struct bt_buf *b = column(c);

	if (bt_buf_room(b, BT_FMT_F64_MAX) == 0)
		b->len += bt_fmt_time(b->data + b->len, g->fold.ts_us == INT64_MIN ? 0 : g->fold.ts_us);
	text(c, "agg");
	text(c, bagg_agg_head(g, BAGG_RUN));
	text(c, bagg_agg_head(g, BAGG_HOST));
	text(c, bagg_agg_head(g, BAGG_TOOL));
	text(c, bagg_agg_head(g, BAGG_TEST));
	number(c, g->rep > 0, &rep);
	dims(c, a);
	text(c, g->metric);
	text(c, g->unit);
}

static void figures(struct bagg_columns *c, const struct bagg_agg *a)
{
	static const double ranks[] = { 50, 90, 99, 99.9 };
	const struct bagg_fold *f = &a->group->fold;
	struct bt_number n = { .integer = true, .i = f->moments.n }, mean = { .f = a->mean }, sd = { .f = a->sd }, v;

	text(c, NULL); /* value */
	number(c, true, &n);
	number(c, true, &mean);
	number(c, true, &sd);
	number(c, f->has_range, &f->min);
	for (unsigned i = 0; i < 4; i++) {
		bool known = bagg_agg_rank(a, ranks[i], &v);

		number(c, known, &v);
	}
	number(c, f->has_range, &f->max);
}

void bagg_columns_set(struct bagg_columns *c, const struct bagg_agg *a)
{
	c->text.len = 0;
	c->n = 0;
	head(c, a);
	figures(c, a);
	bt_buf_char(&c->text, '\0');
}
