/* SPDX-License-Identifier: ISC
 *
 * tracegroups - unit tests of what tracers show: cells as BPF programs leave them, against histograms that count the same values.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bucket.h"
#include "rng.h"
#include "tracegroups.h"
#include "unit.h"

/* The code under test is compiled in, with a malloc() and calloc() that can run out. */
static unsigned allocations_left = ~0u;

static void *test_malloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return malloc(size);
}

static void *test_calloc(size_t count, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return calloc(count, size);
}

#define malloc(size) test_malloc(size)
#define calloc(count, size) test_calloc(count, size)
#include "../../lib/tracegroups.c"
#undef malloc
#undef calloc

#define SLOTS 5u
#define STRIPES 4u

static struct trace_conf conf;
static struct bt_tracer tracer;
static struct bt_trace_groups g;
static uint64_t clock_ns;

static void set_up(unsigned digits)
{
	static const uint8_t half_bits[] = BT_BUCKET_HALF_BITS;

	memset(&tracer, 0, sizeof(tracer));
	conf = (struct trace_conf){ .n_slots = SLOTS, .n_stripes = STRIPES, .half_bits = half_bits[digits] };
	conf.n_buckets = BT_BUCKET_COUNT(conf.half_bits);
	tracer.conf = &conf;
	tracer.cell_bytes = sizeof(struct trace_cell) + conf.n_buckets * sizeof(uint64_t);
	tracer.cells = calloc((size_t)SLOTS * STRIPES, tracer.cell_bytes);
	clock_ns = 1000;
	CHECK_EQ(bt_trace_groups_init(&g, &tracer), 0);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		bt_trace_groups_learn(&g, &(struct trace_key){ .what = 100 + slot }, slot);
}

static void tear_down(void)
{
	bt_trace_groups_free(&g);
	free(tracer.cells);
}

static uint64_t *bucket_of(struct trace_cell *cell, uint64_t ns)
{
	return (uint64_t *)(cell + 1) + bt_bucket_index(ns, conf.half_bits, (2ull << conf.half_bits) - 1);
}

/* One duration, as cell_add of bpf/trace.bpf.h. pid: tells it from others. */
static void add(uint32_t stripe, uint32_t slot, uint64_t ns, uint32_t pid)
{
	struct trace_cell *cell = cell_at(&g, stripe, slot);

	++*bucket_of(cell, ns);
	cell->sum += ns;
	if (ns >= cell->max) {
		cell->max = ns;
		cell->max_ts_ns = ++clock_ns;
		cell->max_pid = pid;
		cell->max_tid = pid + 1;
		snprintf(cell->max_comm, sizeof(cell->max_comm), "p%u", pid);
	}
	if (ns < cell->min_plus - 1)
		cell->min_plus = ns + 1;
}

/* What take was given, in its order; the histograms copied. */
struct seen {
	unsigned n;
	uint32_t slots[SLOTS];
	struct bt_hist hist[SLOTS]; /* by slot */
	struct bt_trace_view view[SLOTS];
};

static struct seen seen;

static void take(void *arg, const struct bt_trace_view *view)
{
	CHECK(arg == &seen);
	CHECK_EQ(view->key->what, 100 + view->slot);
	seen.slots[seen.n++] = view->slot;
	seen.view[view->slot] = *view;
	CHECK_EQ(bt_hist_merge(&seen.hist[view->slot], view->hist), 0);
}

static int look(bool whole)
{
	seen.n = 0;
	memset(seen.view, 0, sizeof(seen.view));
	for (unsigned i = 0; i < SLOTS; i++) {
		bt_hist_free(&seen.hist[i]);
		bt_hist_init(&seen.hist[i], g.hist.digits ? g.hist.digits : 1);
	}
	return bt_trace_groups_look(&g, whole, 0, take, &seen);
}

static bool same(const struct bt_hist *a, const struct bt_hist *b)
{
	uint32_t used = bt_hist_used(a);

	return used == bt_hist_used(b) && a->n == b->n && a->sum == b->sum && (a->n == 0 || (a->min == b->min && a->max == b->max)) &&
	       (used == 0 || memcmp(a->counts, b->counts, used * sizeof(*a->counts)) == 0);
}

static void test_one_value(void)
{
	set_up(2);
	add(3, 1, 123456, 77);
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 1);
	CHECK_EQ(seen.slots[0], 1);
	CHECK(seen.hist[1].n == 1 && seen.hist[1].sum == 123456 && seen.hist[1].min == 123456 && seen.hist[1].max == 123456);
	CHECK(seen.view[1].max.ns == 123456 && seen.view[1].max.pid == 77 && seen.view[1].max.tid == 78);
	CHECK_STR(seen.view[1].max.comm, "p77");
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 0); /* nothing new */
	CHECK_EQ(look(true), 0);
	CHECK(seen.n == 1 && seen.hist[1].max == 123456 && seen.view[1].max.pid == 77);
	CHECK_EQ(look(true), 0); /* the whole stays */
	CHECK(seen.n == 1 && seen.hist[1].min == 123456 && seen.hist[1].max == 123456);
	tear_down();
}

