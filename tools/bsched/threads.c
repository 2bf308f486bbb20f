/* SPDX-License-Identifier: ISC
 *
 * threads - what the kernel has counted of the threads of some processes.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "num.h"
#include "procstat.h"
#include "threads.h"

/* The kernel lists threads in the order in which we got to know them, so the next one is nearly always behind the last one. */
static struct bsched_thread *find(struct bsched_threads *t, uint32_t tid)
{
	for (size_t k = 0; k < t->n; k++) {
		size_t i = (t->next + k) % t->n;

		if (t->list[i].tid == tid && t->list[i].alive) {
			t->next = i + 1;
			return &t->list[i];
		}
	}
	return NULL;
}

static struct bsched_thread *add(struct bsched_threads *t, uint32_t pid, uint32_t tid)
{
	if (t->n == BSCHED_THREADS_MAX)
		return NULL;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct bsched_thread *grown = reallocarray(t->list, cap, sizeof(*grown));

		if (!grown)
			return NULL;
		t->list = grown;
		t->cap = cap;
	}
	t->list[t->n] = (struct bsched_thread){ .pid = pid, .tid = tid, .alive = true };
	return &t->list[t->n++];
}

static bool ended(const struct bt_schedstat *s)
{
	return s->state == 'Z' || s->state == 'X';
}

/* A counter that went back is another thread's: the new one of a number, whose life belongs to us, or at an exec the one that the
 * process goes on with under the number of its first thread, which has been counted under its own. */
static void count(struct bsched_thread *thread, const struct bt_schedstat *now, bool counting)
{
	struct bt_schedcount d = { 0 };

	if (bt_schedcount_since(&thread->last.count, &now->count, &d) != 0 && thread->tid != thread->pid)
		d = now->count;
	thread->last = *now;
	if (!counting)
		return;
	bt_schedcount_add(&thread->span, &d);
	bt_schedcount_add(&thread->whole, &d);
}

/* first: the process is only now being followed. Returns 0 or -errno; a thread that is not there is none. */
static int read_thread(struct bsched_threads *t, uint32_t pid, uint32_t tid, bool first, bool counting)
{
	struct bsched_thread *thread;
	struct bt_schedstat now;
	int rc = bt_schedstat_read(&now, t->src, pid, tid);

	if (rc != 0) {
		t->unread += rc != -ESRCH;
		return rc;
	}
	thread = find(t, tid);
	if (!thread)
		thread = add(t, now.pid ? now.pid : pid, tid);
	if (!thread) {
		t->unread++;
		return -ENOMEM;
	}
	if (first)
		thread->last = now;
	else
		count(thread, &now, counting);
	thread->seen = true;
	t->alive += !ended(&now);
	return 0;
}

/* Returns 0 when the process is there, else -errno. */
static int read_process(struct bsched_threads *t, const struct bsched_process *p, bool first, bool counting)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int rc = -ESRCH;
	DIR *dir;

	if (p->one)
		return read_thread(t, p->number, p->number, first, counting);
	snprintf(path, sizeof(path), "%s/proc/%u/task", t->src->root, p->number);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((entry = readdir(dir))) {
		uint64_t tid;
		int one;

		if (bt_num_u64(entry->d_name, 1, UINT32_MAX, &tid) != 0)
			continue;
		one = read_thread(t, p->number, (uint32_t)tid, first, counting);
		rc = rc == 0 ? 0 : one;
	}
	closedir(dir);
	return rc;
}

/* Why not a single thread could be read. */
static int unreadable(const struct bsched_threads *t, uint32_t number, int rc)
{
	if (rc == -ESRCH && bt_src_exists(t->src, "/proc/%u/status", number) && !bt_src_exists(t->src, "/proc/%u/schedstat", number))
		return -ENOSYS;
	return rc;
}

int bsched_threads_follow(struct bsched_threads *t, uint32_t number)
{
	struct bsched_process p = { .number = number, .alive = true }, *grown;
	struct bt_schedstat self;
	int rc = bt_procstat_read(t->src, number, BT_PROCSTAT_START, &p.start);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < t->n_processes; i++)
		if (t->processes[i].number == number)
			return 0;
	p.one = bt_schedstat_read(&self, t->src, number, number) == 0 && self.pid != number && self.pid != 0;
	rc = read_process(t, &p, true, false);
	if (rc != 0)
		return unreadable(t, number, rc);
	grown = reallocarray(t->processes, t->n_processes + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	t->processes = grown;
	t->processes[t->n_processes++] = p;
	return 0;
}

static bool same(const struct bsched_threads *t, const struct bsched_process *p)
{
	uint64_t start;

	return bt_procstat_read(t->src, p->number, BT_PROCSTAT_START, &start) == 0 && start == p->start;
}

void bsched_threads_pass(struct bsched_threads *t, bool counting)
{
	t->alive = 0;
	for (size_t i = 0; i < t->n; i++)
		t->list[i].seen = false;
	for (size_t i = 0; i < t->n_processes; i++) {
		struct bsched_process *p = &t->processes[i];

		p->alive = p->alive && same(t, p) && read_process(t, p, false, counting) == 0;
	}
	for (size_t i = 0; i < t->n; i++) {
		struct bsched_thread *thread = &t->list[i];

		t->tails += thread->alive && !thread->seen && !ended(&thread->last);
		thread->alive = thread->alive && thread->seen;
	}
}

void bsched_threads_next_span(struct bsched_threads *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->list[i].span = (struct bt_schedcount){ 0 };
}

void bsched_threads_free(struct bsched_threads *t)
{
	free(t->processes);
	free(t->list);
	*t = (struct bsched_threads){ .src = t->src };
}
