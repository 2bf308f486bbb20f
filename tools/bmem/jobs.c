/* SPDX-License-Identifier: ISC
 *
 * jobs - the table of tests, and what of it runs: each test chosen, in every combination of sizes, strides, pages, loads and pairs
 * that it takes.
 */
#include <errno.h>
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

/* What the options ask of a test, and how they are called. */
static void check_test(const struct bmem *b, const struct bmem_test *test)
{
	const struct bt_load_opts *l = &b->tool.load;
	struct bt_buf reason = BT_BUF_INIT;
	const char *option = NULL;

	if (l->rate > 0 && !(test->axes & BMEM_RATE))
		option = "-r, --rate";
	else if (test->axes & BMEM_ALONE && (l->n_threads > 1 || l->threads[0] > 1))
		option = "-t, --threads";
	if (option) {
		bt_buf_printf(&reason, "%s: not for %s", option, test->name);
		bt_die_usage(bt_buf_cstr(&reason));
	}
	if (test->axes & BMEM_ALONE && b->n_cpus < 2)
		bt_die(BT_EXIT_UNABLE, "%s needs two CPUs, and may use one; the other tests need no more", test->name);
}

static const char *name_of(size_t i)
{
	return bmem_tests[i]->name;
}

/* Bytes that all threads of a run map. */
static uint64_t needs(const struct bmem_job *job, uint32_t workers)
{
	uint64_t beside = job->test->beside ? job->test->beside(job) : 0;

	return workers * bmem_pages_round(job->b, job->test->region(job, workers), job->pages) + beside;
}

/* Returns whether that much can be had now, else says why not. */
static bool check_memory(struct bt_buf *reason, const struct bmem_job *job, uint32_t workers, const struct bt_memlimit *limit)
{
	const struct bmem *b = job->b;
	uint64_t bytes = needs(job, workers), page = b->page_bytes[job->pages];

	if (job->pages < BMEM_2M) {
		if (bytes <= limit->bytes)
			return true;
		bt_buf_printf(reason, "%s needs %llu MB of memory, but may take %llu MB, for %s; -s takes less", job->test->name,
			      (unsigned long long)(bytes >> 20), (unsigned long long)(limit->bytes >> 20), limit->why);
		return false;
	}
	if (bytes <= bmem_pages_reserved(b, job->pages))
		return true;
	bt_buf_printf(reason, "%s needs %llu pages of %s, but %llu are free; as root: echo N >/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		      job->test->name, (unsigned long long)(bytes / page), b->page_names[job->pages],
		      (unsigned long long)(bmem_pages_reserved(b, job->pages) / page), (unsigned long long)(page / 1024));
	return false;
}

/* A job whose sizes, strides and numbers of workers do not go together. */
static void check_shape(const struct bmem_job *job, uint32_t workers)
{
	struct bt_buf reason = BT_BUF_INIT;

	if (job->test->axes & BMEM_STRIDES && job->size_bytes / job->stride_bytes < BT_CYCLE_UNROLL)
		bt_buf_printf(&reason, "%s: %llu bytes have no room for 16 strides of %llu; -s takes more, --stride less", job->test->name,
			      (unsigned long long)job->size_bytes, (unsigned long long)job->stride_bytes);
	else if (job->test->shared && job->size_bytes / workers < BMEM_CHUNK)
		bt_buf_printf(&reason, "%s: %llu bytes are less than 4k for each of %u workers; -s takes more", job->test->name,
			      (unsigned long long)job->size_bytes, workers);
	if (reason.len)
		bt_die_usage(bt_buf_cstr(&reason));
}

static void check_job(const struct bmem *b, const struct bmem_job *job)
{
	struct bt_buf reason = BT_BUF_INIT;

	for (size_t i = 0; i < b->tool.load.n_threads; i++) {
		check_shape(job, b->tool.load.threads[i]);
		if (!check_memory(&reason, job, b->tool.load.threads[i], &b->limit))
			bt_die(BT_EXIT_UNABLE, "%s", bt_buf_cstr(&reason));
	}
}

