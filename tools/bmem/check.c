/* SPDX-License-Identifier: ISC
 *
 * check - what cannot be: options that a test does not take, sizes that do not go together, memory that there is not.
 */
#include "bmem.h"
#include "err.h"

void bmem_check_test(const struct bmem *b, const struct bmem_test *test)
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

/* Bytes that all threads of a run map. */
static uint64_t needs(const struct bmem_job *job, uint32_t workers)
{
	uint64_t beside = job->test->beside ? job->test->beside(job) : 0;

	return workers * bmem_pages_round(job->b, job->test->region(job, workers), job->pages) + beside;
}

bool bmem_memory_lacks(struct bt_buf *reason, const struct bmem_job *job, uint32_t workers, const struct bt_memlimit *limit)
{
	const struct bmem *b = job->b;
	uint64_t bytes = needs(job, workers), page = b->page_bytes[job->pages], reserved;

	if (job->pages < BMEM_2M) {
		if (bytes <= limit->bytes)
			return false;
		bt_buf_printf(reason, "%s needs %llu MB of memory, but may take %llu MB, for %s; -s takes less", job->test->name,
			      (unsigned long long)(bytes >> 20), (unsigned long long)(limit->bytes >> 20), limit->why);
		return true;
	}
	reserved = bmem_pages_reserved(b, job->pages);
	if (bytes <= reserved)
		return false;
	bt_buf_printf(reason, "%s needs %llu pages of %s, but %llu are free; ", job->test->name, (unsigned long long)(bytes / page),
		      b->page_names[job->pages], (unsigned long long)(reserved / page));
	bt_buf_printf(reason, "as root: echo N >/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		      (unsigned long long)(page / 1024));
	return true;
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

void bmem_check_job(const struct bmem_job *job)
{
	const struct bmem *b = job->b;
	struct bt_buf reason = BT_BUF_INIT;

	for (size_t i = 0; i < b->tool.load.n_threads; i++) {
		check_shape(job, b->tool.load.threads[i]);
		if (bmem_memory_lacks(&reason, job, b->tool.load.threads[i], &b->limit))
			bt_die(BT_EXIT_UNABLE, "%s", bt_buf_cstr(&reason));
	}
}
