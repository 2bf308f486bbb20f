/* SPDX-License-Identifier: ISC
 *
 * tsv - groups as the tab-separated columns that all btools records have.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "report.h"

#define CHUNK 65536 /* bytes: written whenever so many have gathered */

struct pair {
	const char *name, *value;
};

/* Text of which no byte can be taken for the end of a column or line. */
static void add_text(struct bt_buf *b, const char *s)
{
	for (; *s; s++)
		bt_buf_char(b, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

/* Nor for the end of a name or value. */
static void add_dim_text(struct bt_buf *b, const char *s)
{
	for (; *s; s++) {
		char plain[2] = { *s };
		const char *escape = bt_rec_tsv_escape(*s);

		add_text(b, escape ? escape : plain);
	}
}

static void column(struct bt_buf *b, const char *s)
{
	bt_buf_char(b, '\t');
	add_text(b, s && *s ? s : "-");
}

static void column_number(struct bt_buf *b, bool known, const struct bt_number *v)
{
	bt_buf_char(b, '\t');
	if (known && (v->integer || isfinite(v->f)))
		bagg_number_json(b, v);
	else
		bt_buf_char(b, '-');
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* The dimensions in canonical order, which is by name. `of` is among them: without it the intervals of a run could not be
 * told from the run itself. Where a tag has the name of a dimension the dimension stands. */
static void column_dims(struct bt_buf *b, const struct bagg_group *g, const struct bt_rec_source *own)
{
	struct pair pairs[BT_REC_KEYS + BT_REC_TAGS + 1];
	unsigned n = 0, dims;

	pairs[n++] = (struct pair){ "of", bt_kind_name(g->of) };
	for (unsigned i = 0; i < g->n_dims; i++)
		pairs[n++] = (struct pair){ g->dims[i].name, g->dims[i].value };
	dims = n;
	for (unsigned i = 0; i < own->n_tags && i < BT_REC_TAGS; i++) {
		unsigned j = 0;

		while (j < dims && strcmp(pairs[j].name, own->tag_names[i]) != 0)
			j++;
		if (j == dims)
			pairs[n++] = (struct pair){ own->tag_names[i], own->tag_values[i] };
	}
	qsort(pairs, n, sizeof(pairs[0]), by_name);
	for (unsigned i = 0; i < n; i++) {
		bt_buf_char(b, i ? ',' : '\t');
		add_dim_text(b, pairs[i].name);
		bt_buf_char(b, '=');
		add_dim_text(b, pairs[i].value ? pairs[i].value : "-");
	}
}

static void add_head(struct bt_buf *b, const struct bagg_agg *a)
{
	const struct bagg_group *g = a->group;
	struct bt_number rep = { .integer = true, .i = g->rep };

	if (bt_buf_room(b, BT_FMT_F64_MAX) == 0)
		b->len += bt_fmt_time(b->data + b->len, g->fold.ts_us == INT64_MIN ? 0 : g->fold.ts_us);
	column(b, "agg");
	column(b, bagg_agg_head(g, BAGG_RUN));
	column(b, bagg_agg_head(g, BAGG_HOST));
	column(b, bagg_agg_head(g, BAGG_TOOL));
	column(b, bagg_agg_head(g, BAGG_TEST));
	column_number(b, g->rep > 0, &rep);
	column_dims(b, g, a->own);
	column(b, g->metric);
	column(b, g->unit);
}

static void add_figures(struct bt_buf *b, const struct bagg_agg *a)
{
	static const double ranks[] = { 50, 90, 99, 99.9 };
	const struct bagg_fold *f = &a->group->fold;
	struct bt_number n = { .integer = true, .i = f->moments.n }, mean = { .f = a->mean }, sd = { .f = a->sd }, v;

	column(b, NULL); /* value */
	column_number(b, true, &n);
	column_number(b, true, &mean);
	column_number(b, true, &sd);
	column_number(b, f->has_range, &f->min);
	for (unsigned i = 0; i < 4; i++) {
		bool known = bagg_agg_rank(a, ranks[i], &v);

		column_number(b, known, &v);
	}
	column_number(b, f->has_range, &f->max);
	bt_buf_char(b, '\n');
}

int bagg_report_tsv(struct bagg_agg *a, const struct bagg_groups *g, struct bt_outfile *file)
{
	struct bt_buf b = BT_BUF_INIT;
	int rc = 0;

	bt_buf_str(&b, BT_REC_TSV_HEADER);
	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		add_head(&b, a);
		add_figures(&b, a);
		if (rc == 0 && (b.len > CHUNK || b.failed)) {
			rc = b.failed ? -ENOMEM : bt_outfile_write(file, b.data, b.len);
			b.len = 0;
		}
	}
	if (rc == 0)
		rc = b.failed ? -ENOMEM : bt_outfile_write(file, b.data, b.len);
	bt_buf_free(&b);
	return rc;
}
