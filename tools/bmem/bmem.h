/* SPDX-License-Identifier: ISC
 *
 * bmem - what the parts of bmem share.
 *
 * A test is one row of bmem_tests. The options give it sizes, strides, kinds of pages, loads or pairs of CPUs; each combination is
 * one job, which runs with each number of workers. A worker's memory is one region, which it maps, fills and checks itself.
 */
#ifndef BMEM_H
#define BMEM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpus.h"
#include "cycle.h"
#include "distance.h"
#include "host.h"
#include "kernel.h"
#include "ladder.h"
#include "loadrec.h"
#include "memlimit.h"

#define BMEM_TESTS 15
#define BMEM_LIST 64     /* values of one option */
#define BMEM_NODES 1024  /* NUMA nodes */
#define BMEM_SIZE_MAX (1ull << 44)
#define BMEM_STRIDE_MAX (1ull << 30)
#define BMEM_LINE 64u    /* bytes of a cache line; some have 128, none less */

struct bmem;
struct bmem_job;
struct bmem_work;

/* Kinds of pages: the base pages of the architecture, and larger ones. */
enum bmem_pages { BMEM_BASE, BMEM_THP, BMEM_2M, BMEM_1G, BMEM_PAGES };

enum bmem_policy { BMEM_LOCAL, BMEM_BIND, BMEM_PREFERRED, BMEM_INTERLEAVE };

/* On which NUMA nodes memory is to be. */
struct bmem_place {
	int policy; /* enum bmem_policy */
	uint32_t nodes[BMEM_NODES];
	size_t n_nodes;
};

/* What the options vary in a test, and what they may ask of it. */
enum bmem_axis {
	BMEM_SIZES = 1 << 0,
	BMEM_STRIDES = 1 << 1,
	BMEM_KINDS = 1 << 2,  /* --pages */
	BMEM_LOADS = 1 << 3,
	BMEM_PAIRS = 1 << 4,
	BMEM_ISAS = 1 << 5,   /* -E */
	BMEM_RATE = 1 << 6,   /* -r */
	BMEM_STORES = 1 << 7, /* --nt */
	BMEM_ALONE = 1 << 8,  /* one worker only */
};

struct bmem_test {
	const char *name, *kernel, *help;
	const char *operation; /* what one batch is, for people */
	unsigned axes;         /* enum bmem_axis */
	unsigned kinds;        /* bits 1 << enum bmem_pages that it uses by default */
	uint64_t quick_ns;     /* length of a run where -d does not say; 0: the default of -d */
	enum bmem_op op;       /* tests of bandwidth */
	bool shared;           /* the workers share the size out among themselves; else each has that much */
	bool far;              /* it is meant to show memory, not caches: smaller sizes are warned about */
	bool binary;           /* its size is rounded down to a power of two */
	bool crowds;           /* all its lines lie a stride apart, so in few sets of a cache where that is a power of two */
	bool fresh;            /* its memory is new to every batch, so no level can be said to hold it */
	struct bt_load_ops ops;
	/* Default sizes and strides; they may be NULL where there is no such axis. Return how many, BMEM_LIST at most. */
	size_t (*sizes)(const struct bmem *b, uint64_t out[BMEM_LIST]);
	size_t (*strides)(const struct bmem *b, uint64_t out[BMEM_LIST]);
	/* Bytes of the region of each of so many workers; of all cache lines that it uses again and again, NULL: the same. */
	uint64_t (*region)(const struct bmem_job *job, uint32_t workers);
	uint64_t (*uses)(const struct bmem_job *job, uint32_t workers);
	uint64_t (*beside)(const struct bmem_job *job); /* bytes that other threads map, in regions of their own; may be NULL */
	/* What a batch has that many of: passes, loads, round trips, updates, faults. */
	uint64_t (*per_batch)(const struct bmem_job *job, uint32_t workers);
	int (*setup)(struct bmem_work *k);       /* fill the region; 0 or -errno */
	uint64_t (*finish)(struct bmem_work *k); /* check and free; returns the number of wrong answers; may be NULL */
	void (*describe)(const struct bt_emit *e, struct bt_rec *r); /* more dimensions; may be NULL */
	void (*measures)(const struct bt_emit *e);
};

extern const struct bmem_test bmem_copy, bmem_scale, bmem_add, bmem_triad, bmem_read, bmem_write, bmem_ntwrite, bmem_libc;
extern const struct bmem_test bmem_stride, bmem_latency, bmem_tlb, bmem_loaded, bmem_c2c, bmem_fault, bmem_gups;
extern const struct bmem_test *const bmem_tests[BMEM_TESTS];

