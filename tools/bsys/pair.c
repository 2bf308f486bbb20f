/* SPDX-License-Identifier: ISC
 *
 * pair - a worker's partner: a thread on the same CPU, or on the next one, that answers.
 *
 * The partner inherits the worker's mask, which blocks all signals. It ends when the worker closes its end or says so; with
 * the process it dies as every thread does.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bsys.h"
#include "cpus.h"
#include "pair.h"

uint32_t bsys_partner_cpu(const struct bsys_job *job, uint32_t i)
{
	uint32_t cpu = job->cpus[i % job->n_cpus], next = i;

	if (strcmp(job->variant->name, "same") == 0)
		return cpu;
	for (size_t tries = 0; tries < job->n_cpus && job->cpus[next % job->n_cpus] == cpu; tries++)
		next++;
	return job->cpus[next % job->n_cpus];
}

static void *partner_main(void *arg)
{
	struct bsys_work *w = arg;

	w->pair->serve(w);
	return NULL;
}

/* On the CPU of the partner: a thread begins where its maker runs, and its memory where it is touched first. */
static int make_partner(struct bsys_work *w)
{
	struct bsys_pair *p = w->pair;
	size_t size = w->size ? w->size : 1;
	int rc;

	p->data = malloc(size);
	if (!p->data)
		return -ENOMEM;
	memset(p->data, 0, size);
	rc = pthread_create(&p->thread, NULL, partner_main, w);
	p->running = rc == 0;
	return -rc;
}

int bsys_pair_start(struct bsys_work *w, void (*serve)(struct bsys_work *w))
{
	struct bsys_pair *p = aligned_alloc(_Alignof(struct bsys_pair), sizeof(*p));
	int rc, back;

	if (!p)
		return -ENOMEM;
	memset(p, 0, sizeof(*p));
	p->serve = serve;
	w->pair = p;
	rc = bt_cpus_pin(bsys_partner_cpu(w->job, w->worker->index));
	if (rc == 0)
		rc = make_partner(w);
	back = bt_cpus_pin(w->worker->cpu);
	return rc != 0 ? rc : back;
}

void bsys_pair_stop(struct bsys_work *w)
{
	if (!w->pair)
		return;
	if (w->pair->running)
		pthread_join(w->pair->thread, NULL);
	free(w->pair->data);
	free(w->pair);
	w->pair = NULL;
}
