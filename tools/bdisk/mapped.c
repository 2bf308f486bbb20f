/* SPDX-License-Identifier: ISC
 *
 * mapped - the engine mmap: blocks are copied from and to a mapping of the file; what is not in memory is faulted in.
 *
 * An I/O error reaches a mapping as SIGBUS. Its handler jumps back into the request, which then has failed with EIO.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bdisk.h"

struct mapping {
	char *base;
	size_t bytes;
};

static _Thread_local sigjmp_buf *volatile rescue;

static void on_bus_error(int sig)
{
	if (rescue)
		siglongjmp(*rescue, 1);
	signal(sig, SIG_DFL); /* not ours: happens again at once and kills */
}

static void catch_bus_errors(void)
{
	struct sigaction sa = { .sa_handler = on_bus_error };
	sigset_t bus;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, NULL);
	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &bus, NULL);
}

static int init(struct bdisk_work *w)
{
	const struct bdisk_target *t = &w->b->target;
	struct mapping *m = calloc(1, sizeof(*m));
	int prot = PROT_READ | (w->job->test->writes ? PROT_WRITE : 0);
	void *base;

	if (!m)
		return -ENOMEM;
	w->state = m;
	base = mmap(NULL, t->bytes, prot, MAP_SHARED, w->fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	m->base = base;
	m->bytes = t->bytes;
	madvise(base, m->bytes, w->job->test->random ? MADV_RANDOM : MADV_SEQUENTIAL);
	catch_bus_errors();
	return 0;
}

static void fini(struct bdisk_work *w)
{
	struct mapping *m = w->state;

	if (m && m->base)
		munmap(m->base, m->bytes);
	free(m);
}

static int push(struct bdisk_work *w, uint32_t slot)
{
	(void)w;
	(void)slot;
	return 0;
}

static int64_t perform(const struct bdisk_work *w, const struct bdisk_request *q)
{
	const struct mapping *m = w->state;
	sigjmp_buf here;

	if (q->kind == BDISK_FSYNC)
		return fsync(w->fd) < 0 ? -errno : 0;
	if (sigsetjmp(here, 1) != 0) {
		rescue = NULL;
		return -EIO;
	}
	rescue = &here;
	if (q->kind == BDISK_READ)
		memcpy(q->data, m->base + q->offset, q->bytes);
	else
		memcpy(m->base + q->offset, q->data, q->bytes);
	__asm__ volatile("" : : : "memory");
	rescue = NULL;
	return q->bytes;
}

static int poll(struct bdisk_work *w, uint64_t until_ns)
{
	int64_t res = perform(w, &w->requests[0]);

	(void)until_ns;
	w->worker->now_ns = bt_clock_now(w->worker->clock);
	bdisk_landed(w, 0, res);
	return 0;
}

const struct bdisk_engine bdisk_mapped = { .name = "mmap", .mapped = true, .init = init, .fini = fini, .push = push, .poll = poll };
