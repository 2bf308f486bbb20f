/* SPDX-License-Identifier: ISC
 *
 * traceopt - the options that tracers share: whom to trace, how to group, how much room to take.
 */
#ifndef BT_TRACEOPT_H
#define BT_TRACEOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opt.h"

#define BT_TRACE_PIDS 1024
#define BT_TRACE_GLOBS 8  /* to allow, and as many to deny: TRACE_GLOBS of bpf/trace.h */
#define BT_TRACE_CPUS 1024 /* TRACE_CPUS */

/* Long options of tracers. */
enum bt_opt_trace {
	BT_OPT_TREE = 400, BT_OPT_CGROUP, BT_OPT_ON_CPUS, BT_OPT_ATTACH, BT_OPT_MAX_GROUPS, BT_OPT_MAX_TASKS, BT_OPT_DIGITS,
	BT_OPT_TRACE_TOOL, /* first value free for a tool's own */
};

/* Rows of every tracer (taken by bt_trace_option). */
#define BT_OPTS_TRACE \
	{ 'p', "pid", "LIST", "trace these processes or threads only" }, \
	{ 'C', "comm", "GLOB", "trace commands of this name only, !GLOB: not those; may be repeated" }, \
	{ 'k', "keys", "LIST", "group by these" }, \
	{ BT_OPT_TREE, "tree", NULL, "with -p: also what these processes have started and will start" }, \
	{ BT_OPT_CGROUP, "cgroup", "DIR", "trace tasks of this control group and those below it only" }, \
	{ BT_OPT_ON_CPUS, "on-cpus", "LIST", "trace what happens on these CPUs only" }, \
	{ BT_OPT_ATTACH, "attach", "HOW", "btf, raw or classic tracepoints, or auto: the first that works (default auto)" }, \
	{ BT_OPT_MAX_GROUPS, "max-groups", "N", "room for so many groups (default: by the memory of the machine)" }, \
	{ BT_OPT_MAX_TASKS, "max-tasks", "N", "room for the state of so many tasks (default: by the machine)" }, \
	{ BT_OPT_DIGITS, "digits", "N", "significant digits of distributions, 1 or 2" }

enum bt_attach { BT_ATTACH_AUTO, BT_ATTACH_BTF, BT_ATTACH_RAW, BT_ATTACH_CLASSIC };

struct bt_trace_opts {
	uint32_t pids[BT_TRACE_PIDS];
	size_t n_pids;
	const char *allow[BT_TRACE_GLOBS], *deny[BT_TRACE_GLOBS];
	unsigned n_allow, n_deny;
	const char *keys;   /* comma list; NULL: the tool's default */
	bool tree;
	const char *cgroup; /* NULL: any */
	uint32_t cpus[BT_TRACE_CPUS];
	size_t n_cpus;
	enum bt_attach attach;
	uint64_t max_groups, max_tasks; /* 0: by the machine */
	uint64_t digits;                /* 0: the tool's default */
	const char *given;  /* long name of the first of these options that was given; NULL: none */
};

/* bt_trace_option - take one option if it is ours. Returns whether it was; errors go to o->error. Lists given again replace the
 * earlier ones, patterns add up. Borrows o->arg. */
bool bt_trace_option(struct bt_trace_opts *t, struct bt_opts *o, int key);

/* bt_trace_conflict - what about the options does not go together, one sentence, or NULL. command: one is to be traced. */
const char *bt_trace_conflict(const struct bt_trace_opts *t, bool command);

/* bt_trace_keys - the bits of the names in the comma list, each the place of its name in known (at most 32, NULL at the end).
 * "none" alone is no bit. Returns 0, or -EINVAL with bad the first name that is not known, cut to fit ("": an empty one), and bits
 * untouched. */
int bt_trace_keys(const char *list, const char *const *known, uint32_t *bits, char bad[32]);

#endif
