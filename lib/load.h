/* SPDX-License-Identifier: ISC
 *
 * load - runs a test: workers with affinity, released together, through init, warm-up, run, cooldown and report.
 *
 * A test is one row of a tool's const table. The engine calls its functions in the worker's own thread, pinned, so that
 * memory is first touched where it is used. The measured loop of a worker reads the clock once per operation (three
 * times in the open loop) and its CPU number, and does nothing else but count: no allocation, lock or formatting, and no
 * system call but the sleep of the open loop.
 *
 * Closed loop: `lat` holds operation times back to back. Every operation that begins within the run counts, also the last
 * one of each worker, which finishes after the end. Open loop (rate > 0): operation k is due at a planned instant; `lat`
 * counts from there (response), `svc` from the actual start (service), `late` is the difference. Every operation due within
 * the run is executed and counted, unless the worker is behind at the end and cannot catch up within a tenth of the run
 * (at most 100 ms): then those that started before the end count, and the rest is backlog. The warm-up is never counted,
 * only its wrong answers are.
 *
 * Why the last operation counts: to cut it off would drop long operations more often than short ones, and finished
 * operations over planned time is wrong by up to one operation (30 % for three of 300 ms in one second). A worker stops with
 * the first operation that finishes after the end, so by Wald's identity the expected sum of its operation times is their
 * mean times their expected number: operations / (last finish - first start) has no bias from the edges. `rate` is the sum
 * of that over workers; in the open loop the span is the planned one, or longer if the last operation finished later.
 *
 * Operations that overlap (a queue of I/Os) have begin and reap in place of step: the worker keeps up to worker->depth of them
 * under way, each in a slot. The clock is read once per reap, for all that it brought; stamps are kept by slot. In the open
 * loop nothing ever waits for the queue to empty: what is due while all slots are taken is late, and backlog if it comes to
 * that. In the closed loop every slot is as good as a worker of one operation at a time, so the rule above holds for each:
 * the span of a worker ends at the mean of when the last operations of its slots finished.
 */
#ifndef BT_LOAD_H
#define BT_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "hist.h"
#include "noise.h"
#include "opt.h"
#include "pace.h"
#include "src.h"

#define BT_LOAD_THREADS_MAX 1024
#define BT_LOAD_NEVER (UINT64_MAX / 2)
#define BT_LOAD_SCALES_MAX 64

/* What the options of BT_OPTS_LOAD set. */
struct bt_load_opts {
	uint32_t cpus[BT_LOAD_THREADS_MAX];
	size_t n_cpus;                       /* 0: the allowed CPUs in turn */
	uint32_t threads[BT_LOAD_SCALES_MAX]; /* numbers of workers, one run for each */
	size_t n_threads;
	uint64_t duration_ns, warmup_ns, cooldown_ns, interval_ns; /* interval 0: no samples */
	bool duration_set; /* by -d; else a count lifts the default duration */
	uint64_t count;    /* stop after that many operations in all, or at the duration if set; 0: by time */
	uint64_t repeat;
	double rate;       /* per second over all workers; 0: closed loop */
	enum bt_arrival arrival;
	uint64_t seed;
	enum bt_load_lock { BT_LOCK_WAIT, BT_LOCK_FAIL, BT_LOCK_OFF } lock;
	bool dry_run, list;
	const char *metrics; /* comma list, NULL: all */
	const char *root;    /* "" */
};

#define BT_LOAD_OPTS_INIT \
	{ .threads = { 1 }, .n_threads = 1, .duration_ns = 1000000000, .warmup_ns = 100000000, .repeat = 1, .seed = 1, .root = "" }

/* bt_load_option - take one option if it is ours. Returns whether it was; errors go to o->error. */
bool bt_load_option(struct bt_load_opts *l, struct bt_opts *o, int key);

/* bt_load_option_traces - whether that option means something to one who only watches: -d -i -L -m -n -N --root. */
bool bt_load_option_traces(int key);

/* bt_load_wants - whether metric is to be emitted (-m). */
bool bt_load_wants(const struct bt_load_opts *l, const char *metric);

/* bt_load_unknown - the first metric of -m that is not among known (NULL at its end), cut to fit. Returns false when all are. */
bool bt_load_unknown(const struct bt_load_opts *l, const char *const *known, char out[64]);

struct bt_worker;

/* An operation under way, or the last one of its slot. For the test to read. */
struct bt_flight {
	uint64_t start_ns, due_ns; /* due_ns: 0 in the closed loop */
	uint64_t end_ns;           /* when the last one finished; 0: none has */
	bool after_end;            /* begun when the run was over */
};

/* What reap says of a slot: the operation is done and counts, has failed, has left the slot to another one. A slot that is
 * done but not free is the test's until it says so (an fsync follows the write, say). */
enum bt_landing { BT_LANDED_OK = 1, BT_LANDED_FAILED = 2, BT_LANDED_FREE = 4 };

struct bt_landed {
	uint32_t slot;
	uint32_t how; /* enum bt_landing bits */
};

/* How a test works. init may fail with -errno. step does one operation and returns the number of wrong answers in it (0:
 * fine) or -errno, which ends the run. fini takes a worker whose init failed; it is called in the worker's thread before the
 * report. init and fini may be NULL.
 *
 * In place of step, for operations that overlap; init then sets worker->depth:
 * begin takes one more operation, in that slot; it need not start before reap is called. reap starts all that has begun and
 * waits until something has landed or the clock shows until_ns (0: does not wait, BT_LOAD_NEVER: no limit). It fills
 * worker->landed (depth entries, each slot at most once) and worker->now_ns, the time at which it looked, and returns how
 * many. Both return -errno for what ends the run. A test that cannot go on but has something to report sets worker->enough
 * instead: the worker then begins nothing more.
 * last, which may be NULL, is called once when the last operation has landed, within the span that is measured; it sets
 * worker->now_ns. helpers, which may be NULL, is the CPU time so far of kernel threads that work for this worker; it adds to
 * busy_ns. */
