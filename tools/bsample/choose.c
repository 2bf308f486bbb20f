/* SPDX-License-Identifier: ISC
 *
 * choose - which processes are wanted.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "glob.h"
#include "num.h"
#include "taskfold.h"

#define COMMAND_BYTES 4096

static const struct proc_opts *opts_of(const struct tasks *t)
{
	return &t->s->proc;
}

/* A tree, be it of -p --tree or of the COMMAND. */
static bool by_tree(const struct tasks *t)
{
	return opts_of(t)->trace.tree || t->s->command;
}

int choose_open(struct tasks *t, uint32_t command)
{
	const struct bt_trace_opts *o = &opts_of(t)->trace;

	t->n_pids = command ? 1 : o->n_pids;
	t->pids = calloc(t->n_pids + 1, sizeof(*t->pids));
	if (!t->pids)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_pids; i++)
		t->pids[i].pid = command ? command : o->pids[i];
	return 0;
}

void choose_close(struct tasks *t)
{
	free(t->pids);
	free(t->chosen);
	members_close(&t->members);
	t->pids = NULL;
	t->chosen = NULL;
}

const uint32_t *choose_numbers(const struct tasks *t, size_t *n)
{
	*n = t->n_pids && !by_tree(t) ? opts_of(t)->trace.n_pids : 0;
	return opts_of(t)->trace.pids;
}

static struct tasks_pid *listed(const struct tasks *t, uint32_t pid)
{
	for (size_t i = 0; i < t->n_pids; i++)
		if (t->pids[i].pid == pid)
			return &t->pids[i];
	return NULL;
}

bool choose_covers(void *arg, const struct taskfig *f)
{
	const struct tasks *t = arg;
	const struct bt_census_process *parent;

	if (t->n_pids == 0)
		return f->kind != TASKFIG_FORK;
	if (!by_tree(t))
		return listed(t, f->pid);
	if (f->kind != TASKFIG_FORK)
		return true;
	parent = bt_census_process(&t->census, f->ppid);
	return parent && parent->tree;
}

/* Who is asked for by number is the first one that has it. */
void choose_begun(void *arg, struct bt_census_process *p)
{
	const struct tasks *t = arg;
	struct tasks_pid *l = listed(t, p->t.now.pid);
	const struct bt_census_process *parent = by_tree(t) ? bt_census_process(&t->census, p->t.now.ppid) : NULL;

	p->mark = l && !l->found;
	if (l)
		l->found = true;
	p->tree = p->mark || (parent && parent != p && parent->tree);
}

/* Parents can come after their children. */
static void grow_tree(struct tasks *t)
{
	bool more = by_tree(t);

	while (more) {
		more = false;
		for (size_t i = 0; i < t->census.n_processes; i++) {
			struct bt_census_process *p = t->census.processes[i];
			const struct bt_census_process *parent = p->tree ? NULL : bt_census_process(&t->census, p->t.now.ppid);

			if (parent && parent->tree && parent != p)
				p->tree = more = true;
		}
	}
}

static bool named(const struct bt_trace_opts *o, const char comm[TASKFIG_COMM])
{
	char glob[BT_GLOB_LEN];

	for (unsigned i = 0; i < o->n_deny; i++) {
		memset(glob, 0, sizeof(glob));
		memcpy(glob, o->deny[i], strnlen(o->deny[i], sizeof(glob)));
		if (bt_glob16(glob, comm))
			return false;
	}
	for (unsigned i = 0; i < o->n_allow; i++) {
		memset(glob, 0, sizeof(glob));
		memcpy(glob, o->allow[i], strnlen(o->allow[i], sizeof(glob)));
		if (bt_glob16(glob, comm))
			return true;
	}
	return o->n_allow == 0;
}

