/* SPDX-License-Identifier: ISC
 *
 * jobs - the table of tests, and what of it runs: every combination of what a test varies in and the options leave open.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "distance.h"
#include "err.h"
#include "shards.h"

#define RING_ENTRIES 256 /* of shards, where nothing else is asked for */
#define TRIPS 16 /* timed together where both sides may spin */

const struct bring_test *const bring_tests[BRING_TESTS] = {
	&bring_nop, &bring_pingpong, &bring_oneway, &bring_coldstart, &bring_fanout, &bring_disk, &bring_echo
};

const char *const bring_places[] = { "pinned", "roundrobin", "sticky", "stealable", "preferred", NULL };

/* Without --setup: of nop, to show what flags do; of shards. */
static const uint32_t nop_setups[] = { 0, BT_RING_SINGLE | BT_RING_COOP, BT_RING_SINGLE | BT_RING_DEFER };
static const uint32_t shard_setups[] = { BT_RING_DEFAULT };

static const uint32_t one[] = { 1 };

struct choice {
	struct bring *b;
	size_t room;
	bool lacks_cpus; /* jobs were left out for want of CPUs to spin on */
};

/* What a job is made of, so far. */
struct plan {
	const struct bring_test *test;
	const struct bring_engine *engine;
	const struct bring_spin *spin;
	uint32_t first, second;
	bool pair;
	uint32_t setup;
};

static void add(struct choice *c, const struct plan *p, uint32_t batch, uint32_t depth, unsigned variant)
{
	struct bring *b = c->b;
	size_t n = b->tool.n_jobs++;
	struct bring_job *job;

	if (n == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		b->jobs = realloc(b->jobs, c->room * sizeof(*b->jobs));
		if (!b->jobs)
			bt_die(BT_EXIT_TROUBLE, "out of memory");
	}
	job = &b->jobs[n];
	*job = (struct bring_job){ .test = p->test, .b = b, .engine = p->engine, .spin = p->spin, .first = p->first, .second = p->second,
				   .pair = p->pair, .batch = batch, .depth = depth, .setup = p->setup, .calls = 1,
				   .plant = bt_loadtool_plant("BRING_PLANT", p->test->name) };
	if (p->test->vary & BRING_CACHE)
		job->cache = (enum bring_cache)variant;
	if (p->test->vary & BRING_LOAD)
		job->load = (enum bring_load)variant;
	if (p->test == &bring_pingpong && (p->spin->ns || p->spin->adaptive) && b->tool.load.rate == 0)
		job->calls = TRIPS;
}

/* Sizes, innermost: batches or depths, caches or loads. */
static void add_sizes(struct choice *c, const struct plan *p)
{
	const struct bring *b = c->b;
	unsigned vary = p->test->vary, variants = vary & BRING_CACHE ? b->caches : vary & BRING_LOAD ? b->loads : 1;
	const uint32_t *batches = vary & BRING_BATCH ? b->batches : one, *depths = vary & BRING_DEPTH ? b->depths : one;
	size_t n_batches = vary & BRING_BATCH ? b->n_batches : 1, n_depths = vary & BRING_DEPTH ? b->n_depths : 1;

	for (unsigned v = 0; v < 2; v++) {
		if (!(variants & 1u << v))
			continue;
		if (vary & BRING_CACHE && v == BRING_DIRECT && b->file[BRING_DIRECT] < 0) {
			c->b->lacks_direct = b->file[BRING_DIRECT];
			continue;
		}
		for (size_t i = 0; i < n_batches; i++)
			for (size_t k = 0; k < n_depths; k++)
				add(c, p, batches[i], depths[k], v);
	}
}

static void add_setups(struct choice *c, struct plan *p)
{
	const struct bring *b = c->b;
	const uint32_t *setups = b->n_setups ? b->setups : p->test == &bring_nop ? nop_setups : shard_setups;
	size_t n = b->n_setups ? b->n_setups : p->test == &bring_nop ? 3 : 1;

	for (size_t i = 0; i < (p->engine->uring ? n : 1); i++) {
		p->setup = p->engine->uring ? setups[i] : 0;
		add_sizes(c, p);
	}
}

/* Two threads that spin on one CPU show how long its time slices are. */
static bool can_spin(const struct choice *c, const struct plan *p)
{
	const struct bring *b = c->b;

	if (p->test == &bring_fanout)
		return b->shards <= b->n_distinct;
	return b->cpus[p->first] != b->cpus[p->second];
}

