/* SPDX-License-Identifier: ISC
 *
 * show - judges all groups as one family and writes the rows of the comparison.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "page.h"
#include "record.h"
#include "shift.h"
#include "sig.h"

/* A comparison on its way out. */
struct show {
	struct bdiff *d;
	struct bdiff_row *rows; /* of every group; those of shapes are unused */
	struct bdiff_names names;
	struct bdiff_geomeans geomeans;
	struct bdiff_page page;
};

static bool on_page(const struct bdiff *d)
{
	return d->out.format == BT_FORMAT_TEXT;
}

static bool is_pair(const struct bdiff_group *g)
{
	return g->side[BDIFF_BASE].n > 0 && g->side[BDIFF_NEW].n > 0;
}

static bool is_judged(const struct bdiff_group *g)
{
	return is_pair(g) && !bdiff_is_shape(g);
}

static int take_names(struct show *s, uint32_t i)
{
	const char *end, *id = bdiff_groups_id(&s->d->groups, i, &end);

	return bdiff_names_of(&s->names, id, end);
}

static void mark_used(struct bdiff_name *names, unsigned n, const char *text, size_t len)
{
	for (unsigned i = 0; i < n; i++)
		names[i].used |= strlen(names[i].text) == len && memcmp(names[i].text, text, len) == 0;
}

