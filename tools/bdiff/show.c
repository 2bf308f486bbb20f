/* SPDX-License-Identifier: ISC
 *
 * show - judges group by group and writes the rows of the comparison.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bdiff.h"
#include "err.h"
#include "page.h"
#include "sig.h"

#define RENAMED_MAX 136 /* bytes of one renamed key, with NUL */

/* Keys of a diff record. A key of the group with such a name is shown as dim_NAME. */
static const char *const own_keys[] = {
	"stat", "base", "new", "change_pct", "p", "u", "n_base", "n_new", "base_lo", "base_hi", "new_lo", "new_hi", "verdict",
	"need", "alpha", "threshold_pct", NULL,
};

static bool is_own(const char *name)
{
	for (int i = 0; own_keys[i]; i++)
		if (strcmp(own_keys[i], name) == 0)
			return true;
	return bt_rec_class(name, strlen(name)) != BT_CLASS_DIM;
}

/* Offset of a copy of the value with a NUL behind it. */
static size_t keep(struct bt_buf *text, const struct bdiff_part *part)
{
	size_t at = text->len;

	bt_buf_add(text, part->value, part->len);
	bt_buf_char(text, '\0');
	return at;
}

enum place { METRIC, UNIT, STAT, TOOL, TEST, HOST, PLACES, NOWHERE = -1 };

/* Where in a record a part of an identity stands when it is no key. */
static enum place place_of(const struct bdiff_part *part, int order)
{
	if (order < BDIFF_HEADS)
		return (enum place)order;
	if (!part->is_string)
		return NOWHERE;
	return strcmp(part->name, "tool") == 0 ? TOOL : strcmp(part->name, "test") == 0 ? TEST :
	       strcmp(part->name, "host") == 0 ? HOST : NOWHERE;
}

static int names_of(struct bdiff_names *n, const struct bdiff_groups *g, uint32_t i)
{
	const char **out[PLACES] = { &n->metric, &n->unit, &n->stat, &n->tool, &n->test, &n->host };
	const char *end, *p = bdiff_groups_id(g, i, &end);
	size_t at[PLACES];
	bool found[PLACES] = { false };
	struct bdiff_part part;

	n->text.len = 0;
	for (int order = 0; (p = bdiff_part_next(p, end, &part)); order++) {
		enum place place = place_of(&part, order);

		if (place == NOWHERE)
			continue;
		at[place] = keep(&n->text, &part);
		found[place] = true;
	}
	if (n->text.failed)
		return -ENOMEM;
	for (int k = 0; k < PLACES; k++)
		*out[k] = found[k] ? n->text.data + at[k] : NULL;
	return 0;
}

static void add_dims(struct bt_rec *r, const struct bdiff_groups *g, uint32_t i, char *renamed)
{
	const char *end, *p = bdiff_groups_id(g, i, &end);
	struct bdiff_part part;

	for (int order = 0; (p = bdiff_part_next(p, end, &part)); order++) {
		const char *name = part.name;

		if (place_of(&part, order) != NOWHERE)
			continue;
		if (is_own(name)) {
			name = renamed;
			renamed += snprintf(renamed, RENAMED_MAX, "dim_%.128s", part.name) + 1;
		}
		if (part.is_string)
			bt_rec_text(r, name, part.value, part.len);
		else
			bt_rec_raw(r, name, part.value, part.len);
	}
}

static void add_interval(struct bt_rec *r, const struct bdiff_figures *f, const char *lo, const char *hi)
{
	if (isnan(f->lo))
		return;
	bt_rec_f64(r, lo, f->lo);
	bt_rec_f64(r, hi, f->hi);
}

static void add_figures(struct bt_rec *r, const struct bdiff_row *row)
{
	if (row->base.n > 0)
		bt_rec_f64(r, "base", row->base.median);
	if (row->new.n > 0)
		bt_rec_f64(r, "new", row->new.median);
	if (row->base.n > 0 && row->new.n > 0) {
		bt_rec_f64(r, "change_pct", row->change_pct);
		bt_rec_f64(r, "p", row->p);
		bt_rec_f64(r, "u", row->u);
	}
	bt_rec_u64(r, "n_base", row->base.n);
	bt_rec_u64(r, "n_new", row->new.n);
	add_interval(r, &row->base, "base_lo", "base_hi");
	add_interval(r, &row->new, "new_lo", "new_hi");
	bt_rec_str(r, "verdict", bdiff_verdict_name(row->verdict));
	if (row->verdict == BDIFF_UNSURE)
		bt_rec_u64(r, "need", row->need);
	bt_rec_f64(r, "alpha", row->alpha);
	bt_rec_f64(r, "threshold_pct", row->threshold_pct);
}

