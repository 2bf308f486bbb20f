/* SPDX-License-Identifier: ISC
 *
 * hlog - groups as an HdrHistogram log (version 1.3), a line for each, readable by HistogramLogProcessor and its like.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report.h"
#include "view.h"

#define ROUNDED_MIN 500 /* from here on rounding to integers changes a value by 0.1 % or less */
#define TEXT_MAX_BYTES (1u << 20)

struct hlog {
	struct bagg_report *r;
	struct bagg_agg *a;
	bool tags;
	struct bt_intern seen;  /* tags */
	struct bt_hist hist;    /* of a group of single values */
	struct bt_buf lines, tag;
};

/* The start of what the group covers, in microseconds; readers know no sign. */
static int64_t start_us(const struct bagg_agg *a, const struct bagg_fold *f)
{
	int64_t dur_us = (int64_t)(f->dur_ns / 1000);

	if (a->has_start)
		return a->start_us > 0 ? a->start_us : 0;
	return f->ts_us > dur_us ? f->ts_us - dur_us : 0;
}

static void heading(const struct bagg_agg *a, const struct bagg_groups *g, struct bt_buf *b)
{
	int64_t start = g->n > 0 ? INT64_MAX : 0;
	char date[64];
	time_t seconds;
	struct tm tm;

	for (uint32_t i = 0; i < g->n; i++)
		if (start_us(a, &g->list[i]->fold) < start)
			start = start_us(a, &g->list[i]->fold);
	seconds = start / 1000000;
	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof(date), "%a %b %d %H:%M:%S UTC %Y", &tm) == 0)
		date[0] = '\0';
	bt_buf_str(b, "#[Logged by bagg of btools]\n#[Histogram log format version 1.3]\n");
	bt_buf_printf(b, "#[StartTime: %lld.%03d (seconds since epoch), %s]\n", (long long)(start / 1000000),
		      (int)(start / 1000 % 1000), date);
	bt_buf_str(b, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

/* Single values as integers, in buckets that are those of the group where values are integers. False: they cannot be. */
static int count_values(struct hlog *h)
{
	const struct bagg_fold *f = &h->a->group->fold;
	struct bagg_step s = { 0 };

	bt_hist_reset(&h->hist);
	if (!f->has_range || f->min.f < 0 || f->max.f >= 0x1p63 || (!f->integral && f->min.f < ROUNDED_MIN))
		return 0;
	while (bagg_step_next(h->a, &s)) {
		uint64_t v = h->a->source == BAGG_COUNTS ? s.low >> f->scale_bits :
			     s.value.integer ? (uint64_t)s.value.i : (uint64_t)(s.value.f + 0.5);

		bt_hist_add_n(&h->hist, v, s.count);
	}
	return h->hist.dropped ? -ENOMEM : 1;
}

/* A comma or blank would end it. Two groups must not share one. */
static int make_tag(struct hlog *h)
{
	char number[32];
	bool added;

	h->tag.len = 0;
	bagg_title(h->a, ' ', &h->tag);
	for (size_t i = 0; i < h->tag.len; i++)
		if (h->tag.data[i] == ',' || h->tag.data[i] == ' ')
			h->tag.data[i] = '_';
	if (h->tag.failed || bt_intern(&h->seen, h->tag.data, h->tag.len, &added) < 0)
		return -ENOMEM;
	if (!added) {
		/* Unlike every other, since no title repeats the number of a tag. */
		snprintf(number, sizeof(number), "_#%u", h->seen.n);
		bt_buf_str(&h->tag, number);
		return bt_intern(&h->seen, h->tag.data, h->tag.len, &added) < 0 ? -ENOMEM : 0;
	}
	return 0;
}

static int add_hist(struct hlog *h, struct bt_hist *hist)
{
	int len;

	if (bt_buf_room(&h->lines, TEXT_MAX_BYTES) < 0)
		return -ENOMEM;
	len = bt_hist_encode(h->a->codec, hist, h->lines.data + h->lines.len, TEXT_MAX_BYTES);
	h->lines.len += len > 0 ? (size_t)len : 0;
	bt_buf_char(&h->lines, '\n');
	return len < 0 ? len : 0;
}

static int line(struct hlog *h)
{
	const struct bagg_fold *f = &h->a->group->fold;
	uint64_t start_ms = (uint64_t)(start_us(h->a, f) + 500) / 1000;
	uint64_t length_ms = (h->a->has_start ? h->a->window_ns : f->dur_ns) / 1000000;
	struct bt_hist *hist = f->scalar ? &h->hist : &h->a->hist;
	int rc = h->a->source == BAGG_UNKNOWN ? 0 : f->scalar ? count_values(h) : 1;

	if (rc <= 0) {
		h->r->unfit += rc == 0;
		return rc;
	}
	if (h->tags) {
		if (make_tag(h) < 0)
			return -ENOMEM;
		bt_buf_printf(&h->lines, "Tag=%s,", bt_buf_cstr(&h->tag));
	}
	bt_buf_printf(&h->lines, "%llu.%03u,%llu.%03u,%.3f,", (unsigned long long)(start_ms / 1000), (unsigned)(start_ms % 1000),
		      (unsigned long long)(length_ms / 1000), (unsigned)(length_ms % 1000), (double)hist->max / 1e6);
	return add_hist(h, hist);
}

int bagg_report_hlog(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct hlog h = { .r = r, .a = a, .tags = g->n > 1 };
	int rc = 0;

	bt_hist_init(&h.hist, 3);
	if (r->calls == 0)
		heading(a, g, &h.lines);
	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == 0 || rc == -EMSGSIZE)
			rc = line(&h);
		rc = bagg_flush(r, &h.lines, false, rc);
	}
	rc = bagg_flush(r, &h.lines, true, rc);
	bt_hist_free(&h.hist);
	bt_intern_free(&h.seen);
	bt_buf_free(&h.lines);
	bt_buf_free(&h.tag);
	return rc;
}
