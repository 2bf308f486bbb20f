/* SPDX-License-Identifier: ISC
 *
 * work - what the workers of all tests have in common: their partners, and the CPU time of all that work for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bring.h"
#include "iohelpers.h"

#define SLOTS_MIN 64

static void make_link(struct bring_work *w, uint32_t i, uint32_t slots)
{
	struct bring_link *l = &w->peers[i].link;
	const struct bring_job *job = w->job;

	*l = (struct bring_link){ .engine = job->engine, .job = job, .spin = job->spin, .clock = w->worker->clock,
				  .slots = slots > SLOTS_MIN ? slots : SLOTS_MIN };
	bring_pair(job, w->worker->index, &l->cpus[0], &l->cpus[1]);
}

int bring_work_make(struct bt_worker *worker, uint32_t values, uint32_t peers, int (*serve)(struct bring_peer *p))
{
	struct bring_work *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	worker->state = w;
	w->worker = worker;
	w->job = worker->config;
	w->tid = gettid();
	w->peers = calloc(peers, sizeof(*w->peers));
	w->values = calloc(values, sizeof(*w->values));
	if ((peers && !w->peers) || (values && !w->values))
		return -ENOMEM;
	for (uint32_t i = 0; i < peers; i++) {
		make_link(w, i, values);
		w->peers[i].work = w;
		w->peers[i].serve = serve;
		sem_init(&w->peers[i].ready, 0, 0);
	}
	w->n_peers = peers;
	return 0;
}

void bring_work_free(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;

	if (!w)
		return;
	for (uint32_t i = 0; i < w->n_peers; i++) {
		bring_peer_stop(&w->peers[i]);
		sem_destroy(&w->peers[i].ready);
	}
	free(w->peers);
	free(w->values);
	free(w);
	worker->state = NULL;
}

static uint64_t peer_cpu_ns(const struct bring_peer *p)
{
	struct timespec ts = { 0 };
	clockid_t id;

	if (!p->running || pthread_getcpuclockid(p->thread, &id) != 0 || clock_gettime(id, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t bring_work_helpers(struct bt_worker *worker)
{
	const struct bring_work *w = worker->state;
	bool uring = w->job->engine->uring;
	uint64_t ns = w->gone_ns;

	for (uint32_t i = 0; i < w->n_peers; i++) {
		ns += peer_cpu_ns(&w->peers[i]);
		if (uring && w->peers[i].running)
			ns += bt_iohelpers_ns(w->peers[i].tid, true);
	}
	return uring ? ns + bt_iohelpers_ns(w->tid, true) : ns;
}
