/* SPDX-License-Identifier: ISC
 *
 * prom - groups for Prometheus: text 0.0.4 and OpenMetrics 1.0. No timestamps, which node_exporter's textfile collector
 * refuses. Distributions are histograms, whose bounds are edges of HdrHistogram buckets, so that their counts are exact, and
 * quantiles in a family of their own; single values are summaries; what may be negative can only be gauges.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promname.h"
#include "report.h"

#define NONE UINT32_MAX
#define BOUNDS_MAX 64 /* powers of two */

enum family_type { PROM_HISTOGRAM, PROM_SUMMARY, PROM_GAUGE };

/* All groups of one metric and unit that are of one sort. */
struct family {
	const char *metric, *unit; /* of the groups; unit may be NULL */
	bool scalar;
	enum family_type type;
	unsigned least, most;      /* histogram: bounds are 2^least - 1 to 2^most - 1; least > most: no bounds */
	uint32_t first, last;      /* groups, linked by next */
};

struct prom {
	struct bagg_report *r;
	struct bagg_agg *a;
	const struct bagg_groups *groups;
	bool strict; /* OpenMetrics */
	struct prom_names names;
	struct bt_intern index;
	struct family *families;
	uint32_t n_families, cap;
	uint32_t *next; /* by group: the next one in its family */
	/* the family at hand */
	const struct family *family;
	struct prom_unit unit;
	char unit_name[64];
	struct bt_buf name, labels, lines[3], bounds; /* lines: of the family, and of the two that may go with it */
	size_t bound_at[BOUNDS_MAX];
};

/* How many bits a count has: it is at most 2^bits - 1. */
static unsigned bits_of(double v)
{
	uint64_t u = v < 0x1p63 ? (uint64_t)v : BT_HIST_VALUE_MAX;

	return u ? 64 - (unsigned)__builtin_clzll(u) : 0;
}

static void join(struct family *f, const struct bagg_group *g)
{
	const struct bagg_fold *fold = &g->fold;
	double sum = fold->moments.sum;

	if (!isfinite(sum) || sum < 0 || (fold->has_range && fold->min.f < 0))
		f->type = PROM_GAUGE;
	if (fold->scalar || !fold->has_range || fold->lossy || fold->min.f < 0)
		return;
	if (bits_of(fold->min.f) < f->least)
		f->least = bits_of(fold->min.f);
	if (bits_of(fold->max.f) > f->most)
		f->most = bits_of(fold->max.f);
}

static int add_group(struct prom *p, uint32_t i, struct bt_buf *key)
{
	const struct bagg_group *g = p->groups->list[i];
	struct family *f;
	int64_t number;
	bool added;

	key->len = 0;
	bt_buf_printf(key, "%d%s", g->fold.scalar, g->metric ? g->metric : "");
	bt_buf_char(key, '\0');
	bt_buf_str(key, g->unit ? g->unit : "");
	number = key->failed ? -ENOMEM : bt_intern(&p->index, key->data, key->len, &added);
	if (number < 0)
		return -ENOMEM;
	if (added && p->n_families == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		f = reallocarray(p->families, p->cap, sizeof(*f));
		if (!f)
			return -ENOMEM;
		p->families = f;
	}
	f = &p->families[number];
	if (added) {
		*f = (struct family){ .metric = g->metric ? g->metric : "value", .unit = g->unit, .least = BOUNDS_MAX, .first = NONE,
				      .scalar = g->fold.scalar, .type = g->fold.scalar ? PROM_SUMMARY : PROM_HISTOGRAM };
		p->n_families++;
	}
	if (f->first == NONE)
		f->first = i;
	else
		p->next[f->last] = i;
	p->next[i] = NONE;
	f->last = i;
	join(f, g);
	return 0;
}