static void make_runs(struct bmem *b)
{
	b->runs = calloc(b->tool.n_jobs, sizeof(*b->runs));
	if (!b->runs)
		bt_die(BT_EXIT_TROUBLE, "out of memory");
	b->tool.jobs = b->runs;
	for (size_t i = 0; i < b->tool.n_jobs; i++) {
		const struct bmem_test *test = b->jobs[i].test;

		check_job(b, &b->jobs[i]);
		b->runs[i] = (struct bt_load_job){ .test = test->name, .kernel = test->kernel, .ops = &test->ops, .config = &b->jobs[i],
						   .no_rate = test != &bmem_gups };
		if (test == &bmem_gups)
			b->runs[i].calls = (uint32_t)test->per_batch(&b->jobs[i], 1);
	}
}

void bmem_jobs_make(struct bmem *b, char **names, int count)
{
	for (int i = 0; i < count; i++) {
		const struct bmem_test *test = bmem_tests[bt_loadtool_find(names[i], BMEM_TESTS, name_of)];

		check_test(b, test);
		add_test(b, test);
	}
	for (size_t i = 0; count == 0 && i < sizeof(quick) / sizeof(quick[0]); i++) {
		check_test(b, quick[i]);
		add_test(b, quick[i]);
	}
	make_runs(b);
}

/* Some tests have many jobs, which are shorter unless -d says how long; a pair has its worker on the first of its CPUs. */
const struct bt_load_opts *bmem_job_opts(struct bt_loadtool *t, const struct bt_load_job *run)
{
	struct bmem *b = (struct bmem *)t;
	const struct bmem_job *job = run->config;
	struct bt_load_opts *l = &b->opts;

	*l = t->load;
	if (job->test->quick_ns && !l->duration_set)
		l->duration_ns = job->test->quick_ns;
	if (job->test->axes & BMEM_PAIRS) {
		l->cpus[0] = job->cpu;
		l->n_cpus = 1;
	}
	return l;
}

/* Whether the job before is the same test with the same size, for which it has been said. */
static bool said(const struct bmem *b, const struct bmem_job *job)
{
	return job > b->jobs && job[-1].test == job->test && job[-1].size_bytes == job->size_bytes;
}

/* What the caches hold of buffers that are meant to lie in memory is said in the records of each test, and once to people. */
static void warn_small(struct bmem *b, const struct bmem_job *job)
{
	struct bt_buf text = BT_BUF_INIT;

	if (!job->test->far || !strcmp(job->level, "RAM") || !strcmp(job->level, "unknown") || said(b, job))
		return;
	bt_buf_printf(&text, "%s: %llu bytes are less than four times the last-level cache (%llu bytes): this measures %s", job->test->name,
		      (unsigned long long)job->size_bytes, (unsigned long long)bt_host_llc_bytes(&b->host),
		      strcmp(job->level, "mixed") ? job->level : "caches and memory mixed");
	bt_out_warn(&b->tool.out, "below-llc", bt_buf_cstr(&text));
	if (b->warned_bytes != job->size_bytes)
		bt_note("%s", bt_buf_cstr(&text));
	b->warned_bytes = job->size_bytes;
	bt_buf_free(&text);
}

int bmem_before(struct bt_loadtool *t)
{
	struct bmem *b = (struct bmem *)t;
	struct bmem_job *job = (struct bmem_job *)t->job->config;
	uint64_t own = job->test->region(job, t->threads), buffer = job->size_bytes;
	struct bt_buf reason = BT_BUF_INIT;
	struct bt_memlimit limit;

	bt_memlimit_read(&limit, &t->src);
	if (!check_memory(&reason, job, t->threads, &limit)) {
		bt_warn("%s", bt_buf_cstr(&reason));
		t->unable = true;
		return -ENOMEM;
	}
	memset(&job->seen, 0, sizeof(job->seen));
	job->per_batch = job->test->per_batch(job, t->threads);
	if (job->test == &bmem_tlb) /* the lines it touches */
		own = job->size_bytes / job->stride_bytes * 64;
	if (!job->test->shared)
		buffer *= t->threads;
	job->level = job->test->fresh ? NULL : bt_ladder_level(&b->host, t->threads, own, buffer);
	warn_small(b, job);
	return 0;
}
