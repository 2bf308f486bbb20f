/* SPDX-License-Identifier: ISC
 *
 * unit/shardstress - the shards under load and in races: millions of messages in sequence, sleepers that are woken at every
 * moment, stealing, cancelling and stopping while work is in flight.
 */
#include <pthread.h>
#include <sched.h>

#include "shardask.h"
#include "shardio.h"
#include "shardtest.h"

#define MILLIONS SLOW(10000000, 200000)
#define PINGS SLOW(1500, 500)
#define MESH 4
#define MESH_EACH SLOW(20000, 2000)
#define STOPS SLOW(60, 20)
#define FLOOD 64

enum { SEQUENCE, PING, PONG, HOP, FLOODING }; /* tags */

struct seen {
	_Alignas(128) uint64_t next[BT_SHARDS_MAX]; /* of each sender */
	uint64_t disorder, pongs;
};

static struct seen seen[MESH];

static void handle(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	struct seen *me = &seen[bt_shard_index(self)];

	(void)arg;
	for (size_t i = 0; i < n; i++) {
		switch (msgs[i].tag) {
		case SEQUENCE:
			me->disorder += msgs[i].value != me->next[from]++;
			break;
		case PING:
			CHECK_EQ(bt_shard_send(self, from, PONG, msgs[i].value), 0);
			break;
		case PONG:
			me->disorder += msgs[i].value != me->pongs++;
			break;
		}
	}
}

static const struct bt_shard_ops ops = { .messages = handle };

static struct bt_shards_opts opts_for(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	memset(seen, 0, sizeof(seen));
	o.guests = 1;
	o.backend = backend;
	o.capacity = 4096;
	return o;
}

/* In batches of all sizes; each in its place. Ten times fewer where a message is a system call, and where the queue is the same. */
static void millions(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_shard *s = attach_0(set);
	uint64_t all = backend == BT_SHARD_DOORBELL || !has_uring() ? MILLIONS : MILLIONS / 10, next = 0;
	static struct bt_msg batch[1024];
	size_t size = 0;

	while (next < all) {
		int n;

		size = size % 1024 + 1;
		for (size_t i = 0; i < size; i++)
			batch[i] = (struct bt_msg){ next + i, SEQUENCE, 0 };
		n = bt_shard_send_many(s, 1, batch, size);
		if (n < 0) {
			CHECK_EQ(n, -EAGAIN);
			sched_yield(); /* one CPU for both, maybe */
		} else {
			next += (uint64_t)n;
		}
	}
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	CHECK_EQ(seen[1].next[0], next);
	CHECK_EQ(seen[1].disorder, 0);
	close_set(set);
}

static void test_millions(void)
{
	each_backend(millions);
}

/* A round trip at a time, with pauses of all lengths, so that the partner is caught awake, falling asleep and asleep. A wake-up
 * that is lost is the end of the test: nothing else would wake it. */
static void woken(enum bt_shard_backend backend)
{
	static const uint64_t spins[] = { 0, 2000, BT_SHARD_SPIN_ADAPTIVE };

	for (size_t k = 0; k < 3; k++) {
		struct bt_shards_opts o = opts_for(backend);
		struct bt_shards *set;
		struct bt_shard *s;

		o.spin_ns = spins[k];
		set = open_set(&o);
		s = attach_0(set);
		for (uint64_t i = 0; i < PINGS; i++) {
			uint64_t until = bt_clock_monotonic() + i * 7919 % 5003;

			CHECK_EQ(bt_shard_send(s, 1, PING, i), 0);
			while (seen[0].pongs <= i)
				CHECK(bt_shard_turn(s, LONG) >= 0);
			while (bt_clock_monotonic() < until)
				;
		}
		CHECK_EQ(seen[0].disorder, 0);
		close_set(set);
	}
}

static void test_woken(void)
{
	each_backend(woken);
}

struct walker {
	struct bt_task task;
	uint64_t left;
	uint32_t state;
};

