/* SPDX-License-Identifier: ISC
 *
 * shard_private - what the files of the shard runtime share. A set is made (shardmake.c), started and stopped (shard.c); its
 * threads (shardthread.c) and guests (shardguest.c) turn (shardturn.c): messages (shardsend.c), tasks (shardtask.c), I/O
 * (shardio.c, and shardpoll.c without a ring), requests (shardask.c). They sleep and wake each other (shardbell.c) through their
 * rings (shardring.c).
 *
 * Who writes what: a shard's own thread writes everything in it but its state (anyone may take it from SLEEPS to AWAKE), its
 * inbox and its task queues. Counters are written by one thread and read by any.
 */
#ifndef BT_SHARD_PRIVATE_H
#define BT_SHARD_PRIVATE_H

#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>

#include "cpus.h"
#include "idle.h"
#include "mpmc.h"
#include "shard.h"
#include "shardask.h"
#include "shardio.h"
#include "spsc.h"

#define BT_TAG_TASK (1u << 16) /* of messages whose value is a struct bt_task */
#define BT_TAG_ASK (1u << 17)  /* in an inbox: a request, from is its id */
#define BT_BATCH 64            /* messages, completions or tasks taken from one place before the next place is looked at */

/* user_data of what is the runtime's own: the top bit, and the kind in the lowest three. A message has neither. */
#define BT_UD_OWN (UINT64_C(1) << 63)
#if defined(__SANITIZE_THREAD__)
#define BT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BT_TSAN 1
#endif
#endif
#ifndef BT_TSAN
#define BT_TSAN 0 /* 1: show a checker of threads what the kernel orders */
#endif

enum bt_ud { BT_UD_IO, BT_UD_BELL, BT_UD_EVENT, BT_UD_CANCEL, BT_UD_SENT };
#define BT_UD_KIND 7u

enum bt_shard_state { BT_AWAKE, BT_SLEEPS_RING, BT_SLEEPS_FUTEX, BT_SLEEPS_POLL };

struct bt_shard_counters {
	_Atomic uint64_t received, batches, spawned, completed, stolen, sent, refused, failed, io_inline, io_started, io_completed,
		asked, asks_dropped, doorbells, sleeps, spun_ns, enters, cq_overflows, resent;
};

struct bt_shard_ring {
	struct io_uring u;
	bool open, event_armed;
	uint32_t flags; /* BT_RING_* in effect */
	uint64_t event; /* what the read of the eventfd gives */
	pid_t owner;    /* the thread that may submit, with BT_RING_SINGLE */
};

struct bt_shard {
	_Alignas(128) _Atomic uint32_t state; /* enum bt_shard_state, a futex; senders read this line and nothing else */
	_Atomic int ring_fd;                  /* -1: no ring */
	int bell_fd;                          /* an eventfd, for those without a ring, and while it sleeps in poll */
	_Alignas(128) struct bt_shards *set;
	uint32_t index, n;
	uint32_t cpu;
	bool guest, raw;
	bool quiet;    /* sends nothing (any more) */
	bool in_turn;
	bool alone;    /* shares its CPU with no other shard */
	struct bt_spsc **out, **in; /* by the other's index */
	uint8_t *dirty;             /* by destination: written, not published */
	uint32_t *dirty_list, n_dirty;
	uint32_t next_shard;        /* of round robin */
	uint32_t victim;            /* where to steal next */
	uint32_t glance;            /* whose work was looked for last */
	struct bt_idle idle;
	struct bt_join *join;       /* what its thread waits for, or NULL */
	struct bt_spsc *ticket_of;  /* the same: until its head reaches ticket */
	uint64_t ticket;
	struct bt_shard_ring ring;
	struct bt_io *io;           /* under way, a list */
	uint32_t pending_io;        /* how many; of them, without a ring, sockets that wait: */
	_Atomic uint64_t shown_io;  /* pending_io, for others */
	struct bt_shard_counters count;
	pthread_t thread;
	_Atomic bool attached;      /* a thread is it */
	clockid_t cpu_clock;
	_Atomic uint64_t final_cpu_ns; /* once the thread has ended */
	int error, ring_error;      /* of its start */
	cpu_set_t cpus_before[BT_CPUS_MAX / CPU_SETSIZE]; /* a guest: the mask of its thread */
	_Alignas(128) struct bt_mpmc inbox, tasks, preferred;
	_Atomic uint64_t foreign;   /* written by others */
};

struct bt_ask {
	_Atomic uint32_t word;     /* generation << 4 | enum state; a futex */
	_Atomic uint64_t deadline_ns;
	int status;
	uint64_t value;
};

