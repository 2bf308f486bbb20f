/* SPDX-License-Identifier: ISC
 *
 * kernel - the BPF programs of bsample: an iterator that gives the figures of all tasks in one pass, and programs that give
 * those of tasks that end. Where bsample is built without BPF, kernel_open fails and the others do nothing.
 */
#ifndef BSAMPLE_KERNEL_H
#define BSAMPLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src.h"
#include "taskfig.h"
#include "traceopt.h"

struct kernel;

struct kernel_conf {
	bool passes;            /* the iterator is wanted */
	bool ends;              /* tasks that end are wanted; with passes false too, nothing is loaded */
	bool forks;             /* and processes that begin */
	const uint32_t *pids;   /* the only processes that it is to show; borrowed until kernel_open returns */
	size_t n_pids;          /* 0: all */
	const uint64_t *cgroups; /* control groups to look for, by number; borrowed until then */
	size_t n_cgroups;
	const char *controller; /* of their hierarchy, "": version 2 */
	size_t ring_bytes;      /* room for ends between two looks: a power of two */
	enum bt_attach attach;
	bool verbose;           /* libbpf may speak on stderr */
};

/* kernel_open - load and attach. Returns 0, or -errno with error one sentence about what is missing. From then on CAP_BPF and
 * CAP_PERFMON are needed, nothing else. */
int kernel_open(struct kernel **k, const struct kernel_conf *conf, char error[400]);

/* kernel_pass - the figures of all tasks there are: take(arg, ...) for each, valid during the call, kinds THREAD and DEAD, read
 * at read_ns of CLOCK_MONOTONIC. Tasks that have not run since the last pass are left out, most times: kernel_there tells
 * whether they are still there. One pass is no snapshot: tasks that begin or end meanwhile may be missed. Returns 0 or -errno. */
int kernel_pass(struct kernel *k, void (*take)(void *arg, const struct taskfig *f, uint64_t read_ns), void *arg);

/* kernel_there - whether the last pass has seen the task of that taskfig.place. */
bool kernel_there(const struct kernel *k, uint32_t place);

/* kernel_drain - what has happened since the last time, in its order: THREAD and PROCESS have ended, FORK has begun. Nobody is
 * woken for it: look twice a second or so. Of a process that only ever had one thread PROCESS comes alone. */
void kernel_drain(struct kernel *k, void (*take)(void *arg, const struct taskfig *f), void *arg);

/* kernel_lost - ends that found no room in the ring. kernel_attach - how the programs are attached: "btf", "raw", "classic". */
uint64_t kernel_lost(const struct kernel *k);
const char *kernel_attach(const struct kernel *k);

/* kernel_close - takes NULL. */
void kernel_close(struct kernel *k);

#endif
