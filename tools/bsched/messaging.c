/* SPDX-License-Identifier: ISC
 *
 * messaging - groups of senders and receivers, as in hackbench: in each group every sender sends to every receiver, through
 * one socket or pipe for each receiver. One operation is a round of one group: so many messages from each sender to each receiver.
 *
 * The engine's worker conducts its group: it starts the round, waits until the last receiver has all its messages, and
 * collects their latencies, which the receivers have left in memory that is shared, be they threads or processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bsched.h"

#define LOOK_NS 100000000u /* how often a waiting conductor looks after its tasks */
#define MEMBERS_MAX 100

/* The head of a message; the rest is zeros. */
struct message {
	uint64_t sent_ns;
	uint32_t sender, number; /* number: of this sender's messages to this receiver, from 0 */
};

/* One sender or receiver of a group. */
struct member {
	struct group *group;
	struct bsched_task task;
	uint32_t index;
	uint64_t *lat_ns;    /* receiver: of the messages of this round */
	uint32_t *expected;  /* receiver: number of the next message of each sender */
};

struct group {
	const struct bsched_job *job;
	const struct bt_clock *clock;
	uint32_t n, loops, per_round; /* senders, and receivers; per_round: messages to each receiver */
	size_t bytes, mapped;
	_Atomic uint32_t round; /* a futex: rounds started */
	_Atomic uint32_t busy;  /* a futex: receivers that have not got all of this round */
	_Atomic bool quit;
	_Atomic uint64_t errors;
	int in[MEMBERS_MAX], out[MEMBERS_MAX]; /* of the receivers: in is what senders write to */
	struct member senders[MEMBERS_MAX], receivers[MEMBERS_MAX];
};

static bool send_all(int fd, const void *data, size_t len)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t len)
{
	for (char *p = data; len > 0;) {
		ssize_t n = read(fd, p, len);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_round(struct member *m, char *buffer, uint32_t first)
{
	struct group *g = m->group;

	for (uint32_t i = 0; i < g->loops; i++)
		for (uint32_t r = 0; r < g->n; r++) {
			struct message message = { bt_clock_now(g->clock), m->index, first + i };

			memcpy(buffer, &message, sizeof(message));
			if (!send_all(g->in[r], buffer, g->bytes))
				return false;
		}
	return true;
}

static void sender(void *arg)
{
	struct member *m = arg;
	struct group *g = m->group;
	char buffer[BSCHED_MESSAGE_MAX] = { 0 };
	uint32_t rounds = 0;

	do {
		while (atomic_load(&g->round) == rounds)
			bsched_futex_wait(&g->round, rounds, 0, true);
		if (atomic_load(&g->quit))
			return;
		rounds++;
	} while (send_round(m, buffer, (rounds - 1) * g->loops));
}

static bool receive_round(struct member *m, char *buffer, uint64_t *checked)
{
	struct group *g = m->group;
	uint64_t plant = g->job->plant;

	for (uint32_t i = 0; i < g->per_round; i++) {
		struct message message;

		if (!receive_all(g->out[m->index], buffer, g->bytes))
			return false;
		memcpy(&message, buffer, sizeof(message));
		m->lat_ns[i] = bt_clock_now(g->clock) - message.sent_ns;
		if (plant && m->index == 0 && ++*checked % plant == 0)
			message.number = ~message.number;
		if (message.sender >= g->n || message.number != m->expected[message.sender]++)
			atomic_fetch_add(&g->errors, 1);
	}
	return true;
}

/* A receiver needs no sign to begin: it sleeps until something comes. */
static void receiver(void *arg)
{
	struct member *m = arg;
	struct group *g = m->group;
	char buffer[BSCHED_MESSAGE_MAX];
	uint64_t checked = 0;

	while (receive_round(m, buffer, &checked))
		if (atomic_fetch_sub(&g->busy, 1) == 1)
			bsched_futex_wake(&g->busy, 1, true);
}

/* Everything that the tasks share, in one piece: the group, then what each receiver fills. */
static struct group *map_group(const struct bsched *b)
{
	size_t n = b->fds, per_round = n * b->loops;
	size_t each = per_round * sizeof(uint64_t) + n * sizeof(uint32_t) + 8, mapped = sizeof(struct group) + n * each;
	struct group *g = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (g == MAP_FAILED)
		return NULL;
	g->mapped = mapped;
	for (size_t i = 0; i < n; i++) {
		uint64_t *lat_ns = (uint64_t *)(g + 1) + i * (each / 8);

		g->in[i] = g->out[i] = -1;
		g->senders[i] = (struct member){ .group = g, .index = (uint32_t)i };
		g->receivers[i] = (struct member){ .group = g, .index = (uint32_t)i, .lat_ns = lat_ns,
						   .expected = (uint32_t *)(lat_ns + per_round) };
	}
	return g;
}

static int open_ends(struct group *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		int ends[2];
		int rc = g->job->b->engine == BSCHED_PIPE ? pipe2(ends, O_CLOEXEC) :
							    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);

		if (rc < 0)
			return -errno;
		g->out[i] = ends[0];
		g->in[i] = ends[1];
	}
	return 0;
}

