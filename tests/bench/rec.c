/* SPDX-License-Identifier: ISC
 *
 * bench/rec - what it costs to encode a record, beside snprintf of the same record. Prints btools records.
 *
 * Both sides get the same record and compute the same summary (percentiles, mean, sd) of the same histogram. What that
 * takes is measured too and is not part of the ratio. The rounds alternate, so that a noisy machine treats all alike; the
 * figure is the median round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "out.h"

#define ROUNDS 31
#define BATCH 20000 /* records in one round */

static char line[BT_REC_MAX];

static void fill(struct bt_rec *r, uint64_t i, const struct bt_hist *h)
{
	bt_rec_init(r, BT_KIND_RESULT);
	r->ts_us = 1763661234123456 + (int64_t)i;
	r->test = "randread";
	r->rep = 1;
	r->loop = "closed";
	r->dur_ns = 5000000000 + i;
	bt_rec_u64(r, "bs", 4096);
	bt_rec_u64(r, "qd", 32);
	bt_rec_str(r, "engine", "io_uring");
	if (h)
		bt_rec_dist(r, "lat", "ns", BT_BETTER_LOWER, h);
	else
		bt_rec_value(r, "iops", "op/s", BT_BETTER_HIGHER, 76042.2 + (double)i / 8);
}

static size_t with_btools(uint64_t i, const struct bt_rec_source *src, const struct bt_hist *h)
{
	struct bt_rec r;

	fill(&r, i, h);
	return (size_t)bt_rec_json(&r, src, NULL, line);
}

/* The same bytes as far as snprintf can: it knows no escapes, and 17 digits are what keeps a double exact. */
static size_t with_snprintf(uint64_t i, const struct bt_rec_source *src, const struct bt_hist *h)
{
	static const double ranks[4] = { 50, 90, 99, 99.9 };
	int64_t ts = 1763661234123456 + (int64_t)i;
	double dur = (double)(5000000000 + i) / 1e9;
	uint64_t p[4];
	int n;

	n = snprintf(line, sizeof(line),
		     "{\"v\":1,\"kind\":\"%s\",\"ts\":%lld.%06lld,\"run\":\"%s\",\"host\":\"%s\",\"tool\":\"%s\","
		     "\"test\":\"%s\",\"rep\":%u,"
		     "\"bs\":%llu,\"qd\":%llu,\"engine\":\"%s\",\"metric\":\"%s\",\"unit\":\"%s\",\"better\":\"%s\","
		     "\"loop\":\"%s\",\"dur\":%.9f",
		     "result", (long long)(ts / 1000000), (long long)(ts % 1000000), src->run, src->host, src->tool, "randread",
		     1u, 4096ull, 32ull, "io_uring", h ? "lat" : "iops", h ? "ns" : "op/s", h ? "lower" : "higher", "closed", dur);
	if (!h)
		return (size_t)(n + snprintf(line + n, sizeof(line) - (size_t)n, ",\"value\":%.17g}\n", 76042.2 + (double)i / 8));
	bt_hist_percentiles(h, ranks, p, 4);
	n += snprintf(line + n, sizeof(line) - (size_t)n,
		      ",\"n\":%llu,\"min\":%llu,\"mean\":%.17g,\"sd\":%.17g,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"p999\":%llu,"
		      "\"max\":%llu,\"sum\":%llu}\n",
		      (unsigned long long)h->n, (unsigned long long)h->min, bt_hist_mean(h), bt_hist_sd(h), (unsigned long long)p[0],
		      (unsigned long long)p[1], (unsigned long long)p[2], (unsigned long long)p[3], (unsigned long long)h->max,
		      (unsigned long long)h->sum);
	return (size_t)n;
}

static size_t summary_only(uint64_t i, const struct bt_rec_source *src, const struct bt_hist *h)
{
	static const double ranks[4] = { 50, 90, 99, 99.9 };
	uint64_t p[4];

	(void)i;
	(void)src;
	if (!h)
		return 0;
	bt_hist_percentiles(h, ranks, p, 4);
	return (size_t)(bt_hist_mean(h) + bt_hist_sd(h)) + p[0];
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds for one record. */
static double one_round(size_t (*encode)(uint64_t, const struct bt_rec_source *, const struct bt_hist *),
			const struct bt_clock *clock, const struct bt_rec_source *src, const struct bt_hist *h)
{
	uint64_t start = bt_clock_now(clock);
	volatile size_t bytes = 0;

	for (uint64_t i = 0; i < BATCH; i++)
		bytes += encode(i, src, h);
	return (double)(bt_clock_now(clock) - start) / BATCH;
}

static void report(struct bt_out *out, const char *test, const char *peer, const char *metric, const char *unit,
		   double value)
{
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = test;
	bt_rec_str(&r, "peer", peer);
	bt_rec_value(&r, metric, unit, unit[0] == 'n' ? BT_BETTER_LOWER : BT_BETTER_HIGHER, value);
	bt_out_rec(out, &r);
}

static double median(double *rounds)
{
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_value);
	return rounds[ROUNDS / 2];
}

static void compare(struct bt_out *out, const struct bt_clock *clock, const char *test, const struct bt_hist *h)
{
	double btools[ROUNDS], libc[ROUNDS], summary[ROUNDS], ours, theirs, both;

	for (int i = 0; i < ROUNDS; i++) {
		btools[i] = one_round(with_btools, clock, &out->source, h);
		libc[i] = one_round(with_snprintf, clock, &out->source, h);
		summary[i] = one_round(summary_only, clock, &out->source, h);
	}
	ours = median(btools);
	theirs = median(libc);
	both = h ? median(summary) : 0;
	report(out, test, "btools", "lat", "ns", ours);
	report(out, test, "snprintf", "lat", "ns", theirs);
	if (h)
		report(out, test, "summary", "lat", "ns", both);
	report(out, test, "btools", "ratio", "ratio", (theirs - both) / (ours - both));
}

int main(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_AUTO };
	struct bt_clock clock;
	struct bt_rec meta;
	struct bt_out out;
	uint64_t start_ns;
	struct bt_hist h;

	bt_clock_init(&clock, 20000000);
	start_ns = bt_clock_now(&clock);
	if (bt_out_open(&out, &opts, "bench") < 0)
		return 1;
	bt_rec_init(&meta, BT_KIND_META);
	bt_rec_str(&meta, "version", BT_VERSION);
	bt_out_rec(&out, &meta);
	bt_hist_init(&h, 1); /* few buckets: the encoding is to be measured, not the search for percentiles */
	for (uint64_t i = 0; i < 1000; i++)
		bt_hist_add(&h, 900 + i * 37 % 120);
	compare(&out, &clock, "record value", NULL);
	compare(&out, &clock, "record dist", &h);
	bt_hist_free(&h);
	bt_out_end(&out, "ok", bt_clock_now(&clock) - start_ns, 0);
	return bt_out_close(&out) < 0;
}
