/* SPDX-License-Identifier: ISC
 *
 * work - the table of tests, and how a worker runs one: an operation is a number of calls, each of them checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bsys.h"

const struct bsys_test *const bsys_tests[BSYS_TESTS] = {
	&bsys_null, &bsys_read, &bsys_write, &bsys_open, &bsys_stat, &bsys_pipe, &bsys_socketpair, &bsys_eventfd, &bsys_futex,
	&bsys_mmap, &bsys_fault, &bsys_fork, &bsys_exec, &bsys_thread, &bsys_signal, &bsys_clock, &bsys_epoll,
};

/* What the cost of measuring is measured with: everything but the call itself. */
static int none_call(struct bsys_work *w)
{
	uint64_t answer = w->expected;

	__asm__ volatile("" : "+r"(answer)); /* not known to be right, as far as the compiler can see */
	return bsys_check(w, answer, w->expected);
}

const struct bsys_test bsys_none = { .name = "none", .id = "none.1", .variants = { { NULL, none_call } } };

int bsys_data(struct bsys_work *w, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	memset(p, 0xff, size);
	w->data = p;
	w->size = size;
	return 0;
}

static int work_init(struct bt_worker *worker)
{
	const struct bsys_job *job = worker->config;
	struct bsys_work *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	worker->state = w;
	w->job = job;
	w->worker = worker;
	for (int i = 0; i < BSYS_FDS; i++)
		w->fd[i] = -1;
	return job->test->init ? job->test->init(w) : 0;
}

/* Makes the calls; returns how many were wrong, or -errno. */
static inline int make_calls(struct bsys_work *w, uint32_t calls)
{
	int (*call)(struct bsys_work *) = w->job->variant->call;
	int wrong = 0;

	for (uint32_t i = 0; i < calls; i++) {
		int rc = call(w);

		if (__builtin_expect(rc != 0, 0)) {
			if (rc < 0)
				return rc;
			wrong++;
		}
	}
	return wrong;
}

static int work_step(struct bt_worker *worker)
{
	struct bsys_work *w = worker->state;

	return make_calls(w, w->job->per_call.calls);
}

/* The same with one expectation spoilt now and then: shows that a wrong answer does not stay unseen. */
static int work_step_planted(struct bt_worker *worker)
{
	struct bsys_work *w = worker->state;
	int first, rest;

	w->spoil = ++w->round % w->job->plant == 0;
	first = make_calls(w, 1);
	w->spoil = 0;
	rest = first < 0 ? 0 : make_calls(w, w->job->per_call.calls - 1);
	return first < 0 ? first : rest < 0 ? rest : first + rest;
}

static void work_fini(struct bt_worker *worker)
{
	struct bsys_work *w = worker->state;

	if (!w)
		return;
	if (w->job->test->fini)
		w->job->test->fini(w);
	for (int i = 0; i < BSYS_FDS; i++)
		if (w->fd[i] >= 0)
			close(w->fd[i]);
	if (w->data)
		munmap(w->data, w->size);
	free(w);
	worker->state = NULL;
}

const struct bt_load_ops *bsys_ops(const struct bsys_job *job)
{
	static const struct bt_load_ops ops = { .init = work_init, .step = work_step, .fini = work_fini };
	static const struct bt_load_ops planted = { .init = work_init, .step = work_step_planted, .fini = work_fini };

	return job->plant ? &planted : &ops;
}