/* The command line is looked at when the process is new and when it has another name. That of one that has ended cannot be read. */
static bool commanded(struct tasks *t, struct bt_census_process *p)
{
	char line[COMMAND_BYTES];
	uint64_t name;

	memcpy(&name, p->t.now.comm, sizeof(name));
	if (p->named && p->name == name)
		return p->matches;
	if (p->t.ended || procfs_command(&t->procfs, p->t.now.pid, line, sizeof(line)) < 0)
		return p->matches;
	p->named = true;
	p->name = name;
	p->matches = fnmatch(opts_of(t)->command, line, 0) == 0;
	return p->matches;
}

/* Nobody is in the list of a group any more when its end is told; then it counts where it was last. */
static bool is_member(const struct tasks *t, struct bt_census_process *p)
{
	if (!p->t.ended)
		p->member = p->t.now.grouped || members_have(&t->members, p->t.now.pid);
	return p->member || p->t.now.grouped;
}

static bool wanted(struct tasks *t, struct bt_census_process *p)
{
	const struct bt_trace_opts *o = &opts_of(t)->trace;

	if (t->n_pids && !(by_tree(t) ? p->tree : p->mark))
		return false;
	if ((o->n_allow || o->n_deny) && !named(o, p->t.now.comm))
		return false;
	if (t->s->n_cgroups && !is_member(t, p))
		return false;
	/* Our own command line has the pattern in it. */
	return !opts_of(t)->command || (p->t.now.pid != (uint32_t)getpid() && commanded(t, p));
}

static void note_end(const struct tasks *t, const struct bt_census_process *p)
{
	struct tasks_pid *l = p->mark ? listed(t, p->t.now.pid) : NULL;

	if (l && p->t.ended)
		l->ended = true;
}

/* Who has gone without a word has ended as well: without BPF and accounting nobody tells. */
static void note_gone(struct tasks *t)
{
	for (size_t i = 0; i < t->n_pids; i++) {
		const struct bt_census_process *p = bt_census_process(&t->census, t->pids[i].pid);

		if (t->pids[i].found && !(p && p->mark))
			t->pids[i].ended = true;
	}
}

void choose_pass(struct tasks *t)
{
	t->n_chosen = 0;
	if (!t->by_kernel)
		members_read(&t->members, &t->s->src);
	if (t->cap_chosen < t->census.n_processes) {
		struct bt_census_process **more = realloc(t->chosen, t->census.n_processes * 2 * sizeof(*more));

		if (!more) {
			t->census.lost++;
			return;
		}
		t->chosen = more;
		t->cap_chosen = t->census.n_processes * 2;
	}
	grow_tree(t);
	note_gone(t);
	for (size_t i = 0; i < t->census.n_processes; i++) {
		struct bt_census_process *p = t->census.processes[i];

		if (!bt_census_shown(&t->census, &p->t))
			continue;
		note_end(t, p);
		if (wanted(t, p))
			t->chosen[t->n_chosen++] = p;
	}
}

uint64_t choose_rank(struct tasks *t, const struct bt_census_task *task)
{
	const struct taskfig *now = &task->now, *was = bt_census_was(&t->census, task);
	uint64_t fds = 0;

	switch (opts_of(t)->rank) {
	case PROC_RANK_RSS: return task->ended ? 0 : now->rss_bytes;
	case PROC_RANK_THREADS: return task->ended ? 0 : now->threads;
	case PROC_RANK_FDS: return !task->ended && procfs_fds(&t->procfs, now->pid, &fds) == 0 ? fds : 0;
	}
	if (!task->had)
		return 0;
	switch (opts_of(t)->rank) {
	case PROC_RANK_WAIT: return now->wait_ns - was->wait_ns;
	case PROC_RANK_FAULTS: return now->minor + now->major - was->minor - was->major;
	case PROC_RANK_BW: return now->read_bytes + now->write_bytes - was->read_bytes - was->write_bytes;
	case PROC_RANK_IO: return now->read_chars + now->write_chars - was->read_chars - was->write_chars;
	case PROC_RANK_SWITCHES: return now->voluntary + now->involuntary - was->voluntary - was->involuntary;
	}
	return bt_taskfold_cpu(now) - bt_taskfold_cpu(was);
}
