/* SPDX-License-Identifier: ISC
 *
 * nop - what a ring costs when the request does nothing: a batch of NOPs is submitted and reaped in one system call, or by the
 * thread of SQPOLL without any.
 *
 * Each request carries its number, and completions are counted as they come back, in the order of submission.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "shards.h"

#define SQPOLL_IDLE_MS 1000
#define ENTRIES_MAX 32768u /* of a ring: a larger batch goes in parts */

struct nop {
	struct io_uring ring;
	bool open;
};

/* The flags of shard.h as those of io_uring, the newest first: what a kernel does not know is left out in this order. */
static const struct {
	uint32_t flag;
	unsigned setup;
} setups[] = {
	{ BT_RING_DEFER, IORING_SETUP_DEFER_TASKRUN },
	{ BT_RING_SINGLE, IORING_SETUP_SINGLE_ISSUER },
	{ BT_RING_COOP, IORING_SETUP_COOP_TASKRUN },
	{ BT_RING_SQPOLL, IORING_SETUP_SQPOLL },
};
#define SETUPS (sizeof(setups) / sizeof(*setups))

static int try_ring(struct nop *s, const struct bring *b, uint32_t flags, uint32_t entries)
{
	struct io_uring_params p = { .sq_thread_idle = SQPOLL_IDLE_MS, .cq_entries = (uint32_t)b->cq_entries,
				     .flags = b->cq_entries ? IORING_SETUP_CQSIZE : 0 };

	for (size_t i = 0; i < SETUPS; i++)
		p.flags |= flags & setups[i].flag ? setups[i].setup : 0;
	return io_uring_queue_init_params(entries, &s->ring, &p);
}

/* The kernel refuses some together: a thread that submits runs no work of ours. */
static int open_ring(struct nop *s, struct bring_job *job, uint32_t entries)
{
	uint32_t flags = job->setup & ~(uint32_t)BT_RING_CQE_SKIP;
	char names[BT_RING_NAMES];
	int rc = try_ring(s, job->b, flags, entries);

	for (size_t i = 0; rc == -EINVAL && i < SETUPS - 1; i++) {
		flags &= ~setups[i].flag;
		rc = try_ring(s, job->b, flags, entries);
	}
	s->open = rc == 0;
	if (rc == 0)
		bring_tell(job, bt_shard_ring_flags(flags, names), s->ring.cq.ring_entries);
	return rc;
}

static int nop_init(struct bt_worker *worker)
{
	struct bring_job *job = (struct bring_job *)worker->config;
	int rc = bring_work_make(worker, 0, 0, NULL);
	struct bring_work *w = worker->state;
	uint32_t entries = job->batch;
	struct nop *s;

	if (rc < 0)
		return rc;
	w->state = s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	if (job->b->ring_entries)
		entries = (uint32_t)job->b->ring_entries;
	if (job->b->cq_entries && job->b->cq_entries < entries)
		entries = (uint32_t)job->b->cq_entries;
	return open_ring(s, job, entries < ENTRIES_MAX ? entries : ENTRIES_MAX);
}

/* As many of the batch as the ring takes at once. Returns how many, or -errno. */
static int submit(struct bring_work *w, struct nop *s, uint32_t n)
{
	uint32_t taken = 0;
	struct io_uring_sqe *sqe;

	while (taken < n && (sqe = io_uring_get_sqe(&s->ring))) {
		io_uring_prep_nop(sqe);
		sqe->user_data = w->number + taken++;
	}
	if (taken == 0)
		return io_uring_sqring_wait(&s->ring) < 0 ? -EBUSY : 0;
	for (;;) {
		int rc = io_uring_submit_and_wait(&s->ring, taken);

		if (rc >= 0 || rc != -EINTR)
			return rc < 0 ? rc : (int)taken;
	}
}

static int reap(struct bring_work *w, struct nop *s, uint32_t n)
{
	struct io_uring_cqe *cqe;
	int errors = 0, rc;

	for (uint32_t i = 0; i < n; i++) {
		rc = io_uring_wait_cqe(&s->ring, &cqe);
		if (rc < 0 && rc != -EINTR)
			return rc;
		if (rc < 0) {
			i--;
			continue;
		}
		errors += bring_check(w, cqe->user_data, w->number++) | (cqe->res != 0);
		io_uring_cqe_seen(&s->ring, cqe);
	}
	return errors;
}

static int nop_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct nop *s = w->state;
	uint32_t left = w->job->batch;
	int errors = 0, n, rc;

	while (left > 0) {
		n = submit(w, s, left);
		if (n < 0)
			return n;
		rc = reap(w, s, (uint32_t)n);
		if (rc < 0)
			return rc;
		errors += rc;
		left -= (uint32_t)n;
	}
	return errors;
}

static void nop_fini(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct nop *s = w ? w->state : NULL;

	if (s && s->open) {
		atomic_fetch_add(&((struct bring_job *)w->job)->overflows, *s->ring.cq.koverflow);
		io_uring_queue_exit(&s->ring);
	}
	free(s);
	bring_work_free(worker);
}

static void measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	if (!bt_emit_open(e))
		bt_emit_dist(e, "lat", &e->span->total->lat);
}

const struct bring_test bring_nop = {
	.name = "nop", .kernel = "nop.1", .help = "requests that do nothing: the cost of a ring",
	.operation = "a batch, submitted and reaped",
	.vary = BRING_BATCH | BRING_SETUP, .engines = 1u << 9,
	.ops = { .init = nop_init, .step = nop_step, .fini = nop_fini, .helpers = bring_work_helpers }, .measures = measures,
};
