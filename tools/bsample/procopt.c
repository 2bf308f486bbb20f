/* SPDX-License-Identifier: ISC
 *
 * procopt - the options about processes and threads.
 */
#include <string.h>

#include "num.h"
#include "proc.h"

static void take_top(struct proc_opts *p, struct bt_opts *o)
{
	static const char *const ranks[] = { "cpu", "wait", "rss", "faults", "bw", "io", "switches", "threads", "fds" };
	const char *colon = strchr(o->arg, ':');
	size_t len = colon ? (size_t)(colon - o->arg) : strlen(o->arg);
	char number[16] = "";
	uint64_t top;

	if (len < sizeof(number))
		memcpy(number, o->arg, len);
	if (bt_num_u64(number, 0, PROC_TOP_MAX, &top) < 0) {
		bt_opts_fail(o, "'%.40s': a number up to %d is accepted, and a metric behind a colon", o->arg, PROC_TOP_MAX);
		return;
	}
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (!colon || strcmp(colon + 1, ranks[i]) == 0) {
			p->rank = (int)i;
			p->top = top;
			p->top_set = true;
			return;
		}
	bt_opts_fail(o, "'%.40s' is none of cpu, wait, rss, faults, bw, io, switches, threads, fds", colon + 1);
}

static void take_glob(struct bt_opts *o, const char **globs, unsigned *n, unsigned most)
{
	if (*n == most)
		bt_opts_fail(o, "at most %u patterns", most);
	else if (!o->arg[0])
		bt_opts_fail(o, "an empty pattern matches nothing");
	else
		globs[(*n)++] = o->arg;
}

bool proc_option(struct proc_opts *p, struct bt_opts *o, int key)
{
	static const char *const sources[] = { "auto", "bpf", "procfs", "taskstats", NULL };
	unsigned none = 0;

	switch (key) {
	case 'p': case 'C': case BT_OPT_TREE: case BT_OPT_ATTACH: bt_trace_option(&p->trace, o, key); break;
	case BSAMPLE_OPT_COMMAND: take_glob(o, &p->command, &none, 1); break;
	case BSAMPLE_OPT_OPEN: take_glob(o, p->open, &p->n_open, PROC_OPEN_GLOBS); break;
	case BSAMPLE_OPT_SOURCE: bt_opts_choice(o, sources, &p->source); break;
	case BSAMPLE_OPT_TOP: take_top(p, o); break;
	case BSAMPLE_OPT_WAIT: bt_opts_time(o, 1000000, 30ull * 86400 * 1000000000, &p->wait_ns); break;
	default: return false;
	}
	if (!p->given)
		p->given = o->row->name;
	return true;
}

bool proc_chooses(const struct proc_opts *p, unsigned cgroups, bool command)
{
	return p->trace.n_pids || p->trace.n_allow || p->trace.n_deny || p->command || cgroups || command;
}

const char *proc_conflict(const struct proc_opts *p, bool command)
{
	if (p->wait_ns && command)
		return "--wait and a COMMAND exclude each other";
	if (p->wait_ns && !proc_chooses(p, 0, false))
		return "--wait: for whom is said by -p, -C or --command";
	return bt_trace_conflict(&p->trace, command);
}