/* NAME SUFFIX {labels,KEY="VALUE"} and a blank. */
static void series(struct prom *p, struct bt_buf *b, const char *suffix, const char *key, const char *value)
{
	bt_buf_add(b, p->name.data, p->name.len);
	bt_buf_str(b, suffix);
	if (p->labels.len > 0 || key)
		bt_buf_char(b, '{');
	bt_buf_add(b, p->labels.data, p->labels.len);
	if (key)
		bt_buf_printf(b, "%s%s=\"%s\"", p->labels.len > 0 ? "," : "", key, value);
	bt_buf_str(b, p->labels.len > 0 || key ? "} " : " ");
}

static void value(struct prom *p, struct bt_buf *b, const struct bt_number *v)
{
	bagg_decimal(b, v, p->unit.shift);
	bt_buf_char(b, '\n');
}

static void count(struct bt_buf *b, uint64_t n)
{
	bt_buf_printf(b, "%llu\n", (unsigned long long)n);
}

static void sum_and_count(struct prom *p, struct bt_buf *sums, struct bt_buf *counts)
{
	const struct bagg_fold *f = &p->a->group->fold;
	const struct bt_moments *m = &f->moments;
	struct bt_number sum = { .integer = f->has_sum, .i = f->sum, .f = m->n > 0 ? m->sum : 0 };

	if (!f->has_sum)
		sum.integer = m->n > 0 && bt_moments_sum_int(m, &sum.i);
	series(p, sums, "_sum", NULL, NULL);
	value(p, sums, &sum);
	series(p, counts, "_count", NULL, NULL);
	count(counts, m->n);
}

static void quantile(struct prom *p, struct bt_buf *b, const char *suffix, double rank, bool known,
		     const struct bt_number *v)
{
	struct bt_number nan = { .f = NAN }, of = { .f = rank };
	struct bt_buf text = BT_BUF_INIT;

	bagg_canonical(&text, &of, 2);
	series(p, b, suffix, "quantile", bt_buf_cstr(&text));
	value(p, b, known ? v : &nan);
	b->failed = b->failed || text.failed;
	bt_buf_free(&text);
}

/* The smallest and the largest value are the quantiles 0 and 1. */
static void quantiles(struct prom *p, struct bt_buf *b, const char *suffix)
{
	const struct bagg_fold *f = &p->a->group->fold;
	const struct bt_ranks *ranks = p->a->ranks;
	struct bt_number v;

	quantile(p, b, suffix, 0, f->has_range, &f->min);
	for (unsigned i = 0; i < ranks->n; i++) {
		bool known = bagg_agg_rank(p->a, ranks->rank[i].p, &v);

		if (ranks->rank[i].p > 0 && ranks->rank[i].p < 100)
			quantile(p, b, suffix, ranks->rank[i].p, known, &v);
	}
	quantile(p, b, suffix, 100, f->has_range, &f->max);
}

static void buckets(struct prom *p, struct bt_buf *b)
{
	const struct bt_hist *h = &p->a->hist;
	uint64_t sum = 0;
	uint32_t i = 0;

	for (unsigned k = p->family->least; p->a->source == BAGG_COUNTS && k <= p->family->most; k++) {
		while (i < h->len && bt_hist_high(h, i) < 1ull << k)
			sum += h->counts[i++];
		series(p, b, "_bucket", "le", p->bounds.data + p->bound_at[k]);
		count(b, sum);
	}
	series(p, b, "_bucket", "le", "+Inf");
	count(b, p->a->group->fold.moments.n);
}

static void group(struct prom *p)
{
	switch (p->family->type) {
	case PROM_HISTOGRAM:
		buckets(p, &p->lines[0]);
		sum_and_count(p, &p->lines[0], &p->lines[0]);
		quantiles(p, &p->lines[1], "_quantile");
		break;
	case PROM_SUMMARY:
		quantiles(p, &p->lines[0], "");
		sum_and_count(p, &p->lines[0], &p->lines[0]);
		break;
	case PROM_GAUGE:
		quantiles(p, &p->lines[0], "");
		sum_and_count(p, &p->lines[1], &p->lines[2]);
		break;
	}
}

