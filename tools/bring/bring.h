/* SPDX-License-Identifier: ISC
 *
 * bring - what the parts of bring share.
 *
 * The way through: main.c takes the options; jobs.c makes a job of every combination of test, CPUs, engine, idle policy and size
 * that they ask for; a test (nop.c, pingpong.c with coldstart, oneway.c, fanout.c, disk.c, echo.c) is what a worker does; its
 * partner is a thread of peer.c at the other end of a link (link.c), which carries numbers from one thread to the other by
 * an engine: pipes.c, shm.c, or the shards of lib/ in shards.c. records.c says what came of it.
 *
 * A test's id ends in a version. Whoever changes what an operation does raises it, so that figures of different work never
 * meet in one group.
 */
#ifndef BRING_H
#define BRING_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "cpus.h"
#include "loadrec.h"
#include "pairs.h"
#include "percall.h"

#define BRING_TESTS 7
#define BRING_ENGINES 10
#define BRING_STOP ((1ull << 48) - 1) /* ends a partner; all other messages are smaller */
#define BRING_LIST_MAX 16             /* entries of a list option */
#define BRING_ALL UINT32_MAX          /* a batch: all messages of an operation at once */
#define BRING_ALWAYS UINT64_MAX       /* spin_ns: without end */
#define BRING_MESSAGES_MAX 65536      /* of an operation */
#define BRING_BRANCHES_MAX 256
#define BRING_SHARDS_MAX 64
#define BRING_DEPTH_MAX 1024
#define BRING_VALUES 64 /* messages that a partner takes at a time */

struct bring;
struct bring_job;
struct bring_link;
struct bring_work;

/* How long a receiver looks for a message before it sleeps. */
struct bring_spin {
	uint64_t ns;   /* 0: sleeps at once; BRING_ALWAYS: never sleeps; adaptive: unused */
	bool adaptive; /* as long as that has been worth while lately */
	char text[16]; /* "sleep", "adaptive", "always", or the time as it was given */
};

/* --- link.c: two threads that send numbers to each other --- */

/* One end of a link, which one thread at a time uses. */
struct bring_end {
	struct bring_link *link;
	uint32_t side; /* 0: the worker's, 1: its partner's */
};

/* How numbers travel. All functions return 0 or -errno unless said otherwise. */
struct bring_engine {
	const char *name, *help;
	bool uring;     /* needs io_uring */
	bool shards;    /* the runtime of lib/ */
	bool no_link;   /* for the tests that name it alone */
	bool adapts;    /* knows the adaptive idle policy */
	bool never_sleeps;
	int (*open)(struct bring_link *l);        /* by the worker, before the partner exists */
	void (*close)(struct bring_link *l);      /* by the worker, when the partner has gone; also after a failed open */
	int (*enter)(struct bring_end *e);        /* by the thread that will use the end; may be NULL */
	void (*leave)(struct bring_end *e);       /* by the same, at the end: whoever waits at the other one wakes up; may be NULL */
	int (*send)(struct bring_end *e, const uint64_t *values, uint32_t n); /* all of them, as one batch */
	/* Wait for a message by the idle policy. Returns how many there are now in values, 1 to cap, or -errno. */
	int (*receive)(struct bring_end *e, uint64_t *values, uint32_t cap);
};

struct bring_link {
	const struct bring_engine *engine;
	const struct bring_job *job;
	const struct bring_spin *spin;
	const struct bt_clock *clock;
	uint32_t cpus[2]; /* of the two ends */
	uint32_t slots;   /* most messages ever under way in one direction */
	struct bring_end ends[2];
	_Atomic bool broken; /* one end has gone for good: whoever waits at the other one gets -EPIPE */
	void *state;      /* the engine's */
};

extern const struct bring_engine bring_pipe, bring_eventfd, bring_futex, bring_socketpair, bring_spsc, bring_msgring,
	bring_doorbell, bring_queue, bring_plain, bring_uring;
extern const struct bring_engine *const bring_engines[BRING_ENGINES];

/* bring_send, bring_receive - the engine's, for one end. */
static inline int bring_send(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	return e->link->engine->send(e, values, n);
}

static inline int bring_receive(struct bring_end *e, uint64_t *values, uint32_t cap)
{
	return e->link->engine->receive(e, values, cap);
}

/* bring_link_open - both ends, not yet entered. bring_link_close - takes a link that could not be opened. */
int bring_link_open(struct bring_link *l);
void bring_link_close(struct bring_link *l);

