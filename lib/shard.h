/* SPDX-License-Identifier: ISC
 *
 * shard - threads that share nothing but messages: each is pinned to a CPU, owns one io_uring, and runs handlers to their end.
 *
 * Everything that reaches a shard is a message of 16 bytes, a task, a finished I/O (shardio.h) or a request from outside
 * (shardask.h). Between two shards lies a queue with one writer and one reader. How a message gets across is the backend's:
 *
 *	raw       each message is one IORING_OP_MSG_RING into the ring of the receiver; the queue only counts
 *	doorbell  the message lies in the queue; a MSG_RING wakes the receiver, and is sent only when it sleeps
 *	queue     the same, where there is no io_uring: the sleeper is woken by a futex, or by an eventfd while it waits for sockets
 *
 * Rules that always hold:
 *  - Messages from one shard to another arrive once each, in order. Nothing is lost: what a call accepts will be handled, also when
 *    the set is stopped, but for what waits for a guest that does not come back. What it cannot accept it refuses with an error.
 *    (raw: a kernel without memory for a full completion queue makes the message go again, which is counted in `resent` and may
 *    then be overtaken.)
 *  - No call blocks, unless its name or its timeout says so. All memory is allocated by open: a full queue is -EAGAIN.
 *  - What belongs to a shard is used by its own thread. Calls from another one are refused with -EXDEV and counted (`foreign`).
 *  - Handlers run one after the other in the thread of their shard, and never inside a call of theirs.
 *  - After fork the child has no shards: its calls end with -ECHILD or -EXDEV, and the parent does not notice.
 *
 * Sleeping and waking. A shard without work spins a while (see `spin_ns`) and then sleeps. It writes SLEEPS into its state, looks
 * at everything that could have brought work once more, and only then sleeps. A sender first makes its message visible, then
 * reads that state. All four accesses are sequentially consistent, so at least one of the two sees the other: the sender rings,
 * or the sleeper does not sleep. (Where shards spin, sending is what is frequent and sleeping is not: the sender then has no
 * barrier, and the sleeper executes membarrier(2) before it looks, which is one for all.) Whoever takes the state from SLEEPS to
 * AWAKE rings, and nobody else: one doorbell for each sleep. A sleeper waits for the bell itself (a completion, the value of a
 * futex, a readable eventfd), so one that rings early is not lost.
 */
#ifndef BT_SHARD_H
#define BT_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "msg.h"

#define BT_SHARDS_MAX 256
#define BT_SHARD_TAG_MAX 65535u              /* highest tag of a message */
#define BT_SHARD_VALUE_MAX (UINT64_MAX >> 1) /* highest value: a pointer fits */
#define BT_SHARD_FOREVER UINT64_MAX          /* a timeout that never comes; a spin that never ends */
#define BT_SHARD_SPIN_ADAPTIVE (UINT64_MAX - 1)
#define BT_SHARD_SPIN_MAX_NS 100000u         /* adaptive: spins no longer than this at a time */

enum bt_shard_backend { BT_SHARD_AUTO, BT_SHARD_RAW, BT_SHARD_DOORBELL, BT_SHARD_QUEUE };

/* Bits of the rings' set-up. A kernel that refuses one gets the ring without it. */
enum {
	BT_RING_SQPOLL = 1,   /* a kernel thread submits, and wants a CPU for that; COOP and DEFER are then left out */
	BT_RING_SINGLE = 2,   /* SINGLE_ISSUER */
	BT_RING_COOP = 4,     /* COOP_TASKRUN and TASKRUN_FLAG */
	BT_RING_DEFER = 8,    /* DEFER_TASKRUN and TASKRUN_FLAG; needs SINGLE. The receiver of raw messages then fetches them itself */
	BT_RING_CQE_SKIP = 16 /* no completion for the sender of a message or doorbell that arrived */
};
#define BT_RING_DEFAULT (BT_RING_SINGLE | BT_RING_COOP | BT_RING_CQE_SKIP)

struct bt_shards; /* a set of shards */
struct bt_shard;  /* one of them */

/* What the program does. All run in the shard's thread, all but messages may be NULL; arg is bt_shards_opts.arg. */
struct bt_shard_ops {
	/* start - before the first message, once for each shard. 0, or -errno, which open or attach then returns. It cannot send. */
	int (*start)(struct bt_shard *self, void *arg);
	/* messages - n >= 1 messages from shard `from` (msg.from is the same), in order. They are gone when it returns. */
	void (*messages)(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg);
	/* request - a request from outside; bt_shard_reply must answer id, now or later, or it ends with its deadline or the set. */
	void (*request)(struct bt_shard *self, uint32_t id, uint32_t tag, uint64_t value, void *arg);
	/* end - after the last message, when start returned 0. */
	void (*end)(struct bt_shard *self, void *arg);
};

