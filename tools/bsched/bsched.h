/* SPDX-License-Identifier: ISC
 *
 * bsched - what the parts of bsched share. Two halves: load tests, which provoke the scheduler and time it from outside, and
 * tracing tests, which watch it with eBPF (bsched_trace).
 */
#ifndef BSCHED_H
#define BSCHED_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "cpus.h"
#include "loadrec.h"
#include "pairs.h"
#include "traceopt.h"

#define BSCHED_TESTS 5   /* load tests */
#define BSCHED_TRACING 7 /* tracing tests */
#define BSCHED_MESSAGE_MAX 4096 /* bytes: PIPE_BUF, up to which messages of several senders do not mix */

struct bsched;
struct bsched_job;

/* What a load test can do; options ask for it. */
enum bsched_ability {
	BSCHED_RATE = 1 << 0,     /* -r */
	BSCHED_MATRIX = 1 << 1,   /* --matrix */
	BSCHED_DEADLINE = 1 << 2, /* --policy deadline */
};

/* A load test. Its id ends in a version: whoever changes what an operation does raises it. */
struct bsched_test {
	const char *name, *kernel, *help;
	const char *operation; /* what one is, for people */
	unsigned abilities;    /* enum bsched_ability */
	unsigned untaint;      /* taint that is in its nature */
	struct bt_load_ops ops;
	/* Adapt the options of the run to the job, of which only -r, -t and -c remain to be settled; may be NULL. */
	void (*adapt)(const struct bsched_job *job, struct bt_load_opts *l);
	void (*describe)(const struct bt_emit *e, struct bt_rec *r); /* more dimensions; may be NULL */
	void (*measures)(const struct bt_emit *e);
};

extern const struct bsched_test bsched_timer, bsched_wakeup, bsched_messaging, bsched_pipe, bsched_yield;
extern const struct bsched_test *const bsched_tests[BSCHED_TESTS];

/* A test of this run, between two CPUs if it is one for pairs. The workers take it as their config. */
struct bsched_job {
	const struct bsched_test *test;
	const struct bsched *b;
	bool pair;
	uint32_t first, second; /* pair: index of its two CPUs in b->cpus */
	uint64_t plant;         /* every so many operations expect a wrong answer; 0: never */
};

/* A scheduling policy as --policy and --prio give it. */
struct bsched_policy {
	const char *name; /* NULL: whatever we were started with */
	int prio;         /* fifo and rr: 1 to 99; other and batch: the nice value */
	bool prio_set;
};

/* What only the tracing tests take. */
struct bsched_live {
	struct bt_trace_opts opts;
	uint32_t keys;      /* -k: bits of TRACE_KEY_ */
	uint64_t min_ns;    /* --min; 0: no events */
	int stack;          /* --stack: enum bsched_stacks */
	const char *folded; /* --folded; NULL: none */
	const char *given;  /* the first of these options that was given; NULL: none */
};

enum bsched_stacks { BSCHED_STACK_NONE, BSCHED_STACK_KERNEL, BSCHED_STACK_USER, BSCHED_STACK_BOTH };

struct bsched {
	struct bt_loadtool tool; /* first: the hooks get a pointer to it */
	const char *names[BSCHED_TESTS + BSCHED_TRACING]; /* tests as given, each once */
	size_t n_names;
	bool quick;     /* none was given */
	char **command; /* the words after "--", NULL: none */
	struct bsched_live live;

	/* options of the load tests */
	struct bsched_policy policy;
	bool matrix, processes, threads_set, pin;
	int engine;                 /* messaging: enum bsched_engine */
	uint64_t message_bytes, fds, loops;
	uint64_t workers, work_ns;  /* wakeup */
	uint32_t groups[BT_LOAD_SCALES_MAX];
	size_t n_groups;

	uint32_t cpus[BT_CPUS_MAX]; /* -c, else those allowed */
	size_t n_cpus;
	uint32_t allowed[BT_CPUS_MAX];
	size_t n_allowed;
	uint64_t work_rounds; /* of bsched_work() that take work_ns */
	struct bsched_job *jobs;
	struct bt_load_job *runs;
	struct bt_load_opts opts; /* of the job that runs now */
	struct bt_pairs pairs;    /* what is known of them in the job that runs now */
};

enum bsched_engine { BSCHED_SOCKET, BSCHED_PIPE };

static inline const struct bsched *bsched_of(const struct bt_emit *e)
{
	return (const struct bsched *)e->tool;
}

static inline const struct bsched_job *bsched_job_of(const struct bt_emit *e)
{
	return e->tool->job->config;
}

/* --- liveopt.c --- */

enum { BSCHED_OPT_MIN = BT_OPT_TRACE_TOOL, BSCHED_OPT_STACK, BSCHED_OPT_FOLDED };

