/* SPDX-License-Identifier: ISC
 *
 * hlog_in - reads HdrHistogram logs.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bagg.h"
#include "hlog_in.h"
#include "num.h"

#define YEAR_S 31536000.0
#define TIME_S_MAX 1e12
#define NUMBER_MAX 48 /* bytes */

void bagg_hlog_in_init(struct bagg_hlog_in *in)
{
	memset(in, 0, sizeof(*in));
	in->base = in->start = NAN;
	bt_hist_init(&in->hist, 3);
}

void bagg_hlog_in_free(struct bagg_hlog_in *in)
{
	bt_histcodec_free(in->codec);
	bt_hist_free(&in->hist);
}

static struct bt_span text_span(const char *text)
{
	return (struct bt_span){ .p = text, .len = (uint32_t)strlen(text) };
}

static bool begins(struct bt_span s, const char *with)
{
	size_t len = strlen(with);

	return s.len >= len && !memcmp(s.p, with, len);
}

/* Seconds at the start of s, which digits and one dot spell. Returns NaN when there are none. */
static double read_seconds(struct bt_span s)
{
	char text[NUMBER_MAX];
	size_t n = 0;
	double seconds;

	while (n < s.len && n + 1 < sizeof(text) && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.')) {
		text[n] = s.p[n];
		n++;
	}
	text[n] = '\0';
	return bt_num_f64(text, 0, TIME_S_MAX, &seconds) == 0 ? seconds : NAN;
}

/* The time that a comment gives behind name, if it does. */
static void read_comment(struct bt_span line, const char *name, double *to)
{
	double seconds;

	if (!begins(line, name))
		return;
	line.p += strlen(name);
	line.len -= (uint32_t)strlen(name);
	while (line.len > 0 && line.p[0] == ' ') {
		line.p++;
		line.len--;
	}
	seconds = read_seconds(line);
	if (!isnan(seconds))
		*to = seconds;
}

/* The text up to the next separator, which any of ", \t\r" is; behind the last field comes an empty one. */
static struct bt_span next_field(struct bt_span *rest)
{
	struct bt_span field = *rest;
	uint32_t n = 0;

	while (n < rest->len && !memchr(", \t\r", rest->p[n], 4))
		n++;
	field.len = n;
	n += n < rest->len;
	rest->p += n;
	rest->len -= n;
	return field;
}

/* A number that is the whole field. */
static double field_seconds(struct bt_span *rest)
{
	struct bt_span field = next_field(rest);

	for (uint32_t i = 0; i < field.len; i++)
		if ((field.p[i] < '0' || field.p[i] > '9') && field.p[i] != '.')
			return NAN;
	return read_seconds(field);
}

/* Without a base time, times that lie more than a year before the start count from it. */
static double base_of(struct bagg_hlog_in *in, double first)
{
	if (isnan(in->base))
		in->base = !isnan(in->start) && first < in->start - YEAR_S ? in->start : 0;
	return in->base;
}

static int decode(struct bagg_hlog_in *in, struct bt_span text)
{
	if (!in->codec)
		in->codec = bt_histcodec_new();
	return in->codec ? bt_hist_decode(in->codec, text.p, text.len, &in->hist) : -ENOMEM;
}

/* What the histogram says of itself. */
static void summarise(struct bt_rec_in *r, const struct bt_hist *h)
{
	r->has_dist = true;
	r->n = h->n;
	if (h->n == 0)
		return;
	r->has_min = r->has_max = r->has_sum = true;
	r->min = (struct bt_number){ true, (__int128)h->min, (double)h->min };
	r->max = (struct bt_number){ true, (__int128)h->max, (double)h->max };
	r->sum = (struct bt_number){ true, (__int128)h->sum, (double)h->sum };
	r->mean = bt_hist_mean(h);
	r->sd = bt_hist_sd(h);
}

/* Fields 1, 2 and 4 of an interval; field 3, the maximum, is in a unit that depends on the writer. */
static int read_interval(struct bagg_hlog_in *in, struct bt_span rest, struct bt_rec_in *r, const char **why)
{
	double start = field_seconds(&rest), length = field_seconds(&rest);
	struct bt_span max = next_field(&rest), text = next_field(&rest);
	int rc;

	if (isnan(start) || isnan(length) || max.len == 0 || text.len == 0 || next_field(&rest).len > 0) {
		*why = "not the four fields of an interval";
		return -EINVAL;
	}
	/* The C writer prints end times or, by entry, lengths under the same legend; an end is never before its start. */
	if (in->ends && length >= start)
		length -= start;
	rc = decode(in, text);
	if (rc == -EINVAL || rc == -E2BIG) {
		*why = "the histogram cannot be decoded";
		return -EINVAL;
	}
	r->ts = base_of(in, start) + start + length;
	r->dur = length;
	summarise(r, &in->hist);
	return rc;
}

static int take_interval(struct bagg *b, struct bagg_hlog_in *in, struct bt_span line, bool *blind, const char **why)
{
	static const struct bt_json none = BT_JSON_INIT;
	struct bt_json_field tag = { .key = "tag", .key_len = 3, .type = BT_JSON_STRING };
	struct bt_rec_in r = { .kind = BT_KIND_SAMPLE, .json = &none };
	int rc;

	r.p50 = r.p90 = r.p99 = r.p999 = NAN;
	r.tool = text_span("hlog");
	r.metric = text_span("lat");
	r.unit = text_span("ns");
	r.better = BT_BETTER_LOWER;
	if (begins(line, "Tag=")) {
		struct bt_span name = next_field(&line);

		tag.val = name.p + 4;
		tag.val_len = name.len - 4;
		r.dims[r.n_dims++] = &tag;
	}
	if (r.n_dims && !bt_rec_text_fits(tag.val, tag.val_len)) {
		*why = "a tag that is too long";
		return -EINVAL;
	}
	rc = read_interval(in, line, &r, why);
	if (rc == 0 && b->screen)
		bagg_live_record(&b->screen->live, &r);
	return rc < 0 ? rc : bagg_measure(b, &r, &in->hist, blind, why);
}

int bagg_hlog_take(struct bagg *b, struct bagg_hlog_in *in, const char *line, size_t len, bool *blind, const char **why)
{
	struct bt_span s = { .p = line, .len = (uint32_t)len };

	if (len > UINT32_MAX) {
		*why = "line too long";
		return -EINVAL;
	}
	if (begins(s, "#")) {
		read_comment(s, "#[StartTime:", &in->start);
		read_comment(s, "#[BaseTime:", &in->base);
		return 0;
	}
	if (begins(s, "\"")) {
		in->ends = memmem(line, len, "\"EndTimestamp\"", 14) != NULL;
		return 0;
	}
	return take_interval(b, in, s, blind, why);
}
