/* SPDX-License-Identifier: ISC
 *
 * taskfold - arithmetic with the figures of tasks.
 */
#include <stddef.h>

#include "taskfold.h"

#define STEP_NS 10000000u /* of /proc/PID/stat */

/* What grows. */
static const size_t growing[] = {
	offsetof(struct taskfig, user_ns), offsetof(struct taskfig, sys_ns), offsetof(struct taskfig, run_ns),
	offsetof(struct taskfig, wait_ns), offsetof(struct taskfig, minor), offsetof(struct taskfig, major),
	offsetof(struct taskfig, voluntary), offsetof(struct taskfig, involuntary), offsetof(struct taskfig, read_bytes),
	offsetof(struct taskfig, write_bytes), offsetof(struct taskfig, read_chars), offsetof(struct taskfig, write_chars),
};
#define GROWING (sizeof(growing) / sizeof(growing[0]))

static uint64_t *at(struct taskfig *f, size_t i)
{
	return (uint64_t *)((char *)f + growing[i]);
}

static uint64_t of(const struct taskfig *f, size_t i)
{
	return *(const uint64_t *)((const char *)f + growing[i]);
}

bool bt_taskfold_same(const struct taskfig *a, const struct taskfig *b)
{
	return a->tid == b->tid && (!a->start_ns || !b->start_ns || a->start_ns / STEP_NS == b->start_ns / STEP_NS);
}

void bt_taskfold_add(struct taskfig *sum, const struct taskfig *f)
{
	for (size_t i = 0; i < GROWING; i++)
		*at(sum, i) += of(f, i);
	sum->threads += f->threads;
	sum->known &= f->known | (f->kind == TASKFIG_DEAD ? TASKFIG_WAIT | TASKFIG_RSS | TASKFIG_THREADS : 0);
}

void bt_taskfold_split(struct taskfig *f, const struct taskfig *before)
{
	uint64_t user = f->user_ns, sys = f->sys_ns, run = f->run_ns;

	if (!(f->known & TASKFIG_RUN))
		return;
	if (before->user_ns + before->sys_ns >= run) {
		f->user_ns = before->user_ns;
		f->sys_ns = before->sys_ns;
		return;
	}
	if (sys == 0)
		f->sys_ns = 0;
	else if (user == 0)
		f->sys_ns = run;
	else
		f->sys_ns = (uint64_t)((unsigned __int128)run * sys / ((unsigned __int128)sys + user));
	if (f->sys_ns < before->sys_ns)
		f->sys_ns = before->sys_ns;
	f->user_ns = run - f->sys_ns;
	if (f->user_ns < before->user_ns) {
		f->user_ns = before->user_ns;
		f->sys_ns = run - f->user_ns;
	}
}

bool bt_taskfold_grow(struct taskfig *now, const struct taskfig *before)
{
	bool fell = false;

	for (size_t i = 0; i < GROWING; i++)
		if (of(now, i) < of(before, i)) {
			*at(now, i) = of(before, i);
			fell = true;
		}
	return fell;
}

uint64_t bt_taskfold_cpu(const struct taskfig *f)
{
	return f->known & TASKFIG_RUN ? f->run_ns : f->user_ns + f->sys_ns;
}
