/* SPDX-License-Identifier: ISC
 *
 * policy - the scheduling policy of the test's threads. Nobody else's is touched, and it ends with them.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bsched.h"

#define RESET_ON_FORK 1u /* SCHED_FLAG_RESET_ON_FORK: a deadline thread may not fork without it */
#define PRIO 50 /* of fifo and rr without --prio */
#define RUNTIME_MIN_NS 20000u

/* As the kernel takes it; glibc declares it from 2.41 on only. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

enum shape { NICE, PRIORITY, NOTHING };

static const struct row {
	const char *name;
	uint32_t number;
	enum shape prio; /* what --prio means */
} rows[] = {
	{ "other", SCHED_OTHER, NICE },
	{ "batch", SCHED_BATCH, NICE },
	{ "idle", SCHED_IDLE, NOTHING },
	{ "fifo", SCHED_FIFO, PRIORITY },
	{ "rr", SCHED_RR, PRIORITY },
	{ "deadline", 6 /* SCHED_DEADLINE */, NOTHING },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *find(const char *name)
{
	for (size_t i = 0; name && i < ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

const char *bsched_policy_settle(struct bsched_policy *p)
{
	const struct row *row = find(p->name);

	if (row && row->prio == PRIORITY && !p->prio_set) {
		p->prio = PRIO;
		p->prio_set = true;
	}
	if (p->prio_set && !row)
		return "--prio: needs --policy";
	if (!row)
		return p->name ? "--policy: other, batch, idle, fifo, rr and deadline are accepted" : NULL;
	if (p->prio_set && row->prio == NOTHING)
		return "--prio: idle and deadline have no priorities";
	if (p->prio_set && row->prio == PRIORITY && (p->prio < 1 || p->prio > 99))
		return "--prio: from 1 to 99 with fifo and rr";
	if (p->prio_set && row->prio == NICE && (p->prio < -20 || p->prio > 19))
		return "--prio: the nice value, from -20 to 19, with other and batch";
	return NULL;
}

int bsched_policy_apply(const struct bsched *b, uint64_t period_ns)
{
	const struct row *row = find(b->policy.name);
	struct attributes a = { .size = sizeof(a), .flags = RESET_ON_FORK };

	if (!row)
		return 0;
	a.policy = row->number;
	if (row->prio == NICE)
		a.nice = b->policy.prio;
	if (row->prio == PRIORITY)
		a.priority = (uint32_t)b->policy.prio;
	if (bsched_deadline(b)) {
		a.runtime_ns = period_ns / 10 > RUNTIME_MIN_NS ? period_ns / 10 : RUNTIME_MIN_NS;
		a.deadline_ns = a.period_ns = period_ns;
	}
	return syscall(SYS_sched_setattr, 0, &a, 0) < 0 ? -errno : 0;
}

struct trial {
	const struct bsched *b;
	int rc;
};

static void *try_main(void *arg)
{
	struct trial *trial = arg;

	trial->rc = bsched_policy_apply(trial->b, bsched_timer_period(trial->b, trial->b->tool.load.threads[0]));
	return NULL;
}

int bsched_policy_try(const struct bsched *b)
{
	struct trial trial = { b, 0 };
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, try_main, &trial);

	if (rc != 0)
		return -rc;
	pthread_join(thread, NULL);
	return trial.rc;
}

const char *bsched_policy_name(const struct bsched *b)
{
	uint32_t number = (uint32_t)sched_getscheduler(0) & ~(uint32_t)SCHED_RESET_ON_FORK;

	if (b->policy.name)
		return b->policy.name;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return "unknown";
}

bool bsched_deadline(const struct bsched *b)
{
	return b->policy.name && !strcmp(b->policy.name, "deadline");
}