/* Rows of the tracing tests alone, behind those of BT_OPTS_TRACE. */
#define BSCHED_OPTS_LIVE \
	{ BSCHED_OPT_MIN, "min", "TIME", "emit an event for every wait or stint of that length and more" }, \
	{ BSCHED_OPT_STACK, "stack", "HALF", "offcpu, runq: group by the stack that left the CPU: kernel, user or both" }, \
	{ BSCHED_OPT_FOLDED, "folded", "FILE", "with --stack: stacks and microseconds for flame graphs" }

/* bsched_live_option - take one option if it is of the tracing tests. bsched_live_check - fill in what was not given; end the
 * program when they do not go together. */
bool bsched_live_option(struct bsched *b, struct bt_opts *o, int key);
void bsched_live_check(struct bsched *b);

/* --- jobs.c --- */

/* bsched_jobs_make - choose the tests named, or those that can do what the options ask for; one job for each, one for each pair
 * of CPUs where it is a test for pairs. Ends the program when that cannot be. */
void bsched_jobs_make(struct bsched *b);

/* bsched_job_opts - the options of a run of that job; a hook of loadtool. */
const struct bt_load_opts *bsched_job_opts(struct bt_loadtool *t, const struct bt_load_job *run);

/* bsched_pair - the two CPUs of pair number index. */
bt_pairs_cpus bsched_pair;

/* --- records.c --- */

extern const char *const bsched_metrics[];
void bsched_meta(struct bt_loadtool *t, struct bt_rec *r);
void bsched_describe(const struct bt_emit *e, struct bt_rec *r);
void bsched_measures(const struct bt_emit *e);

/* --- policy.c --- */

/* bsched_policy_settle - fill in a priority that was not given. Returns NULL or what is wrong, one sentence. */
const char *bsched_policy_settle(struct bsched_policy *p);

/* bsched_policy_apply - give the calling thread the policy of b. period_ns: of its wake-ups, for deadline. Returns 0 or -errno. */
int bsched_policy_apply(const struct bsched *b, uint64_t period_ns);

/* bsched_policy_try - the same in a thread of its own, to see whether it is allowed. */
int bsched_policy_try(const struct bsched *b);

/* bsched_policy_name - of what the test threads have. */
const char *bsched_policy_name(const struct bsched *b);

/* bsched_deadline - whether it is the policy that needs a period and all CPUs. */
bool bsched_deadline(const struct bsched *b);

/* --- timer.c --- */

/* bsched_timer_period - of the wake-ups of each of so many threads, ns. */
uint64_t bsched_timer_period(const struct bsched *b, uint32_t threads);

/* --- task.c --- */

/* A thread or process of a test beside the engine's workers. */
struct bsched_task {
	/* set by the user */
	const struct bsched *b;
	void (*body)(void *arg);
	void *arg;
	bool process;
	int64_t cpu; /* to pin it to; -1: it may run wherever the tool may */
	/* the rest is task.c's */
	bool started;
	pthread_t thread;
	pid_t pid;
	_Atomic uint32_t state; /* of a thread */
	int error;              /* why a thread could not begin */
};

/* bsched_task_start - run body(arg) with the policy of b. A process dies with the thread that started it. Returns 0 or -errno; that
 * a process could not begin shows in its being lost. */
int bsched_task_start(struct bsched_task *t);

/* bsched_task_lost - whether it has ended. */
bool bsched_task_lost(struct bsched_task *t);

/* bsched_task_end - wait for a thread's end, which must be near; kill a process. Takes tasks that were never started. */
void bsched_task_end(struct bsched_task *t);

/* bsched_futex_wait - sleep while *word is value, timeout_ns at most (0: no limit). Returns 0 when woken, else -errno (-EAGAIN: it
 * was another value). bsched_futex_wake - wake up to count. shared: between processes too, which takes longer. */
int bsched_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns, bool shared);
void bsched_futex_wake(_Atomic uint32_t *word, uint32_t count, bool shared);

/* --- work.c --- */

/* bsched_work - compute for that many rounds. bsched_work_calibrate - how many take ns when nothing disturbs. */
void bsched_work(uint64_t rounds);
uint64_t bsched_work_calibrate(const struct bt_clock *clock, uint64_t ns);

/* --- proc.c --- */

#define BSCHED_PROC_METRICS "runq_time", "oncpu_time", "slices", "switches", "lost", "self_cpu", "self_rss"

/* bsched_proc - what can be had of the tracing tests without BPF, from /proc. missing: why without, a sentence. Returns the exit
 * status, or ends the program when the tests or options need BPF. */
int bsched_proc(struct bsched *b, const char *missing);

/* --- trace_bpf.c, or trace_nobpf.c where BPF=0 --- */

/* bsched_live_metrics - of the tracing tests, NULL at the end. */
extern const char *const bsched_live_metrics[];

/* bsched_trace - run the tracing tests b->names until they end. Returns the exit status. */
int bsched_trace(struct bsched *b);

#endif
