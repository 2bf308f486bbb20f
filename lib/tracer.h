/* SPDX-License-Identifier: ISC
 *
 * tracer - the life of a set of BPF programs: probe, settings, load, attach, run, detach; and what they cost.
 *
 * The tool opens its skeleton and hands it over. The programs are those of bpf/trace.bpf.h: named on_, raw_ or tp_ by how
 * they attach, with the maps tasks, more_tasks, listed, groups, free_slots and cells.
 *
 * Every function returns 0 or -errno with `error` set to one sentence: the step, what went wrong, what to do. Linked into tools
 * with BPF programs only.
 */
#ifndef BT_TRACER_H
#define BT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "child.h"
#include "src.h"
#include "trace.h"
#include "traceopt.h"

struct bpf_object;
struct bpf_object_skeleton;
struct bpf_link;

_Static_assert(BT_TRACE_GLOBS == TRACE_GLOBS && BT_TRACE_CPUS == TRACE_CPUS, "the options fit the programs");

#define BT_TRACER_PROGRAMS 32 /* at most */

struct bt_tracer_cost {
	char program[32];
	uint64_t runs, ns;   /* while the kernel measured */
	uint64_t missed;     /* runs that the kernel left out because the program was running already */
	uint64_t base_runs, base_ns; /* at the beginning of the window */
};

struct bt_tracer {
	char error[400];
	enum bt_attach attach; /* in effect, never AUTO */
	/* for the tool, between bt_tracer_open and bt_tracer_load */
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;       /* of the skeleton */
	struct trace_conf *conf;      /* in the skeleton's rodata */
	uint64_t keep_caps;           /* capabilities beside those for BPF that are not to be given up */
	/* switches, in the skeleton's bss: set by the tool after loading */
	volatile uint32_t *running;
	uint32_t beginnings;          /* how often tracing has begun */
	const volatile struct trace_lost *lost;
	/* mapped while loaded */
	uint8_t *cells, *tasks;
	size_t cell_bytes, task_bytes, cells_len, tasks_len; /* bytes */
	/* its own */
	const struct bt_trace_opts *opts; /* borrowed */
	struct bpf_link *links[BT_TRACER_PROGRAMS];
	unsigned n_links;
	struct bt_tracer_cost costs[BT_TRACER_PROGRAMS];
	unsigned n_costs;
	int stats_fd;          /* open while the kernel measures run times */
	uint64_t window_ns;    /* when it need not any more: CLOCK_MONOTONIC; UINT64_MAX: it does not */
	char cgroup_mount[512]; /* of the hierarchy that groups are told apart in; "": none */
};

#define BT_TRACER_INIT { .stats_fd = -1 }

/* bt_tracer_fail - put the sentence into t->error. Returns rc. For the parts of tracer itself. */
int bt_tracer_fail(struct bt_tracer *t, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* bt_tracer_permitted - whether we may trace and the kernel has types: what takes no time to see. */
int bt_tracer_permitted(struct bt_tracer *t, const struct bt_src *src);

/* bt_tracer_probe - whether tracing is possible here at all: kernel types, privilege, lockdown. attach: as asked for; settles
 * t->attach. */
int bt_tracer_probe(struct bt_tracer *t, const struct bt_src *src, enum bt_attach attach);

/* Sizes that depend on the tool. */
struct bt_tracer_size {
	uint32_t plain_groups; /* groups there can be when they have no key */
	bool buckets;          /* distributions are wanted */
	unsigned digits;       /* of them when the user has not said */
	bool irqs_off;         /* all programs that count run with interrupts off */
};

/* bt_tracer_open - take over the opened skeleton and its settings in rodata: fills *conf from the options and sizes the maps. keys:
 * bits of TRACE_KEY_. command: one is to be traced, with all that it starts. */
int bt_tracer_open(struct bt_tracer *t, struct bpf_object_skeleton *skeleton, struct trace_conf *conf,
		   const struct bt_trace_opts *opts, uint32_t keys, bool command, const struct bt_tracer_size *size);

/* bt_tracer_load - load the programs of those names (without their prefix, NULL at the end), map the tables, list the numbers
 * to trace. Borrows opts until all is attached. */
int bt_tracer_load(struct bt_tracer *t, const char *const *programs, const struct bt_trace_opts *opts,
		   const struct bt_child *child);

/* bt_tracer_attach - attach them all; with --tree, list what the processes to trace have started. Nothing is counted yet. From here
 * on only reading maps and programs needs privilege: CAP_BPF and CAP_PERFMON. The kernel measures the programs' run times from the
 * first beginning on for a moment: that makes them slower, and only an administrator can ask for it. */
int bt_tracer_attach(struct bt_tracer *t);

/* bt_tracer_switch - begin to count, or stop. What was known of tasks is forgotten at every beginning. */
void bt_tracer_switch(struct bt_tracer *t, bool on);

/* bt_tracer_measure - end that moment if it is over; call at window_ns. */
void bt_tracer_measure(struct bt_tracer *t, uint64_t now_ns);

/* bt_tracer_missed - runs that the kernel left out (recursion), of all programs. Ends that moment as well. */
uint64_t bt_tracer_missed(struct bt_tracer *t);

/* bt_tracer_map_bytes - kernel memory of all maps in bytes, as the kernel charges it. */
uint64_t bt_tracer_map_bytes(const struct bt_tracer *t);

/* bt_tracer_detach - detach all; no program runs any more when it returns. bt_tracer_close - detach and unmap; takes one that
 * failed anywhere. The skeleton is the tool's to destroy afterwards. */
void bt_tracer_detach(struct bt_tracer *t);
void bt_tracer_close(struct bt_tracer *t);

/* bt_tracer_subsys - the place of a controller of control groups of version 1 in the kernel's tables, which differs between builds;
 * -ENOTSUP when it has none. */
int bt_tracer_subsys(const char *controller);

/* bt_tracer_map - the descriptor of a map by name, or -ENOENT. */
int bt_tracer_map(const struct bt_tracer *t, const char *name);

#endif