/* BT_SHARDS_OPTS(ops) is the default: two shards, no guests. Of what is not named there zero is the default. */
struct bt_shards_opts {
	const struct bt_shard_ops *ops; /* borrowed until close */
	void *arg;
	uint32_t n;                /* shards, 1..BT_SHARDS_MAX */
	uint32_t guests;           /* the first of them, 0..n, get no thread: the caller's threads attach to them */
	const uint32_t *cpus;      /* n CPUs, copied; NULL: those of our affinity mask in turn */
	bool no_pin;               /* leave the threads where the kernel puts them */
	bool no_steal;             /* stealable tasks stay where they were put */
	enum bt_shard_backend backend; /* AUTO: doorbell. Where io_uring does not work it becomes queue */
	uint32_t capacity;         /* messages that a queue between two shards holds: 1..65536, rounded up to a power of two; 0: 1024 */
	uint32_t tasks;            /* the same for the stealable tasks of a shard (twice: preferred ones apart); 0: 256 */
	uint32_t inbox;            /* the same for what comes to a shard from outside; 0: 256 */
	uint32_t asks;             /* requests from outside at once, in all, 1..4096; 0: 256 */
	uint32_t ring_flags;       /* BT_RING_* */
	uint32_t ring_entries;     /* 1..32768, rounded up to a power of two by the kernel; 0: 256 */
	uint32_t cq_entries;       /* at least ring_entries; 0: twice as many, or with raw room for all messages under way, up to 65536 */
	int sqpoll_cpu;            /* with sqpoll_pinned: CPU of the SQPOLL threads */
	bool sqpoll_pinned;
	uint64_t spin_ns;          /* how long to spin before sleeping: a time, BT_SHARD_FOREVER, or BT_SHARD_SPIN_ADAPTIVE: as long as
				    * messages have lately come within BT_SHARD_SPIN_MAX_NS, and not while something else wants the CPU.
				    * Two shards on one CPU, or a single CPU, do not spin adaptively. */
	const struct bt_clock *clock; /* copied; NULL: CLOCK_MONOTONIC */
};
#define BT_SHARDS_OPTS(my_ops) \
	{ .ops = (my_ops), .n = 2, .ring_flags = BT_RING_DEFAULT, .spin_ns = BT_SHARD_SPIN_ADAPTIVE }

/* What came of the options. */
struct bt_shards_effective {
	enum bt_shard_backend backend;
	int fallback;         /* 0: as asked; else the -errno that made it another backend */
	uint32_t ring_flags;  /* BT_RING_*; 0 with BT_SHARD_QUEUE */
	uint32_t sq_entries, cq_entries;
	uint32_t capacity;
	uint64_t spin_ns;     /* of shard 0: 0 where spinning would be in the way of the partner */
};

/* -- a set -- */

/* bt_shards_open - make a set and start its threads; returns when all are ready, with *out to be closed. Their signals are
 * blocked. Errors, with nothing to close: -EINVAL options out of range or a CPU not ours; -ENOMEM; -EAGAIN no more threads; what
 * start returned. That io_uring is missing, forbidden or out of memory is no error: see bt_shards_effective. */
int bt_shards_open(struct bt_shards **out, const struct bt_shards_opts *opts);

/* bt_shards_effective - what is used. Complete once open has returned and, for guests, they are attached. */
void bt_shards_effective(const struct bt_shards *set, struct bt_shards_effective *out);

/* bt_shards_stop - end all shards: from now on new work is refused with -ESHUTDOWN, then what is queued is handled, I/O under way
 * is cancelled (done is called with -ECANCELED), and the threads are joined. Blocks as long as the handlers do. 0; -EBUSY: a
 * guest is attached; -EDEADLK: called by a shard; -EALREADY: stopped before. Any thread that is no shard. */
int bt_shards_stop(struct bt_shards *set);

/* bt_shards_close - stop if that was not done, and free. Takes NULL. No other call may be under way: where there can be one, stop
 * first, which ends all waits, and join the threads that make them. In a child of fork it frees nothing (-ECHILD). Returns what
 * stop returned; with -EBUSY or -EDEADLK nothing is freed. */
int bt_shards_close(struct bt_shards *set);

/* bt_shards_get - shard i of the set, 0..n-1. bt_shards_count - n. */
struct bt_shard *bt_shards_get(struct bt_shards *set, uint32_t i);
uint32_t bt_shards_count(const struct bt_shards *set);

