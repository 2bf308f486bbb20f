/* SPDX-License-Identifier: ISC
 *
 * genrec - prints records for benchmarks and tests: latencies of 8 tests at 4 queue depths, the same on every machine.
 *
 * usage: genrec [-D] [-b BLOCK] [-s SEED] COUNT
 *
 * COUNT values, each a record of about 150 bytes; the BLOCK values (default 1) in a row that belong to one test and depth
 * become one distribution record with -D.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "opt.h"
#include "rec.h"
#include "rng.h"

static const struct bt_opt options[] = {
	{ 'b', "block", "N", "values in a row that share test and depth (default 1)" },
	{ 'D', "dist", NULL, "one distribution record for each block" },
	{ 's', "seed", "N", "seed (default 1)" },
	BT_OPTS_END
};

static const char *const tests[8] = {
	"read", "write", "fsync", "mixed", "copy", "trim", "scan", "stat",
};

struct genrec {
	uint64_t count, block, seed;
	bool dist;
	struct bt_rng rng;
	struct bt_rec_source src;
	struct bt_histcodec *codec;
	struct bt_hist hist;
};

/* Nanoseconds: 20 us to 100 us, one in 64 up to 6 ms. */
static uint64_t latency(struct bt_rng *rng)
{
	uint64_t v = 20000 + bt_rng_below(rng, 40000) + bt_rng_below(rng, 40000);

	return bt_rng_below(rng, 64) ? v : v * (1 + bt_rng_below(rng, 60));
}

static void print(struct genrec *g, struct bt_rec *r)
{
	char line[BT_REC_MAX];
	int len = bt_rec_json(r, &g->src, g->codec, line);

	if (len < 0 || fwrite(line, 1, (size_t)len, stdout) != (size_t)len)
		exit(1);
}

/* Which of the 32 groups a block belongs to is a hash of its number, not of the values. */
static void print_block(struct genrec *g, uint64_t number)
{
	uint64_t group = (number + 1) * 0x9e3779b97f4a7c15u >> 59;
	struct bt_rec r;

	bt_rec_init(&r, BT_KIND_SAMPLE);
	r.test = tests[group / 4];
	bt_rec_u64(&r, "qd", 1u << (group % 4));
	bt_hist_reset(&g->hist);
	for (uint64_t i = number * g->block; i < (number + 1) * g->block && i < g->count; i++) {
		uint64_t v = latency(&g->rng);

		r.ts_us = 1763661234000000 + (int64_t)i * 1000;
		bt_hist_add(&g->hist, v);
		bt_rec_count(&r, "lat", "ns", BT_BETTER_NONE, v);
		if (!g->dist)
			print(g, &r);
	}
	bt_rec_dist(&r, "lat", "ns", BT_BETTER_NONE, &g->hist);
	if (g->dist)
		print(g, &r);
}

static void parse(struct genrec *g, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0) {
		if (key == 'D')
			g->dist = true;
		else
			bt_opts_u64(&o, key == 'b' ? 1 : 0, 1000000000, key == 'b' ? &g->block : &g->seed);
	}
	if (key < 0)
		bt_die_usage(o.error);
	g->count = o.first + 1 == argc ? strtoull(argv[o.first], NULL, 10) : 0;
	if (g->count == 0)
		bt_die_usage("usage: genrec [-D] [-b BLOCK] [-s SEED] COUNT");
}

int main(int argc, char **argv)
{
	static struct genrec g = { .block = 1, .seed = 1, .src = { .run = "7f3a9c21", .host = "a", .tool = "gen" } };

	bt_err_init("genrec");
	parse(&g, argc, argv);
	bt_rng_seed(&g.rng, g.seed);
	bt_rec_source_prepare(&g.src);
	bt_hist_init(&g.hist, 3);
	g.codec = bt_histcodec_new();
	for (uint64_t i = 0; i * g.block < g.count; i++)
		print_block(&g, i);
	bt_hist_free(&g.hist);
	bt_histcodec_free(g.codec);
	return fflush(stdout) != 0;
}
