/* SPDX-License-Identifier: ISC
 *
 * shards - links between two shards of lib/shard.h: the worker's thread and its partner's are guests of a set of two.
 *
 * msgring sends each number as one MSG_RING; doorbell leaves it in a queue and sends a MSG_RING only to a shard that sleeps; queue
 * does without io_uring.
 */
#include <errno.h>
#include <stdlib.h>

#include "bring.h"
#include "shards.h"

#define PATIENCE_NS 50000000u /* how long a shard may wait without looking whether the link is broken */
#define LOST_TURNS 100        /* of that length without a message: it is lost */
#define LOST_NS 5000000000u   /* without room for one more message: nobody takes them any more */

struct port {
	_Alignas(128) struct bt_shard *shard;
	uint64_t *values; /* received, not yet taken: a ring */
	uint64_t head, tail, mask;
	struct bt_msg *out; /* room for a batch */
	bring_handler *handler; /* in place of values */
	void *arg;
	bool stop;
};

struct shards {
	struct bt_shards *set;
	enum bt_shard_backend backend;
	uint32_t half; /* of what a queue holds */
	struct port ports[2];
};

static void take(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	struct shards *s = arg;
	struct port *p = &s->ports[bt_shard_index(self)];

	(void)from;
	for (size_t i = 0; i < n && !p->handler; i++)
		p->values[p->tail++ & p->mask] = msgs[i].value;
	for (size_t i = 0; i < n && p->handler; i++) {
		if (msgs[i].value == BRING_STOP)
			p->stop = true;
		else
			p->handler(p->arg, self, msgs[i].value);
	}
}

void bring_shards_ignore(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)self;
	(void)from;
	(void)msgs;
	(void)n;
	(void)arg;
}

static const struct bt_shard_ops ops = { .messages = take };

static int make_port(struct port *p, uint32_t slots)
{
	uint64_t n = 1;

	while (n < slots)
		n *= 2;
	p->mask = n - 1;
	p->values = calloc(n, sizeof(*p->values));
	p->out = calloc(slots, sizeof(*p->out));
	return p->values && p->out ? 0 : -ENOMEM;
}

void bring_shards_options(const struct bring_job *job, enum bt_shard_backend backend, struct bt_shards_opts *o)
{
	const struct bring *b = job->b;

	o->backend = backend;
	o->clock = &b->tool.clock;
	o->ring_flags = job->setup;
	o->ring_entries = (uint32_t)b->ring_entries;
	o->cq_entries = (uint32_t)b->cq_entries;
	o->capacity = (uint32_t)b->queue_slots;
	o->spin_ns = job->spin->adaptive ? BT_SHARD_SPIN_ADAPTIVE : job->spin->ns;
}

int bring_shards_effective(struct bring_job *job, const struct bt_shards *set, enum bt_shard_backend backend)
{
	struct bt_shards_effective e;
	char names[BT_RING_NAMES];

	bt_shards_effective(set, &e);
	if (e.backend != backend)
		return e.fallback ? e.fallback : -ENOTSUP;
	if (backend != BT_SHARD_QUEUE)
		bring_tell(job, bt_shard_ring_flags(e.ring_flags, names), e.cq_entries);
	return 0;
}

enum bt_shard_backend bring_shards_backend(const struct bring_engine *engine)
{
	return engine == &bring_msgring ? BT_SHARD_RAW : engine == &bring_doorbell ? BT_SHARD_DOORBELL : BT_SHARD_QUEUE;
}

static int shards_open(struct bring_link *l)
{
	enum bt_shard_backend backend = bring_shards_backend(l->engine);
	struct shards *s = aligned_alloc(_Alignof(struct shards), sizeof(*s));
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	int rc = 0;

	l->state = s;
	if (!s)
		return -ENOMEM;
	*s = (struct shards){ .backend = backend };
	for (int side = 0; side < 2 && rc == 0; side++)
		rc = make_port(&s->ports[side], l->slots);
	bring_shards_options(l->job, backend, &o);
	if (o.capacity == 0)
		o.capacity = l->slots;
	s->half = o.capacity / 2;
	o.guests = 2;
	o.cpus = l->cpus;
	o.arg = s;
	return rc < 0 ? rc : bt_shards_open(&s->set, &o);
}

/* Counters are read when all is over. */
static void shards_close(struct bring_link *l)
{
	struct shards *s = l->state;
	struct bring_job *job = (struct bring_job *)l->job;

	if (!s)
		return;
	if (s->set) {
		bring_shards_count(job, s->set);
		bt_shards_close(s->set);
	}
	for (int side = 0; side < 2; side++) {
		free(s->ports[side].values);
		free(s->ports[side].out);
	}
	free(s);
}

void bring_shards_count(struct bring_job *job, struct bt_shards *set)
{
	struct bt_shard_stats stats;

	bt_shards_stats(set, &stats);
	atomic_fetch_add(&job->refused, stats.refused);
	atomic_fetch_add(&job->overflows, stats.cq_overflows);
}