/* What the workers have seen when a run was over. */
struct bmem_seen {
	_Atomic uint64_t bytes, huge_bytes; /* of the regions; of these on large pages */
	_Atomic uint64_t faults;            /* page faults of the workers between their first batch and their last one */
	_Atomic bool astray;                /* memory that was not where and as it was asked for */
};

/* A test of this run. The workers take it as their config. */
struct bmem_job {
	const struct bmem_test *test;
	struct bmem *b;
	const struct bmem_isa *isa;
	enum bmem_op op;       /* of the test, with or without --nt */
	uint64_t size_bytes;   /* see bmem(1): of each array, all workers together; or of each worker */
	uint64_t stride_bytes;
	enum bmem_pages pages;
	uint32_t load;         /* percent */
	uint32_t cpu, peer;    /* a pair */
	uint64_t plant;        /* every so many batches expect a wrong answer; 0: never */
	/* of the run that is on */
	uint64_t per_batch;
	const char *level; /* NULL: none can be named */
	struct bmem_seen seen;
	double base_bw;        /* of the first number of workers in this repetition */
};

/* A mapping. */
struct bmem_region {
	char *base;    /* aligned for its pages */
	size_t bytes;  /* mapped from base on; at least what was asked for */
	size_t page_bytes;
	enum bmem_pages pages;
	const struct bmem_place *place; /* borrowed */
};

/* What one worker holds. */
struct bmem_work {
	const struct bmem_job *job;
	struct bt_worker *worker;
	struct bmem_region region;
	uint64_t faults; /* of the thread when init ended */
	uint64_t batch;  /* batches so far */
	void *own;       /* the test's */
};

struct bmem {
	struct bt_loadtool tool; /* first: the hooks get a pointer to it */

	/* options */
	const char *isa_name;
	const struct bmem_isa *isa;
	uint64_t sizes[BMEM_LIST], strides[BMEM_LIST];
	size_t n_sizes, n_strides;
	unsigned kinds;  /* --pages: bits; 0: the test's own */
	uint32_t loads[BMEM_LIST];
	size_t n_loads;
	bool nt;
	struct bmem_place place;
	char nodes_text[256];

	struct bt_host host;        /* CPUs and caches alone */
	struct bt_memlimit limit;
	uint64_t page_bytes[BMEM_PAGES];
	char page_names[BMEM_PAGES][8];
	uint32_t cpus[BT_CPUS_MAX]; /* -c, else those allowed */
	size_t n_cpus;
	uint32_t most_workers;
	uint64_t warned_bytes;      /* the size that a note was last about */
	struct bmem_job *jobs;
	struct bt_load_job *runs;
	struct bt_load_opts opts;   /* of the job that runs now */
};

static inline const struct bmem_job *bmem_job_of(const struct bt_emit *e)
{
	return e->tool->job->config;
}

/* --- options.c --- */

/* Options that only bmem has. */
enum { OPT_LOAD = BT_OPT_TOOL, OPT_MEMPOLICY, OPT_NODES, OPT_NT, OPT_PAGES, OPT_STRIDE };

/* bmem_option - take one option if it is bmem's own. Returns whether it was. */
bool bmem_option(struct bmem *b, struct bt_opts *o, int key);

/* bmem_settle - after the options: what the machine has. Ends the program when it has not what was asked for. */
void bmem_settle(struct bmem *b);

/* --- jobs.c --- */

/* bmem_jobs_make - one job for each test named and each combination of what the options and the test itself vary. Ends the program
 * when one of them cannot be. */
void bmem_jobs_make(struct bmem *b, char **names, int count);

/* --- check.c --- */

/* bmem_check_test, bmem_check_job - end the program if the options ask of the test, or of the job, what cannot be. */
void bmem_check_test(const struct bmem *b, const struct bmem_test *test);
void bmem_check_job(const struct bmem_job *job);

/* bmem_memory_lacks - whether so many workers need more memory than there is; then a sentence goes to reason. */
bool bmem_memory_lacks(struct bt_buf *reason, const struct bmem_job *job, uint32_t workers, const struct bt_memlimit *limit);

/* --- run.c --- */

/* bmem_job_opts, bmem_before - hooks of loadtool. */
const struct bt_load_opts *bmem_job_opts(struct bt_loadtool *t, const struct bt_load_job *run);
int bmem_before(struct bt_loadtool *t);

/* --- pages.c --- */

/* bmem_pages_know - fill page_bytes and page_names of b. */
void bmem_pages_know(struct bmem *b);

/* bmem_pages_round - bytes that a region of that many takes, in whole pages of that kind. */
uint64_t bmem_pages_round(const struct bmem *b, uint64_t bytes, enum bmem_pages pages);

