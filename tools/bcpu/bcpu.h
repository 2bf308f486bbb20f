/* SPDX-License-Identifier: ISC
 *
 * bcpu - what the parts of bcpu share: a kernel is one kind of work with a known answer.
 *
 * A kernel's id ends in a version. Whoever changes what a batch does, its input or its amount raises the version, so that
 * figures of different work never meet in one group.
 */
#ifndef BCPU_H
#define BCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "load.h"
#include "loadrec.h"
#include "rec.h"

#define BCPU_TESTS 8

struct bcpu_work;

/* One way of doing a kernel's work. */
struct bcpu_isa {
	const char *name;     /* dimension `isa`; NULL: there is only one way */
	bool (*usable)(void); /* whether this CPU can; NULL: every CPU can */
	uint64_t (*batch)(struct bcpu_work *k); /* does one batch and returns its answer */
};

struct bcpu_kernel {
	const char *name, *id, *help;
	const char *work;       /* what one batch is, for people */
	uint64_t bytes;         /* of input that one batch processes; 0: bandwidth means nothing here */
	const uint64_t *golden; /* the right answers: batch k gives golden[k % rounds] */
	unsigned rounds;        /* number of different batches; a power of two */
	size_t size;            /* of work->data, bytes */
	int (*setup)(struct bcpu_work *k);     /* fill data; 0 or -errno */
	void (*teardown)(struct bcpu_work *k); /* may be NULL; called after a failed setup too */
	void (*describe)(struct bt_rec *r, const struct bt_clock *clock); /* more dimensions; may be NULL */
	const struct bcpu_isa *isas; /* the best first; the last one is usable everywhere, without usable() */
};

extern const struct bcpu_kernel bcpu_int, bcpu_float, bcpu_vec, bcpu_hash;
extern const struct bcpu_kernel bcpu_branch, bcpu_sort, bcpu_compress, bcpu_jitter;

/* One test of this run: a kernel and the way chosen. */
struct bcpu_job {
	const struct bcpu_kernel *kernel;
	const struct bcpu_isa *isa;
	uint64_t plant; /* every so many batches expect a wrong answer; 0: never */
};

/* What one worker holds. */
struct bcpu_work {
	const struct bcpu_job *job;
	struct bt_worker *worker;
	uint64_t round; /* number of the batch, from 0 */
	void *data;     /* zeroed, 64-byte aligned, kernel->size bytes */
};

/* bcpu_ops - how the engine runs a job, which it takes as the run's config. Another variant when job->plant is set. */
const struct bt_load_ops *bcpu_ops(const struct bcpu_job *job);

/* bcpu_kernels - all of them. */
extern const struct bcpu_kernel *const bcpu_kernels[BCPU_TESTS];

/* bcpu_choose - set the job's way: name is "best", "portable" (the last one) or the name of one; a kernel that has none of
 * that name uses its best. Returns 0, or -ENOTSUP when this CPU cannot. */
int bcpu_choose(struct bcpu_job *job, const char *name);

/* bcpu_has_isa - whether any kernel of the count jobs has a way of that name. */
bool bcpu_has_isa(const struct bcpu_job *jobs, size_t count, const char *name);

/* The whole program. The engine's half comes first, so that its hooks find the rest. */
struct bcpu {
	struct bt_loadtool tool;
	const char *isa; /* -E */
	struct bcpu_job jobs[BCPU_TESTS];
	struct bt_load_job runs[BCPU_TESTS]; /* of the jobs, one each */
};

/* bcpu_metrics - the names of all metrics that are ever emitted, NULL at the end. */
extern const char *const bcpu_metrics[];

/* bcpu_meta, bcpu_describe, bcpu_measures - the hooks of struct bt_loadtool. */
void bcpu_meta(struct bt_loadtool *t, struct bt_rec *r);
void bcpu_describe(const struct bt_emit *e, struct bt_rec *r);
void bcpu_measures(const struct bt_emit *e);

#endif
