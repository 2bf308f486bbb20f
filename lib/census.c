/* SPDX-License-Identifier: ISC
 *
 * census - all tasks that are known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census_private.h"
#include "taskfold.h"

#define START_SLACK_NS 20000000u /* starts are told in steps of 10 ms */

/* Room for one more pointer in an array. */
static void **one_more(void **list, size_t n, size_t *cap)
{
	void **more;

	if (n < *cap)
		return list;
	more = realloc(list, (*cap ? *cap * 2 : 256) * sizeof(*more));
	if (more)
		*cap = *cap ? *cap * 2 : 256;
	return more;
}

/* Counted in lost when there is no memory. */
static struct bt_census_process *new_process(struct bt_census *c, const struct taskfig *f)
{
	void **list = one_more((void **)c->processes, c->n_processes, &c->cap_processes);
	struct bt_census_process *p = list ? calloc(1, sizeof(*p)) : NULL;

	c->processes = list ? (struct bt_census_process **)list : c->processes;
	if (!p || bt_idmap_put(&c->by_pid, f->pid, p) != 0) {
		c->lost++;
		free(p);
		return NULL;
	}
	c->processes[c->n_processes++] = p;
	p->t.now.pid = p->t.now.tid = f->pid;
	p->t.now.ppid = f->ppid;
	p->t.now.start_ns = f->tid == f->pid ? f->start_ns : 0;
	memcpy(p->t.now.comm, f->comm, sizeof(f->comm));
	p->t.seen = c->pass - 1;
	if (c->begun)
		c->begun(c->arg, p);
	return p;
}

/* The process of these figures; a new one when its number was another's until now. A thread does not tell when its process
 * began. */
static struct bt_census_process *process_of(struct bt_census *c, const struct taskfig *f)
{
	struct bt_census_process *p = bt_idmap_get(&c->by_pid, f->pid);

	if (p && (f->tid != f->pid || bt_taskfold_same(&p->t.now, f)))
		return p;
	return new_process(c, f);
}

static struct bt_census_thread *new_thread(struct bt_census *c, struct bt_census_process *p, const struct taskfig *f)
{
	void **list = one_more((void **)c->threads, c->n_threads, &c->cap_threads);
	struct bt_census_thread *t = list ? calloc(1, sizeof(*t)) : NULL, *old;

	c->threads = list ? (struct bt_census_thread **)list : c->threads;
	old = bt_idmap_get(&c->by_tid, f->tid);
	if (!t || bt_idmap_put(&c->by_tid, f->tid, t) != 0) {
		c->lost++;
		free(t);
		return NULL;
	}
	if (old)
		old->replaced = true;
	c->threads[c->n_threads++] = t;
	t->process = p;
	t->next = p->threads;
	t->at = &p->threads;
	if (t->next)
		t->next->at = &t->next;
	p->threads = t;
	t->t.now.tid = f->tid;
	t->t.seen = c->pass - 1;
	return t;
}

static struct bt_census_thread *thread_of(struct bt_census *c, struct bt_census_process *p, const struct taskfig *f)
{
	struct bt_census_thread *t = bt_idmap_get(&c->by_tid, f->tid);

	return t && t->process == p && (t->t.changed == 0 || bt_taskfold_same(&t->t.now, f)) ? t : new_thread(c, p, f);
}

/* Whether it began since the last pass, so that all that it has used was used since then. */
static bool is_new(const struct bt_census *c, const struct taskfig *f)
{
	return c->last_ns && f->start_ns + START_SLACK_NS >= c->last_ns + c->boot_ns;
}

void bt_census_renew(const struct bt_census *c, struct bt_census_task *t, const struct taskfig *f, uint64_t read_ns)
{
	if (t->changed == 0) {
		t->had = is_new(c, f);
		t->was_ns = t->had && f->start_ns > c->boot_ns ? f->start_ns - c->boot_ns : c->last_ns;
	} else {
		t->had = true;
		t->was_ns = t->read_ns;
	}
	t->was = t->changed ? t->now : (struct taskfig){ .known = TASKFIG_ALL };
	t->now = *f;
	bt_taskfold_grow(&t->now, &t->was);
	t->read_ns = read_ns > t->was_ns ? read_ns : t->was_ns;
	t->changed = c->pass;
}

void bt_census_keep(const struct bt_census *c, struct bt_census_task *t, uint64_t read_ns)
{
	if (t->seen == c->pass)
		return;
	t->seen = c->pass;
	if (t->ended)
		return;
	t->had = true;
	t->was_ns = t->read_ns;
	t->read_ns = read_ns > t->was_ns ? read_ns : t->was_ns;
}

static void take_thread(struct bt_census *c, struct bt_census_process *p, struct taskfig *f, uint64_t read_ns)
{
	struct bt_census_thread *t = thread_of(c, p, f);

	if (!t)
		return;
	p->dirty = true;
	t->t.seen = c->pass;
	if (t->t.ended)
		return;
	bt_taskfold_split(f, &t->t.now);
	bt_census_renew(c, &t->t, f, read_ns);
}

static void take_dead(struct bt_census *c, struct bt_census_process *p, struct taskfig *f)
{
	static const struct taskfig none;

	p->dirty = true;
	bt_taskfold_split(f, p->dead ? p->dead : &none);
	if (!p->dead)
		p->dead = malloc(sizeof(*p->dead));
	if (p->dead)
		*p->dead = *f;
	else
		c->lost++;
}