struct bt_shards {
	struct bt_shards_opts opts;
	struct bt_shards_effective effective;
	struct bt_clock clock;
	unsigned forks;               /* as counted when it was made */
	uint32_t n, guests;
	struct bt_shard *shards;
	bool lazy;                    /* senders have no barrier: the sleeper has one for all */
	void *queues;                 /* n * n of them, by sender, then by receiver */
	size_t queues_bytes, queue_bytes;
	pthread_mutex_t life;         /* attach, detach, stop */
	bool stopped;
	uint32_t started;             /* threads */
	_Atomic uint32_t phase;       /* enum bt_phase, a futex */
	_Atomic uint32_t ready, quiet; /* threads that have got there; futexes */
	_Alignas(128) _Atomic uint32_t stopping;
	_Alignas(128) _Atomic uint32_t sleepers; /* shards that may sleep, so whether a stealable task needs a bell */
	_Alignas(128) _Atomic uint32_t users;    /* outside calls under way that may put something into a queue; a futex */
	_Atomic uint32_t next_shard;  /* of round robin, from outside */
	struct bt_mpmc free_asks;
	struct bt_ask *asks;
	uint32_t n_asks;
	_Atomic uint64_t spawned, refused, asked, pending_asks, doorbells;
};

enum bt_phase { BT_PHASE_START, BT_PHASE_RUN, BT_PHASE_HOME };

/* One writer, any reader. */
#define BT_BUMP(counter, by) \
	atomic_store_explicit(&(counter), atomic_load_explicit(&(counter), memory_order_relaxed) + (by), memory_order_relaxed)

extern _Thread_local struct bt_shard *bt_shard_mine;

/* bt_shard_is_mine - whether the caller is the thread of s; if not that is counted. */
static inline bool bt_shard_is_mine(struct bt_shard *s)
{
	if (__builtin_expect(bt_shard_mine == s, 1))
		return true;
	atomic_fetch_add_explicit(&s->foreign, 1, memory_order_relaxed);
	return false;
}

static inline uint64_t bt_shards_now(const struct bt_shards *set)
{
	return bt_clock_now(&set->clock);
}

/* shardmake.c. bt_shards_make - a set without threads, to be freed in any case that leaves *out. 0 or -errno. */
int bt_shards_make(struct bt_shards **out, const struct bt_shards_opts *opts);
void bt_shards_free(struct bt_shards *set);

/* shardthread.c. bt_shard_begin - the calling thread becomes s: 0 or -errno. bt_shard_finish - it is no more. bt_threads_start -
 * the threads of all that are no guests; set->started tells how many there are, also after an error. bt_reach, bt_await - meet
 * others at a count. */
int bt_shard_begin(struct bt_shard *s);
void bt_shard_finish(struct bt_shard *s);
int bt_threads_start(struct bt_shards *set);
void bt_threads_join(struct bt_shards *set);
void bt_reach(_Atomic uint32_t *word);
void bt_await(_Atomic uint32_t *word, uint32_t value);

static inline bool bt_shards_want_ring(const struct bt_shards *set)
{
	return set->opts.backend != BT_SHARD_QUEUE;
}

/* shard.c. bt_shards_note_ring - for bt_shards_effective. */
void bt_shards_note_ring(struct bt_shards *set, const struct bt_shard_ring *r);

/* bt_shards_forked - whether this process is a child of the one that made the set. */
bool bt_shards_forked(const struct bt_shards *set);

/* bt_shards_enter - an outside call begins: 0, -ESHUTDOWN or -ECHILD. bt_shards_leave - it ends. */
int bt_shards_enter(struct bt_shards *set);
void bt_shards_leave(struct bt_shards *set);

/* shardturn.c. bt_shard_work - handle what there is, once; when there is nothing, steal. bt_shard_has_work - whether there is
 * something. bt_shard_glimpse - the same for spinning: of what the others have, another one each time. bt_shard_loop - the thread
 * of a shard until the set stops. bt_shard_drain - the last work: cancel I/O, and go on until nothing is left, or `most` were
 * handled. bt_shard_until - turn until done(s) or the timeout. */
size_t bt_shard_work(struct bt_shard *s, bool steal);
bool bt_shard_has_work(struct bt_shard *s);
bool bt_shard_glimpse(struct bt_shard *s);
void bt_shard_loop(struct bt_shard *s);
void bt_shard_drain(struct bt_shard *s, uint64_t most);
int bt_shard_until(struct bt_shard *s, bool (*done)(struct bt_shard *s), uint64_t timeout_ns);

/* bt_shard_deliver - messages to the program and tasks to themselves. */
void bt_shard_deliver(struct bt_shard *s, uint32_t from, const struct bt_msg *m, size_t n);

/* shardsend.c: one message of the runtime's own tags, not yet delivered; and all that is written. */
int bt_shard_put(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value);
int bt_shard_push_out(struct bt_shard *s);