static void add_spins(struct choice *c, struct plan *p)
{
	const struct bring *b = c->b;
	static const struct bring_spin none = { .text = "" };

	if (!(p->test->vary & BRING_SPIN) || (p->engine->no_link && p->test != &bring_echo)) {
		p->spin = &none;
		add_setups(c, p);
		return;
	}
	for (size_t i = 0; i < b->n_spins; i++) {
		const struct bring_spin *s = p->spin = &b->spins[i];

		if ((s->adaptive && !p->engine->adapts) || (p->engine->never_sleeps && s->ns != BRING_ALWAYS))
			continue;
		if ((s->adaptive || s->ns) && !can_spin(c, p)) {
			c->lacks_cpus = true;
			continue;
		}
		add_setups(c, p);
	}
}

/* What does not meet a partner runs on the first pair alone. */
static void add_engines(struct choice *c, struct plan *p, bool first_pair)
{
	const struct bring *b = c->b;

	for (size_t i = 0; i < BRING_ENGINES; i++) {
		const struct bring_engine *e = bring_engines[i];
		bool named = b->n_engines == 0;

		for (size_t k = 0; k < b->n_engines; k++)
			named |= b->engines[k] == e;
		if (!named || !(p->test->engines & 1u << i) || (e->no_link && p->test != &bring_echo && !first_pair))
			continue;
		if (e->uring && (b->uring_error || (e->shards && b->msg_error))) {
			c->b->lacks_uring = b->uring_error ? b->uring_error : b->msg_error;
			continue;
		}
		p->engine = e;
		add_spins(c, p);
	}
}

static void add_pair(struct choice *c, struct plan *p, uint32_t first, uint32_t second)
{
	bool first_pair = c->b->tool.n_jobs == 0 || c->b->jobs[c->b->tool.n_jobs - 1].test != p->test;

	p->pair = true;
	p->first = first;
	p->second = second;
	add_engines(c, p, first_pair);
}

/* The first CPU with the first other one at each distance: all of them, or the nearest. With itself if all, or nothing else. */
static void add_distances(struct choice *c, struct plan *p, bool all)
{
	struct bring *b = c->b;
	unsigned seen = 0;
	uint32_t near = 0;

	for (uint32_t i = 0; i < b->n_cpus; i++) {
		enum bt_distance distance = bt_distance(&b->tool.src, b->cpus[0], b->cpus[i]);

		if (near == 0 && b->cpus[i] != b->cpus[0])
			near = i;
		if (all && !(seen & 1u << distance))
			add_pair(c, p, 0, i);
		seen |= 1u << distance;
	}
	if (!all)
		add_pair(c, p, 0, near);
}

static void add_test(struct choice *c, const struct bring_test *test)
{
	struct bring *b = c->b;
	struct plan p = { .test = test };

	if (!(test->vary & BRING_PAIR)) {
		add_engines(c, &p, true);
	} else if (b->matrix) {
		for (uint32_t i = 0; i < b->n_cpus; i++)
			for (uint32_t k = i; k < b->n_cpus; k++)
				add_pair(c, &p, i, k);
	} else if (b->pin) {
		for (uint32_t i = 0; i < b->n_cpus; i += 2)
			add_pair(c, &p, i, i + 1 < b->n_cpus ? i + 1 : i);
	} else {
		add_distances(c, &p, test == &bring_pingpong);
	}
}

static const char *name_of(size_t i)
{
	return bring_tests[i]->name;
}

static _Noreturn void die_of_uring(const struct bring *b)
{
	bt_die(BT_EXIT_UNABLE, "%s; pipe, eventfd, futex, socketpair, spsc, queue and plain work without it",
	       bring_uring_reason(b->lacks_uring));
}

static _Noreturn void die_of_direct(const struct bring *b)
{
	bt_die(BT_EXIT_UNABLE, "%s: no direct I/O there (%s); --cache cached works", b->dir, strerror(-b->lacks_direct));
}

/* Nothing is left to run. */
static _Noreturn void die(const struct choice *c)
{
	if (c->b->lacks_uring)
		die_of_uring(c->b);
	if (c->lacks_cpus)
		bt_die(BT_EXIT_UNABLE, "threads can only spin on CPUs of their own, and there are too few in -c or allowed to this process; "
				       "--spin 0 works");
	if (c->b->lacks_direct)
		die_of_direct(c->b);
	bt_die_usage("no test can do all that these options ask for; -L lists tests and engines");
}