/* 0 ns is a value; and the largest there is has a bucket. */
static void test_ends(void)
{
	set_up(1);
	add(0, 0, 0, 1);
	add(0, 1, BT_HIST_VALUE_MAX, 2);
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 2);
	CHECK(seen.hist[0].n == 1 && seen.hist[0].min == 0 && seen.hist[0].max == 0 && seen.view[0].max.pid == 1);
	CHECK(seen.hist[1].n == 1 && seen.hist[1].min == BT_HIST_VALUE_MAX && seen.hist[1].max == BT_HIST_VALUE_MAX);
	tear_down();
}

/* Values at random in stripes at random, looks between them: each interval and the whole as histograms count them, and the owner of
 * the largest value. Pids number the values. */
static void random_run(uint64_t seed, unsigned digits)
{
	struct bt_hist whole[SLOTS], interval[SLOTS], added[SLOTS];
	static uint64_t values[3000];
	struct bt_rng rng;
	uint32_t pid = 0, slot;

	set_up(digits);
	bt_rng_seed(&rng, seed);
	for (slot = 0; slot < SLOTS; slot++) {
		bt_hist_init(&whole[slot], digits);
		bt_hist_init(&interval[slot], digits);
		bt_hist_init(&added[slot], digits);
	}
	for (unsigned i = 0; i < 10; i++) {
		for (uint64_t n = bt_rng_below(&rng, 300); n > 0; n--) {
			slot = (uint32_t)bt_rng_below(&rng, SLOTS);
			values[pid] = bt_rng_next(&rng) >> (8 + bt_rng_below(&rng, 56));
			bt_hist_add(&whole[slot], values[pid]);
			bt_hist_add(&interval[slot], values[pid]);
			add((uint32_t)bt_rng_below(&rng, STRIPES), slot, values[pid], pid);
			pid++;
		}
		CHECK_EQ(look(i == 9), 0);
		for (slot = 0; slot < SLOTS; slot++) {
			const struct bt_hist *want = i == 9 ? &whole[slot] : &interval[slot];

			CHECK(same(&seen.hist[slot], want));
			CHECK(want->n == 0 || values[seen.view[slot].max.pid] == want->max);
			CHECK(want->n == 0 || seen.view[slot].max.ns == want->max);
			CHECK_EQ(bt_hist_merge(&added[slot], &seen.hist[slot]), 0);
			bt_hist_reset(&interval[slot]);
			if (i == 8)
				CHECK(same(&added[slot], &whole[slot])); /* intervals add up to the whole */
		}
	}
	for (slot = 0; slot < SLOTS; slot++) {
		bt_hist_free(&whole[slot]);
		bt_hist_free(&interval[slot]);
		bt_hist_free(&added[slot]);
	}
	tear_down();
}

static void test_random(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++)
		random_run(seed, 1 + (unsigned)(seed & 1));
}

/* A look that falls between two steps of cell_add: the histogram agrees with itself, and nothing is lost in the next one. */
static void test_torn_sum(void)
{
	struct trace_cell *cell;

	set_up(1);
	cell = cell_at(&g, 0, 0);
	++*bucket_of(cell, 5000); /* counted, not summed up */
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.hist[0].n, 1);
	CHECK(seen.hist[0].sum >= seen.hist[0].min && seen.hist[0].sum <= seen.hist[0].max);
	CHECK(seen.hist[0].min <= 5000 && seen.hist[0].max >= 5000);
	CHECK_EQ(seen.view[0].max.ts_ns, 0); /* nobody knows whose it was */
	cell->sum += 5000;
	cell->max = 5000;
	cell->max_ts_ns = 9;
	cell->min_plus = 5001;
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 0);
	add(0, 0, 7000, 3); /* what was missing goes with it, as far as its bucket allows */
	CHECK_EQ(look(false), 0);
	CHECK(seen.hist[0].n == 1 && seen.hist[0].sum >= 7000 && seen.hist[0].sum <= bt_hist_high(&g.hist, bt_hist_index(&g.hist, 7000)));
	CHECK(seen.hist[0].min == 7000 && seen.hist[0].max == 7000);
	CHECK_EQ(look(true), 0);
	CHECK(seen.hist[0].n == 2 && seen.hist[0].sum == 12000 && seen.hist[0].min == 5000 && seen.hist[0].max == 7000);
	CHECK_EQ(seen.view[0].max.pid, 3);
	tear_down();
}

