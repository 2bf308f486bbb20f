/* SPDX-License-Identifier: ISC
 *
 * agg - what is known of a group once its records are folded, and the agg record that says so.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg.h"
#include "fmt.h"

int bagg_agg_init(struct bagg_agg *a, const struct bt_ranks *ranks, const struct bt_rec_source *own)
{
	memset(a, 0, sizeof(*a));
	a->ranks = ranks;
	a->own = own;
	bt_hist_init(&a->hist, 3);
	a->codec = bt_histcodec_new();
	return a->codec ? 0 : -ENOMEM;
}

void bagg_agg_window(struct bagg_agg *a, uint64_t window_ns, bool has_start, int64_t start_us)
{
	a->window_ns = window_ns;
	a->has_start = has_start;
	a->start_us = start_us;
	a->start[bt_fmt_time(a->start, start_us)] = '\0';
}

void bagg_agg_free(struct bagg_agg *a)
{
	bt_histcodec_free(a->codec);
	bt_hist_free(&a->hist);
	bt_buf_free(&a->figures);
}

const char *bagg_agg_head(const struct bagg_group *g, enum bagg_head head)
{
	return g->head[head].mixed ? NULL : g->head[head].text;
}

static int by_value(const void *a, const void *b)
{
	return bagg_number_cmp(a, b);
}

/* The exact range belongs to the figures, not to the buckets; ranks must not leave it. */
static void set_hist_range(struct bagg_agg *a)
{
	const struct bagg_fold *f = &a->group->fold;
	uint64_t min, max;

	if (!f->has_range || !bagg_fold_count(f, &f->min, &min) || !bagg_fold_count(f, &f->max, &max) || min > max)
		return;
	a->hist.min = min;
	a->hist.max = max;
}

static int take_values(struct bagg_agg *a)
{
	const struct bagg_fold *f = &a->group->fold;

	a->source = BAGG_UNKNOWN;
	if (f->lossy || f->moments.n == 0)
		return 0;
	if (f->scalar && !f->counting) {
		a->source = BAGG_VALUES;
		memcpy(a->sorted, f->values, f->n_values * sizeof(a->sorted[0]));
		qsort(a->sorted, f->n_values, sizeof(a->sorted[0]), by_value);
		return 0;
	}
	a->source = BAGG_COUNTS;
	if (bt_counts_fill(&f->counts, &a->hist) < 0)
		return -ENOMEM;
	set_hist_range(a);
	return 0;
}

/* Count the values after all, because they do not fit the line. */
static int values_to_counts(struct bagg_agg *a)
{
	const struct bagg_fold *f = &a->group->fold;
	struct bt_counts counts;
	uint64_t count;
	int rc = 0;

	bt_counts_init(&counts, 3);
	for (uint32_t i = 0; i < f->n_values && rc == 0; i++)
		rc = bagg_fold_count(f, &a->sorted[i], &count) ? bt_counts_add(&counts, count) : -EINVAL;
	if (rc == 0)
		rc = bt_counts_fill(&counts, &a->hist);
	bt_counts_free(&counts);
	a->source = rc == 0 ? BAGG_COUNTS : BAGG_UNKNOWN;
	if (rc == 0)
		set_hist_range(a);
	return rc == -ENOMEM ? rc : 0;
}

/* sd of scalars is that of a sample; that of a distribution is read from its buckets, as its producers do. */
static double deviation(const struct bagg_agg *a)
{
	const struct bagg_fold *f = &a->group->fold;
	double n = (double)f->moments.n;

	if (f->scalar)
		return bt_moments_sd(&f->moments);
	if (a->source == BAGG_COUNTS)
		return bt_hist_sd(&a->hist);
	return n > 1 ? bt_moments_sd(&f->moments) * sqrt((n - 1) / n) : n > 0 ? 0 : NAN;
}

static void set_figures(struct bagg_agg *a)
{
	const struct bagg_fold *f = &a->group->fold;
	__int128 squares;

	/* Integers whose squares add up to 2^105 or more cannot be told from others once they are written. */
	a->integral = !f->scalar || (f->integral && bt_moments_sumsq_int(&f->moments, &squares));
	a->mean = bt_moments_mean(&f->moments);
	a->sd = deviation(a);
	a->cv = a->mean != 0 ? a->sd / fabs(a->mean) : NAN;
}

/* A count is the value times 2^scale_bits. Of the values that share its bucket the largest stands for all, and where all
 * values are integers the largest integer. */
static struct bt_number from_count(const struct bagg_agg *a, uint64_t count)
{
	unsigned bits = a->group->fold.scale_bits;
	struct bt_number v = { .integer = a->integral };

	v.i = v.integer ? (__int128)(count >> bits) : 0;
	v.f = v.integer ? (double)v.i : ldexp((double)count, -(int)bits);
	return v;
}

