/* SPDX-License-Identifier: ISC
 *
 * loadtool - what every load tool is beside its tests: choosing them, the resource lock, the runs of repetitions, tests and
 * numbers of threads in turn, progress, and the way out.
 *
 * A tool has a table of tests and makes struct bt_load_job of those chosen. It parses its options (bt_load_option,
 * bt_out_option and its own), fills struct bt_loadtool and calls bt_loadtool_main. The hooks add what only the tool knows.
 *
 * These functions are the common half of the main() of several tools, so they speak to the user and may end the program
 * like those of err.h; nothing else in lib/ calls them.
 */
#ifndef BT_LOADTOOL_H
#define BT_LOADTOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "load.h"
#include "lock.h"
#include "out.h"
#include "rec.h"
#include "src.h"
#include "term.h"

#define BT_PLANT_EVERY 10 /* a plant without a number */

struct bt_emit; /* loadrec.h */

/* One test of this run, as the tool has settled it. */
struct bt_load_job {
	const char *test;   /* its name in records */
	const char *kernel; /* its id with a version: whoever changes what an operation does raises it */
	const struct bt_load_ops *ops;
	const void *config; /* handed to the workers; the tool's own */
	uint32_t calls;     /* that one operation makes: rates are in calls; 0 is 1 */
	bool waits;         /* its workers sleep in an operation, so CPU time they did not use was not taken from them */
	bool sleeps;        /* open loop: they sleep all the way to a planned instant instead of spinning the rest */
	bool no_rate;       /* an operation is a length of time: its speed would say nothing */
	unsigned untaint;   /* taint that is in the test's nature, not to be told */
	double base_rate;   /* loadrec's: of the first number of threads in this repetition, op/s */
};

struct bt_loadtool {
	/* for the tool to set */
	const char *name;                 /* of the tool */
	const char *resource, *resource_is; /* what its tests saturate, for lock.h and for people: "cpu", "the CPUs" */
	const char *also;                 /* a second resource, locked after the first; NULL: none */
	const char *operations;           /* in messages: "batches" */
	const char *const *metrics;       /* all that are ever emitted, NULL at the end */
	void (*meta)(struct bt_loadtool *t, struct bt_rec *r); /* more keys of meta, borrowed; may be NULL */
	/* The options of a job, where they differ from load in CPUs, numbers of threads or rate; valid until the next call. May be
	 * NULL. */
	const struct bt_load_opts *(*adapt)(struct bt_loadtool *t, const struct bt_load_job *job);
	void (*prepare)(struct bt_loadtool *t); /* once, when the lock is held, before the first run; may be NULL */
	/* Before each run, which is tool->job with tool->threads workers; a failure (-errno, said by the hook) ends it all. May be
	 * NULL. */
	int (*before)(struct bt_loadtool *t);
	int (*started)(struct bt_loadtool *t); /* the warm-up is over: -errno ends the run; may be NULL */
	int (*over)(struct bt_loadtool *t);    /* the workers are gone, the report follows; -errno: it does not; may be NULL */
	void (*after)(struct bt_loadtool *t);  /* after each run, also one that failed in before; may be NULL */
	/* Says why a run failed: error and where as in load.h. NULL: the tool says it. */
	void (*failure)(struct bt_loadtool *t, int error, const char *where);
	bool (*again)(struct bt_loadtool *t);  /* asked after a run that failed: try it once more? It may wait first. May be NULL */
	void (*pulse)(struct bt_loadtool *t, uint64_t now_ns); /* about 5 times a second while a run goes on; may be NULL */
	bool (*enough)(struct bt_loadtool *t); /* after each interval: the run may end now, as planned; may be NULL */
	/* Emit the errors of a result and say them, where they have a kind that matters; NULL: loadrec emits their number, and says
	 * which CPU gave wrong answers. */
	void (*wrong)(const struct bt_emit *e);
	void (*describe)(const struct bt_emit *e, struct bt_rec *r);  /* more dimensions of the test; may be NULL */
	void (*measures)(const struct bt_emit *e); /* emit speed and times of a sample or result; see loadrec.h */
	struct bt_load_opts load;
	struct bt_out_opts out_opts;
	int argc;
	char **argv;
	struct bt_load_job *jobs;
	size_t n_jobs;

	/* for the hooks to read */
	struct bt_src src;
	struct bt_clock clock;
	struct bt_out out;
	struct bt_load_job *job; /* the one that runs now */
	const struct bt_load_opts *opts; /* of that */
	uint32_t threads, rep;
	unsigned taint;  /* on every record */
	uint64_t errors; /* wrong answers so far */
	bool failed;     /* a run could not be finished */
	int fail_status; /* exit status then; 0: BT_EXIT_TROUBLE */

	/* its own */
	struct bt_locks locks;
	struct bt_progress progress;
};

/* bt_loadtool_find - the index of the test of that name, which the user gave, among count; name_of(i) is the i-th. Ends the
 * program with a list of all when there is none. */
size_t bt_loadtool_find(const char *name, size_t count, const char *(*name_of)(size_t i));

/* bt_loadtool_check - end the program if -m names an unknown metric or -c a CPU that cannot be used. */
void bt_loadtool_check(const struct bt_loadtool *t);

/* bt_loadtool_plant - the environment variable holds TEST[:N]: every N-th operation of TEST is to expect a wrong answer. Returns
 * N when it names this test, else 0. Ends the program when it is malformed. */
uint64_t bt_loadtool_plant(const char *variable, const char *test);

/* bt_loadtool_stop - nonzero when the run is to end: the signal caught, or the reader of our output has gone. */
int bt_loadtool_stop(void);

/* bt_loadtool_main - everything after the options: signals, clock, lock, stream, meta, all runs, end. Returns the exit status;
 * dies of a signal caught. */
int bt_loadtool_main(struct bt_loadtool *t);

#endif
