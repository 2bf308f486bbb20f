/* SPDX-License-Identifier: ISC
 *
 * work - the table of kernels, and how a worker runs one: every batch is compared with its known answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bcpu.h"

const struct bcpu_kernel *const bcpu_kernels[BCPU_TESTS] = {
	&bcpu_int, &bcpu_float, &bcpu_vec, &bcpu_hash, &bcpu_branch, &bcpu_sort, &bcpu_compress, &bcpu_jitter
};

/* The way of that name, or NULL. "portable" is whatever comes last. */
static const struct bcpu_isa *named(const struct bcpu_kernel *kernel, const char *name)
{
	const struct bcpu_isa *isa = kernel->isas;

	for (; isa->name; isa++)
		if (!strcmp(isa->name, name) || (!isa->usable && !strcmp(name, "portable")))
			return isa;
		else if (!isa->usable)
			break;
	return NULL;
}

static const struct bcpu_isa *best(const struct bcpu_kernel *kernel)
{
	const struct bcpu_isa *isa = kernel->isas;

	while (isa->usable && !isa->usable())
		isa++;
	return isa;
}

int bcpu_choose(struct bcpu_job *job, const char *name)
{
	const struct bcpu_isa *isa = named(job->kernel, name);

	job->isa = isa ? isa : best(job->kernel);
	return job->isa->usable && !job->isa->usable() ? -ENOTSUP : 0;
}

bool bcpu_has_isa(const struct bcpu_job *jobs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (named(jobs[i].kernel, name))
			return true;
	return false;
}

static int work_init(struct bt_worker *w)
{
	const struct bcpu_job *job = w->config;
	struct bcpu_work *k = calloc(1, sizeof(*k));
	size_t size = (job->kernel->size + 63) / 64 * 64;

	if (!k)
		return -ENOMEM;
	w->state = k;
	k->job = job;
	k->worker = w;
	if (!size)
		return 0;
	k->data = aligned_alloc(64, size);
	if (!k->data)
		return -ENOMEM;
	memset(k->data, 0, size);
	return job->kernel->setup ? job->kernel->setup(k) : 0;
}

static int work_step(struct bt_worker *w)
{
	struct bcpu_work *k = w->state;
	const struct bcpu_kernel *kernel = k->job->kernel;
	uint64_t answer = k->job->isa->batch(k);

	return answer != kernel->golden[k->round++ & (kernel->rounds - 1)];
}

/* The same with the expectation spoilt now and then: shows that a wrong answer does not stay unseen. */
static int work_step_planted(struct bt_worker *w)
{
	struct bcpu_work *k = w->state;
	const struct bcpu_kernel *kernel = k->job->kernel;
	uint64_t golden = kernel->golden[k->round & (kernel->rounds - 1)];
	uint64_t answer = k->job->isa->batch(k);

	if (++k->round % k->job->plant == 0)
		golden ^= 1;
	return answer != golden;
}

static void work_fini(struct bt_worker *w)
{
	struct bcpu_work *k = w->state;

	if (!k)
		return;
	if (k->data && k->job->kernel->teardown)
		k->job->kernel->teardown(k);
	free(k->data);
	free(k);
	w->state = NULL;
}

const struct bt_load_ops *bcpu_ops(const struct bcpu_job *job)
{
	static const struct bt_load_ops ops = { .init = work_init, .step = work_step, .fini = work_fini };
	static const struct bt_load_ops planted = { .init = work_init, .step = work_step_planted, .fini = work_fini };

	return job->plant ? &planted : &ops;
}