/* Sends to all in sequence, and goes on elsewhere. */
static void walk(struct bt_shard *self, struct bt_task *task)
{
	static __thread uint64_t next[MESH];
	struct walker *w = (struct walker *)task;
	uint32_t to = (w->state = w->state * 1664525 + 1013904223) >> 16 & (MESH - 1);

	if (w->left == MESH_EACH)
		memset(next, 0, sizeof(next));
	for (int i = 0; i < 8; i++)
		next[to] += bt_shard_send_nowait(self, to, SEQUENCE, next[to]) == 0;
	if (--w->left > 0)
		while (bt_shard_spawn(self, task, BT_PLACE_PINNED, bt_shard_index(self)) == -EAGAIN)
			;
}

static void mesh(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	static struct walker walkers[MESH];
	struct bt_shard_stats st;
	struct bt_shards *set;

	o.n = MESH;
	o.guests = 0;
	o.capacity = 64;
	o.no_pin = true;
	set = open_set(&o);
	for (uint32_t i = 0; i < MESH; i++) {
		walkers[i] = (struct walker){ { walk, NULL }, MESH_EACH, i + 1 };
		CHECK_EQ(bt_shards_spawn(set, &walkers[i].task, BT_PLACE_PINNED, i), 0);
	}
	do {
		usleep(1000);
		bt_shards_stats(set, &st);
	} while (st.completed < MESH * MESH_EACH);
	close_set(set);
	for (uint32_t i = 0; i < MESH; i++)
		CHECK_EQ(seen[i].disorder, 0);
}

static void test_mesh(void)
{
	each_backend(mesh);
}

static _Atomic uint64_t runs;

static void burn(struct bt_shard *self, struct bt_task *task)
{
	(void)self, (void)task;
	for (volatile int i = 0; i < 300; i++)
		;
	atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);
}

struct outsider {
	struct bt_shards *set;
	uint64_t spawned, answered, ended;
	struct bt_task tasks[FLOOD];
	struct bt_join join;
	uint32_t index;
};

/* Spawns and asks from outside until it is refused. */
static void *outside(void *arg)
{
	struct outsider *o = arg;
	uint64_t i = 0;
	int rc = 0;

	while (rc != -ESHUTDOWN) {
		uint32_t id;

		if (bt_join_left(&o->join) == 0)
			for (int k = 0; k < FLOOD; k++) {
				o->tasks[k] = (struct bt_task){ burn, &o->join };
				rc = bt_shards_spawn(o->set, &o->tasks[k], (enum bt_place)((k + o->index) % 5), (uint64_t)k % 3);
				o->spawned += rc == 0;
			}
		i++;
		rc = bt_shards_ask(o->set, i % 3, 0, i, i % 2 ? BT_SHARD_FOREVER : bt_clock_monotonic() + 100000, &id);
		if (rc != 0)
			continue;
		if (i % 5 == 0)
			bt_shards_cancel(o->set, id);
		do {
			rc = bt_shards_wait(o->set, id, 1000000, NULL, NULL);
		} while (rc == -ETIMEDOUT);
		o->answered += rc == 0;
		o->ended += rc == 0 || rc == -ECANCELED || rc == -ETIME || rc == -ESHUTDOWN;
	}
	return NULL;
}

static void answer(struct bt_shard *self, uint32_t id, uint32_t tag, uint64_t value, void *arg)
{
	(void)tag, (void)arg;
	if (value % 7) /* the others end with the stop, or their deadline */
		bt_shard_reply(self, id, 0, value);
}

struct open_socket {
	struct bt_task task;
	struct bt_io io;
	int pair[2];
	char buf[8];
	int begun, over;
};

static void over(struct bt_shard *self, struct bt_io *io)
{
	(void)self;
	((struct open_socket *)io->user)->over++;
}

static void begin_receiving(struct bt_shard *self, struct bt_task *task)
{
	struct open_socket *o = (struct open_socket *)task;

	o->io = (struct bt_io){ .done = over, .user = o };
	o->begun = bt_shard_sock_recv(self, &o->io, o->pair[0], o->buf, sizeof(o->buf));
	CHECK(o->begun == 0 || o->begun == -ESHUTDOWN);
}

