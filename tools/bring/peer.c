/* SPDX-License-Identifier: ISC
 *
 * peer - the thread at the other end of a link.
 *
 * It inherits the worker's mask, which blocks all signals, and begins on its own CPU, so that its memory is first touched there.
 */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bring.h"
#include "iohelpers.h"
#include "shard.h"

static uint64_t own_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void *peer_main(void *arg)
{
	struct bring_peer *p = arg;
	const struct bring_engine *engine = p->link.engine;
	int rc;

	prctl(PR_SET_TIMERSLACK, 1);
	p->tid = gettid();
	rc = engine->enter ? engine->enter(&p->link.ends[1]) : 0;
	p->begin_error = rc;
	sem_post(&p->ready);
	if (rc == 0)
		rc = p->serve(p);
	if (rc != 0)
		atomic_store(&p->link.broken, true);
	if (engine->leave)
		engine->leave(&p->link.ends[1]);
	p->cpu_ns = own_cpu_ns();
	return NULL;
}

static int start_thread(struct bring_peer *p)
{
	pthread_attr_t attr;
	cpu_set_t *cpus = CPU_ALLOC(BT_CPUS_MAX);
	size_t size = CPU_ALLOC_SIZE(BT_CPUS_MAX);
	int rc;

	if (!cpus)
		return -ENOMEM;
	CPU_ZERO_S(size, cpus);
	CPU_SET_S(p->link.cpus[1], size, cpus);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, size, cpus);
	rc = pthread_create(&p->thread, &attr, peer_main, p);
	pthread_attr_destroy(&attr);
	CPU_FREE(cpus);
	p->running = rc == 0;
	return -rc;
}

int bring_serve(struct bring_peer *p, void (*work)(struct bring_peer *p, uint64_t *values, uint32_t n))
{
	struct bring_end *end = &p->link.ends[1];
	uint64_t values[BRING_VALUES];
	int n;

	while ((n = bring_receive(end, values, BRING_VALUES)) > 0 && values[n - 1] != BRING_STOP) {
		if (work)
			work(p, values, (uint32_t)n);
		n = bring_send(end, values, (uint32_t)n);
		if (n < 0)
			break;
	}
	return n < 0 ? n : 0;
}

int bring_peer_start(struct bring_peer *p)
{
	const struct bring_engine *engine = p->link.engine;
	int rc = bring_link_open(&p->link);

	if (rc == 0)
		rc = start_thread(p);
	if (rc == 0 && engine->enter)
		rc = engine->enter(&p->link.ends[0]);
	if (rc != 0)
		atomic_store(&p->link.broken, true);
	if (!p->running)
		return rc;
	while (sem_wait(&p->ready) < 0)
		;
	return rc != 0 ? rc : p->begin_error;
}

/* The threads of the kernel that submit for a link go with it. */
static uint64_t submitters_ns(const struct bring_peer *p)
{
	if (!p->link.engine->uring || !(p->link.job->setup & BT_RING_SQPOLL))
		return 0;
	return bt_iohelpers_ns(p->tid, true) + bt_iohelpers_ns(p->work->tid, true);
}

/* A partner that waits gets the message, or sees that the link is broken. */
void bring_peer_stop(struct bring_peer *p)
{
	const struct bring_engine *engine = p->link.engine;
	uint64_t stop = BRING_STOP;

	if (!p->link.ends[0].link)
		return;
	if (p->running && !atomic_load(&p->link.broken))
		bring_send(&p->link.ends[0], &stop, 1);
	atomic_store(&p->link.broken, true);
	if (engine->leave)
		engine->leave(&p->link.ends[0]);
	if (p->running) {
		pthread_join(p->thread, NULL);
		p->work->gone_ns += p->cpu_ns + submitters_ns(p);
	}
	p->running = false;
	bring_link_close(&p->link);
}
