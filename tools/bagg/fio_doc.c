/* SPDX-License-Identifier: ISC
 *
 * fio_doc - from one document of fio to the measurements that it holds.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bagg.h"
#include "fio_in.h"

#define TOP_BIN 17112760320ull   /* ns, the middle of fio's last bin (stat.h: FIO_IO_U_PLAT_GROUP_NR 29 groups of 64) */
#define TOP_END (1ull << 34)     /* ns, 17.2 s: larger values were counted in it, in silence */

/* What is folded from: one kind of operation of one job. */
struct source {
	struct bagg *b;
	struct bagg_fio_in *in;
	struct bt_rec_in rec; /* all but the measurement */
	struct bt_json_field op;
	bool *blind;
	const char **why;
};

static struct bt_span text_span(const char *text)
{
	return (struct bt_span){ .p = text, .len = (uint32_t)strlen(text) };
}

/* The object of that name in j, its fields in out: none when it is absent. Returns 0, -ENOENT or -ENOMEM. */
static int object(const struct bt_json *j, const char *name, struct bt_json *out)
{
	const struct bt_json_field *f = bt_json_find(j, name);

	out->n = 0;
	if (!f || f->type != BT_JSON_NESTED || f->val[0] != '{')
		return -ENOENT;
	return bt_json_parse(out, f->val, f->val_len);
}

static bool number(const struct bt_json *j, const char *name, struct bt_number *v)
{
	const struct bt_json_field *f = bt_json_find(j, name);

	return f && f->type == BT_JSON_NUMBER && bt_json_number(f->val, f->val_len, v) == 0;
}

/* The next element of an array whose text has been found valid; rest starts behind its bracket. */
static bool next_element(const char **rest, const char *end, struct bt_span *out)
{
	const char *p = *rest;
	bool in_string = false;
	unsigned depth = 0;

	while (p < end && memchr(", \t\r\n", *p, 5))
		p++;
	out->p = p;
	for (; p < end; p++) {
		if (in_string) {
			p += *p == '\\';
			in_string = p < end && *p != '"';
		} else if (*p == '"') {
			in_string = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				break;
			depth--;
		} else if (*p == ',' && depth == 0) {
			break;
		}
	}
	out->len = (uint32_t)(p - out->p);
	*rest = p;
	return out->len > 0;
}

static int measure(struct source *s, const char *metric, const char *unit, struct bt_rec_in *r, struct bt_hist *hist,
		   bool *blind)
{
	r->metric = text_span(metric);
	r->unit = text_span(unit);
	if (s->b->screen)
		bagg_live_record(&s->b->screen->live, r);
	return bagg_measure(s->b, r, hist, blind, s->why);
}

static int take_rate(struct source *s, const char *metric, const char *unit, struct bt_number v)
{
	struct bt_rec_in r = s->rec;

	r.better = BT_BETTER_HIGHER;
	r.has_value = true;
	r.value = v;
	return measure(s, metric, unit, &r, NULL, s->blind);
}

/* The key of a bin, digits alone, is its middle. */
static bool read_bin(const struct bt_json_field *f, uint64_t *ns, uint64_t *count)
{
	struct bt_number at, n;

	if (f->type != BT_JSON_NUMBER || f->key_len == 0 || f->key_escaped || strspn(f->key, "0123456789") < f->key_len)
		return false;
	if (bt_json_number(f->key, f->key_len, &at) < 0 || bt_json_number(f->val, f->val_len, &n) < 0)
		return false;
	if (!at.integer || at.i > (__int128)BT_HIST_VALUE_MAX || !n.integer || n.i < 0 || n.i > INT64_MAX)
		return false;
	*ns = (uint64_t)at.i;
	*count = (uint64_t)n.i;
	return true;
}

