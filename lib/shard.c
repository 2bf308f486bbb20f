/* SPDX-License-Identifier: ISC
 *
 * shard - the life of a set of shards: options, threads, guests, the stop.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "shard_private.h"

_Thread_local struct bt_shard *bt_shard_mine;

/* How often this process is a child of fork since it began to use shards. */
static _Atomic unsigned forks;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void forked(void)
{
	atomic_fetch_add(&forks, 1);
	bt_shard_mine = NULL;
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forked);
}

bool bt_shards_forked(const struct bt_shards *set)
{
	return atomic_load(&forks) != set->forks;
}

int bt_shards_enter(struct bt_shards *set)
{
	if (bt_shards_forked(set))
		return -ECHILD;
	atomic_fetch_add(&set->users, 1);
	if (!atomic_load(&set->stopping))
		return 0;
	bt_shards_leave(set);
	return -ESHUTDOWN;
}

void bt_shards_leave(struct bt_shards *set)
{
	if (atomic_fetch_sub(&set->users, 1) == 1 && atomic_load(&set->stopping))
		bt_futex_wake(&set->users);
}

static void await_zero(_Atomic uint32_t *word)
{
	uint32_t now;
	int rc;

	while ((now = atomic_load(word)) > 0)
		bt_futex_wait(word, now, BT_SHARD_FOREVER, &rc);
}

/* -- options -- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static int check_opts(struct bt_shards_opts *o)
{
	o->capacity = bt_spsc_capacity(or_default(o->capacity, 1024));
	o->tasks = or_default(o->tasks, 256);
	o->inbox = or_default(o->inbox, 256);
	o->asks = or_default(o->asks, 256);
	o->ring_entries = or_default(o->ring_entries, 256);
	if (!o->ops || !o->ops->messages || o->n == 0 || o->n > BT_SHARDS_MAX || o->guests > o->n || o->capacity == 0)
		return -EINVAL;
	if (o->tasks > BT_MPMC_MAX || o->inbox > BT_MPMC_MAX || o->asks > 4096 || o->backend > BT_SHARD_QUEUE)
		return -EINVAL;
	if (o->ring_entries > 32768 || (o->cq_entries && o->cq_entries < o->ring_entries))
		return -EINVAL;
	return 0;
}

/* The CPU of each shard, and whether it has it to itself: two shards on one CPU must not spin for each other. */
static int place(struct bt_shards *set, const struct bt_shards_opts *o)
{
	uint32_t allowed[BT_CPUS_MAX];
	int n = bt_cpus_allowed(allowed, BT_CPUS_MAX);

	if (n < 0)
		return n;
	for (uint32_t i = 0; i < set->n; i++)
		set->shards[i].cpu = o->cpus ? o->cpus[i] : allowed[i % (uint32_t)n];
	for (uint32_t i = 0; i < set->n; i++) {
		struct bt_shard *s = &set->shards[i];

		s->alone = o->cpus || n > 1; /* who gives a list need not be allowed more than one CPU */
		for (uint32_t k = 0; k < set->n; k++)
			s->alone = s->alone && (k == i || set->shards[k].cpu != s->cpu);
		if (o->no_pin)
			s->alone = set->n <= (uint32_t)n;
	}
	return 0;
}

static void set_idle(struct bt_shard *s, uint64_t spin_ns)
{
	if (spin_ns != BT_SHARD_SPIN_ADAPTIVE)
		bt_idle_init(&s->idle, false, spin_ns);
	else
		bt_idle_init(&s->idle, true, s->alone ? BT_SHARD_SPIN_MAX_NS : 0);
}

/* -- memory -- */

static struct bt_spsc *queue(const struct bt_shards *set, uint32_t from, uint32_t to)
{
	return (struct bt_spsc *)((char *)set->queues + ((size_t)from * set->n + to) * set->queue_bytes);
}

