/* SPDX-License-Identifier: ISC
 *
 * traceopt - the options that tracers share.
 */
#include <errno.h>
#include <string.h>

#include "src.h"
#include "traceopt.h"

#define PID_MAX 4194304 /* PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h) */
#define GLOB_MAX 16     /* bytes: one more than a comm has */

static void take_glob(struct bt_trace_opts *t, struct bt_opts *o)
{
	bool deny = o->arg[0] == '!';
	const char *glob = o->arg + deny;
	unsigned *n = deny ? &t->n_deny : &t->n_allow;

	if (!glob[0] || strlen(glob) > GLOB_MAX)
		bt_opts_fail(o, "'%.40s': a pattern of 1 to %d bytes is accepted, with * and ?", o->arg, GLOB_MAX);
	else if (*n == BT_TRACE_GLOBS)
		bt_opts_fail(o, "at most %d patterns to %s are accepted", BT_TRACE_GLOBS, deny ? "leave out" : "take");
	else
		(deny ? t->deny : t->allow)[(*n)++] = glob;
}

/* 0 is the number of the idle tasks, which no filter can tell from "none". */
static void take_pids(struct bt_trace_opts *t, struct bt_opts *o)
{
	bt_opts_list(o, PID_MAX, t->pids, BT_TRACE_PIDS, &t->n_pids);
	for (size_t i = 0; !o->error[0] && i < t->n_pids; i++)
		if (t->pids[i] == 0)
			bt_opts_fail(o, "'%.60s': there is no process 0", o->arg);
}

static void take_attach(struct bt_trace_opts *t, struct bt_opts *o)
{
	static const char *const hows[] = { "auto", "btf", "raw", "classic", NULL };
	int choice = (int)t->attach;

	bt_opts_choice(o, hows, &choice);
	t->attach = (enum bt_attach)choice;
}

bool bt_trace_option(struct bt_trace_opts *t, struct bt_opts *o, int key)
{
	switch (key) {
	case 'p': take_pids(t, o); break;
	case 'C': take_glob(t, o); break;
	case 'k': t->keys = o->arg; break;
	case BT_OPT_TREE: t->tree = true; break;
	case BT_OPT_CGROUP: bt_opts_dir(o, &t->cgroup); break;
	case BT_OPT_ON_CPUS: bt_opts_list(o, BT_TRACE_CPUS - 1, t->cpus, BT_TRACE_CPUS, &t->n_cpus); break;
	case BT_OPT_ATTACH: take_attach(t, o); break;
	case BT_OPT_MAX_GROUPS: bt_opts_u64(o, 1, 1 << 20, &t->max_groups); break;
	case BT_OPT_MAX_TASKS: bt_opts_u64(o, 1, PID_MAX, &t->max_tasks); break;
	case BT_OPT_DIGITS: bt_opts_u64(o, 1, 2, &t->digits); break;
	default: return false;
	}
	if (!t->given)
		t->given = o->row->name;
	return true;
}

static int place(const char *word, size_t len, const char *const *known)
{
	for (int i = 0; known[i]; i++)
		if (strlen(known[i]) == len && memcmp(known[i], word, len) == 0)
			return i;
	return -1;
}

int bt_trace_keys(const char *list, const char *const *known, uint32_t *bits, char bad[32])
{
	uint32_t found = 0;

	if (strcmp(list, "none") == 0) {
		*bits = 0;
		return 0;
	}
	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ",");
		int i = place(p, len, known);

		if (i < 0) {
			bt_src_copy(bad, len + 1 < 32 ? len + 1 : 32, p);
			return -EINVAL;
		}
		found |= 1u << i;
		p += len;
		if (!*p)
			break;
	}
	*bits = found;
	return 0;
}

const char *bt_trace_conflict(const struct bt_trace_opts *t, bool command)
{
	if (t->tree && t->n_pids == 0)
		return "--tree: only with -p; a COMMAND is traced with all that it starts";
	if (t->n_pids && command)
		return "-p and a COMMAND exclude each other";
	return NULL;
}
