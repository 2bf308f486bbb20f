/* SPDX-License-Identifier: ISC
 *
 * censusfinish - the end of a pass: who is there without having been read, who has gone, and what processes are together.
 */
#include <string.h>

#include "census_private.h"
#include "taskfold.h"

/* Whether a task that is not there can be forgotten. Who is missing for the first time may have ended during the pass, which
 * will be told before the next one. */
static bool forget(const struct bt_census *c, const struct bt_census_task *t)
{
	if (t->seen == c->pass || t->changed == c->pass)
		return false;
	return t->ended || !c->ends || t->seen + 1 < c->pass;
}

/* Threads that were left out, and those that have gone. */
static void finish_threads(struct bt_census *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n_threads; i++) {
		struct bt_census_thread *t = c->threads[i];

		if (t->t.seen != c->pass && !t->replaced && c->there && c->there(c->there_arg, t->t.now.place)) {
			bt_census_keep(c, &t->t, c->begin_ns);
			if (!t->process->dirty)
				bt_census_keep(c, &t->process->t, c->begin_ns);
		}
		if (t->t.seen != c->pass)
			t->process->dirty = true;
		if (forget(c, &t->t))
			bt_census_free_thread(c, t);
		else
			c->threads[kept++] = t;
	}
	c->n_threads = kept;
}

/* Memory is the process's, so any thread that has just been read tells it. */
static void sum_memory(const struct bt_census *c, const struct bt_census_process *p, struct taskfig *sum)
{
	bool fresh = false;

	sum->rss_bytes = 0;
	for (const struct bt_census_thread *t = p->threads; t; t = t->next) {
		if (t->t.seen != c->pass || t->t.changed != c->pass || t->t.ended)
			continue;
		fresh = fresh || !t->t.now.zombie;
		sum->rss_bytes = t->t.now.rss_bytes > sum->rss_bytes ? t->t.now.rss_bytes : sum->rss_bytes;
	}
	if (!fresh)
		sum->rss_bytes = p->t.now.rss_bytes;
}

/* What the threads are together. False when none is there. */
static bool sum_up(const struct bt_census *c, const struct bt_census_process *p, struct taskfig *sum, uint64_t *read_ns)
{
	const struct bt_census_thread *first = NULL;

	*read_ns = 0;
	for (const struct bt_census_thread *t = p->threads; t; t = t->next)
		if (t->t.seen == c->pass && (!first || t->t.now.tid == t->t.now.pid))
			first = t;
	if (!first)
		return false;
	memset(sum, 0, sizeof(*sum));
	sum->known = TASKFIG_ALL;
	for (const struct bt_census_thread *t = p->threads; t; t = t->next) {
		if (t->t.seen != c->pass)
			continue;
		bt_taskfold_add(sum, &t->t.now);
		if (c->ends && t->t.now.flags & TASKFIG_EXITING)
			sum->wait_ns -= t->t.now.wait_ns;
		*read_ns = t->t.read_ns > *read_ns ? t->t.read_ns : *read_ns;
	}
	if (p->dead)
		bt_taskfold_add(sum, p->dead);
	sum->wait_ns += p->gone_wait;
	sum->kind = TASKFIG_PROCESS;
	sum->pid = sum->tid = first->t.now.pid;
	sum->ppid = first->t.now.ppid;
	sum->ns_pid = sum->ns_tid = first->t.now.ns_pid;
	sum->place = first->t.now.place;
	sum->flags = first->t.now.flags;
	sum->grouped = first->t.now.grouped;
	sum->zombie = first->t.now.zombie && sum->threads == 1;
	sum->start_ns = first->t.now.tid == sum->pid ? first->t.now.start_ns : p->t.now.start_ns;
	memcpy(sum->comm, first->t.now.tid == sum->pid ? first->t.now.comm : p->t.now.comm, sizeof(sum->comm));
	sum_memory(c, p, sum);
	return true;
}

/* Who was on its way out when it was seen first has ended before we were told of ends: there was no more to come. */
static bool is_accounted(const struct bt_census *c, const struct bt_census_process *p)
{
	return p->t.ended || (c->ends && p->t.changed && p->t.now.flags & TASKFIG_EXITING);
}

static void finish_processes(struct bt_census *c)
{
	struct taskfig sum;
	uint64_t read_ns;
	size_t kept = 0;

	for (size_t i = 0; i < c->n_processes; i++) {
		struct bt_census_process *p = c->processes[i];

		if (p->dirty && !c->whole && sum_up(c, p, &sum, &read_ns)) {
			p->t.seen = c->pass;
			if (!p->t.ended)
				bt_census_renew(c, &p->t, &sum, read_ns);
		}
		p->dirty = false;
		if (p->threads || !forget(c, &p->t)) {
			c->processes[kept++] = p;
			continue;
		}
		c->unseen += !is_accounted(c, p);
		bt_census_free_process(c, p);
	}
	c->n_processes = kept;
}

void bt_census_finish(struct bt_census *c)
{
	finish_threads(c);
	finish_processes(c);
	c->last_ns = c->begin_ns;
	c->pass++;
}