/* bring_relax - a step of a loop that spins. */
static inline void bring_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* bring_spin_until - when a receiver that begins to wait now has to sleep: 0 at once, BRING_ALWAYS never. */
uint64_t bring_spin_until(const struct bring_link *l);

/* --- peer.c: the thread at the other end --- */

struct bring_peer {
	struct bring_link link;
	struct bring_work *work;
	/* What the partner does until it is told to stop (BRING_STOP). Returns 0 or -errno. */
	int (*serve)(struct bring_peer *p);
	bool running;
	pthread_t thread;
	sem_t ready;
	pid_t tid;
	int begin_error; /* valid when ready */
	uint64_t cpu_ns; /* valid when it has ended */
};

/* bring_serve - what most partners do: take messages, have work change them, and send them back, until BRING_STOP. work may
 * be NULL. Returns 0 or -errno. */
int bring_serve(struct bring_peer *p, void (*work)(struct bring_peer *p, uint64_t *values, uint32_t n));

/* bring_peer_start - open the link p->link, start the partner on link.cpus[1] and enter end 0. To be called by the worker.
 * bring_peer_stop - send BRING_STOP, wait for the partner's end, close; adds its CPU time to work->gone_ns. Takes one that could
 * not be started. */
int bring_peer_start(struct bring_peer *p);
void bring_peer_stop(struct bring_peer *p);

/* --- work.c: what the workers of all tests have in common --- */

struct bring_work {
	struct bt_worker *worker;
	const struct bring_job *job;
	pid_t tid;
	struct bring_peer *peers;
	uint32_t n_peers;
	uint64_t number;  /* of the last message, or operation */
	uint64_t checked; /* answers compared so far, for planted errors */
	uint64_t gone_ns; /* CPU time of partners that have gone */
	uint64_t *values; /* room for the messages of one operation */
	void *state;      /* the test's */
};

/* bring_work_make - the work of a worker, with room for that many values and peers; also sets up its links, but starts nobody.
 * bring_work_free - stop the partners and free all; takes a worker without. */
int bring_work_make(struct bt_worker *worker, uint32_t values, uint32_t peers, int (*serve)(struct bring_peer *p));
void bring_work_free(struct bt_worker *worker);

/* bring_work_helpers - the CPU time of all that work for the worker: partners, and threads of the kernel. */
uint64_t bring_work_helpers(struct bt_worker *worker);

/* --- the tests --- */

/* What a test is run once more for. */
enum bring_vary {
	BRING_PAIR = 1 << 0,    /* each pair of CPUs */
	BRING_ENGINE = 1 << 1,
	BRING_SPIN = 1 << 2,
	BRING_BATCH = 1 << 3,
	BRING_DEPTH = 1 << 4,
	BRING_CACHE = 1 << 5,
	BRING_LOAD = 1 << 6,    /* balanced, skewed */
	BRING_SETUP = 1 << 7,   /* flags of the ring */
};

struct bring_test {
	const char *name, *kernel, *help;
	const char *operation; /* what one is, for people */
	unsigned vary;         /* enum bring_vary */
	unsigned engines;      /* bits by place in bring_engines */
	struct bt_load_ops ops;
	void (*describe)(const struct bt_emit *e, struct bt_rec *r); /* more dimensions; may be NULL */
	void (*measures)(const struct bt_emit *e);
};

extern const struct bring_test bring_nop, bring_pingpong, bring_oneway, bring_coldstart, bring_fanout, bring_disk, bring_echo;
extern const struct bring_test *const bring_tests[BRING_TESTS];

enum bring_cache { BRING_CACHED, BRING_DIRECT };
enum bring_load { BRING_BALANCED, BRING_SKEWED };

#define BRING_SETUP_TEXT 64
#define BRING_TOLD 2

/* One run of a test. The workers take it as their config. */
struct bring_job {
	const struct bring_test *test;
	struct bring *b;
	const struct bring_engine *engine;
	const struct bring_spin *spin;
	bool pair;              /* of CPUs: */
	uint32_t first, second; /* index of the two in b->cpus */
	uint32_t batch, depth;
	enum bring_cache cache;
	enum bring_load load;
	uint32_t setup;         /* flags asked for, BT_RING_ of shard.h */
	uint32_t calls;         /* round trips or the like in one timed operation */
	uint64_t plant;         /* every so many answers are taken for wrong; 0: none */
	char effective[BRING_SETUP_TEXT]; /* how the ring was set up after all; "" where there is none */
	uint32_t cq_entries;              /* of its completion queue */
	_Atomic uint32_t told;            /* BRING_TOLD: the two above are valid */
	_Atomic uint64_t refused;         /* messages and tasks that found no room at first, in this run */
	_Atomic uint64_t overflows;       /* of completion queues, in this run */
};

