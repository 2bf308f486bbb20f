/* SPDX-License-Identifier: ISC
 *
 * load_private - what load.c (the caller's thread), loadspan.c (its sums), worker.c and loadloop.c (the workers)
 * share; loadflow.c is the loop of operations that overlap.
 *
 * Who writes what: the timeline is written before `go` is set. A worker fills laps[acked & 1] and leaves the other one to
 * the caller's thread from the store of `acked` until that asks for the next lap through `control`. So the only words shared
 * during the run are `control`, read once per operation and written once per lap, and `news`, written once per lap.
 */
#ifndef BT_LOAD_PRIVATE_H
#define BT_LOAD_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "load.h"

#define BT_LOAD_POLL_NS 50000000u /* how long anyone may sleep without looking whether to stop */
#define BT_LOAD_STOP 1u           /* bit of control; the rest counts laps */
#define BT_LOAD_LAP 2u
#define BT_LOAD_SPIN_NS 50000u    /* spun before a planned instant: an idle CPU takes about that long to wake up */

enum bt_load_go { BT_GO_WAIT, BT_GO_RUN, BT_GO_HOME };

/* What a worker does between two edges: the whole run, or one interval of it. */
struct bt_lap {
	struct bt_tally tally;
	uint64_t begin_ns, end_ns;
	uint64_t cpu_ns, preempted; /* of the thread at the begin */
	struct bt_pace pace;        /* open loop: as it stood at the end, */
	uint64_t left;              /* and how many operations might still begin */
	uint32_t flying;            /* operations under way at the end */
};

struct bt_load_engine {
	struct bt_load_run *run;
	struct bt_load_worker *workers;
	uint32_t *cpus;
	bool open;
	uint64_t warm_ns, start_ns, end_ns, grace_ns;
	_Atomic uint32_t go;      /* enum bt_load_go; a futex */
	_Atomic uint32_t ready;   /* workers through with init, well or not */
	_Atomic uint32_t news;    /* a futex: changes when a worker is ready, hands over a lap or is done */
	_Atomic uint32_t control; /* laps asked for * BT_LOAD_LAP, and BT_LOAD_STOP */
};

struct bt_load_worker {
	struct bt_worker w;
	struct bt_load_engine *engine;
	pthread_t thread;
	uint32_t seen;          /* last control obeyed */
	uint32_t cpu;           /* last seen on */
	uint64_t left;          /* operations that may still begin */
	uint64_t last_ns;       /* when the last operation that counts finished */
	uint64_t grace_last_ns; /* the same of those that began after the end */
	uint64_t tail_ns;       /* how long ops->last took */
	uint32_t *free;         /* operations that overlap: the slots that are free, */
	uint32_t n_free, flying; /* how many, and how many are taken */
	struct bt_pace pace;
	uint64_t pace_seed;
	struct bt_lap laps[2];
	struct bt_tally grace;  /* open loop: of operations that started after the end */
	int error;
	const char *error_in;
	uint64_t begin_ns, end_ns, backlog; /* the caller's: of the laps handed over */
	_Alignas(64) _Atomic uint32_t acked; /* laps handed over */
	_Atomic bool done;
} __attribute__((aligned(128)));

/* The caller's side of a run. */
struct bt_director {
	struct bt_load_engine e;
	uint32_t n, started;         /* workers wanted, and threads there are */
	struct bt_tally *whole;      /* of each worker: its laps so far */
	struct bt_noise noise_start, noise_edge;
	uint64_t edge_ns;            /* where the next interval begins */
	uint64_t tick_ns;            /* when on_tick is due again */
	bool interrupted, cut_short; /* by stop(): at all, before the end of the run */
	bool no_memory;
	int error;                   /* of on_start */
	unsigned contended;          /* BT_TAINT_CONTENDED or 0 */
};

/* bt_load_laps_asked - laps asked for so far; bt_load_handed_over - whether worker w has handed over the last of them. */
uint32_t bt_load_laps_asked(const struct bt_director *d);
bool bt_load_handed_over(const struct bt_director *d, const struct bt_load_worker *w);

/* bt_load_interval - collect the laps that were handed over (last: those in progress when the workers ended) and report
 * them as one interval. */
void bt_load_interval(struct bt_director *d, bool last);

/* bt_load_whole - report the whole run. Returns 0 or -ENOMEM, without a report. */
int bt_load_whole(struct bt_director *d, void (*report)(void *arg, const struct bt_load_span *span));

/* The lap that the worker is filling; what the caller's thread asks for. For the worker itself. */
static inline struct bt_lap *bt_load_lap(struct bt_load_worker *me)
{
	return &me->laps[atomic_load_explicit(&me->acked, memory_order_relaxed) & 1];
}

static inline uint32_t bt_load_control(const struct bt_load_worker *me)
{
	return atomic_load_explicit(&me->engine->control, memory_order_acquire);
}

static inline bool bt_load_stopping(const struct bt_load_worker *me)
{
	return bt_load_control(me) & BT_LOAD_STOP;
}

/* bt_load_obey - between two operations: hand the lap over if that is asked for. Returns false when the run is to stop. */
bool bt_load_obey(struct bt_load_worker *me);

/* bt_load_fail - note that the worker failed, and where, and stop all. */
void bt_load_fail(struct bt_load_worker *me, int error, const char *where);

/* bt_load_await - sleep until the instant, obeying meanwhile (warm: stops only). Returns false when the run is to stop. */
bool bt_load_await(struct bt_load_worker *me, uint64_t until_ns, bool warm);

/* bt_load_closed, bt_load_open - do operations until the instant, the count or a stop. warm: laps are not handed over. */
void bt_load_closed(struct bt_load_worker *me, uint64_t until_ns, bool warm);
void bt_load_open(struct bt_load_worker *me, uint64_t until_ns, bool warm);

/* bt_load_catch_up - open loop: after the end, do what is still planned, if that takes no longer than the grace. */
void bt_load_catch_up(struct bt_load_worker *me);

/* bt_load_flow_room - memory for worker.depth operations under way. 0 or -errno. */
int bt_load_flow_room(struct bt_load_worker *me);

/* bt_load_flow - the same as bt_load_closed, and as bt_load_open with what follows it, for operations that overlap: returns
 * when nothing is under way any more. */
void bt_load_flow(struct bt_load_worker *me, uint64_t until_ns, bool warm);

/* bt_load_flow_end - closed loop: when the span of the worker's last lap ends. */
uint64_t bt_load_flow_end(const struct bt_load_worker *me);

/* bt_load_worker_main - the thread. arg: struct bt_load_worker. */
void *bt_load_worker_main(void *arg);

/* bt_load_futex_wait - sleep while *word is value, timeout_ns at most, or until a signal. */
void bt_load_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns);
void bt_load_futex_wake(_Atomic uint32_t *word);

#endif
