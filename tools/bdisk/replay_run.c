/* SPDX-License-Identifier: ISC
 *
 * replay_run - does the calls of a plan when they are due, a thread for each worker.
 *
 * Deadlines are absolute, from one instant for all workers, so nothing adds up. Workers sleep on a condition with a time limit,
 * not in a call that a stop could not end.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "err.h"
#include "replay.h"
#include "sig.h"

#define LEAD_NS 10000000      /* from here to the first call, so that all threads are there; and for each thread: */
#define LEAD_EACH_NS 200000
#define LOOK_NS 200000000     /* between looks at whether our reader still lives */
#define RESERVE_NS 100000000u /* histograms have room up to this from the start */
#define BUFFER_STEP 4096u     /* what is written begins elsewhere each time */

/* Sleep until due_ns. Returns false when the run is to stop. */
static bool sleep_until(struct replay *r, uint64_t due_ns)
{
	struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000u), .tv_nsec = (long)(due_ns % 1000000000u) };
	int rc = 0;

	if (bt_clock_monotonic() >= due_ns)
		return !r->stop;
	pthread_mutex_lock(&r->lock);
	while (!r->stop && rc == 0)
		rc = pthread_cond_timedwait(&r->wake, &r->lock, &due);
	pthread_mutex_unlock(&r->lock);
	return !r->stop;
}

/* Wait for the calls that had ended in the recording when this one began. */
static bool await_others(struct replay *r, uint32_t op)
{
	pthread_mutex_lock(&r->lock);
	while (!r->stop && r->frontier < r->plan.needs[op])
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
	return !r->stop;
}

static void tell_others(struct replay *r, uint32_t op)
{
	pthread_mutex_lock(&r->lock);
	r->done[r->plan.rank[op]] = true;
	if (r->plan.rank[op] == r->frontier) {
		while (r->frontier < r->plan.n && r->done[r->frontier])
			r->frontier++;
		pthread_cond_broadcast(&r->moved);
	}
	pthread_mutex_unlock(&r->lock);
}

static int64_t call(const struct replay_worker *w, const struct bt_io_op *op)
{
	const struct replay *r = w->replay;
	int fd = r->fds[op->file];
	int64_t ret = -1;

	switch (bt_io_calls[op->call].what) {
	case BT_IO_READ: ret = pread(fd, w->buffer, op->size, (off_t)op->offset); break;
	case BT_IO_WRITE: ret = pwrite(fd, r->data + op->index % 256 * BUFFER_STEP, op->size, (off_t)op->offset); break;
	case BT_IO_SYNC: ret = fsync(fd); break;
	case BT_IO_DATASYNC: ret = fdatasync(fd); break;
	case BT_IO_TRUNCATE: ret = ftruncate(fd, (off_t)op->offset); break;
	}
	return ret < 0 ? -errno : ret;
}

static enum replay_how compare(const struct bt_io_op *op, int64_t ret)
{
	if (!op->has_ret)
		return ret < 0 ? REPLAY_FAILED : REPLAY_SAME;
	if (ret == op->ret)
		return REPLAY_SAME;
	if (ret < 0)
		return op->ret < 0 ? REPLAY_ERRNO : REPLAY_FAILED;
	return op->ret < 0 ? REPLAY_SUCCEEDED : REPLAY_BYTES;
}

static void show(struct replay *r, uint32_t op, enum replay_how how, int64_t ret)
{
	pthread_mutex_lock(&r->lock);
	if (r->shown && r->n_shown < REPLAY_SHOWN)
		r->shown[r->n_shown++] = (struct replay_shown){ op, how, ret, bt_clock_wall_us() };
	pthread_mutex_unlock(&r->lock);
}

/* Kinds beyond those there is room for are counted with the last one. */
static void count_difference(struct replay_worker *w, const struct bt_io_op *op, enum replay_how how, int64_t ret)
{
	struct replay_difference d = {
		.call = op->call, .how = (uint8_t)how, .here = ret < 0 ? (uint16_t)-ret : 0,
		.recorded = op->has_ret && op->ret < 0 ? (uint16_t)-op->ret : 0, .count = 1,
	};
	unsigned i = 0;

	while (i < w->n_differs && (w->differs[i].call != d.call || w->differs[i].how != d.how || w->differs[i].here != d.here ||
				    w->differs[i].recorded != d.recorded))
		i++;
	if (i == w->n_differs && i < REPLAY_KINDS)
		w->differs[w->n_differs++] = d;
	else
		w->differs[i < REPLAY_KINDS ? i : REPLAY_KINDS - 1].count++;
}

static void do_call(struct replay_worker *w, uint32_t index, uint64_t due_ns)
{
	struct replay *r = w->replay;
	const struct bt_io_op *op = &r->plan.ops[index];
	uint64_t start = bt_clock_monotonic();
	int64_t ret = call(w, op);
	enum replay_how how = compare(op, ret);

	w->last_ns = bt_clock_monotonic();
	if (!replay_opts.fast)
		bt_hist_add(&w->late, start > due_ns ? start - due_ns : 0);
	bt_hist_add(&w->lat[op->call], w->last_ns - start);
	if (op->has_lat)
		bt_hist_add(&w->recorded[op->call], op->lat_ns);
	w->calls[op->call]++;
	if (ret > 0)
		*(bt_io_calls[op->call].what == BT_IO_READ ? &w->read_bytes : &w->written_bytes) += (uint64_t)ret;
	if (how == REPLAY_SAME)
		return;
	count_difference(w, op, how, ret);
	show(r, index, how, ret);
}