/* Counts the bins of in->figures into in->hist. Returns 1, 0 when there are none, -EINVAL or -ENOMEM. */
static int read_bins(struct bagg_fio_in *in, bool *top)
{
	const struct bt_json_field *f = bt_json_find(&in->figures, "bins");
	struct bt_json bins = BT_JSON_INIT;
	int rc = f ? object(&in->figures, "bins", &bins) : 0;

	bt_hist_reset(&in->hist);
	*top = false;
	for (size_t i = 0; rc == 0 && i < bins.n; i++) {
		uint64_t ns, count;

		if (!read_bin(&bins.fields[i], &ns, &count) || in->hist.n + count > INT64_MAX)
			rc = -EINVAL;
		else
			bt_hist_add_n(&in->hist, ns, count);
		*top = *top || (rc == 0 && count > 0 && ns >= TOP_BIN);
	}
	bt_json_free(&bins);
	if (rc == 0 && in->hist.dropped > 0)
		rc = -ENOMEM;
	return rc < 0 ? (rc == -ENOMEM ? rc : -EINVAL) : in->hist.n > 0;
}

/* The summary in in->figures. Returns false when a figure is missing or is none. */
static bool read_summary(const struct bt_json *figures, struct bt_rec_in *r)
{
	struct bt_number n, mean, sd;

	if (!number(figures, "N", &n) || !n.integer || n.i < 0 || n.i > INT64_MAX)
		return false;
	r->has_dist = true;
	r->n = (uint64_t)n.i;
	if (r->n == 0)
		return true;
	r->has_min = number(figures, "min", &r->min);
	r->has_max = number(figures, "max", &r->max);
	if (!r->has_min || !r->has_max || r->min.f > r->max.f || r->min.f < 0)
		return false;
	if (!number(figures, "mean", &mean) || !number(figures, "stddev", &sd) || mean.f < 0 || sd.f < 0)
		return false;
	r->mean = mean.f;
	/* fio divides by n - 1, histograms by n. */
	r->sd = sd.f * sqrt((double)(r->n - 1) / (double)r->n);
	/* Nanoseconds are integers: their sum is known as long as the mean's six decimals tell. */
	r->sum.f = round(mean.f * (double)r->n);
	r->has_sum = r->sum.f < 0x1p100;
	r->sum.integer = true;
	r->sum.i = r->has_sum ? (__int128)r->sum.f : 0;
	return true;
}

/* One latency of the operation. fio keeps bins of clat unless told otherwise: that the others have none is no cause for a
 * warning. */
static int take_latency(struct source *s, const char *name, const char *metric)
{
	struct bt_rec_in r = s->rec;
	bool top, unknown = false;
	int rc = object(&s->in->part, name, &s->in->figures), bins;

	if (rc == -ENOMEM || rc == -ENOENT)
		return rc == -ENOENT ? 0 : rc;
	if (!read_summary(&s->in->figures, &r) || (bins = read_bins(s->in, &top)) == -EINVAL) {
		*s->why = "latencies that are not as fio writes them";
		return -EINVAL;
	}
	if (bins == -ENOMEM || r.n == 0)
		return bins == -ENOMEM ? bins : 0;
	if (top && r.max.f >= (double)TOP_END)
		r.taint = text_span("overflow");
	r.better = BT_BETTER_LOWER;
	rc = measure(s, metric, "ns", &r, s->in->hist.n == r.n ? &s->in->hist : NULL, &unknown);
	if (unknown && (bins > 0 || !strcmp(metric, "clat")))
		*s->blind = true;
	return rc;
}

static int take_rates(struct source *s)
{
	const struct bt_json *part = &s->in->part;
	struct bt_number v;
	int rc = 0;

	if (number(part, "iops", &v) && v.f >= 0)
		rc = take_rate(s, "iops", "op/s", v);
	if (rc == 0 && number(part, "bw_bytes", &v) && v.f >= 0)
		rc = take_rate(s, "bw", "B/s", v);
	return rc;
}

/* What the job did of one kind of operation; s->in->job holds the job. */
static int take_operation(struct source *s, const char *op)
{
	struct bt_number v;
	int rc = object(&s->in->job, op, &s->in->part);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (!number(&s->in->part, "total_ios", &v) || v.f <= 0)
		return 0;
	s->op.val = op;
	s->op.val_len = (uint32_t)strlen(op);
	s->rec.dur = number(&s->in->part, "runtime", &v) && v.f > 0 ? v.f / 1e3 : NAN;
	rc = take_latency(s, "clat_ns", "clat");
	if (rc == 0)
		rc = take_latency(s, "slat_ns", "slat");
	if (rc == 0)
		rc = take_latency(s, "lat_ns", "lat");
	return rc < 0 ? rc : take_rates(s);
}