/* bt_shard_self - the shard whose thread calls, or NULL. bt_shard_index, bt_shard_set - its number and its set. */
struct bt_shard *bt_shard_self(void);
uint32_t bt_shard_index(const struct bt_shard *s);
struct bt_shards *bt_shard_set(const struct bt_shard *s);

/* bt_shard_attach - the calling thread becomes guest i: is pinned, gets its ring, runs start. 0; -EINVAL: i is no guest; -EBUSY:
 * the guest has a thread, or the thread is a shard; -ESHUTDOWN; -ENOTSUP: the backend wants a ring and it got none (queue needs
 * none); -EPERM: it was attached before, by another thread, and its ring is SINGLE; what start returned. bt_shard_detach - handle
 * what has come, cancel I/O, run end, and leave; the CPU mask is set back. 0 or -EXDEV; -EDEADLK: called by a handler. A message
 * to a guest without thread waits in its queue until one attaches; the raw backend refuses it while there has never been one
 * (-ENOTCONN). What waits when the set is stopped is not handled: see depth_messages. */
int bt_shard_attach(struct bt_shards *set, uint32_t i);
int bt_shard_detach(struct bt_shard *s);

/* bt_shard_turn - for guests: handle what there is; when there was nothing, wait timeout_ns at most (0: do not) until there is,
 * and handle that. Returns how many messages, tasks, completions and requests were handled, 0 after the timeout or for nothing;
 * -EINTR: a signal came while it slept (one that comes while it spins goes unseen: give a timeout); -EXDEV; -EDEADLK: called by a
 * handler. */
int bt_shard_turn(struct bt_shard *s, uint64_t timeout_ns);

/* -- messages; s is the caller's own shard, to is any shard of its set, itself included. tag: 0..BT_SHARD_TAG_MAX, value:
 * 0..BT_SHARD_VALUE_MAX. Errors of all: -EAGAIN: the queue is full (or the kernel takes no more now); -EINVAL: a number out of
 * range; -EXDEV: s is not the caller's; -ENOTCONN (raw); -ESHUTDOWN. What was refused was not sent. -- */

/* bt_shard_send - send one message now. 0 or an error. */
int bt_shard_send(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value);

/* bt_shard_send_nowait - the same, but it may stay with the sender until its next flush, send, or end of turn. */
int bt_shard_send_nowait(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value);

/* bt_shard_send_many - send n messages now (msg.from is ignored). Returns how many were accepted, from the first on: less than n
 * when the queue is full; or an error when there is none. */
int bt_shard_send_many(struct bt_shard *s, uint32_t to, const struct bt_msg *msgs, size_t n);

/* bt_shard_send_wait - send, and where the queue is full wait for room, timeout_ns at most; meanwhile what comes in is handled, so
 * not for handlers (-EDEADLK). Also -ETIMEDOUT and -EINTR. */
int bt_shard_send_wait(struct bt_shard *s, uint32_t to, uint32_t tag, uint64_t value, uint64_t timeout_ns);

/* bt_shard_flush - deliver all that send_nowait left. 0 or -EAGAIN: some stay, for the next. -EXDEV. */
int bt_shard_flush(struct bt_shard *s);

/* bt_shard_ticket - a ticket for all that s has sent to `to` so far; flushes. bt_shard_ticket_done - whether all of it has been
 * handled (its handlers have returned). bt_shard_ticket_wait - wait for that, timeout_ns at most; meanwhile what comes in is
 * handled, so not for handlers. 0, -ETIMEDOUT, -EINTR, -EDEADLK, -EXDEV. */
uint64_t bt_shard_ticket(struct bt_shard *s, uint32_t to);
bool bt_shard_ticket_done(const struct bt_shard *s, uint32_t to, uint64_t ticket);
int bt_shard_ticket_wait(struct bt_shard *s, uint32_t to, uint64_t ticket, uint64_t timeout_ns);

/* -- tasks: a function to be called once, on a shard that the placement picks -- */

enum bt_place {
	BT_PLACE_PINNED,      /* on shard `key` */
	BT_PLACE_ROUND_ROBIN, /* on the next shard in turn */
	BT_PLACE_STICKY,      /* on a shard that depends on key alone */
	BT_PLACE_STEALABLE,   /* queued here, run by whichever shard is free first; from outside: queued in turn */
	BT_PLACE_PREFERRED    /* queued on shard `key`; others take from it only while more than BT_SHARD_KEEP wait there */
};
#define BT_SHARD_KEEP 2

