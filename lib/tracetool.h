/* SPDX-License-Identifier: ISC
 *
 * tracetool - what every tracer is beside its programs and its records: from the options to the exit status.
 *
 * A tool fills struct bt_tracetool and calls bt_tracetool_main, which probes, loads, attaches, starts the command, waits, and shows
 * what was counted at every interval and at the end through the tool's hooks; then what was lost and what it cost.
 *
 * Like loadtool.h, these functions are the common half of the main() of several tools, so they speak to the user and may end the
 * program. Linked into tools with BPF programs only.
 */
#ifndef BT_TRACETOOL_H
#define BT_TRACETOOL_H

#include "child.h"
#include "clock.h"
#include "control.h"
#include "load.h"
#include "out.h"
#include "tracegroups.h"
#include "tracer.h"
#include "traceopt.h"

struct bt_tracetool {
	/* for the tool to set */
	const char *name;          /* of the tool */
	const char *test;          /* of the records about the tracing itself */
	const char *tests;         /* for meta */
	const struct bt_load_opts *load;  /* of these count -d, -i, -m, -n, -N and --root */
	const struct bt_trace_opts *opts;
	const struct bt_out_opts *out_opts;
	int argc;
	char **argv, **command;    /* command: NULL: none */
	const char *const *programs; /* to load, without their prefix; NULL at the end */
	uint32_t keys;             /* bits of TRACE_KEY_ */
	struct bt_tracer_size size;
	/* open: open the skeleton, set what is the tool's own in rodata; *conf receives the common settings. NULL: failed. loaded: point
	 * tracer.running and lost into bss, and whatever else is possible only now; 0 or -errno. */
	struct bpf_object_skeleton *(*open)(struct bt_tracetool *t, struct trace_conf **conf);
	int (*loaded)(struct bt_tracetool *t);
	void (*meta)(struct bt_tracetool *t, struct bt_rec *r); /* more keys of meta, borrowed; may be NULL */
	void (*show)(struct bt_tracetool *t);    /* emit the records of the interval or the whole (t->kind) */
	void (*summary)(struct bt_tracetool *t); /* at the end: what was matched, not matched, in flight */
	/* Events: the descriptor that is readable when there are many (-1: none), and what takes them, also 50 times a second. */
	int ring_fd;
	void (*drain)(struct bt_tracetool *t);
	bool count_events;         /* -n counts these, not intervals */
	uint64_t events;           /* emitted so far, by drain */
	void (*tick)(struct bt_tracetool *t); /* 50 times a second; may be NULL */
	/* last: behind the records, with what privilege is left, put in place a file of the tool's own; false: it could not, and said
	 * so. NULL: there is none. */
	bool (*last)(struct bt_tracetool *t);
	void *arg;                 /* the tool's own */

	/* for the hooks to read */
	struct bt_tracer tracer;
	struct bt_trace_groups groups;
	struct bt_out out;
	struct bt_src src;
	enum bt_kind kind;         /* of what show is to emit */
	uint64_t dur_ns;           /* of tracing in the span shown, pauses left out */
	int64_t ts_us;             /* its end */
	int64_t wall_us;           /* Unix time less CLOCK_MONOTONIC, in microseconds: the same for a whole stream */
	uint64_t lost;             /* events lost so far, all causes together */

	/* its own */
	struct bt_child child;
	struct bt_control control;
	bool running;              /* not paused */
	uint64_t start_ns, resumed_ns, span_ns, whole_ns; /* span_ns, whole_ns: of tracing before resumed_ns */
	uint64_t intervals;
	uint64_t cpu_ns;           /* used by this process before counting began */
	uint64_t missed;           /* runs that the kernel left out, known at the end */
	uint32_t marks;
};

/* bt_tracetool_main - everything after the options. Returns the exit status; dies of a signal caught. */
int bt_tracetool_main(struct bt_tracetool *t);

/* bt_tracetool_start - a record of t->kind about the span shown. bt_tracetool_emit - write it, if -m wants its metric. */
void bt_tracetool_start(const struct bt_tracetool *t, struct bt_rec *r, const char *test);
void bt_tracetool_emit(struct bt_tracetool *t, struct bt_rec *r);

/* bt_tracetool_count - a record about the tracing itself: a count, told apart by one dimension (name NULL: none). */
void bt_tracetool_count(struct bt_tracetool *t, const char *metric, const char *name, const char *value, uint64_t count);

/* bt_tracetool_ring_lost - how many events found no room in the ring, by the CPU they were on: TRACE_CPUS counters. CPU 0 always
 * has a record. */
void bt_tracetool_ring_lost(struct bt_tracetool *t, const volatile uint64_t *by_cpu);

/* bt_tracetool_time - Unix time in microseconds of an instant of CLOCK_MONOTONIC. */
int64_t bt_tracetool_time(const struct bt_tracetool *t, uint64_t mono_ns);

/* For tracetool itself, in tracetoolrec_bpf.c: the meta record; at the end what was lost, and the cost of programs and process.
 * bt_tracetool_cpu_ns - CPU time of this process so far. */
void bt_tracetool_meta(struct bt_tracetool *t);
void bt_tracetool_lost(struct bt_tracetool *t);
void bt_tracetool_cost(struct bt_tracetool *t);
uint64_t bt_tracetool_cpu_ns(void);

/* Metrics of every tracer. */
#define BT_TRACETOOL_METRICS "matched", "unmatched", "in_flight", "lost", "self_run", "self_cpu", "self_rss", "self_maps"

#endif