/* shardbell.c. bt_bell_can_be_lazy - whether a set that spins so long can have its barriers with those who go to sleep.
 * bt_shard_ring_bell - wake `to` if it sleeps; by is the caller's shard or NULL. With a ring the bell goes with by's
 * next submission. bt_shard_idle - spin and sleep until there is work, or until_ns. 0, or -EINTR. */
bool bt_bell_can_be_lazy(uint64_t spin_ns);
void bt_shard_ring_bell(struct bt_shard *by, struct bt_shard *to);
int bt_shard_idle(struct bt_shard *s, uint64_t until_ns);
void bt_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns, int *rc);
void bt_futex_wake(_Atomic uint32_t *word);

/* shardring.c. bt_ring_open - in the thread of s. 0 or -errno. bt_ring_close - takes one that is not open. bt_ring_pause,
 * bt_ring_resume - a guest goes and comes back: 0, or -EPERM: the ring is another thread's. bt_ring_sqe - an
 * entry, or NULL: the kernel takes no more now. bt_ring_submit - 0 or -errno: what was not submitted stays. bt_ring_wait - submit,
 * and sleep until a completion, left_ns at most. bt_ring_reap - handle completions; how many. bt_ring_arm_event - see
 * shardring.c; false: no room now. bt_ring_put_message - the one in that slot of the queue to `to`; -EAGAIN or -ENOTCONN. */
int bt_ring_open(struct bt_shard *s);
void bt_ring_close(struct bt_shard *s);
void bt_ring_pause(struct bt_shard *s);
int bt_ring_resume(struct bt_shard *s);
struct io_uring_sqe *bt_ring_sqe(struct bt_shard *s);
int bt_ring_submit(struct bt_shard *s);
int bt_ring_wait(struct bt_shard *s, uint64_t left_ns);
size_t bt_ring_reap(struct bt_shard *s);
bool bt_ring_arm_event(struct bt_shard *s);
int bt_ring_put_message(struct bt_shard *s, uint32_t to, uint64_t slot);
int bt_ring_put_bell(struct bt_shard *s, struct bt_shard *to);
static inline bool bt_ring_has_work(struct bt_shard_ring *r)
{
	return io_uring_cq_ready(&r->u) || IO_URING_READ_ONCE(*r->u.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* shardtask.c. bt_task_run - call it, and what follows. bt_tasks_run - own stealable tasks; how many. bt_tasks_steal - one of
 * another shard's, if nothing else is to be done; 0 or 1. bt_tasks_pending - whether s has one of its own. bt_tasks_stealable -
 * whether it could take one of that shard. */
void bt_task_run(struct bt_shard *s, struct bt_task *task);
size_t bt_tasks_run(struct bt_shard *s);
size_t bt_tasks_steal(struct bt_shard *s);
bool bt_tasks_pending(struct bt_shard *s);
bool bt_tasks_stealable(struct bt_shard *s, uint32_t from);

enum bt_io_op { BT_IO_READ_AT, BT_IO_WRITE_AT, BT_IO_RECV, BT_IO_SEND, BT_IO_ACCEPT, BT_IO_CONNECT };
enum { BT_IO_IDLE, BT_IO_BUSY, BT_IO_CANCELLING }; /* bt_io.busy */
#define BT_POLLED_MAX 1024 /* sockets that wait at once, without a ring */

/* bt_io_result - of a system call just made, as a ring gives it. */
static inline int32_t bt_io_result(ssize_t n)
{
	return n < 0 ? -errno : (int32_t)n;
}

/* shardio.c, shardpoll.c. bt_io_try_socket - without waiting; -EAGAIN: not now. bt_io_landed - a completion. bt_io_poll - without
 * a ring: try the sockets that wait; how many are done. bt_io_ready - the same: whether one can go on. bt_io_sleep - the same:
 * sleep until one of them or the bell is ready. bt_io_cancel_all. */
int32_t bt_io_try_socket(const struct bt_io *io);
void bt_io_landed(struct bt_shard *s, struct bt_io *io, int32_t result);
size_t bt_io_poll(struct bt_shard *s);
bool bt_io_ready(struct bt_shard *s);
int bt_io_sleep(struct bt_shard *s, uint64_t timeout_ns);
void bt_io_cancel_all(struct bt_shard *s);

/* shardask.c. bt_asks_init, bt_asks_free - the requests of a set. bt_asks_end - end those without an answer with -ESHUTDOWN.
 * bt_ask_take - a request reaches its shard. */
int bt_asks_init(struct bt_shards *set, uint32_t n);
void bt_asks_free(struct bt_shards *set);
void bt_asks_end(struct bt_shards *set);
void bt_ask_take(struct bt_shard *s, const struct bt_msg *m);

#endif