struct bt_number bagg_agg_value(const struct bagg_agg *a, uint64_t count)
{
	const struct bagg_fold *f = &a->group->fold;
	struct bt_number v = from_count(a, count);

	if (f->has_range && bagg_number_cmp(&v, &f->min) < 0)
		return f->min;
	if (f->has_range && bagg_number_cmp(&v, &f->max) > 0)
		return f->max;
	return v;
}

bool bagg_agg_rank(const struct bagg_agg *a, double p, struct bt_number *out)
{
	const struct bagg_fold *f = &a->group->fold;
	uint64_t count;

	if (a->source == BAGG_UNKNOWN)
		return false;
	if (a->source == BAGG_VALUES) {
		*out = a->sorted[bt_stat_rank_of(f->n_values, p) - 1];
		return true;
	}
	count = bt_hist_percentile(&a->hist, p);
	/* Below one step all values are alike: better none than a wrong one. */
	if (count == 0 && f->has_range && f->min.f > 0 && f->max.f > f->min.f)
		return false;
	*out = bagg_agg_value(a, count);
	return true;
}

void bagg_number_json(struct bt_buf *b, const struct bt_number *v)
{
	if (bt_buf_room(b, BT_FMT_I128_MAX) < 0)
		return;
	b->len += v->integer ? bt_fmt_i128(b->data + b->len, v->i) : bt_fmt_f64(b->data + b->len, v->f);
}

static void add_number(struct bt_buf *b, const char *name, bool known, const struct bt_number *v)
{
	bt_buf_printf(b, ",\"%s\":", name);
	if (known)
		bagg_number_json(b, v);
	else
		bt_buf_str(b, "null");
}

static void add_double(struct bt_buf *b, const char *name, double v)
{
	struct bt_number number = { .f = v };

	add_number(b, name, true, &number);
}

static void add_integer(struct bt_buf *b, const char *name, __int128 v)
{
	struct bt_number number = { .integer = true, .i = v };

	add_number(b, name, true, &number);
}

static void add_sums(const struct bagg_agg *a, struct bt_buf *b)
{
	const struct bagg_fold *f = &a->group->fold;
	const struct bt_moments *m = &f->moments;
	__int128 sum = f->sum;

	if (f->has_sum || bt_moments_sum_int(m, &sum))
		add_integer(b, "sum", sum);
	else
		add_double(b, "sum", m->n > 0 ? m->sum : NAN);
	/* Its presence also says that all values are integers. */
	if (f->scalar && a->integral && bt_moments_sumsq_int(m, &sum))
		add_integer(b, "sumsq", sum);
}

static void add_values(const struct bagg_agg *a, struct bt_buf *b)
{
	bt_buf_str(b, ",\"values\":");
	for (uint32_t i = 0; i < a->group->fold.n_values; i++) {
		bt_buf_char(b, i ? ',' : '[');
		bagg_number_json(b, &a->sorted[i]);
	}
	bt_buf_char(b, ']');
}

static void add_hist(struct bagg_agg *a, struct bt_buf *b)
{
	int len = -ENOMEM;

	bt_buf_printf(b, ",\"digits\":%u", a->hist.digits);
	if (a->group->fold.scalar)
		bt_buf_printf(b, ",\"scale\":%llu", 1ull << a->group->fold.scale_bits);
	bt_buf_str(b, ",\"hist\":\"");
	if (bt_buf_room(b, BT_REC_MAX + 1) == 0)
		len = bt_hist_encode(a->codec, &a->hist, b->data + b->len, BT_REC_MAX);
	/* What does not even fit an empty line is sure not to fit this one. */
	b->len += len > 0 ? (size_t)len : BT_REC_MAX;
	bt_buf_char(b, '"');
}

static void add_taint(const struct bagg_group *g, struct bt_buf *b)
{
	char text[6 * BT_TAINT_LIST + 3];

	if (!g->taint[0])
		return;
	bt_buf_str(b, ",\"taint\":");
	bt_buf_add(b, text, bt_rec_string(text, sizeof(text) - 3, g->taint, strlen(g->taint)));
}

/* Where the window begins, as Unix time, and how long it is: both in seconds. */
static void add_window(const struct bagg_agg *a, struct bt_buf *b)
{
	if (a->has_start)
		bt_buf_printf(b, ",\"start\":%s", a->start);
	add_double(b, "window", (double)a->window_ns / 1e9);
}