/* The sum may be ahead as well: of a program that was held up before the buckets of another stripe were read. */
static void test_sum_ahead(void)
{
	set_up(1);
	add(0, 0, 100, 1);
	cell_at(&g, 0, 0)->sum += 1000000;
	CHECK_EQ(look(false), 0);
	CHECK(seen.hist[0].n == 1 && seen.hist[0].sum <= bt_hist_high(&g.hist, bt_hist_index(&g.hist, 100)));
	++*bucket_of(cell_at(&g, 0, 0), 1000000);
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.hist[0].n, 1);
	CHECK(seen.hist[0].sum > 990000 && seen.hist[0].sum <= 1000000);
	tear_down();
}

/* Largest and smallest value that came too late for the look which showed their bucket. */
static void test_late_extremes(void)
{
	struct trace_cell *cell;

	set_up(2);
	cell = cell_at(&g, 1, 2);
	++*bucket_of(cell, 900);
	cell->sum += 900;
	CHECK_EQ(look(false), 0);
	cell->max = 900;
	cell->max_ts_ns = 5;
	cell->max_pid = 1;
	cell->min_plus = 901;
	add(1, 2, 20, 2);
	CHECK_EQ(look(false), 0);
	CHECK(seen.hist[2].n == 1 && seen.hist[2].min == 20 && seen.hist[2].max == 20);
	CHECK(seen.view[2].max.ts_ns == 0); /* it was not that of 900 */
	CHECK_EQ(look(true), 0);
	CHECK(seen.hist[2].min == 20 && seen.hist[2].max == 900 && seen.view[2].max.pid == 1);
	tear_down();
}

/* The largest is written before the smallest: without the latter it counts all the same. */
static void test_max_without_min(void)
{
	struct trace_cell *cell;

	set_up(2);
	cell = cell_at(&g, 0, 0);
	++*bucket_of(cell, 70001);
	cell->sum += 70001;
	cell->max = 70001;
	cell->max_ts_ns = 5;
	cell->max_pid = 9;
	CHECK_EQ(look(false), 0);
	CHECK(seen.hist[0].max == 70001 && seen.view[0].max.pid == 9);
	CHECK_EQ(look(true), 0);
	CHECK(seen.hist[0].max == 70001 && seen.view[0].max.pid == 9);
	tear_down();
}

static void test_extra(void)
{
	set_up(1);
	for (unsigned i = 0; i < BT_TRACE_EXTRA; i++)
		for (uint32_t s = 0; s < STRIPES; s++)
			cell_at(&g, s, 3)->extra[i] = i + s;
	CHECK_EQ(look(false), 0);
	CHECK(seen.n == 1 && seen.slots[0] == 3 && seen.hist[3].n == 0);
	for (unsigned i = 0; i < BT_TRACE_EXTRA; i++)
		CHECK_EQ(seen.view[3].extra[i], 6 + 4 * i);
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 0);
	cell_at(&g, 2, 3)->extra[4]++;
	CHECK_EQ(look(false), 0);
	CHECK(seen.n == 1 && seen.view[3].extra[4] == 1 && seen.view[3].extra[0] == 0);
	CHECK_EQ(look(true), 0);
	CHECK_EQ(seen.view[3].extra[4], 23);
	tear_down();
}

static void check_order(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	CHECK_EQ(look(true), 0);
	CHECK_EQ(seen.n, 4);
	CHECK(seen.slots[0] == a && seen.slots[1] == b && seen.slots[2] == c && seen.slots[3] == d);
}

static void test_order(void)
{
	set_up(1);
	add(0, 4, 100, 1);
	add(1, 2, 150, 1);
	add(2, 2, 150, 1);
	add(0, 0, 100, 1);
	add(3, 3, 100, 1);
	check_order(2, 0, 3, 4);
	cell_at(&g, 1, 4)->extra[0] = 1;
	check_order(2, 4, 0, 3);
	cell_at(&g, 1, 3)->extra[0] = 2;
	check_order(2, 3, 4, 0);
	g.major = 51; /* `what` is 100 to 104 */
	check_order(0, 2, 3, 4);
	g.major = 103;
	check_order(2, 0, 3, 4);
	g.major = 0;
	add(1, 0, 1000, 1);
	check_order(0, 2, 3, 4);
	tear_down();
}

static void test_learn(void)
{
	set_up(1);
	CHECK_EQ(g.n_known, SLOTS);
	bt_trace_groups_learn(&g, &(struct trace_key){ .what = 1 }, 0); /* it has its key */
	bt_trace_groups_learn(&g, &(struct trace_key){ .what = 1 }, SLOTS);
	bt_trace_groups_learn(&g, &(struct trace_key){ .what = 1 }, UINT32_MAX);
	CHECK_EQ(g.n_known, SLOTS);
	CHECK_EQ(g.slots[0].key.what, 100);
	tear_down();
	bt_trace_groups_free(&g); /* twice, and all zeros */
	memset(&g, 0, sizeof(g));
	bt_trace_groups_free(&g);
}

