/* SPDX-License-Identifier: ISC
 *
 * pipe - a token goes to and fro between two threads or processes through two pipes, as in perf bench sched pipe. One operation
 * is a whole round trip, never halved.
 *
 * The token carries the number of the round. Each side compares it with its own count: the partner answers a wrong one with
 * its complement, which the worker then finds wrong too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bsched.h"

enum end { READ, WRITE };

struct pipes {
	const struct bsched_job *job;
	struct bsched_task partner;
	int there[2], back[2];
	uint64_t round;
};

static bool take(int fd, uint64_t *token)
{
	return read(fd, token, sizeof(*token)) == sizeof(*token);
}

static bool give(int fd, uint64_t token)
{
	return write(fd, &token, sizeof(token)) == sizeof(token);
}

static void close_all_but(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	syscall(SYS_close_range, STDERR_FILENO + 1, low - 1, 0);
	syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, UINT32_MAX, 0);
}

/* A process keeps its two ends only: as long as one held another pair's ends, the end of a partner would go unseen. */
static void answer(void *arg)
{
	struct pipes *p = arg;
	uint64_t token, round = 0;

	if (p->partner.process)
		close_all_but(p->there[READ], p->back[WRITE]);
	while (take(p->there[READ], &token) && give(p->back[WRITE], token == ++round ? token : ~token))
		;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int pipe_init(struct bt_worker *w)
{
	struct pipes *p = calloc(1, sizeof(*p));
	uint32_t cpu, peer;
	int rc;

	if (!p)
		return -ENOMEM;
	w->state = p;
	p->job = w->config;
	p->there[READ] = p->there[WRITE] = p->back[READ] = p->back[WRITE] = -1;
	if (pipe2(p->there, O_CLOEXEC) < 0 || pipe2(p->back, O_CLOEXEC) < 0)
		return -errno;
	bsched_pair(p->job, w->index, &cpu, &peer);
	p->partner = (struct bsched_task){ .b = p->job->b, .body = answer, .arg = p, .process = p->job->b->processes, .cpu = peer };
	rc = bsched_task_start(&p->partner);
	if (rc == 0 && p->partner.process) {
		close_end(&p->there[READ]);
		close_end(&p->back[WRITE]);
	}
	return rc ? rc : bsched_policy_apply(p->job->b, 0);
}

static int pipe_step(struct bt_worker *w)
{
	struct pipes *p = w->state;
	uint64_t expected = ++p->round, token;

	if (!give(p->there[WRITE], expected) || !take(p->back[READ], &token))
		return -EPIPE;
	if (p->job->plant && expected % p->job->plant == 0)
		expected = ~expected;
	return token != expected;
}

static void pipe_fini(struct bt_worker *w)
{
	struct pipes *p = w->state;

	if (!p)
		return;
	close_end(&p->there[WRITE]); /* ends a partner that is a thread */
	bsched_task_end(&p->partner);
	close_end(&p->there[READ]);
	close_end(&p->back[READ]);
	close_end(&p->back[WRITE]);
	free(p);
	w->state = NULL;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	bt_rec_str(r, "tasks", bsched_of(e)->processes ? "processes" : "threads");
}

/* In the open loop the round trip is what the engine calls service. */
static void measures(const struct bt_emit *e)
{
	const struct bt_tally *total = e->span->total;
	bool open = e->tool->opts->rate > 0;

	bt_emit_rate(e);
	bt_emit_dist(e, "rtt", open ? &total->svc : &total->lat);
	if (open) {
		bt_emit_dist(e, "lat", &total->lat);
		bt_emit_dist(e, "late", &total->late);
	}
}

const struct bsched_test bsched_pipe = {
	.name = "pipe", .kernel = "pipe.1", .help = "a token to and fro between two threads or processes",
	.operation = "a round trip of 8 bytes through two pipes", .abilities = BSCHED_RATE | BSCHED_MATRIX,
	.ops = { .init = pipe_init, .step = pipe_step, .fini = pipe_fini },
	.describe = describe, .measures = measures,
};