static int shards_enter(struct bring_end *e)
{
	struct shards *s = e->link->state;
	int rc = bt_shard_attach(s->set, e->side);

	if (rc < 0)
		return rc;
	s->ports[e->side].shard = bt_shards_get(s->set, e->side);
	return e->side == 0 ? bring_shards_effective((struct bring_job *)e->link->job, s->set, s->backend) : 0;
}

static void shards_leave(struct bring_end *e)
{
	struct shards *s = e->link->state;

	if (s && s->ports[e->side].shard)
		bt_shard_detach(s->ports[e->side].shard);
}

/* Handles what comes, for a while at most. Returns how much, or -errno. */
static int turn(struct bring_link *l, struct port *p, uint64_t timeout_ns)
{
	int rc = bt_shard_turn(p->shard, timeout_ns);

	if (rc < 0 && rc != -EINTR)
		return rc;
	if (atomic_load_explicit(&l->broken, memory_order_relaxed))
		return -EPIPE;
	return rc > 0 ? rc : 0;
}

/* There is no room: waits until half the queue has been taken, for a while at most. since_ns: 0 for the first time. */
static int make_way(struct bring_end *e, struct port *p, int error, uint64_t *since_ns)
{
	const struct shards *s = e->link->state;
	uint64_t now = bt_clock_now(e->link->clock), ticket;
	int rc;

	if (error != -EAGAIN)
		return error;
	if (*since_ns == 0)
		*since_ns = now;
	if (now - *since_ns > LOST_NS)
		return -ETIMEDOUT;
	ticket = bt_shard_ticket(p->shard, !e->side);
	rc = bt_shard_ticket_wait(p->shard, !e->side, ticket > s->half ? ticket - s->half : 0, PATIENCE_NS);
	if (rc < 0 && rc != -ETIMEDOUT && rc != -EINTR)
		return rc;
	return atomic_load(&e->link->broken) ? -EPIPE : 0;
}

static int send_one(struct bring_end *e, struct port *p, uint64_t value)
{
	uint64_t since_ns = 0;
	int rc;

	while ((rc = bt_shard_send(p->shard, !e->side, 0, value)) < 0)
		if ((rc = make_way(e, p, rc, &since_ns)) < 0)
			return rc;
	return 0;
}

static int shards_send(struct bring_end *e, const uint64_t *values, uint32_t n)
{
	struct shards *s = e->link->state;
	struct port *p = &s->ports[e->side];
	uint64_t since_ns = 0;
	uint32_t sent = 0;

	if (n == 1)
		return send_one(e, p, values[0]);
	for (uint32_t i = 0; i < n; i++)
		p->out[i] = (struct bt_msg){ .value = values[i] };
	while (sent < n) {
		int rc = bt_shard_send_many(p->shard, !e->side, p->out + sent, n - sent);

		if (rc > 0) {
			sent += (uint32_t)rc;
			since_ns = 0;
		} else if ((rc = make_way(e, p, rc, &since_ns)) < 0) {
			return rc;
		}
	}
	return 0;
}

static int shards_receive(struct bring_end *e, uint64_t *values, uint32_t cap)
{
	struct shards *s = e->link->state;
	struct port *p = &s->ports[e->side];
	uint32_t n = 0, turns = 0;
	int rc;

	while (p->head == p->tail) {
		rc = turn(e->link, p, PATIENCE_NS);
		if (p->head == p->tail && rc < 0)
			return rc;
		/* A partner waits for the worker as long as that pleases; the worker's partner answers at once. */
		if (e->side == 0 && rc == 0 && ++turns == LOST_TURNS)
			return -ETIMEDOUT;
	}
	while (n < cap && p->head != p->tail)
		values[n++] = p->values[p->head++ & p->mask];
	return (int)n;
}

struct bt_shard *bring_shards_self(const struct bring_end *e)
{
	const struct shards *s = e->link->state;

	return s->ports[e->side].shard;
}

int bring_shards_serve(struct bring_end *e, bring_handler *handler, int (*after)(struct bring_end *e, void *arg), void *arg)
{
	struct shards *s = e->link->state;
	struct port *p = &s->ports[e->side];
	int rc = 0;

	p->arg = arg;
	p->handler = handler;
	while (!p->stop && rc >= 0) {
		rc = turn(e->link, p, PATIENCE_NS);
		if (rc >= 0)
			rc = after(e, arg);
	}
	return p->stop ? 0 : rc;
}

const struct bring_engine bring_msgring = {
	.name = "msgring", .help = "shards; each number is one MSG_RING", .uring = true, .shards = true, .adapts = true,
	.open = shards_open, .close = shards_close, .enter = shards_enter, .leave = shards_leave, .send = shards_send,
	.receive = shards_receive,
};

const struct bring_engine bring_doorbell = {
	.name = "doorbell", .help = "shards; a queue, and a MSG_RING to one that sleeps", .uring = true, .shards = true, .adapts = true,
	.open = shards_open, .close = shards_close, .enter = shards_enter, .leave = shards_leave, .send = shards_send,
	.receive = shards_receive,
};

const struct bring_engine bring_queue = {
	.name = "queue", .help = "shards without io_uring; a queue, and a futex", .shards = true, .adapts = true, .open = shards_open,
	.close = shards_close, .enter = shards_enter, .leave = shards_leave, .send = shards_send, .receive = shards_receive,
};