struct bt_load_ops {
	int (*init)(struct bt_worker *w);
	int (*step)(struct bt_worker *w);
	void (*fini)(struct bt_worker *w);
	int (*begin)(struct bt_worker *w, uint32_t slot);
	int (*reap)(struct bt_worker *w, uint64_t until_ns);
	int (*last)(struct bt_worker *w);
	uint64_t (*helpers)(struct bt_worker *w);
};

/* What one worker counted in one span. */
struct bt_tally {
	struct bt_hist lat, svc, late; /* svc and late only in the open loop */
	struct bt_hist extra, extra2, extra3; /* whatever the test adds to worker->tally->extra...; empty for most */
	uint64_t extra_count, extra_count2; /* whatever it counts there */
	uint64_t ops;                  /* finished */
	uint64_t failed;               /* operations that overlap: finished, but with an error; not in ops nor in any histogram */
	uint64_t errors;               /* wrong answers, those of the warm-up included */
	uint64_t migrations;           /* times the worker found itself on another CPU */
	uint64_t busy_ns;              /* CPU time of the thread in the span */
	uint64_t preemptions;          /* involuntary context switches of the thread in the span */
};

void bt_tally_init(struct bt_tally *t);
void bt_tally_free(struct bt_tally *t);

/* bt_tally_reset - forget all counts, keep the memory. */
void bt_tally_reset(struct bt_tally *t);

/* bt_tally_merge - add from to t. 0 or -ENOMEM. */
int bt_tally_merge(struct bt_tally *t, const struct bt_tally *from);

struct bt_worker {
	/* for the test */
	uint32_t index, n_workers;
	uint32_t cpu;              /* pinned to */
	uint64_t seed;             /* differs by worker and repetition */
	void *state;               /* the test's own, from init to fini */
	const void *config;        /* bt_load_run's argument */
	const struct bt_clock *clock;
	struct bt_tally *tally;    /* set during step: step may count into tally->extra..., which is kept or dropped with the phase */
	uint64_t due_ns;           /* set during step: when the operation was due; 0 in the closed loop */
	uint64_t end_ns;           /* 0; a step that tidies up sets it to when its operation was over */
	/* for a test whose operations overlap */
	uint32_t depth;            /* slots: set by init, from 1 */
	struct bt_flight *flights; /* by slot */
	struct bt_landed *landed;  /* for reap to fill */
	uint64_t now_ns;           /* for reap to set */
	bool enough;               /* for the test to set */
	/* for the engine */
	struct bt_load_worker *engine;
};

/* One span as the engine reports it: an interval, or the whole run. */
struct bt_load_span {
	const struct bt_tally *total;    /* merged over workers */
	const struct bt_tally *workers;  /* one each; NULL for intervals */
	const uint32_t *cpus;            /* one each */
	uint32_t n_workers;
	uint64_t dur_ns;                 /* actual length of the span, to the last finish that counts */
	double rate;                     /* finished operations per second: sum over workers of ops / own span, see above */
	const double *rates;             /* one each, of which rate is the sum; NULL for intervals */
	int64_t end_us;                  /* wall time of its end */
	uint64_t planned, backlog;       /* open loop: due in the span; due but not finished at its end, from earlier spans too */
	unsigned taint;
	struct bt_noise noise;           /* what happened in it */
	bool interrupted;                /* ended early by a signal */
};

struct bt_load_run {
	const struct bt_load_ops *ops;
	const void *config;          /* handed to the workers */
	const struct bt_load_opts *opts;
	uint32_t threads;
	uint64_t repetition;         /* from 1; makes the seed */
	bool sleeps;                 /* open loop: sleep all the way to a planned instant instead of spinning the rest */
	const struct bt_clock *clock;
	const struct bt_src *src;
	unsigned taint;              /* added to every span (shared, ...) */
	int (*stop)(void);           /* polled; nonzero ends the run early. bt_sig_caught */
	/* In the caller's thread, each may be NULL: the warm-up is over and the run begins (without a warm-up before its first operation),
	 * -errno ends it; the workers are gone and nothing is reported yet, -errno: no report follows. */
	int (*on_start)(void *arg);
	int (*on_over)(void *arg);
	void (*on_interval)(void *arg, const struct bt_load_span *span); /* called in the caller's thread; may be NULL */
	bool (*enough)(void *arg);   /* asked after each interval: the run may end now, as planned; may be NULL */
	void (*on_tick)(void *arg, uint64_t now_ns);                     /* about 5 times a second, for progress; may be NULL */
	void *arg;
	int error;                   /* set by bt_load_exec: -errno of the worker that failed, 0 */
	const char *error_in;        /* "start", "pin", "init", "step", "begin", "reap", "end" or "memory" */
};

/* bt_load_exec - run to the end and call report(arg, span) once with the whole run. Returns 0, or -errno with run->error_in
 * set (report is then not called). Threads are gone when it returns. An interrupted run is reported, with interrupted set. */
int bt_load_exec(struct bt_load_run *run, void (*report)(void *arg, const struct bt_load_span *span));

/* bt_load_total_ns - how long all runs of these options take, for progress; a guess where a count ends them. */
uint64_t bt_load_total_ns(const struct bt_load_opts *l, unsigned tests);

#endif
