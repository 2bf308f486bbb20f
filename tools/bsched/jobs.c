/* SPDX-License-Identifier: ISC
 *
 * jobs - the table of load tests, and what of it runs: the tests chosen, on the CPUs chosen.
 */
#include <stdlib.h>
#include <string.h>

#include "bsched.h"
#include "distance.h"
#include "err.h"

const struct bsched_test *const bsched_tests[BSCHED_TESTS] = {
	&bsched_timer, &bsched_wakeup, &bsched_messaging, &bsched_pipe, &bsched_yield
};

/* What the options ask of a test, and how they are called. */
static const struct {
	enum bsched_ability ability;
	const char *option;
} abilities[] = {
	{ BSCHED_RATE, "-r, --rate" },
	{ BSCHED_MATRIX, "--matrix" },
	{ BSCHED_DEADLINE, "--policy deadline" },
};

static unsigned wanted(const struct bsched *b)
{
	return (b->tool.load.rate > 0 ? BSCHED_RATE : 0u) | (b->matrix ? BSCHED_MATRIX : 0u) |
	       (bsched_deadline(b) ? BSCHED_DEADLINE : 0u);
}

static _Noreturn void refuse(unsigned missing, const char *test)
{
	struct bt_buf reason = BT_BUF_INIT;

	for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++) {
		if (!(missing & abilities[i].ability))
			continue;
		bt_buf_printf(&reason, "%s: not for %s, but for", abilities[i].option, test);
		for (size_t k = 0; k < BSCHED_TESTS; k++)
			if (bsched_tests[k]->abilities & abilities[i].ability)
				bt_buf_printf(&reason, " %s", bsched_tests[k]->name);
		break;
	}
	bt_die_usage(bt_buf_cstr(&reason));
}

static void add(struct bsched *b, const struct bsched_test *test, bool pair, uint32_t first, uint32_t second)
{
	static size_t room;
	size_t n = b->tool.n_jobs;

	if (n == room) {
		room = room ? 2 * room : 16;
		b->jobs = realloc(b->jobs, room * sizeof(*b->jobs));
		if (!b->jobs)
			bt_die(BT_EXIT_TROUBLE, "out of memory");
	}
	b->jobs[n] = (struct bsched_job){ .test = test, .b = b, .pair = pair, .first = first, .second = second,
					  .plant = bt_loadtool_plant("BSCHED_PLANT", test->name) };
	b->tool.n_jobs++;
}

/* The CPUs that -c names, two and two; the last of an odd number with itself. */
static void add_named(struct bsched *b, const struct bsched_test *test)
{
	for (uint32_t i = 0; i < b->n_cpus; i += 2)
		add(b, test, true, i, i + 1 < b->n_cpus ? i + 1 : i);
}

static void add_matrix(struct bsched *b, const struct bsched_test *test)
{
	for (uint32_t i = 0; i < b->n_cpus; i++)
		for (uint32_t k = i; k < b->n_cpus; k++)
			add(b, test, true, i, k);
}

/* The first CPU with itself and with the first other one at each distance. */
static void add_distances(struct bsched *b, const struct bsched_test *test)
{
	unsigned seen = 0;

	for (uint32_t i = 0; i < b->n_cpus; i++) {
		enum bt_distance distance = bt_distance(&b->tool.src, b->cpus[0], b->cpus[i]);

		if (!(seen & 1u << distance))
			add(b, test, true, 0, i);
		seen |= 1u << distance;
	}
}

static void add_test(struct bsched *b, const struct bsched_test *test)
{
	bool pair = test == &bsched_pipe || (test == &bsched_wakeup && b->workers == 1);

	if (!pair)
		add(b, test, false, 0, 0);
	else if (b->matrix)
		add_matrix(b, test);
	else if (b->pin)
		add_named(b, test);
	else
		add_distances(b, test);
}

static const char *name_of(size_t i)
{
	return bsched_tests[i]->name;
}

static void choose(struct bsched *b)
{
	unsigned want = wanted(b);

	for (size_t i = 0; i < b->n_names; i++) {
		const struct bsched_test *test = bsched_tests[bt_loadtool_find(b->names[i], BSCHED_TESTS, name_of)];

		if (want & ~test->abilities)
			refuse(want & ~test->abilities, test->name);
		add_test(b, test);
	}
	for (size_t i = 0; b->n_names == 0 && i < BSCHED_TESTS; i++)
		if (!(want & ~bsched_tests[i]->abilities))
			add_test(b, bsched_tests[i]);
}

void bsched_jobs_make(struct bsched *b)
{
	choose(b);
	if (b->tool.n_jobs == 0)
		bt_die_usage("no test can do all that these options ask for");
	b->runs = calloc(b->tool.n_jobs, sizeof(*b->runs));
	if (!b->runs)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	b->tool.jobs = b->runs;
	for (size_t i = 0; i < b->tool.n_jobs; i++) {
		const struct bsched_test *test = b->jobs[i].test;

		b->runs[i] = (struct bt_load_job){ .test = test->name, .kernel = test->kernel, .ops = &test->ops, .waits = true, .sleeps = true,
						   .config = &b->jobs[i], .untaint = test->untaint };
		if (test == &bsched_messaging)
			b->runs[i].calls = (uint32_t)(b->fds * b->fds * b->loops);
		if (bsched_deadline(b))
			b->runs[i].untaint |= BT_TAINT_MIGRATED;
	}
}

void bsched_pair(const void *config, uint32_t index, uint32_t *cpu, uint32_t *peer)
{
	const struct bsched_job *job = config;
	const struct bsched *b = job->b;

	*cpu = b->cpus[(job->first + 2 * (size_t)index) % b->n_cpus];
	*peer = b->cpus[(job->second + 2 * (size_t)index) % b->n_cpus];
}

/* The engine pins its workers: to the first CPU of each pair, or to ours in turn. */
const struct bt_load_opts *bsched_job_opts(struct bt_loadtool *t, const struct bt_load_job *run)
{
	struct bsched *b = (struct bsched *)t;
	const struct bsched_job *job = run->config;
	struct bt_load_opts *l = &b->opts;
	uint32_t peer;

	*l = t->load;
	l->n_cpus = b->n_cpus < BT_LOAD_THREADS_MAX ? b->n_cpus : BT_LOAD_THREADS_MAX;
	memcpy(l->cpus, b->cpus, l->n_cpus * sizeof(*l->cpus));
	if (job->pair) {
		l->n_cpus = BT_LOAD_THREADS_MAX;
		for (uint32_t i = 0; i < BT_LOAD_THREADS_MAX; i++)
			bsched_pair(job, i, &l->cpus[i], &peer);
	}
	if (job->test->adapt)
		job->test->adapt(job, l);
	return l;
}