static void test_unknown_slot(void)
{
	set_up(1);
	g.slots[1].known = false; /* its key has not been read yet */
	g.n_known--;
	add(0, 1, 100, 1);
	CHECK_EQ(look(false), 0);
	CHECK_EQ(seen.n, 0);
	bt_trace_groups_learn(&g, &(struct trace_key){ .what = 101 }, 1);
	CHECK_EQ(look(false), 0);
	CHECK(seen.n == 1 && seen.hist[1].n == 1 && seen.hist[1].max == 100);
	tear_down();
}

static void test_no_memory(void)
{
	struct bt_trace_groups other;

	set_up(1);
	add(0, 1, 100, 1);
	for (allocations_left = 0; allocations_left < 2;) {
		unsigned left = allocations_left;

		CHECK_EQ(bt_trace_groups_init(&other, &tracer), -ENOMEM);
		bt_trace_groups_free(&other);
		CHECK_EQ(look(false), -ENOMEM);
		allocations_left = left + 1;
	}
	allocations_left = ~0u;
	tear_down();
}

/* Another thread counts all the while, as programs do on another CPU, but for the owner of the largest value. */
#define ROUNDS 200000u

static void *count_on(void *arg)
{
	struct trace_cell *cell = cell_at(&g, 0, 0);
	struct bt_rng rng;

	(void)arg;
	bt_rng_seed(&rng, 11);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t ns = bt_rng_next(&rng) >> (24 + bt_rng_below(&rng, 40));

		__atomic_fetch_add(bucket_of(cell, ns), 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&cell->sum, ns, __ATOMIC_RELAXED);
		if (ns >= __atomic_load_n(&cell->max, __ATOMIC_RELAXED))
			__atomic_store_n(&cell->max, ns, __ATOMIC_RELAXED);
		if (ns < __atomic_load_n(&cell->min_plus, __ATOMIC_RELAXED) - 1)
			__atomic_store_n(&cell->min_plus, ns + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void check_agrees(const struct bt_hist *h)
{
	unsigned __int128 least = 0, most = 0;
	uint64_t n = 0;

	for (uint32_t i = 0; i < bt_hist_used(h); i++) {
		n += h->counts[i];
		least += (unsigned __int128)bt_hist_low(h, i) * h->counts[i];
		most += (unsigned __int128)bt_hist_high(h, i) * h->counts[i];
	}
	CHECK(h->n == n && h->sum >= least && h->sum <= most);
	CHECK(n == 0 || (h->min <= h->max && bt_hist_index(h, h->max) == bt_hist_used(h) - 1));
}

static void test_concurrent(void)
{
	struct bt_hist added;
	pthread_t thread;
	bool last = false;

	set_up(2);
	bt_hist_init(&added, 2);
	cell_at(&g, 0, 0)->max_ts_ns = 1;
	CHECK_EQ(pthread_create(&thread, NULL, count_on, NULL), 0);
	for (unsigned i = 0; !last; i++) {
		last = added.n > ROUNDS / 2 || i == 10000;
		if (last)
			pthread_join(thread, NULL);
		CHECK_EQ(look(false), 0);
		check_agrees(&seen.hist[0]);
		CHECK_EQ(bt_hist_merge(&added, &seen.hist[0]), 0);
	}
	CHECK_EQ(look(true), 0);
	check_agrees(&seen.hist[0]);
	CHECK_EQ(seen.hist[0].n, ROUNDS);
	CHECK(added.n == ROUNDS && memcmp(added.counts, seen.hist[0].counts, bt_hist_used(&added) * sizeof(*added.counts)) == 0);
	CHECK(added.sum <= seen.hist[0].sum / 100 * 101 && added.sum >= seen.hist[0].sum / 100 * 99);
	bt_hist_free(&added);
	tear_down();
}

static const struct unit_test tests[] = {
	{ "shows a value once, and in the whole", test_one_value },
	{ "takes the smallest and the largest value", test_ends },
	{ "agrees with histograms of the same values", test_random },
	{ "keeps a sum that is late within the buckets", test_torn_sum },
	{ "keeps a sum that is early within the buckets", test_sum_ahead },
	{ "takes no late extreme for one of this interval", test_late_extremes },
	{ "takes a largest value whose smallest is late", test_max_without_min },
	{ "adds up the words of a tool", test_extra },
	{ "puts the largest first", test_order },
	{ "learns a key once", test_learn },
	{ "shows no group without its key", test_unknown_slot },
	{ "says that memory ran out", test_no_memory },
	{ "loses nothing while others count", test_concurrent },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
