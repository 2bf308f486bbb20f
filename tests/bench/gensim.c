/* SPDX-License-Identifier: ISC
 *
 * gensim - writes pairs of files of simulated runs whose truth is known, for judges to be judged.
 *
 * usage: gensim [-R RUNS] [-r REPS] [-s SEED] [-t TESTS] [-x PCT] DIR COUNT
 *
 * DIR/1.base and DIR/1.new to DIR/COUNT.base and DIR/COUNT.new hold RUNS runs each, of REPS repetitions of TESTS tests. Each
 * test of a run is shifted as a whole by 2 % (standard deviation), each repetition by as much more as makes 3 % in all. The
 * values of new are PCT higher.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "opt.h"
#include "rec.h"
#include "rng.h"

#define TRUE_NS 100000.0
#define NOISE 0.03
#define RUN_NOISE 0.02

static const struct bt_opt options[] = {
	{ 'R', "runs", "N", "runs a side (default 10)" },
	{ 'r', "reps", "N", "repetitions a run (default 5)" },
	{ 's', "seed", "N", "seed (default 1)" },
	{ 't', "tests", "N", "tests of a run (default 1)" },
	{ 'x', "shift", "PCT", "what new takes longer, in percent (default 0)" },
	BT_OPTS_END
};

struct gensim {
	uint64_t runs, reps, seed, tests, shift_pct, count;
	const char *dir;
	struct bt_rng rng;
	int64_t ts_us;
	struct bt_rec_source src;
};

static double normal(struct bt_rng *rng)
{
	return sqrt(-2 * log(bt_rng_unit(rng))) * cos(2 * M_PI * bt_rng_unit(rng));
}

static void print(struct gensim *g, struct bt_rec *r, FILE *out)
{
	char line[BT_REC_MAX];
	int len;

	r->ts_us = g->ts_us += 1000;
	len = bt_rec_json(r, &g->src, NULL, line);
	if (len < 0)
		bt_die(1, "record: %s", strerror(-len));
	fwrite(line, 1, (size_t)len, out);
}

static void print_test(struct gensim *g, uint64_t number, double true_ns, FILE *out)
{
	double within = sqrt(NOISE * NOISE - RUN_NOISE * RUN_NOISE), level = true_ns * (1 + RUN_NOISE * normal(&g->rng));
	char name[24];
	struct bt_rec r;

	snprintf(name, sizeof(name), "sim%llu", (unsigned long long)number);
	for (uint64_t rep = 1; rep <= g->reps; rep++) {
		bt_rec_init(&r, BT_KIND_RESULT);
		r.test = name;
		r.rep = (uint32_t)rep;
		bt_rec_value(&r, "lat", "ns", BT_BETTER_LOWER, level * (1 + within * normal(&g->rng)));
		print(g, &r, out);
	}
}

static void print_run(struct gensim *g, double true_ns, FILE *out)
{
	struct bt_rec r;

	snprintf(g->src.run, sizeof(g->src.run), "%08x", (unsigned)(bt_rng_next(&g->rng) >> 32));
	bt_rec_source_prepare(&g->src);
	bt_rec_init(&r, BT_KIND_META);
	bt_rec_str(&r, "version", "1");
	print(g, &r, out);
	for (uint64_t i = 1; i <= g->tests; i++)
		print_test(g, i, true_ns, out);
	bt_rec_init(&r, BT_KIND_END);
	bt_rec_str(&r, "status", "ok");
	bt_rec_u64(&r, "records", g->tests * g->reps + 1);
	bt_rec_f64(&r, "elapsed", 1);
	bt_rec_u64(&r, "errors", 0);
	print(g, &r, out);
}

static void print_side(struct gensim *g, uint64_t number, const char *side, double true_ns)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%llu.%s", g->dir, (unsigned long long)number, side);
	out = fopen(path, "w");
	if (!out)
		bt_die(1, "%s: %s", path, strerror(errno));
	for (uint64_t run = 0; run < g->runs; run++)
		print_run(g, true_ns, out);
	if (fclose(out) != 0)
		bt_die(1, "%s: %s", path, strerror(errno));
}

static void parse(struct gensim *g, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0) {
		uint64_t *number = key == 'R' ? &g->runs : key == 'r' ? &g->reps : key == 't' ? &g->tests :
				   key == 's' ? &g->seed : &g->shift_pct;

		bt_opts_u64(&o, key == 's' || key == 'x' ? 0 : 1, 1000000, number);
	}
	if (key < 0)
		bt_die_usage(o.error);
	if (o.first + 2 == argc) {
		g->dir = argv[o.first];
		g->count = strtoull(argv[o.first + 1], NULL, 10);
	}
	if (g->count == 0)
		bt_die_usage("usage: gensim [-R RUNS] [-r REPS] [-s SEED] [-t TESTS] [-x PCT] DIR COUNT");
}

int main(int argc, char **argv)
{
	static struct gensim g = { .runs = 10, .reps = 5, .seed = 1, .tests = 1, .ts_us = 1763661234000000,
				   .src = { .host = "a", .tool = "sim" } };

	bt_err_init("gensim");
	parse(&g, argc, argv);
	bt_rng_seed(&g.rng, g.seed);
	for (uint64_t i = 1; i <= g.count; i++) {
		print_side(&g, i, "base", TRUE_NS);
		print_side(&g, i, "new", TRUE_NS * (1 + (double)g.shift_pct / 100));
	}
	return 0;
}