struct bring {
	struct bt_loadtool tool; /* first: the hooks get a pointer to it */
	/* options */
	const struct bring_engine *engines[BRING_ENGINES];
	size_t n_engines; /* 0: all that can be used */
	struct bring_spin spins[BRING_LIST_MAX];
	size_t n_spins;
	uint32_t batches[BRING_LIST_MAX], depths[BRING_LIST_MAX];
	size_t n_batches, n_depths;
	uint32_t setups[BRING_LIST_MAX]; /* none: what the shards take by themselves */
	size_t n_setups;
	unsigned caches, loads; /* bits */
	uint64_t messages, branches, shards, work, bytes, block_bytes, message_bytes, file_bytes, ring_entries, cq_entries, queue_slots;
	const char *dir;
	int place; /* enum bt_place */
	bool matrix, pin, warmup_set;

	uint32_t cpus[BT_CPUS_MAX]; /* -c, else those allowed */
	size_t n_cpus, n_distinct;
	int uring_error;    /* why io_uring cannot be used; 0: it can */
	int msg_error;      /* the same of MSG_RING */
	int lacks_uring, lacks_direct; /* why jobs were left out; 0: none were */
	int file[2];        /* by enum bring_cache: the file of the disk test, or -errno */
	struct bring_job *jobs;
	struct bt_load_job *runs;
	struct bt_load_opts opts; /* of the job that runs now */
	struct bt_pairs pairs;    /* what is known of them in the job that runs now */
};

/* bring_check - 0 if the answer is the one expected, else 1. */
static inline int bring_check(struct bring_work *w, uint64_t answer, uint64_t expected)
{
	uint64_t plant = w->job->plant;

	if (__builtin_expect(plant != 0, 0) && ++w->checked % plant == 0)
		expected = ~expected;
	return answer != expected;
}

static inline const struct bring *bring_of(const struct bt_emit *e)
{
	return (const struct bring *)e->tool;
}

static inline const struct bring_job *bring_job_of(const struct bt_emit *e)
{
	return e->tool->job->config;
}

/* --- setup.c: flags of rings --- */

/* bring_setup_take - flags (BT_RING_ of shard.h) of a list like "single,defer"; "none" is no flag. Returns 0 or -EINVAL. */
int bring_setup_take(const char *list, uint32_t *flags);
extern const char bring_setup_names[];

/* bring_tell - note how the rings of a run were set up after all; whoever comes first. */
void bring_tell(struct bring_job *job, const char *flags, uint32_t cq_entries);

/* bring_uring_try - whether io_uring can be used at all: 0 or -errno; *msg_error: the same of MSG_RING. bring_uring_reason - that
 * error in words, for people. */
int bring_uring_try(int *msg_error);
const char *bring_uring_reason(int error);

/* --- jobs.c --- */

/* bring_jobs_make - the jobs of the tests named, or of all. Ends the program when there is none. */
void bring_jobs_make(struct bring *b, char **names, int count);

/* bring_job_opts - the options of a run of that job; a hook of loadtool. */
const struct bt_load_opts *bring_job_opts(struct bt_loadtool *t, const struct bt_load_job *run);

/* bring_pair - the two CPUs of pair number index; of a test without pairs that of its worker, twice. */
bt_pairs_cpus bring_pair;

/* --- records.c --- */

extern const char *const bring_metrics[];
void bring_meta(struct bt_loadtool *t, struct bt_rec *r);
void bring_describe(const struct bt_emit *e, struct bt_rec *r);
void bring_measures(const struct bt_emit *e);

/* bring_emit_per_call - times of operations that make job->calls each, as times of one. */
void bring_emit_per_call(const struct bt_emit *e, const char *metric, const struct bt_hist *times);

/* bring_places - names of enum bt_place, NULL at the end. */
extern const char *const bring_places[];

/* --- diskfile.c: the file of the disk test --- */

/* bring_disk_word - what word i of the file is. */
static inline uint64_t bring_disk_word(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	return z ^ z >> 27;
}

/* bring_disk_open - make the file of the disk test. Ends the program when it cannot be. */
void bring_disk_open(struct bring *b);

/* bring_disk_fill - write it. 0 or -errno; -EINTR: told to stop. */
int bring_disk_fill(const struct bring *b);

#endif