/* bmem_limit_read - what memory may be taken, on the nodes that it is bound to if it is. */
void bmem_limit_read(const struct bmem *b, struct bt_memlimit *limit);

/* bmem_pages_reserved - bytes on the free ones among the reserved pages of a kind, BMEM_2M or BMEM_1G, on those nodes; 0 where
 * there are none. */
uint64_t bmem_pages_reserved(const struct bmem *b, enum bmem_pages pages);

/* bmem_region_map - map a region without touching it. Returns 0 or -errno. */
int bmem_region_map(struct bmem_region *r, const struct bmem_job *job, uint64_t bytes);

/* bmem_region_renew - give all its pages back, so that each faults again. Returns 0, or -errno: the region may then be gone, and
 * has no bytes. */
int bmem_region_renew(struct bmem_region *r);

void bmem_region_free(struct bmem_region *r);

/* bmem_region_look - how the kernel keeps the region, which the calling thread has touched. */
void bmem_region_look(const struct bmem_region *r, struct bmem_seen *seen);

/* bmem_place_try - whether memory may be placed so. Returns 0 or -errno. */
int bmem_place_try(const struct bmem_place *place);

/* --- work.c --- */

/* bmem_work_init, bmem_work_fini - of every worker. */
int bmem_work_init(struct bt_worker *w);
void bmem_work_fini(struct bt_worker *w);

/* bmem_verdict - what a step returns: whether the batch was wrong, or planted to be. */
static inline int bmem_verdict(struct bmem_work *k, bool right)
{
	bool planted = k->job->plant && ++k->batch % k->job->plant == 0;

	return planted == right;
}

/* bmem_faults - page faults of the calling thread so far. */
uint64_t bmem_faults(void);

/* --- chase.c --- */

/* A way through a cycle. */
struct bmem_chase {
	struct bt_cycle_slot *at;
	uint64_t n, ordinal; /* slots; of the next one */
};

/* bmem_chase_make - write the cycle. stride_bytes apart; turning: on different lines of their pages. */
void bmem_chase_make(struct bmem_chase *c, char *base, uint64_t n, uint64_t stride_bytes, bool turning, uint64_t seed);

/* bmem_chase_go - follow so many pointers. Returns whether the way led where it must. */
static inline bool bmem_chase_go(struct bmem_chase *c, uint64_t loads)
{
	c->at = bt_cycle_follow(c->at, loads);
	c->ordinal = (c->ordinal + loads) % c->n;
	return c->at->ordinal == c->ordinal;
}

uint64_t bmem_chase_loads(const struct bmem_job *job, uint32_t workers);

/* --- partner.c --- */

/* A thread beside the engine's workers, on a CPU of its own. */
struct bmem_partner {
	/* set by the user */
	uint32_t cpu;
	void (*body)(void *arg); /* calls bmem_partner_ready when it is */
	void *arg;
	/* its own */
	pthread_t thread;
	bool started;
	int error;
	_Atomic uint32_t ready; /* a futex */
};

/* bmem_partner_start - start it. Returns 0 or -errno. */
int bmem_partner_start(struct bmem_partner *p);

/* bmem_partner_wait - return when it is ready: 0, or -errno of what it could not do. */
int bmem_partner_wait(struct bmem_partner *p);

/* bmem_partner_ready - for the body. error: 0 or -errno, after which the body returns. */
void bmem_partner_ready(struct bmem_partner *p, int error);

/* bmem_partner_join - wait for its end, which the user has caused. Takes one that was never started. */
void bmem_partner_join(struct bmem_partner *p);

/* --- work.c: default sizes --- */

/* bmem_room - bytes that one of most_workers may use. */
static inline uint64_t bmem_room(const struct bmem *b)
{
	return b->limit.bytes / b->most_workers;
}

/* bmem_far_size - the default size of one of so many buffers that are to lie in memory, where room is for all of them. */
uint64_t bmem_far_size(const struct bmem *b, uint64_t room, unsigned buffers);

/* bmem_far_sizes - that of the one buffer of each worker. */
size_t bmem_far_sizes(const struct bmem *b, uint64_t out[BMEM_LIST]);

/* --- records.c --- */

extern const char *const bmem_metrics[];
void bmem_meta(struct bt_loadtool *t, struct bt_rec *r);
void bmem_describe(const struct bt_emit *e, struct bt_rec *r);
void bmem_measures(const struct bt_emit *e);

/* bmem_emit_each - a time in ns for each of the per_batch things in a batch, its mean over all batches in hist. */
void bmem_emit_each(const struct bt_emit *e, const char *metric, const struct bt_hist *hist);

/* bmem_batches - the histogram that has the times of the batches themselves. */
const struct bt_hist *bmem_batches(const struct bt_emit *e);

#endif
