/* SPDX-License-Identifier: ISC
 *
 * hgrm - groups as percentile tables, as HdrHistogram's plotters read them. Nanoseconds are shown in milliseconds.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "report.h"
#include "view.h"

#define TICKS 5 /* rows for each halving of the distance to 100 % */

struct hgrm {
	struct bagg_agg *a;
	struct bt_buf *b;
	int shift;     /* decimal digits to the right */
	uint64_t n, seen;
	double level;  /* percentile of the row to come */
};

static void number(struct hgrm *h, const struct bt_number *v)
{
	struct bt_buf text = BT_BUF_INIT;

	bagg_decimal(&text, v, h->shift);
	if (text.len < 12)
		bt_buf_fill(h->b, ' ', 12 - text.len);
	bt_buf_add(h->b, text.data, text.len);
	h->b->failed = h->b->failed || text.failed;
	bt_buf_free(&text);
}

/* As in HdrHistogram's PercentileIterator.java: the step is halved whenever the distance left has halved. */
static void next_level(struct hgrm *h)
{
	double halvings = floor(log2(100 / (100 - h->level))) + 1;

	h->level += 100 / (TICKS * exp2(halvings));
}

static void row(struct hgrm *h, const struct bt_number *v)
{
	number(h, v);
	bt_buf_printf(h->b, " %2.12f %10llu %14.2f\n", h->level / 100, (unsigned long long)h->seen, 1 / (1 - h->level / 100));
}

static void rows(struct hgrm *h)
{
	struct bagg_step s = { 0 };

	while (bagg_step_next(h->a, &s)) {
		h->seen += s.count;
		/* Once all are seen one row is enough; the last one follows. */
		while (h->level < 100 && 100.0 * (double)h->seen / (double)h->n >= h->level) {
			row(h, &s.value);
			next_level(h);
			if (h->seen == h->n)
				break;
		}
	}
	number(h, &s.value);
	bt_buf_printf(h->b, " %2.12f %10llu\n", 1.0, (unsigned long long)h->n);
}

static void footer(struct hgrm *h)
{
	const struct bagg_fold *f = &h->a->group->fold;
	bool counts = h->a->source == BAGG_COUNTS;
	double scale = pow(10, -h->shift), sd = isfinite(h->a->sd) ? h->a->sd : 0;
	unsigned half = counts ? h->a->hist.half_bits : 10;

	bt_buf_printf(h->b, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", h->a->mean * scale, sd * scale);
	bt_buf_str(h->b, "#[Max     = ");
	number(h, &f->max);
	bt_buf_printf(h->b, ", Total count    = %12llu]\n", (unsigned long long)h->n);
	bt_buf_printf(h->b, "#[Buckets = %12u, SubBuckets     = %12u]\n", 64 - half - 1, 2u << half);
}

static void section(struct bagg_agg *a, struct bt_buf *b)
{
	const char *unit = a->group->unit;
	size_t start = b->len;
	bool ns = unit && strcmp(unit, "ns") == 0;
	struct hgrm h = { .a = a, .b = b, .shift = ns ? 6 : 0, .n = a->group->fold.moments.n };

	bt_buf_str(b, "#[");
	bagg_title(a, ' ', b);
	bagg_window_text(a, b);
	bt_buf_printf(b, "%s%s", unit && *unit ? ", in " : "", ns ? "ms" : unit ? unit : "");
	bagg_clean(b, start);
	bt_buf_str(b, "]\n");
	bt_buf_printf(b, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
	rows(&h);
	footer(&h);
}

int bagg_report_hgrm(struct bagg_report *r, struct bagg_agg *a, const struct bagg_groups *g)
{
	struct bt_buf b = BT_BUF_INIT;
	bool first = r->calls == 0;
	int rc = 0;

	for (uint32_t i = 0; i < g->n && rc == 0; i++) {
		rc = bagg_agg_set(a, g->list[i]);
		if (rc == -EMSGSIZE)
			rc = 0;
		if (a->source == BAGG_UNKNOWN) {
			r->unfit++;
			continue;
		}
		bt_buf_str(&b, first ? "" : "\n");
		first = false;
		section(a, &b);
		rc = bagg_flush(r, &b, false, rc);
	}
	rc = bagg_flush(r, &b, true, rc);
	bt_buf_free(&b);
	return rc;
}
