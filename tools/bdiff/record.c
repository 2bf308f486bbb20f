/* SPDX-License-Identifier: ISC
 *
 * record - rows of the comparison as diff records.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "record.h"

#define RENAMED_MAX 136 /* bytes of one renamed key, with NUL */

/* Keys of a diff record. A key of the group with such a name is shown as dim_NAME. */
static const char *const own_keys[] = {
	"stat", "level", "base", "new", "base_lo", "base_hi", "new_lo", "new_hi", "change_pct", "change_lo",
	"change_hi", "median_pct", "shift", "floor_pct", "u", "p_u", "p_perm", "p", "p_by", "family", "n_base", "n_new",
	"runs_base", "runs_new", "verdict", "why", "need", "alpha", "threshold_pct", "accepted", "psi", "psi_bound",
	"psi_bins", "psi_thin", "psi_class", "ks", "ks_bound", "wasserstein", "shift_p50", "shift_p90", "shift_p99",
	"shift_p999", "over", "rows", "excluded", NULL,
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

int bdiff_names_of(struct bdiff_names *n, const char *id, const char *end)
{
	const char **out[PLACES] = { &n->metric, &n->unit, &n->stat, &n->tool, &n->test, &n->host };
	size_t at[PLACES];
	bool found[PLACES] = { false };
	struct bdiff_part part;
	const char *p = id;

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

static void add_known(struct bt_rec *r, const char *name, double v)
{
	if (!isnan(v))
		bt_rec_f64(r, name, v);
}

static void add_side(struct bt_rec *r, const struct bdiff_figures *f, const char *median, const char *lo, const char *hi)
{
	if (f->n == 0)
		return;
	bt_rec_f64(r, median, f->median);
	add_known(r, lo, f->lo);
	add_known(r, hi, f->hi);
}

static void add_change(struct bt_rec *r, const struct bdiff_row *row, const struct bdiff_rule *rule)
{
	bt_rec_str(r, "level", row->level == BDIFF_BY_RUN ? "run" : "rep");
	bt_rec_f64(r, "change_pct", row->change_pct);
	add_known(r, "change_lo", row->change_lo);
	add_known(r, "change_hi", row->change_hi);
	bt_rec_f64(r, "median_pct", row->median_pct);
	if (isnan(row->change_pct))
		bt_rec_f64(r, "shift", row->shift);
	add_known(r, "floor_pct", row->floor_pct);
	bt_rec_f64(r, "u", row->u);
	bt_rec_f64(r, "p_u", row->p_u);
	add_known(r, "p_perm", row->p_perm);
	bt_rec_f64(r, "p", row->p);
	bt_rec_str(r, "p_by", row->by_ranks ? "ranks" : "permutation");
	bt_rec_u64(r, "family", rule->family);
}

static void add_counts(struct bt_rec *r, size_t n_base, size_t n_new, size_t runs_base, size_t runs_new)
{
	bt_rec_u64(r, "n_base", n_base);
	bt_rec_u64(r, "n_new", n_new);
	bt_rec_u64(r, "runs_base", runs_base);
	bt_rec_u64(r, "runs_new", runs_new);
}

/* A row is about the tool and host that were measured, as bagg's records are. */
static void emit(struct bdiff *d, struct bt_rec *r, const struct bdiff_names *n)
{
	struct bt_rec_source own = d->out.source;

	if (n->tool)
		d->out.source.tool = n->tool;
	if (n->host)
		snprintf(d->out.source.host, sizeof(d->out.source.host), "%s", n->host);
	bt_rec_source_prepare(&d->out.source);
	if (bt_out_rec(&d->out, r) == -EMSGSIZE) {
		bt_warn("%.60s: a row is too long for a record and left out", n->metric);
		d->trouble = true;
	}
	d->out.source = own;
}

static void init(struct bt_rec *r, const struct bdiff_names *n)
{
	bt_rec_init(r, BT_KIND_DIFF);
	r->test = n->test;
	r->metric = n->metric;
	r->unit = *n->unit ? n->unit : NULL;
}

static void init_group(struct bt_rec *r, const struct bdiff *d, uint32_t i, const struct bdiff_names *n, char *renamed)
{
	init(r, n);
	r->better = d->groups.v[i].contradiction ? BT_BETTER_NONE : d->groups.v[i].better;
	add_dims(r, &d->groups, i, renamed);
	bt_rec_str(r, "stat", n->stat);
}

void bdiff_record_row(struct bdiff *d, uint32_t i, const struct bdiff_row *row, const struct bdiff_names *n,
		      const char *taint, const struct bdiff_accept *accept)
{
	char renamed[BT_REC_KEYS * RENAMED_MAX];
	struct bt_rec r;

	init_group(&r, d, i, n, renamed);
	add_side(&r, &row->base, "base", "base_lo", "base_hi");
	add_side(&r, &row->new, "new", "new_lo", "new_hi");
	if (row->base.n > 0 && row->new.n > 0)
		add_change(&r, row, &d->rule);
	add_counts(&r, row->base.n, row->new.n, row->base.runs, row->new.runs);
	bt_rec_str(&r, "verdict", bdiff_verdict_name(row->verdict));
	if (bdiff_why_name(row->why))
		bt_rec_str(&r, "why", bdiff_why_name(row->why));
	if (row->verdict == BDIFF_UNSURE)
		bt_rec_u64(&r, "need", row->need);
	if (accept)
		bt_rec_str(&r, "accepted", accept->reason);
	bt_rec_f64(&r, "alpha", d->opts.alpha);
	bt_rec_f64(&r, "threshold_pct", row->threshold_pct);
	if (*taint)
		bt_rec_str(&r, "taint", taint);
	emit(d, &r, n);
}

void bdiff_record_shape(struct bdiff *d, uint32_t i, const struct bdiff_shape *s, const struct bdiff_names *n,
			const char *taint, const struct bdiff_accept *accept)
{
	char renamed[BT_REC_KEYS * RENAMED_MAX];
	struct bt_rec r;

	init_group(&r, d, i, n, renamed);
	bt_rec_f64(&r, "psi", s->psi.psi);
	if (bdiff_shape_class(s)) {
		bt_rec_f64(&r, "psi_bound", s->psi.bound);
		bt_rec_u64(&r, "psi_thin", s->psi.thin);
		bt_rec_str(&r, "psi_class", bdiff_shape_class(s));
	}
	bt_rec_u64(&r, "psi_bins", s->psi.bins);
	bt_rec_f64(&r, "ks", s->ks);
	bt_rec_f64(&r, "ks_bound", s->ks_bound);
	bt_rec_f64(&r, "wasserstein", s->wasserstein);
	for (int k = 0; k < BDIFF_SHAPE_RANKS; k++)
		add_known(&r, bdiff_shape_keys[k], s->shift_pct[k]);
	add_counts(&r, s->n_base, s->n_new, s->runs_base, s->runs_new);
	bt_rec_str(&r, "verdict", bdiff_verdict_name(s->verdict));
	if (accept)
		bt_rec_str(&r, "accepted", accept->reason);
	bt_rec_f64(&r, "alpha", d->opts.alpha);
	if (*taint)
		bt_rec_str(&r, "taint", taint);
	emit(d, &r, n);
}

void bdiff_record_geomean(struct bdiff *d, const struct bdiff_geomean *m, const struct bdiff_names *n)
{
	struct bt_rec r;

	init(&r, n);
	bt_rec_str(&r, "stat", "geomean");
	bt_rec_str(&r, "over", n->stat);
	bt_rec_u64(&r, "rows", m->rows);
	bt_rec_u64(&r, "excluded", m->excluded);
	bt_rec_f64(&r, "base", exp(m->base / (double)m->rows));
	bt_rec_f64(&r, "new", exp(m->new / (double)m->rows));
	bt_rec_f64(&r, "change_pct", bdiff_geomean_pct(m));
	emit(d, &r, n);
}