/* Receivers before senders; with -c all on its CPUs in turn. */
static int start_all(struct group *g, uint32_t group_index)
{
	const struct bsched *b = g->job->b;
	int rc = 0;

	for (uint32_t i = 0; i < 2 * g->n && rc == 0; i++) {
		struct member *m = i < g->n ? &g->receivers[i] : &g->senders[i - g->n];
		uint64_t at = (uint64_t)group_index * 2 * g->n + i;

		m->task = (struct bsched_task){ .b = b, .body = i < g->n ? receiver : sender, .arg = m, .process = b->processes,
						.cpu = b->pin ? (int64_t)b->cpus[at % b->n_cpus] : -1 };
		rc = bsched_task_start(&m->task);
	}
	return rc;
}

static int messaging_init(struct bt_worker *w)
{
	const struct bsched_job *job = w->config;
	struct group *g = map_group(job->b);
	int rc;

	if (!g)
		return -ENOMEM;
	w->state = g;
	g->job = job;
	g->clock = w->clock;
	g->n = (uint32_t)job->b->fds;
	g->loops = (uint32_t)job->b->loops;
	g->per_round = g->n * g->loops;
	g->bytes = job->b->message_bytes;
	rc = open_ends(g);
	if (rc == 0)
		rc = start_all(g, w->index);
	return rc ? rc : bsched_policy_apply(job->b, 0);
}

static bool any_lost(struct group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (bsched_task_lost(&g->senders[i].task) || bsched_task_lost(&g->receivers[i].task))
			return true;
	return false;
}

static int messaging_step(struct bt_worker *w)
{
	struct group *g = w->state;
	uint32_t busy;

	atomic_store(&g->busy, g->n);
	atomic_fetch_add(&g->round, 1);
	bsched_futex_wake(&g->round, g->n, true);
	while ((busy = atomic_load(&g->busy)) > 0)
		if (bsched_futex_wait(&g->busy, busy, LOOK_NS, true) == -ETIMEDOUT && any_lost(g))
			return -ESRCH;
	w->end_ns = bt_clock_now(w->clock);
	for (uint32_t r = 0; r < g->n; r++)
		for (uint32_t i = 0; i < g->per_round; i++)
			bt_hist_add(&w->tally->extra, g->receivers[r].lat_ns[i]);
	return (int)atomic_exchange(&g->errors, 0);
}

static void close_ends(int *ends, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

/* Senders that are threads end at the gate, receivers when nobody can send any more. Processes are killed. */
static void messaging_fini(struct bt_worker *w)
{
	struct group *g = w->state;

	if (!g)
		return;
	atomic_store(&g->quit, true);
	atomic_fetch_add(&g->round, 1);
	bsched_futex_wake(&g->round, g->n, true);
	for (uint32_t i = 0; i < g->n; i++)
		bsched_task_end(&g->senders[i].task);
	close_ends(g->in, g->n);
	for (uint32_t i = 0; i < g->n; i++)
		bsched_task_end(&g->receivers[i].task);
	close_ends(g->out, g->n);
	munmap(g, g->mapped);
	w->state = NULL;
}

static void adapt(const struct bsched_job *job, struct bt_load_opts *l)
{
	memcpy(l->threads, job->b->groups, sizeof(l->threads));
	l->n_threads = job->b->n_groups;
}

static void describe(const struct bt_emit *e, struct bt_rec *r)
{
	const struct bsched *b = bsched_of(e);

	bt_rec_str(r, "engine", b->engine == BSCHED_PIPE ? "pipe" : "socket");
	bt_rec_str(r, "tasks", b->processes ? "processes" : "threads");
	bt_rec_u64(r, "fds", b->fds);
	bt_rec_u64(r, "loops", b->loops);
	bt_rec_u64(r, "bs", b->message_bytes);
}

static void measures(const struct bt_emit *e)
{
	const struct bsched *b = bsched_of(e);

	bt_emit_rate(e);
	bt_emit_value(e, "bw", "B/s", BT_BETTER_HIGHER, e->span->rate * e->tool->job->calls * (double)b->message_bytes);
	bt_emit_dist(e, "lat", &e->span->total->extra);
	bt_emit_dist(e, "round", &e->span->total->lat);
}

const struct bsched_test bsched_messaging = {
	.name = "messaging", .kernel = "messaging.1", .help = "groups of senders and receivers",
	.operation = "a round: --loops messages from each sender to each receiver of a group",
	.untaint = BT_TAINT_CONTENDED,
	.ops = { .init = messaging_init, .step = messaging_step, .fini = messaging_fini },
	.adapt = adapt, .describe = describe, .measures = measures,
};