/* What was named and cannot be had is refused even if others could run. */
static void check_named(const struct bring *b)
{
	for (size_t i = 0; i < b->n_engines; i++)
		if (b->engines[i]->uring && b->lacks_uring)
			die_of_uring(b);
	if (b->caches == 1u << BRING_DIRECT && b->lacks_direct)
		die_of_direct(b);
}

static void make_runs(struct bring *b)
{
	b->runs = calloc(b->tool.n_jobs, sizeof(*b->runs));
	if (!b->runs)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	b->tool.jobs = b->runs;
	for (size_t i = 0; i < b->tool.n_jobs; i++) {
		struct bring_job *job = &b->jobs[i];

		if (job->batch > b->messages)
			job->batch = (uint32_t)b->messages;
		b->runs[i] = (struct bt_load_job){ .test = job->test->name, .kernel = job->test->kernel, .ops = &job->test->ops, .waits = true,
						   .sleeps = true, .config = job, .calls = job->calls };
		if (job->test == &bring_oneway)
			b->runs[i].calls = (uint32_t)b->messages;
		if (job->test == &bring_nop)
			b->runs[i].calls = job->batch;
	}
}

static void check_sizes(const struct bring *b, const struct bring_test *test)
{
	bool several = b->tool.load.n_threads > 1 || b->tool.load.threads[0] > 1;

	if (b->matrix && several)
		bt_die_usage("--matrix: one pair at a time; not with -t");
	if (b->cq_entries && b->cq_entries < (b->ring_entries ? b->ring_entries : RING_ENTRIES))
		bt_die_usage("--cq-size: no fewer than --ring-size, which is 256 by default");
	if (test == &bring_fanout && several)
		bt_die_usage("-t, --threads: not for fanout, which has --shards");
	if (test != &bring_disk)
		return;
	if (b->block_bytes % 8 || b->block_bytes > b->file_bytes || b->file_bytes / b->block_bytes > UINT32_MAX)
		bt_die_usage("-b, --block-size: disk takes a multiple of 8 bytes, no more than the file has (-s)");
	if (b->caches & 1u << BRING_DIRECT && b->block_bytes % 4096)
		bt_die_usage("-b, --block-size: direct reads take a multiple of 4096 bytes; --cache cached takes others");
}

static void choose(struct choice *c, const struct bring_test *test)
{
	check_sizes(c->b, test);
	if (test == &bring_disk)
		bring_disk_open(c->b);
	add_test(c, test);
}

void bring_jobs_make(struct bring *b, char **names, int count)
{
	struct choice c = { .b = b };
	bool taken[BRING_TESTS] = { false };

	b->uring_error = bring_uring_try(&b->msg_error);
	for (int i = 0; i < count; i++) {
		size_t at = bt_loadtool_find(names[i], BRING_TESTS, name_of);

		if (!taken[at])
			choose(&c, bring_tests[at]);
		taken[at] = true;
	}
	for (size_t i = 0; count == 0 && i < BRING_TESTS; i++)
		choose(&c, bring_tests[i]);
	check_named(b);
	if (b->tool.n_jobs == 0)
		die(&c);
	make_runs(b);
}

void bring_pair(const void *config, uint32_t index, uint32_t *cpu, uint32_t *peer)
{
	const struct bring_job *job = config;
	const struct bring *b = job->b;

	if (!job->pair) {
		*cpu = *peer = b->cpus[index % b->n_cpus];
		return;
	}
	*cpu = b->cpus[(job->first + 2 * (size_t)index) % b->n_cpus];
	*peer = b->cpus[(job->second + 2 * (size_t)index) % b->n_cpus];
}

/* The load engine pins its workers to the first CPU of each pair. */
const struct bt_load_opts *bring_job_opts(struct bt_loadtool *t, const struct bt_load_job *run)
{
	struct bring *b = (struct bring *)t;
	struct bt_load_opts *l = &b->opts;
	uint32_t peer;

	*l = t->load;
	l->n_cpus = BT_LOAD_THREADS_MAX;
	for (uint32_t i = 0; i < BT_LOAD_THREADS_MAX; i++)
		bring_pair(run->config, i, &l->cpus[i], &peer);
	return l;
}