static void *work(void *arg)
{
	struct replay_worker *w = arg;
	struct replay *r = w->replay;
	const struct bt_ioplan *p = &r->plan;
	uint64_t due_ns = 0;
	bool going;

	prctl(PR_SET_TIMERSLACK, 1);
	going = sleep_until(r, r->start_ns);
	for (uint32_t i = p->first[w->index]; going && i < p->first[w->index + 1]; i++) {
		uint32_t op = p->order[i];

		if (!replay_opts.fast)
			due_ns = r->start_ns + bt_ioplan_due(&p->ops[op], replay_opts.speed);
		going = sleep_until(r, due_ns) && (!replay_opts.global || await_others(r, op));
		if (!going)
			break;
		do_call(w, op, due_ns);
		if (replay_opts.global)
			tell_others(r, op);
	}
	pthread_mutex_lock(&r->lock);
	if (++r->finished == p->workers)
		eventfd_write(r->done_fd, 1);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

void replay_worker_free(struct replay_worker *w)
{
	for (unsigned i = 0; i < BT_IO_CALLS; i++) {
		bt_hist_free(&w->lat[i]);
		bt_hist_free(&w->recorded[i]);
	}
	bt_hist_free(&w->late);
	if (w->buffer)
		munmap(w->buffer, w->replay->plan.size_most + 1);
}

/* Histograms have their memory before the run. */
static int prepare(struct replay *r, struct replay_worker *w)
{
	const struct bt_ioplan *p = &r->plan;
	int rc = 0;

	bt_hist_init(&w->late, 3);
	for (unsigned i = 0; i < BT_IO_CALLS; i++) {
		bt_hist_init(&w->lat[i], 3);
		bt_hist_init(&w->recorded[i], 3);
	}
	for (uint32_t i = p->first[w->index]; rc == 0 && i < p->first[w->index + 1]; i++) {
		unsigned c = p->ops[p->order[i]].call;

		if (w->lat[c].len == 0)
			rc = bt_hist_reserve(&w->lat[c], RESERVE_NS);
		if (rc == 0 && w->recorded[c].len == 0)
			rc = bt_hist_reserve(&w->recorded[c], RESERVE_NS);
	}
	w->buffer = mmap(NULL, p->size_most + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->buffer == MAP_FAILED)
		w->buffer = NULL;
	return rc < 0 || !w->buffer ? -ENOMEM : bt_hist_reserve(&w->late, RESERVE_NS);
}

/* Signals are for the thread that waits for all others. */
static int start(struct replay *r, uint32_t *started)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (*started = 0; rc == 0 && *started < r->plan.workers; *started += rc == 0)
		rc = -pthread_create(&r->workers[*started].thread, NULL, work, &r->workers[*started]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void stop(struct replay *r)
{
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->wake);
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

static bool reader_gone(const struct replay *r)
{
	struct pollfd out = { .fd = r->b->tool.out.file.fd };

	return poll(&out, 1, 0) > 0 && out.revents & POLLERR;
}

/* Until all are done, a signal comes, or nobody reads us any more. */
static void await_end(struct replay *r)
{
	int rc;

	do
		rc = bt_sig_wait_until(r->done_fd, bt_clock_monotonic() + LOOK_NS);
	while (rc == -ETIMEDOUT && !reader_gone(r));
	if (rc < 0)
		stop(r);
	if (rc == -ETIMEDOUT)
		r->b->tool.out.error = -EPIPE;
}

static int begin(struct replay *r)
{
	pthread_condattr_t attr;
	int rc = 0;

	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_cond_init(&r->moved, NULL);
	pthread_condattr_destroy(&attr);
	r->stop = false;
	r->finished = r->frontier = r->n_shown = 0;
	r->workers = calloc(r->plan.workers, sizeof(*r->workers));
	r->done = calloc(r->plan.n, sizeof(*r->done));
	r->shown = r->b->tool.out_opts.verbose ? calloc(REPLAY_SHOWN, sizeof(*r->shown)) : NULL;
	r->done_fd = eventfd(0, EFD_CLOEXEC);
	if (!r->workers || !r->done || r->done_fd < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->plan.workers; i++) {
		r->workers[i].replay = r;
		r->workers[i].index = i;
	}
	for (uint32_t i = 0; rc == 0 && i < r->plan.workers; i++)
		rc = prepare(r, &r->workers[i]);
	return rc;
}

static void tidy(struct replay *r)
{
	for (uint32_t i = 0; r->workers && i < r->plan.workers; i++)
		replay_worker_free(&r->workers[i]);
	free(r->workers);
	free(r->done);
	free(r->shown);
	if (r->done_fd >= 0)
		close(r->done_fd);
	pthread_cond_destroy(&r->wake);
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
}

int replay_run(struct replay *r)
{
	uint32_t started = 0;
	uint64_t end_ns = 0;
	int rc = begin(r);

	if (rc == 0) {
		r->start_ns = bt_clock_monotonic() + LEAD_NS + r->plan.workers * LEAD_EACH_NS;
		rc = start(r, &started);
	}
	if (rc < 0) {
		bt_warn("replay: %u workers: %s", r->plan.workers, strerror(-rc));
		stop(r);
	} else {
		await_end(r);
	}
	for (uint32_t i = 0; i < started; i++) {
		pthread_join(r->workers[i].thread, NULL);
		end_ns = r->workers[i].last_ns > end_ns ? r->workers[i].last_ns : end_ns;
	}
	if (rc == 0)
		replay_report(r, end_ns);
	tidy(r);
	return rc;
}