static void take_process(struct bt_census *c, struct bt_census_process *p, struct taskfig *f, uint64_t read_ns)
{
	p->t.seen = c->pass;
	if (p->t.ended)
		return;
	f->wait_ns += p->gone_wait;
	f->voluntary += p->gone_voluntary;
	f->involuntary += p->gone_involuntary;
	bt_census_renew(c, &p->t, f, read_ns);
}

void bt_census_take(struct bt_census *c, const struct taskfig *figures, uint64_t read_ns)
{
	struct taskfig f = *figures;
	struct bt_census_process *p;

	if (c->covers && !c->covers(c->arg, &f))
		return;
	p = process_of(c, &f);
	if (!p)
		return;
	switch (f.kind) {
	case TASKFIG_THREAD: take_thread(c, p, &f, read_ns); break;
	case TASKFIG_DEAD: take_dead(c, p, &f); break;
	case TASKFIG_PROCESS: take_process(c, p, &f, read_ns); break;
	}
}

bool bt_census_same(struct bt_census *c, uint32_t pid, uint64_t run_ns, uint64_t read_ns)
{
	struct bt_census_process *p = bt_idmap_get(&c->by_pid, pid);

	/* The memory of a process can be taken while it sleeps: now and then it is to be read whole. */
	if (!p || p->t.changed == 0 || p->t.now.run_ns != run_ns || p->t.now.threads > 1 || (pid + c->pass) % TASKFIG_REFRESH == 0)
		return false;
	bt_census_keep(c, &p->t, read_ns);
	return true;
}

static uint64_t mono(const struct bt_census *c, uint64_t boottime_ns)
{
	return boottime_ns > c->boot_ns ? boottime_ns - c->boot_ns : 0;
}

static void end_thread(struct bt_census *c, struct bt_census_process *p, struct taskfig *f)
{
	struct bt_census_thread *t;

	p->gone_wait += f->wait_ns;
	p->gone_voluntary += f->voluntary;
	p->gone_involuntary += f->involuntary;
	t = thread_of(c, p, f);
	if (!t || t->t.ended)
		return;
	bt_taskfold_split(f, &t->t.now);
	f->rss_bytes = t->t.now.rss_bytes;
	bt_census_renew(c, &t->t, f, mono(c, f->end_ns));
	t->t.ended = true;
}

/* How long its threads waited before we looked nobody knows, here as in the figures of the passes; and where those are of
 * /proc, how often they were switched. */
static void end_process(struct bt_census *c, struct bt_census_process *p, struct taskfig *f)
{
	bool of_proc = p->t.changed && !(p->t.now.known & TASKFIG_RUN);
	struct taskfig alone = *f;

	if (f->threads == 1)
		end_thread(c, p, &alone);
	f->wait_ns = p->gone_wait;
	if (of_proc) {
		f->voluntary = p->gone_voluntary;
		f->involuntary = p->gone_involuntary;
	}
	f->threads = p->t.now.threads;
	bt_taskfold_split(f, &p->t.now);
	bt_census_renew(c, &p->t, f, mono(c, f->end_ns));
	p->t.ended = true;
}

void bt_census_end(struct bt_census *c, const struct taskfig *figures)
{
	struct taskfig f = *figures;
	struct bt_census_process *p;

	if (c->pass == 1 || (c->covers && !c->covers(c->arg, &f)))
		return;
	p = process_of(c, &f);
	if (!p || p->t.ended)
		return;
	if (f.kind == TASKFIG_THREAD)
		end_thread(c, p, &f);
	else if (f.kind == TASKFIG_PROCESS)
		end_process(c, p, &f);
}

void bt_census_begin(struct bt_census *c, uint64_t now_ns, uint64_t boot_ns)
{
	c->begin_ns = now_ns;
	c->boot_ns = boot_ns;
}

void bt_census_free_thread(struct bt_census *c, struct bt_census_thread *t)
{
	if (bt_idmap_get(&c->by_tid, t->t.now.tid) == t)
		bt_idmap_remove(&c->by_tid, t->t.now.tid);
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	free(t);
}

void bt_census_free_process(struct bt_census *c, struct bt_census_process *p)
{
	if (bt_idmap_get(&c->by_pid, p->t.now.pid) == p)
		bt_idmap_remove(&c->by_pid, p->t.now.pid);
	free(p->dead);
	free(p);
}

bool bt_census_shown(const struct bt_census *c, const struct bt_census_task *t)
{
	return (t->ended ? t->changed : t->seen) + 1 == c->pass && t->changed;
}

const struct taskfig *bt_census_was(const struct bt_census *c, const struct bt_census_task *t)
{
	return t->changed + 1 == c->pass ? &t->was : &t->now;
}

struct bt_census_process *bt_census_process(const struct bt_census *c, uint32_t pid)
{
	return bt_idmap_get(&c->by_pid, pid);
}

void bt_census_free(struct bt_census *c)
{
	while (c->n_threads > 0)
		bt_census_free_thread(c, c->threads[--c->n_threads]);
	while (c->n_processes > 0)
		bt_census_free_process(c, c->processes[--c->n_processes]);
	free(c->threads);
	free(c->processes);
	bt_idmap_free(&c->by_pid);
	bt_idmap_free(&c->by_tid);
	c->threads = NULL;
	c->processes = NULL;
}