static int make_queues(struct bt_shards *set)
{
	set->queue_bytes = bt_spsc_bytes(set->opts.capacity);
	set->queues_bytes = set->queue_bytes * set->n * set->n;
	set->queues = mmap(NULL, set->queues_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (set->queues == MAP_FAILED) {
		set->queues = NULL;
		return -ENOMEM;
	}
	for (uint32_t from = 0; from < set->n; from++)
		for (uint32_t to = 0; to < set->n; to++)
			bt_spsc_init(queue(set, from, to), set->opts.capacity);
	return 0;
}

static int make_shard(struct bt_shards *set, uint32_t index)
{
	struct bt_shard *s = &set->shards[index];
	int rc;

	s->set = set;
	s->index = index;
	s->n = set->n;
	s->guest = index < set->guests;
	s->quiet = true;
	s->next_shard = s->victim = index;
	atomic_init(&s->ring_fd, -1);
	s->out = calloc(set->n, sizeof(*s->out));
	s->in = calloc(set->n, sizeof(*s->in));
	s->dirty = calloc(set->n, sizeof(*s->dirty));
	s->dirty_list = calloc(set->n, sizeof(*s->dirty_list));
	if (!s->out || !s->in || !s->dirty || !s->dirty_list)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n; i++) {
		s->out[i] = queue(set, index, i);
		s->in[i] = queue(set, i, index);
	}
	s->bell_fd = eventfd(0, EFD_CLOEXEC);
	if (s->bell_fd < 0)
		return -errno;
	if ((rc = bt_mpmc_init(&s->inbox, set->opts.inbox)) < 0 || (rc = bt_mpmc_init(&s->tasks, set->opts.tasks)) < 0)
		return rc;
	return bt_mpmc_init(&s->preferred, set->opts.tasks);
}

static void free_shard(struct bt_shard *s)
{
	if (s->bell_fd >= 0)
		close(s->bell_fd);
	bt_mpmc_free(&s->inbox);
	bt_mpmc_free(&s->tasks);
	bt_mpmc_free(&s->preferred);
	free(s->out);
	free(s->in);
	free(s->dirty);
	free(s->dirty_list);
}

static void free_set(struct bt_shards *set)
{
	for (uint32_t i = 0; set->shards && i < set->n; i++)
		free_shard(&set->shards[i]);
	if (set->queues)
		munmap(set->queues, set->queues_bytes);
	bt_asks_free(set);
	free(set->shards);
	free(set);
}

static int make_set(struct bt_shards **out, const struct bt_shards_opts *opts)
{
	struct bt_shards_opts o = *opts;
	struct bt_shards *set;
	int rc = check_opts(&o);

	if (rc < 0)
		return rc;
	set = aligned_alloc(128, (sizeof(*set) + 127) / 128 * 128);
	if (!set)
		return -ENOMEM;
	memset(set, 0, sizeof(*set));
	*out = set;
	set->opts = o;
	set->n = o.n;
	set->guests = o.guests;
	set->forks = atomic_load(&forks);
	if (o.clock)
		set->clock = *o.clock;
	pthread_mutex_init(&set->life, NULL);
	set->shards = aligned_alloc(128, set->n * sizeof(*set->shards));
	if (!set->shards)
		return -ENOMEM;
	memset(set->shards, 0, set->n * sizeof(*set->shards));
	for (uint32_t i = 0; i < set->n; i++)
		set->shards[i].bell_fd = -1;
	rc = place(set, opts);
	if (rc == 0)
		rc = bt_asks_init(set, o.asks);
	if (rc == 0)
		rc = make_queues(set);
	for (uint32_t i = 0; rc == 0 && i < set->n; i++)
		rc = make_shard(set, i);
	for (uint32_t i = 0; rc == 0 && i < set->n; i++)
		set_idle(&set->shards[i], o.spin_ns);
	set->lazy = bt_bell_can_be_lazy(o.spin_ns);
	return rc;
}

/* -- threads -- */

static bool wants_ring(const struct bt_shards *set)
{
	return set->opts.backend != BT_SHARD_QUEUE;
}

/* What a shard needs in its own thread. A ring that cannot be had is noted, not an error. */
static int begin(struct bt_shard *s)
{
	const struct bt_shards_opts *o = &s->set->opts;
	int rc = o->no_pin ? 0 : bt_cpus_pin(s->cpu);

	if (rc < 0)
		return rc;
	bt_shard_mine = s;
	if (pthread_getcpuclockid(pthread_self(), &s->cpu_clock) != 0)
		s->cpu_clock = CLOCK_THREAD_CPUTIME_ID;
	return o->ops->start ? o->ops->start(s, o->arg) : 0;
}

