/* SPDX-License-Identifier: ISC
 *
 * run - what each run of a job begins with: its options, its memory, and which level of memory it will show.
 */
#include <errno.h>
#include <string.h>

#include "bmem.h"
#include "err.h"

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
	bt_buf_printf(&text, "%s: %llu bytes are less than four times the last-level cache (%llu bytes): this measures %s",
		      job->test->name, (unsigned long long)job->size_bytes, (unsigned long long)bt_host_llc_bytes(&b->host),
		      strcmp(job->level, "mixed") ? job->level : "caches and memory mixed");
	bt_out_warn(&b->tool.out, "below-llc", bt_buf_cstr(&text));
	if (b->warned_bytes != job->size_bytes)
		bt_note("%s", bt_buf_cstr(&text));
	b->warned_bytes = job->size_bytes;
	bt_buf_free(&text);
}

/* Lines that lie a power of two apart share few sets of a cache, and need as much of it as a buffer of all that is between them.
 * Not so where it spreads them by a hash, as many last-level caches do: what fits only then is no buffer of memory either. */
static uint64_t crowded(const struct bmem_job *job, uint64_t own_bytes)
{
	uint64_t apart = job->stride_bytes & -job->stride_bytes;

	return job->test->crowds && apart > BMEM_LINE ? own_bytes / BMEM_LINE * apart : own_bytes;
}

/* By all lines that a worker uses, and by the bytes of one buffer of all. */
static const char *level_of(const struct bmem_job *job, uint32_t workers)
{
	const struct bmem_test *test = job->test;
	uint64_t own;

	if (!(test->axes & BMEM_SIZES) || test->fresh)
		return NULL;
	own = test->uses ? test->uses(job, workers) : test->region(job, workers);
	return bt_ladder_level(&job->b->host, workers, crowded(job, own), test->shared ? job->size_bytes : own * workers);
}

int bmem_before(struct bt_loadtool *t)
{
	struct bmem *b = (struct bmem *)t;
	struct bmem_job *job = (struct bmem_job *)t->job->config;
	struct bt_buf reason = BT_BUF_INIT;
	struct bt_memlimit limit;

	bmem_limit_read(b, &limit);
	if (bmem_memory_lacks(&reason, job, t->threads, &limit)) {
		bt_warn("%s", bt_buf_cstr(&reason));
		t->fail_status = BT_EXIT_UNABLE;
		return -ENOMEM;
	}
	memset(&job->seen, 0, sizeof(job->seen));
	job->per_batch = job->test->per_batch(job, t->threads);
	job->level = level_of(job, t->threads);
	warn_small(b, job);
	return 0;
}