/* Which names of -m and -k mean something here: those of what either side has. */
static void note_names(struct bdiff *d, uint32_t i)
{
	const char *end, *p = bdiff_groups_id(&d->groups, i, &end);
	struct bdiff_part part;

	if (d->groups.v[i].side[BDIFF_BASE].n == 0 && d->groups.v[i].side[BDIFF_NEW].n == 0)
		return;
	for (int order = 0; (p = bdiff_part_next(p, end, &part)); order++) {
		if (order == 0)
			mark_used(d->opts.metrics, d->opts.n_metrics, part.value, part.len);
		mark_used(d->opts.keys, d->opts.n_keys, part.name, strlen(part.name));
	}
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

/* The limits of shapes have names of their own; they are no percentages. */
static struct bdiff_shape_limits shape_limits(struct bdiff_opts *opts)
{
	struct bdiff_shape_limits limits = { .psi = NAN, .ks = NAN, .wasserstein = NAN };
	double *limit;

	for (unsigned i = 0; i < opts->n_thresholds; i++) {
		struct bdiff_threshold *t = &opts->thresholds[i];

		limit = strcmp(t->name, "psi") == 0 ? &limits.psi : strcmp(t->name, "ks") == 0 ? &limits.ks :
			strcmp(t->name, "wasserstein") == 0 ? &limits.wasserstein : NULL;
		if (limit) {
			*limit = t->pct;
			t->used = true;
		}
	}
	return limits;
}

static void make_rule(struct bdiff *d)
{
	size_t rows = 0;

	for (uint32_t i = 0; i < d->groups.ids.n; i++)
		rows += is_judged(&d->groups.v[i]);
	d->rule = (struct bdiff_rule){
		.alpha = d->opts.alpha, .rows = rows, .family = d->opts.no_holm || rows == 0 ? 1 : rows,
		.smooth = d->opts.smooth, .strict = d->opts.strict,
	};
}

static int measure(struct show *s)
{
	struct bdiff *d = s->d;

	for (uint32_t i = 0; i < d->groups.ids.n; i++) {
		struct bdiff_group *g = &d->groups.v[i];
		int rc;

		if (bt_sig_caught())
			return -EINTR;
		if (bdiff_is_shape(g))
			continue;
		note_names(d, i);
		rc = take_names(s, i);
		if (rc == 0)
			rc = bdiff_measure(&s->rows[i], g, &d->runs, &d->rule, threshold(&d->opts, &s->names));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Every row with both sides is a member of the family. */
static int adjust(struct show *s)
{
	const struct bdiff_groups *groups = &s->d->groups;
	double *p = malloc((s->d->rule.rows + 1) * sizeof(*p));
	size_t n = 0;
	int rc;

	if (!p)
		return -ENOMEM;
	for (uint32_t i = 0; i < groups->ids.n; i++)
		if (is_judged(&groups->v[i]))
			p[n++] = s->rows[i].p;
	rc = s->d->opts.no_holm ? 0 : bt_holm(p, n);
	n = 0;
	for (uint32_t i = 0; i < groups->ids.n && rc == 0; i++)
		if (is_judged(&groups->v[i]))
			s->rows[i].p = p[n++];
	free(p);
	return rc;
}

static enum bt_better better_of(struct bdiff *d, const struct bdiff_group *g, const char *metric)
{
	if (!g->contradiction)
		return g->better;
	bt_warn("%.60s: records disagree on whether lower or higher is better", metric);
	d->trouble = true;
	return BT_BETTER_NONE;
}

static int show_row(struct show *s, uint32_t i, const char *taint)
{
	struct bdiff *d = s->d;
	struct bdiff_group *g = &d->groups.v[i];
	struct bdiff_row *row = &s->rows[i];
	const struct bdiff_accept *accept = NULL;
	const char *end, *id = bdiff_groups_id(&d->groups, i, &end);

	bdiff_decide(row, better_of(d, g, s->names.metric), &d->rule);
	if (row->verdict == BDIFF_REGRESSED)
		accept = bdiff_accepted(d, id, end, row->change_pct);
	if (accept)
		row->verdict = BDIFF_ACCEPTED;
	d->verdicts[row->verdict]++;
	d->by_rep += is_pair(g) && row->level == BDIFF_BY_REP;
	if (on_page(d))
		bdiff_page_row(&s->page, i, row, &s->names, taint, accept);
	else
		bdiff_record_row(d, i, row, &s->names, taint, accept);
	return bdiff_geomeans_add(&s->geomeans, id, end, row);
}

/* That one side lacks a shape its percentiles say already. */
static int show_shape(struct show *s, uint32_t i, const char *taint)
{
	struct bdiff *d = s->d;
	struct bdiff_shape_limits limits = shape_limits(&d->opts);
	const struct bdiff_accept *accept = NULL;
	const char *end, *id = bdiff_groups_id(&d->groups, i, &end);
	struct bdiff_shape shape;
	int rc;

	if (!is_pair(&d->groups.v[i]))
		return 0;
	rc = bdiff_shape(&shape, &d->groups.v[i], d->opts.alpha, &limits);
	if (rc < 0)
		return rc;
	if (shape.verdict == BDIFF_REGRESSED)
		accept = bdiff_accepted(d, id, end, NAN);
	if (accept)
		shape.verdict = BDIFF_ACCEPTED;
	d->shapes++;
	d->shapes_changed += shape.verdict != BDIFF_SAME;
	d->shapes_regressed += shape.verdict == BDIFF_REGRESSED;
	if (on_page(d))
		bdiff_page_shape(&s->page, i, &shape, &s->names, taint, accept);
	else
		bdiff_record_shape(d, i, &shape, &s->names, taint, accept);
	return 0;
}

static int show_group(struct show *s, uint32_t i)
{
	const struct bdiff_groups *g = &s->d->groups;
	char taint[BT_TAINT_LIST] = "";
	int rc = bt_sig_caught() ? -EINTR : take_names(s, i);

	if (rc < 0)
		return rc;
	for (int side = 0; side < 2; side++)
		bt_taint_join(taint, bdiff_groups_taint(g, &g->v[i].side[side]));
	return bdiff_is_shape(&g->v[i]) ? show_shape(s, i, taint) : show_row(s, i, taint);
}

/* One row is its own mean. */
static int show_geomeans(struct show *s)
{
	for (uint32_t i = 0; i < s->geomeans.ids.n; i++) {
		const struct bt_intern_key *key = &s->geomeans.ids.keys[i];
		const struct bdiff_geomean *m = &s->geomeans.v[i];

		if (m->rows < 2)
			continue;
		if (bdiff_names_of(&s->names, key->bytes, key->bytes + key->len) < 0)
			return -ENOMEM;
		if (on_page(s->d))
			bdiff_page_geomean(&s->page, m, &s->names);
		else
			bdiff_record_geomean(s->d, m, &s->names);
	}
	return 0;
}

/* Whether rows need a column to tell tools apart. */
static bool several_tools(struct show *s)
{
	char first[64] = "";

	for (uint32_t i = 0; i < s->d->groups.ids.n; i++) {
		if (take_names(s, i) < 0 || !s->names.tool)
			continue;
		if (!*first)
			snprintf(first, sizeof(first), "%s", s->names.tool);
		else if (strncmp(first, s->names.tool, sizeof(first) - 1) != 0)
			return true;
	}
	return false;
}

/* What is new comes last, whatever else was seen first. */
static int show_groups(struct show *s)
{
	const struct bdiff_groups *groups = &s->d->groups;
	int rc = 0;

	for (int in_base = 1; in_base >= 0; in_base--)
		for (uint32_t i = 0; i < groups->ids.n && rc == 0; i++) {
			const struct bdiff_group *g = &groups->v[i];

			if ((g->side[BDIFF_BASE].n > 0) == in_base && (in_base || g->side[BDIFF_NEW].n > 0))
				rc = show_group(s, i);
		}
	return rc;
}

int bdiff_show(struct bdiff *d)
{
	struct show s = { .d = d, .rows = calloc((size_t)d->groups.ids.n + 1, sizeof(*s.rows)) };
	int rc = s.rows ? 0 : -ENOMEM;

	make_rule(d);
	if (rc == 0)
		rc = measure(&s);
	if (rc == 0)
		rc = adjust(&s);
	bdiff_page_init(&s.page, d, several_tools(&s));
	if (rc == 0)
		rc = show_groups(&s);
	if (rc == 0)
		rc = show_geomeans(&s);
	if (d->by_rep > 0 && rc == 0)
		bt_note("one run on a side: repetitions are judged, and how much runs differ from each other cannot be "
			"seen");
	if (rc == 0 && on_page(d))
		rc = bdiff_page_write(&s.page);
	bdiff_page_free(&s.page);
	bdiff_geomeans_free(&s.geomeans);
	bt_buf_free(&s.names.text);
	free(s.rows);
	return rc;
}