static void keep_cpu_time(struct bt_shard *s)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0)
		atomic_store(&s->final_cpu_ns, (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

static void finish(struct bt_shard *s)
{
	if (s->set->opts.ops->end)
		s->set->opts.ops->end(s, s->set->opts.arg);
	bt_ring_close(s);
	keep_cpu_time(s);
	bt_shard_mine = NULL;
}

static void reach(_Atomic uint32_t *word)
{
	atomic_fetch_add(word, 1);
	bt_futex_wake(word);
}

static void await(_Atomic uint32_t *word, uint32_t value)
{
	uint32_t now;
	int rc;

	while ((now = atomic_load(word)) < value)
		bt_futex_wait(word, now, BT_SHARD_FOREVER, &rc);
}

/* Nobody sends any more once all are quiet; only then is the last work done, so it is the last. */
static void *thread_main(void *arg)
{
	struct bt_shard *s = arg;
	struct bt_shards *set = s->set;
	bool begun;

	s->error = begin(s);
	begun = s->error == 0;
	if (begun && wants_ring(set))
		s->ring_error = bt_ring_open(s);
	reach(&set->ready);
	await(&set->phase, BT_PHASE_RUN);
	if (atomic_load(&set->phase) == BT_PHASE_RUN) {
		if (set->effective.backend == BT_SHARD_QUEUE)
			bt_ring_close(s);
		s->raw = set->effective.backend == BT_SHARD_RAW;
		s->quiet = false;
		bt_shard_loop(s);
		bt_shard_push_out(s);
		s->quiet = true;
		reach(&set->quiet);
		await(&set->quiet, set->started + 1);
		bt_shard_drain(s);
	}
	if (begun)
		finish(s);
	return NULL;
}

/* Signals are for the caller's threads. */
static int start_threads(struct bt_shards *set)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (uint32_t i = set->guests; rc == 0 && i < set->n; i++) {
		rc = -pthread_create(&set->shards[i].thread, NULL, thread_main, &set->shards[i]);
		set->started += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void join_threads(struct bt_shards *set)
{
	for (uint32_t i = 0; i < set->started; i++)
		pthread_join(set->shards[set->guests + i].thread, NULL);
	set->started = 0;
}

/* Without threads nobody has tried yet whether there is io_uring. */
static int try_ring(struct bt_shards *set)
{
	struct bt_shard *s = &set->shards[0];
	int rc = bt_ring_open(s);

	set->effective.ring_flags = s->ring.flags;
	bt_ring_close(s);
	s->ring.flags = 0;
	return rc;
}

static void note_ring(struct bt_shards *set, const struct bt_shard_ring *r)
{
	set->effective.ring_flags = r->flags;
	set->effective.sq_entries = r->u.sq.ring_entries;
	set->effective.cq_entries = r->u.cq.ring_entries;
}

/* Which backend works here: raw and doorbell need a ring in every shard. */
static void choose(struct bt_shards *set)
{
	struct bt_shards_effective *e = &set->effective;
	int rc = 0;

	e->capacity = set->opts.capacity;
	e->spin_ns = set->opts.spin_ns == BT_SHARD_SPIN_ADAPTIVE && set->shards[0].idle.most_ns == 0 ? 0 : set->opts.spin_ns;
	e->backend = set->opts.backend == BT_SHARD_AUTO ? BT_SHARD_DOORBELL : set->opts.backend;
	if (!wants_ring(set))
		return;
	if (set->started == 0)
		rc = try_ring(set);
	for (uint32_t i = set->guests; rc == 0 && i < set->n; i++)
		rc = set->shards[i].ring_error;
	e->fallback = rc;
	if (rc < 0)
		*e = (struct bt_shards_effective){ BT_SHARD_QUEUE, rc, 0, 0, 0, e->capacity, e->spin_ns };
	else if (set->started > 0)
		note_ring(set, &set->shards[set->guests].ring);
}

static void go(struct bt_shards *set, enum bt_phase phase)
{
	atomic_store(&set->phase, phase);
	bt_futex_wake(&set->phase);
}

int bt_shards_open(struct bt_shards **out, const struct bt_shards_opts *opts)
{
	struct bt_shards *set = NULL;
	int rc;

	pthread_once(&fork_once, watch_forks);
	rc = make_set(&set, opts);
	if (rc == 0) {
		rc = start_threads(set);
		await(&set->ready, set->started);
		for (uint32_t i = set->guests; rc == 0 && i < set->n; i++)
			rc = set->shards[i].error;
		if (rc == 0)
			choose(set);
		go(set, rc == 0 ? BT_PHASE_RUN : BT_PHASE_HOME);
		if (rc < 0)
			join_threads(set);
	}
	if (rc < 0 && set)
		free_set(set);
	*out = rc < 0 ? NULL : set;
	return rc;
}

static int stop(struct bt_shards *set)
{
	if (set->stopped)
		return -EALREADY;
	for (uint32_t i = 0; i < set->guests; i++)
		if (atomic_load(&set->shards[i].attached))
			return -EBUSY;
	set->stopped = true;
	atomic_store(&set->stopping, 1);
	await_zero(&set->users);
	for (uint32_t i = set->guests; i < set->n; i++)
		bt_shard_ring_bell(NULL, &set->shards[i]);
	reach(&set->quiet); /* no outside call is under way, and none begins */
	join_threads(set);
	bt_asks_end(set);
	return 0;
}

int bt_shards_stop(struct bt_shards *set)
{
	int rc;

	if (bt_shards_forked(set))
		return -ECHILD;
	if (bt_shard_mine && bt_shard_mine->set == set && !bt_shard_mine->guest)
		return -EDEADLK;
	pthread_mutex_lock(&set->life);
	rc = stop(set);
	pthread_mutex_unlock(&set->life);
	return rc;
}

int bt_shards_close(struct bt_shards *set)
{
	int rc = set ? bt_shards_stop(set) : 0;

	if (!set || rc == -ECHILD || rc == -EBUSY || rc == -EDEADLK)
		return rc;
	await_zero(&set->waiters);
	pthread_mutex_destroy(&set->life);
	free_set(set);
	return rc == -EALREADY ? 0 : rc;
}

/* -- guests -- */

static int attach(struct bt_shards *set, struct bt_shard *s)
{
	cpu_set_t before;
	int rc;

	if (set->stopped)
		return -ESHUTDOWN;
	if (atomic_load(&s->attached))
		return -EBUSY;
	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	s->cpus_before = before;
	rc = begin(s);
	if (rc == 0 && set->effective.backend != BT_SHARD_QUEUE && bt_ring_open(s) < 0) {
		if (set->opts.ops->end)
			set->opts.ops->end(s, set->opts.arg);
		rc = -ENOTSUP;
	}
	if (rc < 0) {
		bt_shard_mine = NULL;
		sched_setaffinity(0, sizeof(before), &before);
		return rc;
	}
	if (s->ring.open && set->effective.sq_entries == 0)
		note_ring(set, &s->ring);
	s->raw = set->effective.backend == BT_SHARD_RAW;
	s->quiet = false;
	atomic_store(&s->attached, true);
	return 0;
}

int bt_shard_attach(struct bt_shards *set, uint32_t i)
{
	int rc;

	if (bt_shards_forked(set))
		return -ECHILD;
	if (i >= set->guests)
		return -EINVAL;
	if (bt_shard_mine)
		return -EBUSY;
	pthread_mutex_lock(&set->life);
	rc = attach(set, &set->shards[i]);
	pthread_mutex_unlock(&set->life);
	return rc;
}

int bt_shard_detach(struct bt_shard *s)
{
	if (!bt_shard_is_mine(s))
		return -EXDEV;
	if (!s->guest || s->in_turn)
		return -EDEADLK;
	bt_shard_push_out(s);
	s->quiet = true;
	bt_shard_drain(s);
	finish(s);
	sched_setaffinity(0, sizeof(s->cpus_before), &s->cpus_before);
	atomic_store(&s->attached, false);
	return 0;
}

/* -- who is who -- */

struct bt_shard *bt_shards_get(struct bt_shards *set, uint32_t i)
{
	return i < set->n ? &set->shards[i] : NULL;
}

uint32_t bt_shards_count(const struct bt_shards *set)
{
	return set->n;
}

struct bt_shard *bt_shard_self(void)
{
	return bt_shard_mine;
}

uint32_t bt_shard_index(const struct bt_shard *s)
{
	return s->index;
}

struct bt_shards *bt_shard_set(const struct bt_shard *s)
{
	return s->set;
}

void bt_shards_effective(const struct bt_shards *set, struct bt_shards_effective *out)
{
	*out = set->effective;
}