/* OpenMetrics: a unit must be how the name ends. */
static void heading(struct prom *p, struct bt_buf *b, const char *suffix, const char *type, const char *what)
{
	const char *name = bt_buf_cstr(&p->name);

	if (p->strict) {
		bt_buf_printf(b, "# TYPE %s%s %s\n", name, suffix, type);
		if (p->unit.name && !*suffix)
			bt_buf_printf(b, "# UNIT %s %s\n", name, p->unit.name);
	}
	bt_buf_printf(b, "# HELP %s%s ", name, suffix);
	prom_escape(b, p->family->metric, p->strict);
	bt_buf_printf(b, ": %s\n", what);
	if (!p->strict)
		bt_buf_printf(b, "# TYPE %s%s %s\n", name, suffix, type);
}

static void headings(struct prom *p)
{
	switch (p->family->type) {
	case PROM_HISTOGRAM:
		heading(p, &p->lines[0], "", "histogram", "distribution");
		heading(p, &p->lines[1], "_quantile", "gauge", "quantiles of the distribution");
		break;
	case PROM_SUMMARY:
		heading(p, &p->lines[0], "", "summary", "values");
		break;
	case PROM_GAUGE:
		heading(p, &p->lines[0], "", "gauge", "quantiles of the values");
		heading(p, &p->lines[1], "_sum", "gauge", "sum of the values");
		heading(p, &p->lines[2], "_count", "gauge", "number of values");
		break;
	}
}

static void make_bounds(struct prom *p)
{
	p->bounds.len = 0;
	for (unsigned k = p->family->least; k <= p->family->most && k < BOUNDS_MAX; k++) {
		struct bt_number bound = { .integer = true, .i = ((__int128)1 << k) - 1 };

		p->bound_at[k] = p->bounds.len;
		bagg_canonical(&p->bounds, &bound, p->unit.shift);
		bt_buf_char(&p->bounds, '\0');
	}
}

static int family(struct prom *p, uint32_t number)
{
	const struct family *f = p->family = &p->families[number];
	int rc;

	prom_unit_of(f->unit, p->unit_name, &p->unit);
	rc = prom_family(&p->names, f->metric, &p->unit, &p->name);
	if (rc < 0)
		return rc;
	make_bounds(p);
	headings(p);
	for (uint32_t i = f->first; i != NONE && rc == 0; i = p->next[i]) {
		rc = bagg_agg_set(p->a, p->groups->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		if (rc == 0)
			rc = p->bounds.failed ? -ENOMEM : prom_labels(&p->names, number, p->a, &p->labels);
		if (rc == 0)
			group(p);
		rc = bagg_flush(p->r, &p->lines[0], false, rc);
	}
	for (int i = 0; i < 3; i++)
		rc = bagg_flush(p->r, &p->lines[i], true, rc);
	return rc;
}

static int families(struct prom *p)
{
	struct bt_buf key = BT_BUF_INIT;
	int rc = prom_names_init(&p->names, p->groups, p->a->own);

	p->next = calloc(p->groups->n + 1u, sizeof(*p->next));
	if (!p->next)
		rc = -ENOMEM;
	for (uint32_t i = 0; i < p->groups->n && rc == 0; i++)
		rc = add_group(p, i, &key);
	/* Distributions first: should single values have the same name, it is they who get the number. */
	for (uint32_t i = 0; i < p->n_families && rc == 0; i++)
		rc = p->families[i].scalar ? 0 : family(p, i);
	for (uint32_t i = 0; i < p->n_families && rc == 0; i++)
		rc = p->families[i].scalar ? family(p, i) : 0;
	bt_buf_free(&key);
	return rc;
}

int bagg_report_prom(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct prom p = { .r = r, .a = a, .groups = g, .strict = r->format == BAGG_OPENMETRICS };
	int rc = families(&p);

	bt_buf_str(&p.lines[0], p.strict ? "# EOF\n" : "");
	rc = bagg_flush(r, &p.lines[0], true, rc);
	prom_names_free(&p.names);
	bt_intern_free(&p.index);
	free(p.families);
	free(p.next);
	for (int i = 0; i < 3; i++)
		bt_buf_free(&p.lines[i]);
	bt_buf_free(&p.name);
	bt_buf_free(&p.labels);
	bt_buf_free(&p.bounds);
	return rc;
}