/* A group of tasks that one shard, or none, waits for. The caller's memory, until its count is 0. struct bt_join j =
 * BT_JOIN_INIT(shard), the waiter or NULL; the waiter does not change. */
struct bt_join {
	_Atomic uint32_t left;
	struct bt_shard *waiter;
};
#define BT_JOIN_INIT(shard) { 0, (shard) }

/* The caller's memory, mostly a part of something larger: its own until spawn, the runtime's until run is called, then its own
 * again: run may spawn or free it. */
struct bt_task {
	void (*run)(struct bt_shard *self, struct bt_task *task);
	struct bt_join *join; /* counts the task from spawn until run has returned; or NULL */
};

/* bt_shard_spawn - from a shard. bt_shards_spawn - from a thread that is none. key: a shard (PINNED, PREFERRED), any number
 * (STICKY), else ignored. 0; -EAGAIN: that queue is full; -EINVAL; -ESHUTDOWN; -EXDEV; -ENOTCONN (raw); -ECHILD. */
int bt_shard_spawn(struct bt_shard *s, struct bt_task *task, enum bt_place place, uint64_t key);
int bt_shards_spawn(struct bt_shards *set, struct bt_task *task, enum bt_place place, uint64_t key);

/* bt_join_wait - wait until all tasks of the group have run, timeout_ns at most; meanwhile what comes in is handled and tasks are
 * run, so not for handlers. 0, -ETIMEDOUT, -EINTR, -EDEADLK, -EXDEV; -EINVAL: s is not its waiter. bt_join_left - how many have
 * not run yet; 0: the group is the caller's again, and what the tasks wrote can be read. Any thread. */
int bt_join_wait(struct bt_shard *s, struct bt_join *join, uint64_t timeout_ns);
uint32_t bt_join_left(struct bt_join *join);

/* -- statistics -- */

/* Of one shard, or of all together with what came from outside. Counters only grow; each is exact, but they are read one by one. */
struct bt_shard_stats {
	uint64_t depth_messages; /* now: messages queued for it */
	uint64_t depth_tasks;    /* now: stealable tasks queued at it */
	uint64_t depth_inbox;    /* now: from outside, not yet taken */
	uint64_t pending_io;     /* now: I/O under way */
	uint64_t pending_asks;   /* now: requests from outside without an answer (all together only) */
	uint64_t sent;           /* messages and tasks that went into the queue of a shard */
	uint64_t received;       /* those handled by it */
	uint64_t batches;        /* how many times it found some: received / batches is the batch */
	uint64_t spawned;        /* tasks spawned by it */
	uint64_t completed;      /* tasks run by it */
	uint64_t stolen;         /* of these, taken from another shard */
	uint64_t refused;        /* back-pressure: -EAGAIN given to a caller */
	uint64_t foreign;        /* calls by a thread that it does not belong to, refused */
	uint64_t failed;         /* I/O that ended with an error other than -ECANCELED; requests answered with an error; raw messages whose
				  * receiver is a guest that has ended */
	uint64_t io_inline;      /* I/O that was complete at once */
	uint64_t io_started;     /* I/O that went through the ring, or waited for its socket */
	uint64_t io_completed;   /* of these, those that ended */
	uint64_t asked;          /* requests from outside that it took */
	uint64_t asks_dropped;   /* of these, cancelled or expired before it did, or when it answered */
	uint64_t doorbells;      /* rung by it, to wake another */
	uint64_t sleeps;         /* how often it went to sleep */
	uint64_t spun_ns;        /* time spent spinning */
	uint64_t enters;         /* system calls into its ring */
	uint64_t cq_overflows;   /* how often its completion queue was found overflown; nothing is lost by that */
	uint64_t resent;         /* raw messages that the kernel gave back and that went again */
	uint64_t cpu_ns;         /* CPU time of its thread, the kernel's part included. Threads of the kernel (SQPOLL, workers) are extra:
				  * they are in the CPU time of the process */
};

/* bt_shard_stats, bt_shards_stats - a snapshot, from any thread at any time before close. */
void bt_shard_stats(struct bt_shard *s, struct bt_shard_stats *out);
void bt_shards_stats(struct bt_shards *set, struct bt_shard_stats *out);

/* bt_shard_backend_name - "auto", "raw", "doorbell", "queue". bt_shard_ring_flags - "single,coop,cqeskip" for the bits that are
 * set, "none" for no bit; out has room for BT_RING_NAMES bytes and is returned. */
#define BT_RING_NAMES 48
const char *bt_shard_backend_name(enum bt_shard_backend backend);
const char *bt_shard_ring_flags(uint32_t flags, char out[BT_RING_NAMES]);

#endif