/* The option of that name, of the job or else of all jobs, as a dimension. Returns false when it is too long. */
static bool add_option(struct source *s, const char *name)
{
	const struct bt_json_field *f = bt_json_find(&s->in->job_options, name);

	if (!f)
		f = bt_json_find(&s->in->global_options, name);
	if (!f || f->type == BT_JSON_NESTED || f->type == BT_JSON_NULL)
		return true;
	s->rec.dims[s->rec.n_dims++] = f;
	return bt_rec_text_fits(f->val, f->val_len);
}

static struct bt_span string(const struct bt_json *j, const char *name)
{
	const struct bt_json_field *f = bt_json_find(j, name);

	if (!f || f->type != BT_JSON_STRING)
		return (struct bt_span){ .p = NULL };
	return (struct bt_span){ f->val, f->val_len, f->val_escaped };
}

/* What the job is called and how it ran. */
static int identify(struct source *s)
{
	struct bagg_fio_in *in = s->in;
	struct bt_rec_in *r = &s->rec;
	int rc = object(&in->job, "job options", &in->job_options);
	bool fits;

	if (rc == -ENOMEM)
		return rc;
	r->test = string(&in->job, "jobname");
	r->host = string(&in->job, "hostname");
	/* In the order of their names. */
	r->n_dims = 0;
	fits = add_option(s, "bs") && add_option(s, "iodepth") && add_option(s, "ioengine");
	r->dims[r->n_dims++] = &s->op;
	fits = fits && add_option(s, "rw");
	if (fits && (!r->test.p || bt_rec_text_fits(r->test.p, r->test.len)))
		return 0;
	*s->why = "a job whose name or options are too long";
	return -EINVAL;
}

static int take_job(struct source *s, struct bt_span text)
{
	static const char *const ops[] = { "read", "write", "trim", "mixed", "sync" };
	int rc = bt_json_parse(&s->in->job, text.p, text.len);

	if (rc == -EINVAL)
		*s->why = "a job that is no object";
	if (rc == 0)
		rc = identify(s);
	/* The sum over all clients repeats what each of them has. */
	if (rc == 0 && bt_span_is(s->rec.test, "All clients"))
		return 0;
	for (size_t i = 0; rc == 0 && i < sizeof(ops) / sizeof(ops[0]); i++)
		rc = take_operation(s, ops[i]);
	return rc;
}

static int take_jobs(struct source *s)
{
	static const char *const lists[] = { "jobs", "client_stats" };
	const struct bt_json_field *f = NULL;
	struct bt_span text;
	const char *rest;
	int rc = 0;

	for (size_t i = 0; !f && i < 2; i++)
		f = bt_json_find(&s->in->doc, lists[i]);
	if (!f || f->type != BT_JSON_NESTED || f->val[0] != '[') {
		*s->why = "a document without jobs: not what fio writes";
		return -EINVAL;
	}
	rest = f->val + 1;
	while (rc == 0 && next_element(&rest, f->val + f->val_len - 1, &text))
		rc = take_job(s, text);
	return rc;
}

int bagg_fio_document(struct bagg *b, struct bagg_fio_in *in, bool *blind, const char **why)
{
	struct source s = { .b = b, .in = in, .blind = blind, .why = why };
	struct bt_number ms;
	int rc;

	if (in->text.failed)
		return -ENOMEM;
	rc = bt_json_parse(&in->doc, in->text.data, in->text.len);
	if (rc == -EINVAL)
		*why = in->doc.error;
	if (rc < 0 || object(&in->doc, "global options", &in->global_options) == -ENOMEM)
		return rc < 0 ? rc : -ENOMEM;
	s.op = (struct bt_json_field){ .key = "op", .key_len = 2, .type = BT_JSON_STRING };
	s.rec.kind = BT_KIND_RESULT;
	s.rec.tool = text_span("fio");
	s.rec.json = &in->job;
	s.rec.mean = s.rec.sd = s.rec.p50 = s.rec.p90 = s.rec.p99 = s.rec.p999 = NAN;
	s.rec.ts = number(&in->doc, "timestamp_ms", &ms) ? ms.f / 1e3 : NAN;
	return take_jobs(&s);
}
