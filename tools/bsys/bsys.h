/* SPDX-License-Identifier: ISC
 *
 * bsys - what the parts of bsys share: a test is one way of calling the kernel, whose every result is checked.
 *
 * A test's id ends in a version. Whoever changes what a call does or how many make an operation raises the version, so that
 * figures of different work never meet in one group.
 */
#ifndef BSYS_H
#define BSYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"
#include "loadrec.h"
#include "percall.h"
#include "traceopt.h"

#define BSYS_TESTS 17
#define BSYS_VARIANTS 2
#define BSYS_JOBS (BSYS_TESTS * BSYS_VARIANTS)
#define BSYS_CALLS_MAX 4096 /* --calls */
#define BSYS_FDS 4

struct bsys_work;
struct bsys_pair; /* pair.c: the partner of a worker that wakes another thread */

/* One way of doing a test: one call returns 0 when its result was right, 1 when it was wrong, -errno when it cannot go on. */
struct bsys_variant {
	const char *name;
	int (*call)(struct bsys_work *w);
};

struct bsys_test {
	const char *name, *id, *help;
	uint32_t calls;   /* in one operation: a power of two so large that clock and loop are small beside it */
	uint64_t bytes;   /* default of -b; 0: takes none */
	unsigned moved;   /* times that -b bytes are moved by one call; 0: bandwidth means nothing here */
	bool waits;       /* a call sleeps */
	bool file;        /* asks for --file */
	const char *vary; /* dimension that tells the variants apart, "where" or "how"; NULL: there is only one */
	struct bsys_variant variants[BSYS_VARIANTS];
	int (*init)(struct bsys_work *w);  /* 0 or -errno; may be NULL */
	void (*fini)(struct bsys_work *w); /* also after a failed init; may be NULL. Descriptors and data are closed and freed after it */
};

/* One test of this run. */
struct bsys_job {
	const struct bsys_test *test;
	const struct bsys_variant *variant;
	uint64_t bytes;
	const char *file;
	uint64_t plant; /* every so many operations expect one wrong answer; 0: never */
	struct bt_percall per_call;
	const uint32_t *cpus; /* that partners may use, in the order of the workers */
	size_t n_cpus;
};

/* What one worker holds. */
struct bsys_work {
	const struct bsys_job *job;
	struct bt_worker *worker;
	uint64_t spoil;    /* 1 while the answer is to look wrong */
	uint64_t round;    /* operations so far */
	uint64_t number;   /* the last one sent, or another of the test's own */
	uint64_t expected; /* the right answer, where it is known from init */
	int fd[BSYS_FDS];  /* -1: none */
	char *data;        /* size bytes, page aligned; NULL: none */
	size_t size;
	struct bsys_pair *pair;
};

/* bsys_check - 0 when answer is right, 1 when it is wrong. Every call ends with it. */
static inline int bsys_check(const struct bsys_work *w, uint64_t answer, uint64_t right)
{
	return answer != (right ^ w->spoil);
}

/* bsys_data - allocate w->data, size bytes, touched. 0 or -errno. */
int bsys_data(struct bsys_work *w, size_t size);

/* bsys_tests - all of them. bsys_ops - how the engine runs a job. bsys_none - a job whose calls do nothing. */
extern const struct bsys_test *const bsys_tests[BSYS_TESTS];
const struct bt_load_ops *bsys_ops(const struct bsys_job *job);
extern const struct bsys_test bsys_none;

/* Tests, by the file that holds them. */
extern const struct bsys_test bsys_null, bsys_read, bsys_write, bsys_open, bsys_stat, bsys_clock, bsys_epoll; /* plain.c */
extern const struct bsys_test bsys_pipe, bsys_socketpair, bsys_eventfd, bsys_futex; /* wake.c */
extern const struct bsys_test bsys_mmap, bsys_fault; /* memory.c */
extern const struct bsys_test bsys_fork, bsys_exec, bsys_thread, bsys_signal; /* task.c */

/* bsys_partner_cpu - where the partner of worker i runs; only for tests that vary by "where". */
uint32_t bsys_partner_cpu(const struct bsys_job *job, uint32_t i);

/* What only the tests trace and events take. */
struct bsys_live {
	const char *test;        /* "trace" or "events" when that is the TEST chosen, else NULL */
	char **command;          /* the words behind "--", ended by NULL; NULL: none */
	struct bt_trace_opts opts;
	uint32_t keys;           /* -k: bits of TRACE_KEY_ */
	const char *calls;       /* -e; NULL: all */
	bool count_only;
	uint64_t sample, limit;  /* --sample, --limit; 0: all */
	uint64_t ring_bytes;     /* --ring-size; 0: the default */
	const char *given;       /* the first of the tool's own live options that was given; NULL: none */
};

/* The whole program. The engine's half comes first, so that its hooks find the rest. */
struct bsys {
	struct bt_loadtool tool;
	uint64_t bytes;   /* -b; 0: each test's default */
	uint64_t calls;   /* --calls; 0: each test's default */
	const char *file; /* --file */
	int where;        /* --where: enum bsys_where */
	const char *load_given; /* the first option given that live tests do not take; NULL: none */
	struct bsys_live live;
	struct bsys_job jobs[BSYS_JOBS];
	struct bt_load_job runs[BSYS_JOBS]; /* of the jobs, one each */
	uint32_t cpus[BT_LOAD_THREADS_MAX]; /* the CPUs of -c, or those allowed */
	size_t n_cpus, n_distinct;
};

enum bsys_where { BSYS_BOTH, BSYS_SAME, BSYS_CROSS };

/* bsys_metrics - the names of all metrics that are ever emitted, NULL at the end. */
extern const char *const bsys_metrics[];

/* bsys_meta, bsys_prepare, bsys_describe, bsys_measures - the hooks of struct bt_loadtool. */
void bsys_meta(struct bt_loadtool *t, struct bt_rec *r);
void bsys_prepare(struct bt_loadtool *t);
void bsys_describe(const struct bt_emit *e, struct bt_rec *r);
void bsys_measures(const struct bt_emit *e);

/* bsys_live_metrics - of trace and events, NULL at the end. */
extern const char *const bsys_live_metrics[];

/* bsys_trace - the tests `trace` and `events`: live tracing, named by b->live.test. Returns the exit status. */
int bsys_trace(struct bsys *b);

#endif
