/* SPDX-License-Identifier: ISC
 *
 * fanout - a request is split into branches that all shards work on, and is done when the last branch is.
 *
 * The work of a branch is a number of steps of a random generator, so its result is known: the sum over the branches of a request
 * is compared with one made beforehand. Balanced, all branches have --work steps; skewed, the first has 16 times as many
 * and the others half.
 *
 * Over a link every shard has its fixed share of the branches, as there is nobody to take work from: the worker sends each partner
 * its share as one batch, does its own, and receives the results. Shards of lib/shard.h run each branch as a task, which
 * --place puts; the worker is the first of them, and runs tasks while it waits. plain: the worker does all of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "iohelpers.h"
#include "shards.h"

#define REQUESTS 64 /* different ones, in turn */
#define LONG_FACTOR 16

/* A branch as a task. */
struct branch {
	struct bt_task task;
	const struct fanout *fanout;
	uint64_t message, result;
};

struct fanout {
	uint32_t shards, branches;
	uint32_t steps[BRING_BRANCHES_MAX];
	uint64_t sums[REQUESTS];
	/* with shards */
	struct bt_shards *set;
	struct bt_shard *self;
	struct bt_join join;
	enum bt_place place;
	struct branch *tasks;
	pid_t tids[BRING_SHARDS_MAX];
};