/* A stop in the middle of everything: all that was accepted has run once, all that waited has been told. */
static void stops(enum bt_shard_backend backend)
{
	static const struct bt_shard_ops asked = { .messages = handle, .request = answer };

	for (int round = 0; round < STOPS; round++) {
		struct bt_shards_opts o = opts_for(backend);
		static struct outsider outsiders[2];
		static struct open_socket sock;
		struct bt_shard_stats st;
		struct bt_shards *set;
		pthread_t threads[2];

		memset(outsiders, 0, sizeof(outsiders));
		sock = (struct open_socket){ .task = { begin_receiving, NULL } };
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sock.pair) == 0);
		atomic_store(&runs, 0);
		o.ops = &asked;
		o.n = 3;
		o.guests = 0;
		o.no_pin = true;
		o.ring_entries = round % 2 ? 8 : 64;
		set = open_set(&o);
		CHECK_EQ(bt_shards_spawn(set, &sock.task, BT_PLACE_PINNED, 1), 0);
		for (uint32_t i = 0; i < 2; i++) {
			outsiders[i].set = set;
			outsiders[i].index = i;
			CHECK_EQ(pthread_create(&threads[i], NULL, outside, &outsiders[i]), 0);
		}
		usleep((useconds_t)(round * 37 % 2000));
		CHECK_EQ(bt_shards_stop(set), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		bt_shards_stats(set, &st);
		CHECK_EQ(atomic_load(&runs), outsiders[0].spawned + outsiders[1].spawned);
		CHECK_EQ(bt_join_left(&outsiders[0].join) + bt_join_left(&outsiders[1].join), 0);
		CHECK_EQ(st.completed, st.spawned);
		CHECK_EQ(st.pending_asks, 0);
		CHECK_EQ(st.depth_tasks + st.depth_inbox + st.depth_messages + st.pending_io, 0);
		CHECK(sock.begun == 0 ? sock.over == 1 && sock.io.result == -ECANCELED : sock.over == 0);
		CHECK_EQ(bt_shards_close(set), 0);
		close(sock.pair[0]);
		close(sock.pair[1]);
	}
}

static void test_stops(void)
{
	each_backend(stops);
}

static void fill(struct bt_shard *self, struct bt_task *task)
{
	uint64_t *sent = (uint64_t *)(task + 1), *tries = sent + 1;
	int rc;

	while ((rc = bt_shard_send(self, 2, SEQUENCE, *sent)) == 0)
		++*sent;
	CHECK(rc == -EAGAIN || rc == -ESHUTDOWN);
	++*tries;
	if (rc == -EAGAIN)
		bt_shard_spawn(self, task, BT_PLACE_PINNED, bt_shard_index(self));
}

/* Two shards fill the queues of a third as fast as they can, and the set is stopped: each message that was accepted has arrived. */
static void floods(enum bt_shard_backend backend)
{
	static struct { struct bt_task task; uint64_t sent, tries; } from[2];

	for (int round = 0; round < STOPS / 4; round++) {
		struct bt_shards_opts o = opts_for(backend);
		struct bt_shards *set;

		o.n = 3;
		o.guests = 0;
		o.capacity = 256;
		o.no_pin = true;
		set = open_set(&o);
		for (uint32_t i = 0; i < 2; i++) {
			from[i].task = (struct bt_task){ fill, NULL };
			from[i].sent = from[i].tries = 0;
			CHECK_EQ(bt_shards_spawn(set, &from[i].task, BT_PLACE_PINNED, i), 0);
		}
		usleep((useconds_t)(round * 301 % 5000));
		CHECK_EQ(bt_shards_stop(set), 0);
		for (uint32_t i = 0; i < 2; i++)
			CHECK_EQ(seen[2].next[i], from[i].sent);
		CHECK_EQ(seen[2].disorder, 0);
		CHECK_EQ(bt_shards_close(set), 0);
	}
}

static void test_floods(void)
{
	each_backend(floods);
}

static const struct unit_test tests[] = {
	{ "millions of messages in sequence", test_millions },
	{ "a sleeper is woken whenever the message comes", test_woken },
	{ "all to all, with full queues", test_mesh },
	{ "a stop while tasks, requests and I/O are in flight", test_stops },
	{ "a stop while queues are full", test_floods },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
