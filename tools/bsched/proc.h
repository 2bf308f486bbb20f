/* SPDX-License-Identifier: ISC
 *
 * proc - what the two files of the tracing without BPF share: proc.c follows threads, procrec.c makes records of them.
 */
#ifndef BSCHED_PROC_H
#define BSCHED_PROC_H

#include "bsched.h"
#include "child.h"
#include "control.h"
#include "threads.h"

#define BSCHED_LOOK_NS 100000000u /* how often to read at least: what a thread did after its last reading is lost when it ends */

struct bsched_procs {
	struct bsched *b;
	const struct bt_load_opts *load;
	const char *missing;
	struct bt_src src;
	struct bt_out out;
	struct bsched_threads threads;
	struct bt_child child;
	struct bt_control control;
	uint64_t tick_ns;  /* 0: unknown */
	bool running;      /* not paused */
	uint32_t marks;
	uint64_t start_ns, resumed_ns, span_ns, whole_ns; /* span_ns, whole_ns: of counting before resumed_ns */
	uint64_t look_ns;  /* between two passes */
	uint64_t intervals;
	uint64_t told;     /* tails that a record has been made about */
	/* of the span shown */
	enum bt_kind kind;
	uint64_t dur_ns, late_ns;
	int64_t ts_us;
};

/* bsched_proc_begin - the first records: meta, and what these records are not. failed: processes asked for that cannot be followed,
 * why: -errno of one of them. */
void bsched_proc_begin(struct bsched_procs *s, size_t failed, int why);

/* bsched_proc_show - the records of the span shown, and of threads that have gone in it. bsched_proc_summary - what the reading has
 * cost and has not seen. */
void bsched_proc_show(struct bsched_procs *s);
void bsched_proc_summary(struct bsched_procs *s);

#endif