/* Everything of the record that is not in its head. */
static void make_figures(struct bagg_agg *a, bool with_hist)
{
	const struct bagg_fold *f = &a->group->fold;
	struct bt_buf *b = &a->figures;
	struct bt_number v;

	b->len = 0;
	bt_buf_printf(b, "\"of\":\"%s\"", bt_kind_name(a->group->of));
	if (a->window_ns > 0)
		add_window(a, b);
	add_integer(b, "records", f->records);
	add_integer(b, "n", f->moments.n);
	add_number(b, "min", f->has_range, &f->min);
	add_double(b, "mean", a->mean);
	add_double(b, "sd", a->sd);
	add_double(b, "cv", a->cv);
	for (unsigned i = 0; i < a->ranks->n; i++) {
		bool known = bagg_agg_rank(a, a->ranks->rank[i].p, &v);

		add_number(b, a->ranks->rank[i].name, known, &v);
	}
	add_number(b, "max", f->has_range, &f->max);
	add_sums(a, b);
	if (f->scalar)
		bt_buf_printf(b, ",\"exact\":%s", a->source == BAGG_VALUES ? "true" : "false");
	if (a->source == BAGG_VALUES)
		add_values(a, b);
	if (a->source == BAGG_COUNTS && with_hist)
		add_hist(a, b);
	if (f->resets > 0)
		add_integer(b, "resets", f->resets);
	add_taint(a->group, b);
}

static bool plain_run(const char *run)
{
	return run && strlen(run) == 8 && strspn(run, "0123456789abcdef") == 8;
}

/* The head is that of the records, where they agree; bagg's own tags are added. */
static void make_source(const struct bagg_agg *a, struct bt_rec_source *src)
{
	const char *tool = bagg_agg_head(a->group, BAGG_TOOL), *host = bagg_agg_head(a->group, BAGG_HOST);
	const char *run = bagg_agg_head(a->group, BAGG_RUN);
	size_t len = host ? strlen(host) : 0;

	src->tool = tool ? tool : "-";
	memcpy(src->run, plain_run(run) ? run : a->own->run, sizeof(src->run));
	if (len >= sizeof(src->host))
		len = sizeof(src->host) - 1;
	memcpy(src->host, len ? host : "-", len ? len : 1);
	src->host[len ? len : 1] = '\0';
	src->tag_names = a->own->tag_names;
	src->tag_values = a->own->tag_values;
	src->n_tags = a->own->n_tags;
	src->head_len = src->tags_len = 0;
}

static void make_head(const struct bagg_group *g, struct bt_rec *r)
{
	const char *loop = bagg_agg_head(g, BAGG_LOOP);

	bt_rec_init(r, BT_KIND_AGG);
	r->ts_us = g->fold.ts_us == INT64_MIN ? 0 : g->fold.ts_us;
	r->test = bagg_agg_head(g, BAGG_TEST);
	r->rep = g->rep > UINT32_MAX ? UINT32_MAX : (uint32_t)g->rep;
	r->metric = g->metric;
	r->unit = g->unit;
	r->better = g->better;
	r->loop = loop;
	r->dur_ns = g->fold.dur_ns;
	r->lost = g->fold.lost;
	r->shape = BT_SHAPE_FIGURES;
	for (unsigned i = 0; i < g->n_dims; i++) {
		const struct bagg_dim *d = &g->dims[i];

		if (d->value && d->string)
			bt_rec_str(r, d->name, d->value);
		else if (d->value)
			bt_rec_raw(r, d->name, d->value, strlen(d->value));
	}
}

/* The line with the figures as they are now. Returns whether it fits. */
static bool make_line(struct bagg_agg *a, struct bt_rec *r, const struct bt_rec_source *src, bool with_hist)
{
	make_figures(a, with_hist);
	if (a->figures.failed || a->figures.len >= BT_REC_MAX)
		return false;
	r->figures = a->figures.data;
	r->figures_len = (uint32_t)a->figures.len;
	a->line_len = bt_rec_json(r, src, NULL, a->line);
	if (a->line_len < 0)
		a->line_len = 0;
	return a->line_len > 0;
}

int bagg_agg_set(struct bagg_agg *a, const struct bagg_group *g)
{
	struct bt_rec_source src;
	unsigned digits = 3;
	struct bt_rec r;

	a->group = g;
	a->line_len = 0;
	if (take_values(a) < 0)
		return -ENOMEM;
	make_source(a, &src);
	make_head(g, &r);
	set_figures(a);
	if (make_line(a, &r, &src, true))
		return 0;
	if (a->source == BAGG_COUNTS)
		digits = a->hist.digits - 1;
	else if (a->source == BAGG_VALUES && values_to_counts(a) < 0)
		return -ENOMEM;
	for (; a->source == BAGG_COUNTS && digits > 0; digits--) {
		bt_hist_reduce(&a->hist, digits);
		set_figures(a);
		if (make_line(a, &r, &src, true))
			return 0;
	}
	if (make_line(a, &r, &src, false))
		return 0;
	return a->figures.failed ? -ENOMEM : -EMSGSIZE;
}
