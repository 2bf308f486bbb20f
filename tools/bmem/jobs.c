/* SPDX-License-Identifier: ISC
 *
 * jobs - the table of tests, and what of it runs: each test chosen, in every combination of sizes, strides, pages, loads and pairs
 * that it takes.
 */
#include <stdlib.h>
#include <string.h>

#include "bmem.h"
#include "err.h"

const struct bmem_test *const bmem_tests[BMEM_TESTS] = {
	&bmem_copy, &bmem_scale, &bmem_add, &bmem_triad, &bmem_read, &bmem_write, &bmem_ntwrite, &bmem_libc, &bmem_stride,
	&bmem_latency, &bmem_tlb, &bmem_loaded, &bmem_c2c, &bmem_fault, &bmem_gups,
};

static const struct bmem_test *const quick[] = { &bmem_copy, &bmem_scale, &bmem_add, &bmem_triad, &bmem_latency };

/* The values that each axis takes in one test; one value where it does not vary. */
struct axes {
	uint64_t sizes[BMEM_LIST], strides[BMEM_LIST];
	enum bmem_pages pages[BMEM_PAGES];
	uint32_t loads[BMEM_LIST];
	size_t n_sizes, n_strides, n_pages, n_loads, n_pairs;
};

static size_t settle_values(uint64_t *out, const uint64_t *given, size_t n, const struct bmem *b,
			    size_t (*usual)(const struct bmem *b, uint64_t out[BMEM_LIST]))
{
	if (!usual)
		return 1;
	if (n == 0)
		return usual(b, out);
	memcpy(out, given, n * sizeof(*out));
	return n;
}

/* Of large pages that a test would use by itself but that nobody has reserved, it does without. */
static size_t settle_pages(enum bmem_pages *out, const struct bmem *b, const struct bmem_test *test)
{
	unsigned kinds = b->kinds && test->axes & BMEM_KINDS ? b->kinds : test->kinds;
	size_t n = 0;

	for (enum bmem_pages p = 0; p < BMEM_PAGES; p++)
		if (kinds & 1u << p && (b->kinds || p < BMEM_2M || bmem_pages_reserved(b, p) >= b->page_bytes[p]))
			out[n++] = p;
	if (n == 0)
		out[n++] = BMEM_BASE;
	return n;
}

static void settle_axes(struct axes *a, const struct bmem *b, const struct bmem_test *test)
{
	static const uint32_t curve[] = { 0, 10, 25, 50, 75, 100 };
	bool loads = test->axes & BMEM_LOADS, given = b->n_loads > 0;

	memset(a, 0, sizeof(*a));
	a->n_sizes = settle_values(a->sizes, b->sizes, b->n_sizes, b, test->sizes);
	a->n_strides = settle_values(a->strides, b->strides, b->n_strides, b, test->strides);
	a->n_pages = settle_pages(a->pages, b, test);
	a->n_loads = !loads ? 1 : given ? b->n_loads : sizeof(curve) / sizeof(curve[0]);
	if (loads)
		memcpy(a->loads, given ? b->loads : curve, a->n_loads * sizeof(a->loads[0]));
	a->n_pairs = test->axes & BMEM_PAIRS ? b->n_cpus * (b->n_cpus - 1) / 2 : 1;
}

/* Pair number i of those of n CPUs, the first of the two first. */
static void pair(const struct bmem *b, size_t i, struct bmem_job *job)
{
	size_t first = 0;

	while (i >= b->n_cpus - 1 - first)
		i -= b->n_cpus - 1 - first++;
	job->cpu = b->cpus[first];
	job->peer = b->cpus[first + 1 + i];
}

static enum bmem_op op_of(const struct bmem *b, const struct bmem_test *test)
{
	return b->nt && test->axes & BMEM_STORES ? test->op + BMEM_NT : test->op;
}

/* Combination number i: the size changes fastest. */
static struct bmem_job combine(struct bmem *b, const struct bmem_test *test, const struct axes *a, size_t i)
{
	struct bmem_job job = { .test = test, .b = b, .isa = b->isa, .op = op_of(b, test) };

	job.size_bytes = a->sizes[i % a->n_sizes];
	if (test->binary)
		job.size_bytes = 1ull << (63 - __builtin_clzll(job.size_bytes));
	i /= a->n_sizes;
	job.stride_bytes = a->strides[i % a->n_strides];
	i /= a->n_strides;
	job.load = a->loads[i % a->n_loads];
	i /= a->n_loads;
	job.pages = a->pages[i % a->n_pages];
	i /= a->n_pages;
	if (test->axes & BMEM_PAIRS)
		pair(b, i, &job);
	job.plant = bt_loadtool_plant("BMEM_PLANT", test->name);
	return job;
}

static void add_test(struct bmem *b, const struct bmem_test *test)
{
	size_t n = b->tool.n_jobs, count;
	struct axes a;

	for (size_t i = 0; i < n; i++)
		if (b->jobs[i].test == test)
			return;
	settle_axes(&a, b, test);
	count = a.n_sizes * a.n_strides * a.n_pages * a.n_loads * a.n_pairs;
	b->jobs = realloc(b->jobs, (n + count + 1) * sizeof(*b->jobs));
	if (!b->jobs)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	for (size_t i = 0; i < count; i++)
		b->jobs[n + i] = combine(b, test, &a, i);
	b->tool.n_jobs += count;
}

static const char *name_of(size_t i)
{
	return bmem_tests[i]->name;
}

/* Rates are in loads, updates and so on; where the workers share a size out among themselves their passes are of different lengths,
 * and bandwidth takes their place. */
static struct bt_load_job run_of(const struct bmem_job *job)
{
	const struct bmem_test *test = job->test;
	uint64_t calls = test->shared ? 0 : test->per_batch(job, 1);

	return (struct bt_load_job){ .test = test->name, .kernel = test->kernel, .ops = &test->ops, .config = job,
				     .calls = (uint32_t)calls, .no_rate = calls == 0 || calls > UINT32_MAX };
}

static void make_runs(struct bmem *b)
{
	b->runs = calloc(b->tool.n_jobs, sizeof(*b->runs));
	if (!b->runs)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	b->tool.jobs = b->runs;
	for (size_t i = 0; i < b->tool.n_jobs; i++) {
		bmem_check_job(&b->jobs[i]);
		b->runs[i] = run_of(&b->jobs[i]);
	}
}

void bmem_jobs_make(struct bmem *b, char **names, int count)
{
	for (int i = 0; i < count; i++) {
		const struct bmem_test *test = bmem_tests[bt_loadtool_find(names[i], BMEM_TESTS, name_of)];

		bmem_check_test(b, test);
		add_test(b, test);
	}
	for (size_t i = 0; count == 0 && i < sizeof(quick) / sizeof(quick[0]); i++) {
		bmem_check_test(b, quick[i]);
		add_test(b, quick[i]);
	}
	make_runs(b);
}
