/* SPDX-License-Identifier: ISC
 *
 * liveopt - the options of the tracing tests.
 */
#include <string.h>

#include "bsched.h"
#include "err.h"
#include "trace.h"

#define MIN_MAX_NS (3600 * 1000000000ull)

static void take_keys(struct bsched *b, struct bt_opts *o)
{
	static const char *const known[] = { "pid", "tid", "comm", "cgroup", "cpu", "prio", NULL };
	char bad[32];

	if (bt_trace_keys(o->arg, known, &b->live.keys, bad) < 0)
		bt_opts_fail(o, "'%s': a list of pid, tid, comm, cgroup, cpu, prio, or none, is accepted", bad);
}

bool bsched_live_option(struct bsched *b, struct bt_opts *o, int key)
{
	static const char *const halves[] = { "none", "kernel", "user", "both", NULL };

	switch (key) {
	case BSCHED_OPT_MIN: bt_opts_time(o, 1, MIN_MAX_NS, &b->live.min_ns); break;
	case BSCHED_OPT_STACK: bt_opts_choice(o, halves, &b->live.stack); break;
	case BSCHED_OPT_FOLDED: b->live.folded = o->arg; break;
	default:
		if (!bt_trace_option(&b->live.opts, o, key))
			return false;
		if (key == 'k')
			take_keys(b, o);
	}
	if (!b->live.given)
		b->live.given = o->row->name;
	return true;
}

static bool named(const struct bsched *b, const char *test)
{
	for (size_t i = 0; i < b->n_names; i++)
		if (!strcmp(b->names[i], test))
			return true;
	return false;
}

/* What a command does is asked for by the names of what it runs; of the whole machine there are too many. */
static void default_keys(struct bsched *b)
{
	if (b->live.opts.keys || !b->command || b->live.opts.attach == BT_ATTACH_CLASSIC)
		return;
	b->live.opts.keys = "comm";
	b->live.keys = TRACE_KEY_COMM;
}

void bsched_live_check(struct bsched *b)
{
	const char *conflict = bt_trace_conflict(&b->live.opts, b->command);
	struct bt_buf reason = BT_BUF_INIT;
	char bad[64];

	if (conflict)
		bt_die_usage(conflict);
	default_keys(b);
	if (b->live.stack && !named(b, "offcpu") && !named(b, "runq"))
		bt_die_usage("--stack: only with offcpu or runq");
	if (b->live.folded && !b->live.stack)
		bt_die_usage("--folded: only with --stack");
	if (b->live.folded && !strcmp(b->live.folded, "-"))
		bt_die_usage("--folded: a file is needed; the standard output is for records");
	if (b->live.min_ns && !named(b, "offcpu") && !named(b, "runq") && !named(b, "oncpu"))
		bt_die_usage("--min: only with runq, oncpu or offcpu");
	if (bt_load_unknown(&b->tool.load, bsched_live_metrics, bad)) {
		bt_buf_printf(&reason, "-m, --metrics: no metric of tracing is named '%s'", bad);
		bt_die_usage(bt_buf_cstr(&reason));
	}
}
