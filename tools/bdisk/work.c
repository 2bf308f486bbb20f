/* SPDX-License-Identifier: ISC
 *
 * work - the table of tests, and what a worker does: requests chosen, filled, handed to the engine and judged.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bdisk.h"

#define GIVE_UP 100             /* failures in a row: the device is gone, or full */

static const struct bdisk_test seqread = { "seqread", "seqread.1", "reads, one block after the other", false, true, false };
static const struct bdisk_test seqwrite = { "seqwrite", "seqwrite.1", "writes, one block after the other", false, false, true };
static const struct bdisk_test randread = { "randread", "randread.1", "reads of random blocks", true, true, false };
static const struct bdisk_test randwrite = { "randwrite", "randwrite.1", "writes of random blocks", true, false, true };
static const struct bdisk_test randrw = { "randrw", "randrw.1", "reads and writes of random blocks; see --mix", true, true, true };

const struct bdisk_test *const bdisk_tests[BDISK_TESTS] = { &seqread, &seqwrite, &randread, &randwrite, &randrw };

/* A slot has a buffer for reading and one for writing, so that what is written is never what was read. */
static int make_buffers(struct bdisk_work *w)
{
	const struct bdisk_test *test = w->job->test;
	size_t block = (w->b->sizes.most + BDISK_PAGE - 1) / BDISK_PAGE * BDISK_PAGE;
	void *arena;

	w->write_at = test->reads ? block : 0;
	w->slot_bytes = block * (1 + (test->reads && test->writes));
	w->arena_bytes = w->slot_bytes * w->worker->depth;
	arena = mmap(NULL, w->arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (arena == MAP_FAILED)
		return -errno;
	w->arena = arena;
	bdisk_data_fill(arena, w->arena_bytes, w->worker->seed);
	return 0;
}

static int work_init(struct bt_worker *worker)
{
	struct bdisk_job *job = (struct bdisk_job *)(uintptr_t)worker->config;
	struct bdisk_work *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	worker->state = w;
	worker->depth = (uint32_t)job->b->depth;
	w->worker = worker;
	w->job = job;
	w->b = job->b;
	w->fd = job->b->target.fd;
	w->engine = job->b->engine;
	w->stamp = worker->seed;
	w->requests = calloc(worker->depth, sizeof(*w->requests));
	if (!w->requests)
		return -ENOMEM;
	rc = make_buffers(w);
	if (rc < 0)
		return rc;
	bdisk_walk_init(w);
	return w->engine->init ? w->engine->init(w) : 0;
}

static void add_up(struct bdisk_work *w)
{
	for (unsigned i = 0; i < BDISK_ERRNOS; i++)
		if (w->errors[i])
			atomic_fetch_add(&w->job->errors[i], w->errors[i]);
	for (unsigned i = 0; i < 2; i++) {
		atomic_fetch_add(&w->job->done[i], w->done[i]);
		atomic_fetch_add(&w->job->done_bytes[i], w->done_bytes[i]);
	}
}

static void work_fini(struct bt_worker *worker)
{
	struct bdisk_work *w = worker->state;

	if (!w)
		return;
	if (w->engine->fini)
		w->engine->fini(w);
	add_up(w);
	if (w->arena)
		munmap(w->arena, w->arena_bytes);
	free(w->requests);
	free(w);
	worker->state = NULL;
}

static inline uint64_t choose_size(struct bdisk_work *w)
{
	const struct bdisk_sizes *s = &w->b->sizes;
	uint64_t draw;
	unsigned i = 0;

	if (s->n == 1)
		return s->bytes[0];
	draw = bt_rng_next(&w->walk.rng);
	while (i + 1 < s->n && draw >= s->below[i])
		i++;
	return s->bytes[i];
}

static inline bool choose_read(struct bdisk_work *w)
{
	const struct bdisk_test *test = w->job->test;

	return test->reads && (!test->writes || bt_rng_below(&w->walk.rng, 100) < w->b->mix);
}

static int work_begin(struct bt_worker *worker, uint32_t slot)
{
	struct bdisk_work *w = worker->state;
	struct bdisk_request *q = &w->requests[slot];
	char *buffers = w->arena + w->slot_bytes * slot;

	q->bytes = (uint32_t)choose_size(w);
	q->got = 0;
	q->offset = bdisk_walk_next(w, q->bytes);
	q->kind = choose_read(w) ? BDISK_READ : BDISK_WRITE;
	q->data = q->kind == BDISK_READ ? buffers : buffers + w->write_at;
	if (q->kind == BDISK_WRITE)
		bdisk_data_stamp(q->data, q->bytes, q->offset, w->stamp + (w->writes++ << 32));
	return w->engine->push(w, slot);
}

static void landed(struct bdisk_work *w, uint32_t slot, uint32_t how)
{
	w->worker->landed[w->n_landed++] = (struct bt_landed){ slot, how };
}

static void failed(struct bdisk_work *w, uint32_t slot, unsigned error)
{
	const struct bdisk_request *q = &w->requests[slot];

	w->errors[error < BDISK_ERRNOS ? error : EIO]++;
	if (++w->failures >= GIVE_UP)
		w->worker->enough = true;
	if (q->kind == BDISK_FSYNC)
		w->worker->tally->errors++;
	landed(w, slot, q->kind == BDISK_FSYNC ? BT_LANDED_FREE : BT_LANDED_FAILED | BT_LANDED_FREE);
}

/* Some of the bytes only: the rest is asked for, which also tells why. */
static void more(struct bdisk_work *w, uint32_t slot, int64_t res)
{
	struct bdisk_request *q = &w->requests[slot];

	q->got += (uint32_t)res;
	if (res == 0 || q->got % w->b->target.align != 0 || w->engine->push(w, slot) < 0)
		failed(w, slot, 0);
}

/* A write that is done may have an fsync follow it in its slot. Returns whether one does. */
static bool fsync_follows(struct bdisk_work *w, uint32_t slot)
{
	struct bdisk_request *q = &w->requests[slot];

	if (w->b->fsync != BDISK_FSYNC_EVERY || ++w->since_fsync < w->b->fsync_every)
		return false;
	w->since_fsync = 0;
	q->kind = BDISK_FSYNC;
	q->start_ns = w->worker->now_ns;
	return w->engine->push(w, slot) == 0;
}

/* Of a mix, reads and writes also apart. The engine has the stamps. */
static void count_apart(struct bdisk_work *w, uint32_t slot, enum bdisk_kind kind)
{
	const struct bt_flight *f = &w->worker->flights[slot];
	struct bt_tally *tally = w->worker->tally;
	uint64_t from = f->due_ns ? f->due_ns : f->start_ns;

	bt_hist_add(kind == BDISK_READ ? &tally->extra2 : &tally->extra3, w->worker->now_ns - from);
}

static void done(struct bdisk_work *w, uint32_t slot)
{
	struct bdisk_request *q = &w->requests[slot];
	struct bt_tally *tally = w->worker->tally;
	enum bdisk_kind kind = q->kind;

	w->failures = 0;
	if (kind == BDISK_FSYNC) {
		bt_hist_add(&tally->extra, w->worker->now_ns - q->start_ns);
		landed(w, slot, BT_LANDED_FREE);
		return;
	}
	if (kind == BDISK_READ)
		tally->extra_count += q->bytes;
	else
		tally->extra_count2 += q->bytes;
	w->done[kind]++;
	w->done_bytes[kind] += q->bytes;
	if (w->job->test->reads && w->job->test->writes)
		count_apart(w, slot, kind);
	if (kind == BDISK_WRITE && fsync_follows(w, slot))
		landed(w, slot, BT_LANDED_OK);
	else
		landed(w, slot, BT_LANDED_OK | BT_LANDED_FREE);
}

void bdisk_landed(struct bdisk_work *w, uint32_t slot, int64_t res)
{
	struct bdisk_request *q = &w->requests[slot];

	if (__builtin_expect(res == (int64_t)(q->kind == BDISK_FSYNC ? 0 : q->bytes - q->got), 1))
		done(w, slot);
	else if (res >= 0)
		more(w, slot, res);
	else
		failed(w, slot, (unsigned)-res);
}

static int work_reap(struct bt_worker *worker, uint64_t until_ns)
{
	struct bdisk_work *w = worker->state;
	int rc;

	w->n_landed = 0;
	rc = w->engine->poll(w, until_ns);
	return rc < 0 ? rc : w->n_landed;
}

/* --fsync end: what was written is not safe before. */
static int work_last(struct bt_worker *worker)
{
	struct bdisk_work *w = worker->state;
	uint64_t start = bt_clock_now(worker->clock);
	int error = 0;

	if (w->b->fsync == BDISK_FSYNC_END && w->job->test->writes && fsync(w->fd) < 0)
		error = errno;
	worker->now_ns = bt_clock_now(worker->clock);
	if (error) {
		w->errors[error < BDISK_ERRNOS ? error : EIO]++;
		worker->tally->errors++;
	} else if (w->b->fsync == BDISK_FSYNC_END && w->job->test->writes) {
		bt_hist_add(&worker->tally->extra, worker->now_ns - start);
	}
	return 0;
}

const struct bt_load_ops bdisk_ops = {
	.init = work_init, .fini = work_fini, .begin = work_begin, .reap = work_reap, .last = work_last, .helpers = bdisk_helpers
};