static void write_record(struct bdiff *d, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
			 const char *taint)
{
	struct bt_rec_source own = d->out.source;
	char renamed[BT_REC_KEYS * RENAMED_MAX];
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_DIFF);
	r.test = n->test;
	r.metric = n->metric;
	r.unit = *n->unit ? n->unit : NULL;
	r.better = d->groups.v[i].contradiction ? BT_BETTER_NONE : d->groups.v[i].better;
	add_dims(&r, &d->groups, i, renamed);
	bt_rec_str(&r, "stat", n->stat);
	add_figures(&r, row);
	if (*taint)
		bt_rec_str(&r, "taint", taint);
	/* A row is about the tool and host that were measured, as bagg's records are. */
	if (n->tool)
		d->out.source.tool = n->tool;
	if (n->host)
		snprintf(d->out.source.host, sizeof(d->out.source.host), "%s", n->host);
	bt_rec_source_prepare(&d->out.source);
	if (bt_out_rec(&d->out, &r) == -EMSGSIZE) {
		bt_warn("%.60s: a row is too long for a record and left out", n->metric);
		d->trouble = true;
	}
	d->out.source = own;
}

/* What matters for one group's row: its metric, or its statistic where that is named. The last that fits counts. */
static double threshold(struct bdiff_opts *opts, const struct bdiff_names *n)
{
	double pct = opts->threshold_pct;

	for (unsigned i = 0; i < opts->n_thresholds; i++) {
		struct bdiff_threshold *t = &opts->thresholds[i];

		if (strcmp(t->name, n->metric) != 0 && strcmp(t->name, n->stat) != 0)
			continue;
		t->used = true;
		pct = t->pct;
	}
	return pct;
}

static int show_group(struct bdiff_page *s, uint32_t i, struct bdiff_names *n)
{
	struct bdiff *d = s->d;
	struct bdiff_group *g = &d->groups.v[i];
	char taint[BT_TAINT_LIST] = "";
	struct bdiff_row row;
	int rc = names_of(n, &d->groups, i);

	if (rc == 0)
		rc = bdiff_judge(&row, g, d->opts.alpha, threshold(&d->opts, n));
	if (rc < 0)
		return rc;
	if (g->contradiction) {
		bt_warn("%.60s: records disagree on whether lower or higher is better", n->metric);
		d->trouble = true;
	}
	d->verdicts[row.verdict]++;
	for (int side = 0; side < 2; side++)
		bt_taint_join(taint, g->side[side].taint);
	if (d->out.format == BT_FORMAT_TEXT)
		bdiff_page_row(s, i, &row, n, taint);
	else
		write_record(d, i, &row, n, taint);
	return 0;
}

/* Whether rows need a column to tell tools apart. */
static bool several_tools(const struct bdiff_groups *g, struct bdiff_names *n)
{
	char first[64] = "";

	for (uint32_t i = 0; i < g->ids.n; i++) {
		if (names_of(n, g, i) < 0 || !n->tool)
			continue;
		if (!*first)
			snprintf(first, sizeof(first), "%s", n->tool);
		else if (strncmp(first, n->tool, sizeof(first) - 1) != 0)
			return true;
	}
	return false;
}

int bdiff_show(struct bdiff *d)
{
	struct bdiff_names n = { .text = BT_BUF_INIT };
	struct bdiff_page page;
	int rc = 0;

	bdiff_page_init(&page, d, several_tools(&d->groups, &n));
	/* What is new comes last, whatever else was seen first. */
	for (int in_base = 1; in_base >= 0; in_base--)
		for (uint32_t i = 0; i < d->groups.ids.n && rc == 0; i++) {
			const struct bdiff_group *g = &d->groups.v[i];

			if ((g->side[BDIFF_BASE].n > 0) == in_base && (in_base || g->side[BDIFF_NEW].n > 0))
				rc = bt_sig_caught() ? -EINTR : show_group(&page, i, &n);
		}
	if (rc == 0 && d->out.format == BT_FORMAT_TEXT)
		rc = bdiff_page_write(&page);
	bdiff_page_free(&page);
	bt_buf_free(&n.text);
	return rc;
}