static uint64_t grind(uint64_t x, uint32_t steps)
{
	for (uint32_t i = 0; i < steps; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

/* A branch as a message: the request in the upper bits. Its result is one as well. */
static uint64_t message_of(uint64_t request, uint32_t branch)
{
	return request << 8 | branch;
}

static uint64_t result_of(const struct fanout *f, uint64_t message)
{
	uint64_t x = (message + 1) * 0x9e3779b97f4a7c15u;

	return grind(x | 1, f->steps[message & 0xff]) % BRING_STOP;
}

static void work_on(struct bring_peer *p, uint64_t *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		values[i] = result_of(p->work->state, values[i]);
}

static int serve(struct bring_peer *p)
{
	return bring_serve(p, work_on);
}

static void plan(struct fanout *f, const struct bring_job *job)
{
	uint64_t work = job->b->work;

	f->shards = job->engine->no_link ? 1 : (uint32_t)job->b->shards;
	f->branches = (uint32_t)job->b->branches;
	for (uint32_t i = 0; i < f->branches; i++)
		f->steps[i] = (uint32_t)(job->load == BRING_BALANCED ? work : i == 0 ? work * LONG_FACTOR : work / 2);
	for (uint64_t r = 0; r < REQUESTS; r++)
		for (uint32_t i = 0; i < f->branches; i++)
			f->sums[r] += result_of(f, message_of(r, i));
}

/* --- shards --- */

static int note_thread(struct bt_shard *self, void *arg)
{
	struct fanout *f = arg;

	f->tids[bt_shard_index(self)] = gettid();
	return 0;
}

static const struct bt_shard_ops ops = { .start = note_thread, .messages = bring_shards_ignore };

static int start_shards(struct fanout *f, struct bring_job *job)
{
	enum bt_shard_backend backend = bring_shards_backend(job->engine);
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	uint32_t cpus[BRING_SHARDS_MAX];
	int rc;

	f->tasks = calloc(f->branches, sizeof(*f->tasks));
	if (!f->tasks)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->shards; i++)
		cpus[i] = job->b->cpus[i % job->b->n_cpus];
	f->place = (enum bt_place)job->b->place;
	bring_shards_options(job, backend, &o);
	o.n = f->shards;
	o.guests = 1;
	o.cpus = cpus;
	o.arg = f;
	rc = bt_shards_open(&f->set, &o);
	if (rc == 0)
		rc = bt_shard_attach(f->set, 0);
	if (rc < 0)
		return rc;
	f->self = bt_shards_get(f->set, 0);
	f->join.waiter = f->self;
	return bring_shards_effective(job, f->set, backend);
}

static void stop_shards(struct fanout *f, const struct bring_job *job)
{
	if (!f->set)
		return;
	bring_shards_count((struct bring_job *)job, f->set);
	if (f->self)
		bt_shard_detach(f->self);
	bt_shards_close(f->set);
}

static void run_branch(struct bt_shard *self, struct bt_task *task)
{
	struct branch *b = (struct branch *)task;

	(void)self;
	b->result = result_of(b->fanout, b->message);
}

/* What finds no room in a queue waits until some of the others have run. */
static int spawn(struct fanout *f, struct branch *b, uint32_t index)
{
	uint64_t key = f->place == BT_PLACE_STICKY ? index : index % f->shards;
	int rc;

	b->task = (struct bt_task){ .run = run_branch, .join = &f->join };
	while ((rc = bt_shard_spawn(f->self, &b->task, f->place, key)) == -EAGAIN)
		if ((rc = bt_shard_turn(f->self, 0)) < 0 && rc != -EINTR)
			break;
	return rc;
}

static int request_shards(struct fanout *f, uint64_t request, uint64_t *sum)
{
	int rc;

	for (uint32_t i = 0; i < f->branches; i++) {
		f->tasks[i].fanout = f;
		f->tasks[i].message = message_of(request, i);
		rc = spawn(f, &f->tasks[i], i);
		if (rc < 0)
			return rc;
	}
	while ((rc = bt_join_wait(f->self, &f->join, BT_SHARD_FOREVER)) == -EINTR)
		;
	for (uint32_t i = 0; i < f->branches; i++)
		*sum += f->tasks[i].result;
	return rc;
}

/* The time of the shards' own threads; the first shard is the worker. */
static uint64_t shards_cpu_ns(const struct fanout *f)
{
	struct bt_shard_stats stats;
	uint64_t ns = 0;

	for (uint32_t i = 1; f->set && i < f->shards; i++) {
		bt_shard_stats(bt_shards_get(f->set, i), &stats);
		ns += stats.cpu_ns + bt_iohelpers_ns(f->tids[i], true);
	}
	return ns;
}

/* --- both --- */

static int fanout_init(struct bt_worker *worker)
{
	const struct bring_job *job = worker->config;
	const struct bring *b = job->b;
	uint32_t peers = job->engine->shards || job->engine->no_link ? 0 : (uint32_t)b->shards - 1;
	int rc = bring_work_make(worker, (uint32_t)b->branches, peers, serve);
	struct bring_work *w = worker->state;
	struct fanout *f;

	if (rc < 0)
		return rc;
	w->state = f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	plan(f, job);
	if (job->engine->shards)
		return start_shards(f, (struct bring_job *)job);
	for (uint32_t i = 0; i < w->n_peers && rc == 0; i++) {
		w->peers[i].link.cpus[1] = b->cpus[(i + 1) % b->n_cpus];
		rc = bring_peer_start(&w->peers[i]);
	}
	return rc;
}

/* The branches of one shard: every n-th. */
static uint32_t share(struct bring_work *w, const struct fanout *f, uint64_t request, uint32_t shard)
{
	uint32_t n = 0;

	for (uint32_t i = shard; i < f->branches; i += f->shards)
		w->values[n++] = message_of(request, i);
	return n;
}

static int send_shares(struct bring_work *w, const struct fanout *f, uint64_t request)
{
	for (uint32_t i = 0; i < w->n_peers; i++) {
		uint32_t n = share(w, f, request, i + 1);
		int rc = n > 0 ? bring_send(&w->peers[i].link.ends[0], w->values, n) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int collect(struct bring_work *w, const struct fanout *f, uint32_t shard, uint64_t *sum)
{
	uint32_t left = (f->branches - shard + f->shards - 1) / f->shards;

	if (shard >= f->branches)
		return 0;
	while (left > 0) {
		int n = bring_receive(&w->peers[shard - 1].link.ends[0], w->values, left);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++)
			*sum += w->values[i];
		left -= (uint32_t)n;
	}
	return 0;
}

static int request_links(struct bring_work *w, const struct fanout *f, uint64_t request, uint64_t *sum)
{
	int rc = send_shares(w, f, request);
	uint32_t own = share(w, f, request, 0);

	for (uint32_t i = 0; i < own; i++)
		*sum += result_of(f, w->values[i]);
	for (uint32_t i = 1; i < f->shards && rc == 0; i++)
		rc = collect(w, f, i, sum);
	return rc;
}

static int fanout_step(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct fanout *f = w->state;
	uint64_t request = w->number++ % REQUESTS, sum = 0;
	int rc = f->set ? request_shards(f, request, &sum) : request_links(w, f, request, &sum);

	return rc < 0 ? rc : bring_check(w, sum, f->sums[request]);
}

static void fanout_fini(struct bt_worker *worker)
{
	struct bring_work *w = worker->state;
	struct fanout *f = w ? w->state : NULL;

	if (f)
		stop_shards(f, w->job);
	bring_work_free(worker);
	if (f)
		free(f->tasks);
	free(f);
}

static uint64_t fanout_helpers(struct bt_worker *worker)
{
	const struct bring_work *w = worker->state;

	return bring_work_helpers(worker) + shards_cpu_ns(w->state);
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bring *b = bring_of(e);

	bt_rec_u64(r, "shards", bring_job_of(e)->engine->no_link ? 1 : b->shards);
	bt_rec_u64(r, "branches", b->branches);
	bt_rec_u64(r, "work", b->work);
	if (bring_job_of(e)->engine->shards)
		bt_rec_str(r, "place", bring_places[b->place]);
}

static void measures(const struct bt_emit *e)
{
	bt_emit_rate(e);
	if (!bt_emit_open(e))
		bt_emit_dist(e, "lat", &e->span->total->lat);
}

const struct bring_test bring_fanout = {
	.name = "fanout", .kernel = "fanout.1", .help = "a request split into branches, done with the last", .operation = "a request",
	.vary = BRING_ENGINE | BRING_SPIN | BRING_LOAD, .engines = 0x1ff,
	.ops = { .init = fanout_init, .step = fanout_step, .fini = fanout_fini, .helpers = fanout_helpers },
	.describe = describe, .measures = measures,
};
