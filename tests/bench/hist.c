/* SPDX-License-Identifier: ISC
 *
 * hist - benchmark of lib/hist and lib/histcodec; prints records. Values are log-normal latencies around 20 us; `sigma` is
 * their spread, `buckets` how many of the histogram are in use and `text` the bytes of base64.
 */
#include <math.h>
#include <stdio.h>

#include "clock.h"
#include "err.h"
#include "hist.h"
#include "histcodec.h"
#include "out.h"
#include "rng.h"

#define VALUES 100000
#define REPS 9

struct bench {
	struct bt_out out;
	struct bt_histcodec *codec;
	uint64_t values[VALUES];
	double sigma;
	unsigned buckets, rep;
	int text_len;
	struct bt_hist h, other;
	char text[1 << 16];
};

static const double percentiles[] = { 50, 90, 99, 99.9 };

/* Each does one thing some times and returns how many operations that was. */
static unsigned run_record(struct bench *b)
{
	unsigned i, round;

	for (round = 0; round < 50; round++)
		for (i = 0; i < VALUES; i++)
			bt_hist_add(&b->other, b->values[i]);
	return 50 * VALUES;
}

static unsigned run_record_same(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 50 * VALUES; i++)
		bt_hist_add(&b->other, 20000);
	return i;
}

static unsigned run_merge(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 1000; i++)
		bt_hist_merge(&b->other, &b->h);
	return i;
}

static unsigned run_percentiles(struct bench *b)
{
	uint64_t out[4];
	unsigned i;

	for (i = 0; i < 1000; i++) {
		bt_hist_percentiles(&b->h, percentiles, out, 4);
		__asm__ volatile("" : : "r"(out) : "memory");
	}
	return i;
}

static unsigned run_encode(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 500; i++)
		b->text_len = bt_hist_encode(b->codec, &b->h, b->text, sizeof(b->text));
	return i;
}

static unsigned run_decode(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 500; i++)
		bt_hist_decode(b->codec, b->text, (size_t)b->text_len, &b->other);
	return i;
}

static unsigned run_both(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 500; i++) {
		b->text_len = bt_hist_encode(b->codec, &b->h, b->text, sizeof(b->text));
		bt_hist_decode(b->codec, b->text, (size_t)b->text_len, &b->other);
	}
	return i;
}

static const struct bench_test {
	const char *name;
	unsigned (*run)(struct bench *b);
} tests[] = {
	{ "hist-record", run_record },
	{ "hist-record-same", run_record_same },
	{ "hist-merge", run_merge },
	{ "hist-percentiles", run_percentiles },
	{ "hist-encode", run_encode },
	{ "hist-decode", run_decode },
	{ "hist-encode-decode", run_both },
};

static void measure(struct bench *b, const struct bench_test *t)
{
	uint64_t start = bt_clock_monotonic(), ns;
	unsigned ops = t->run(b);
	struct bt_rec r;

	ns = bt_clock_monotonic() - start;
	bt_rec_init(&r, BT_KIND_RESULT);
	r.test = t->name;
	r.rep = b->rep;
	r.dur_ns = ns;
	bt_rec_str(&r, "peer", "btools");
	bt_rec_f64(&r, "sigma", b->sigma);
	bt_rec_u64(&r, "buckets", b->buckets);
	bt_rec_u64(&r, "text", (uint64_t)b->text_len);
	bt_rec_value(&r, "lat", "ns", BT_BETTER_LOWER, (double)ns / ops);
	bt_out_rec(&b->out, &r);
}

static void fill(struct bench *b, double sigma)
{
	struct bt_rng rng;
	unsigned i;

	bt_rng_seed(&rng, 1);
	bt_hist_reset(&b->h);
	for (i = 0; i < VALUES; i++) {
		b->values[i] = (uint64_t)(2e4 * exp(sigma * sqrt(-2 * log(bt_rng_unit(&rng))) *
			cos(6.283185307179586 * bt_rng_unit(&rng))));
		bt_hist_add(&b->h, b->values[i]);
	}
	b->sigma = sigma;
	b->text_len = bt_hist_encode(b->codec, &b->h, b->text, sizeof(b->text));
	for (b->buckets = 0, i = 0; i < b->h.len; i++)
		b->buckets += b->h.counts[i] > 0;
}

int main(void)
{
	static const double sigmas[] = { 0.1, 0.25 };
	static struct bench b;
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	uint64_t start = bt_clock_monotonic();
	unsigned s, t;

	bt_err_init("bench-hist");
	if (bt_out_open(&b.out, &opts, "bench-hist") != 0)
		bt_die(BT_EXIT_TROUBLE, "cannot write");
	b.codec = bt_histcodec_new();
	if (!b.codec)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	bt_hist_init(&b.h, 3);
	bt_hist_init(&b.other, 3);
	for (s = 0; s < sizeof(sigmas) / sizeof(*sigmas); s++) {
		fill(&b, sigmas[s]);
		for (b.rep = 1; b.rep <= REPS; b.rep++)
			for (t = 0; t < sizeof(tests) / sizeof(*tests); t++)
				measure(&b, &tests[t]);
	}
	bt_hist_free(&b.h);
	bt_hist_free(&b.other);
	bt_histcodec_free(b.codec);
	bt_out_end(&b.out, "ok", bt_clock_monotonic() - start, 0);
	return bt_out_close(&b.out) != 0;
}
