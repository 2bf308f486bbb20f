/* SPDX-License-Identifier: ISC
 *
 * unit/shard - messages between shards: order, bounds, errors, tickets, and the life of a set.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "shardtest.h"

enum { COUNT = 1, ECHO, HOLD }; /* tags */

/* What arrived at shards 0 and 1; each is written by its shard. */
static uint64_t got[2], sum[2], last[2], disorder[2], last_tag[2];
static _Atomic bool hold;
static int nested;

static void handle(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	uint32_t me = bt_shard_index(self);

	CHECK(arg == &hold && bt_shard_self() == self);
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(msgs[i].from, from);
		if (msgs[i].tag == COUNT)
			disorder[me] += msgs[i].value != got[me];
		got[me]++;
		sum[me] += msgs[i].value;
		last[me] = msgs[i].value;
		last_tag[me] = msgs[i].tag;
		while (msgs[i].tag == HOLD && atomic_load(&hold))
			usleep(100);
		if (msgs[i].tag == ECHO)
			CHECK_EQ(bt_shard_send(self, from, COUNT, msgs[i].value), 0);
	}
}

static const struct bt_shard_ops ops = { .messages = handle };

static struct bt_shards_opts opts_for(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	memset(got, 0, sizeof(got));
	memset(sum, 0, sizeof(sum));
	memset(disorder, 0, sizeof(disorder));
	o.arg = &hold;
	o.guests = 1;
	o.backend = backend;
	return o;
}

static void ordered(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_shard *s = attach_0(set);
	uint64_t ticket;

	for (uint64_t i = 0; i < 5000; i++)
		CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, i, LONG), 0);
	CHECK_EQ(bt_shard_send_wait(s, 1, BT_SHARD_TAG_MAX, BT_SHARD_VALUE_MAX, LONG), 0);
	ticket = bt_shard_ticket(s, 1);
	CHECK_EQ(ticket, 5001);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, ticket, LONG), 0);
	CHECK(bt_shard_ticket_done(s, 1, ticket) && !bt_shard_ticket_done(s, 1, ticket + 1));
	CHECK_EQ(got[1], 5001);
	CHECK_EQ(disorder[1], 0);
	CHECK(last_tag[1] == BT_SHARD_TAG_MAX && last[1] == BT_SHARD_VALUE_MAX);
	for (uint64_t i = 0; i < 500; i++) {
		CHECK_EQ(bt_shard_send(s, 1, ECHO, i), 0);
		CHECK(turn_until(s, &got[0], i + 1));
	}
	CHECK_EQ(disorder[0], 0);
	CHECK_EQ(bt_shard_send(s, 0, COUNT, 500), 0); /* to itself */
	CHECK_EQ(bt_shard_turn(s, 0), 1);
	CHECK_EQ(got[0], 501);
	close_set(set);
}

static void test_order(void)
{
	each_backend(ordered);
}

/* A full queue is an error, counted, and what was accepted arrives. */
static void full(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_msg many[16] = { { 0, 0, 0 } };
	struct bt_shard_stats st;
	struct bt_shards *set;
	struct bt_shard *s;
	uint64_t accepted = 1;

	atomic_store(&hold, true);
	o.capacity = 8;
	set = open_set(&o);
	s = attach_0(set);
	CHECK_EQ(bt_shard_send(s, 1, HOLD, 0), 0);
	while (bt_shard_send(s, 1, COUNT, accepted) == 0)
		accepted++;
	CHECK_EQ(accepted, 8);
	CHECK_EQ(bt_shard_send(s, 1, COUNT, 0), -EAGAIN);
	CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, 0), -EAGAIN);
	CHECK_EQ(bt_shard_send_many(s, 1, many, 16), -EAGAIN);
	CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, 0, 1000000), -ETIMEDOUT);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), 1000000), -ETIMEDOUT);
	bt_shards_stats(set, &st);
	CHECK(st.refused >= 4 && st.sent == 8 && st.depth_messages == 8);
	atomic_store(&hold, false);
	CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, accepted, LONG), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	CHECK_EQ(bt_shard_send_many(s, 1, many, 16), 8);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	CHECK_EQ(got[1], 8 + 1 + 8);
	CHECK_EQ(disorder[1], 0);
	close_set(set);
}

static void test_full(void)
{
	each_backend(full);
}

static void *call_foreign(void *arg)
{
	struct bt_shard *s = arg;

	CHECK_EQ(bt_shard_send(s, 1, COUNT, 0), -EXDEV);
	CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, 0), -EXDEV);
	CHECK_EQ(bt_shard_flush(s), -EXDEV);
	CHECK_EQ(bt_shard_turn(s, 0), -EXDEV);
	CHECK_EQ(bt_shard_detach(s), -EXDEV);
	return NULL;
}

static void refusals(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_shard *s = bt_shards_get(set, 0);
	struct bt_msg bad = { 0, BT_SHARD_TAG_MAX + 1, 0 };
	struct bt_shard_stats st;
	pthread_t thread;

	CHECK_EQ(bt_shard_send(s, 1, COUNT, 0), -EXDEV); /* not attached yet */
	CHECK_EQ(bt_shard_attach(set, 1), -EINVAL);
	attach_0(set);
	CHECK_EQ(bt_shard_attach(set, 0), -EBUSY);
	CHECK_EQ(bt_shard_send(s, 2, COUNT, 0), -EINVAL);
	CHECK_EQ(bt_shard_send(s, 1, BT_SHARD_TAG_MAX + 1, 0), -EINVAL);
	CHECK_EQ(bt_shard_send(s, 1, COUNT, BT_SHARD_VALUE_MAX + 1), -EINVAL);
	CHECK_EQ(bt_shard_send_many(s, 1, &bad, 1), -EINVAL);
	CHECK_EQ(bt_shard_send_many(s, 1, &bad, 0), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 2, 0, 0), -EINVAL);
	CHECK_EQ(pthread_create(&thread, NULL, call_foreign, s), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(bt_shard_send(bt_shards_get(set, 1), 0, COUNT, 0), -EXDEV);
	bt_shard_stats(s, &st);
	CHECK_EQ(st.foreign, 6);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.foreign, 7);
	CHECK_EQ(st.sent, 0);
	CHECK_EQ(bt_shards_stop(set), -EBUSY);
	CHECK_EQ(bt_shards_close(set), -EBUSY);
	CHECK(bt_shards_get(set, 2) == NULL && bt_shards_count(set) == 2 && bt_shard_set(s) == set);
	close_set(set);
}

static void test_refusals(void)
{
	each_backend(refusals);
}

/* Without a flush a message may stay with the sender; with one it does not. The end of a turn is one. */
static void flushed(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_shard *s = attach_0(set);
	struct bt_shard_stats st;

	for (uint64_t i = 0; i < 100; i++)
		CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, i), 0);
	bt_shard_stats(bt_shards_get(set, 1), &st);
	CHECK(backend == BT_SHARD_RAW || st.depth_messages == 0);
	CHECK_EQ(st.received, 0);
	CHECK_EQ(bt_shard_flush(s), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, 100, LONG), 0);
	CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, 100), 0);
	CHECK_EQ(bt_shard_turn(s, 0), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, 101, LONG), 0);
	CHECK_EQ(disorder[1], 0);
	CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, 101), 0); /* and so is detaching */
	close_set(set);
	CHECK_EQ(got[1], 102);
}

static void test_flush(void)
{
	each_backend(flushed);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void nest(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)msgs, (void)n, (void)arg;
	nested += bt_shard_turn(self, 0) == -EDEADLK;
	nested += bt_shard_ticket_wait(self, from, bt_shard_ticket(self, from) + 1, 1) == -EDEADLK;
	nested += bt_shards_stop(bt_shard_set(self)) == (bt_shard_index(self) ? -EDEADLK : -EBUSY);
}

/* A turn ends with its time, with a signal, or in a handler not at all. */
static void turns(enum bt_shard_backend backend)
{
	static const struct bt_shard_ops nest_ops = { .messages = nest };
	struct sigaction action = { .sa_handler = on_alarm }, before;
	struct itimerval soon = { .it_value = { 0, 20000 }, .it_interval = { 0, 20000 } }, never = { 0 };
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set;
	struct bt_shard *s;
	int rc;

	o.ops = &nest_ops;
	set = open_set(&o);
	s = attach_0(set);
	CHECK_EQ(bt_shard_turn(s, 0), 0);
	CHECK_EQ(bt_shard_turn(s, 1000000), 0);
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	do {
		rc = bt_shard_turn(s, BT_SHARD_FOREVER);
	} while (rc == 0);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK_EQ(rc, -EINTR);
	sigaction(SIGALRM, &before, NULL);
	nested = 0;
	CHECK_EQ(bt_shard_send(s, 0, COUNT, 0), 0);
	CHECK_EQ(bt_shard_turn(s, 0), 1);
	CHECK_EQ(bt_shard_send(s, 1, COUNT, 0), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, 1, LONG), 0);
	CHECK_EQ(nested, 6);
	close_set(set);
}

static void test_turns(void)
{
	each_backend(turns);
}

/* Idle shards sleep. */
static void idle(enum bt_shard_backend backend)
{
	struct timespec wait = { 0, 300000000 };
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shard_stats st;
	struct bt_shards *set;

	o.guests = 0;
	set = open_set(&o);
	nanosleep(&wait, NULL);
	bt_shards_stats(set, &st);
	CHECK(st.cpu_ns < 60000000);
	CHECK(st.sleeps >= 2 && st.sleeps < 100);
	close_set(set);
}

static void test_idle(void)
{
	each_backend(idle);
}

static int started, ended;

static int count_start(struct bt_shard *self, void *arg)
{
	(void)arg;
	CHECK_EQ(bt_shard_send(self, 0, COUNT, 0), -ESHUTDOWN);
	__atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
	return bt_shard_index(self) == 2 ? -ENOTTY : 0;
}

static void count_end(struct bt_shard *self, void *arg)
{
	(void)arg;
	CHECK_EQ(bt_shard_send(self, 0, COUNT, 0), -ESHUTDOWN);
	__atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static uint64_t sent_to_0;
static _Atomic bool was_sent;

static void send_to_0(struct bt_shard *self, struct bt_task *task)
{
	(void)task;
	CHECK_EQ(bt_shard_send(self, 0, COUNT, sent_to_0++), 0);
	atomic_store(&was_sent, true);
}

static void life(enum bt_shard_backend backend)
{
	static const struct bt_shard_ops counting = { .start = count_start, .messages = handle, .end = count_end };
	struct bt_shards_opts o = opts_for(backend);
	struct bt_task to_0 = { send_to_0, NULL };
	struct bt_shard_stats st;
	struct bt_shards *set;

	sent_to_0 = 0;
	started = ended = 0;
	o.ops = &counting;
	set = open_set(&o);
	CHECK_EQ(started, 1);
	for (uint64_t i = 0; i < 3; i++) { /* a guest may come back, and finds what came meanwhile */
		attach_0(set);
		CHECK_EQ(bt_shard_send(bt_shard_self(), 1, COUNT, i), 0);
		CHECK(i == 0 || turn_until(bt_shard_self(), &got[0], i));
		CHECK_EQ(bt_shard_detach(bt_shard_self()), 0);
		atomic_store(&was_sent, false);
		CHECK_EQ(bt_shards_spawn(set, &to_0, BT_PLACE_PINNED, 1), 0);
		while (!atomic_load(&was_sent))
			usleep(100);
	}
	CHECK_EQ(bt_shards_stop(set), 0);
	CHECK_EQ(disorder[0], 0);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.depth_messages, 1); /* the last one */
	CHECK_EQ(started, 4);
	CHECK_EQ(ended, 4);
	CHECK_EQ(got[1], 3);
	CHECK_EQ(bt_shards_stop(set), -EALREADY);
	CHECK_EQ(bt_shard_attach(set, 0), -ESHUTDOWN);
	CHECK_EQ(bt_shards_close(set), 0);
	CHECK_EQ(bt_shards_close(NULL), 0);
	started = ended = 0;
	o.n = 3;
	o.guests = 0;
	CHECK_EQ(bt_shards_open(&set, &o), -ENOTTY);
	CHECK(set == NULL && started == 3 && ended == 2);
}

static void test_life(void)
{
	each_backend(life);
}

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* Nothing stays open, nobody stays behind. */
static void left(enum bt_shard_backend backend)
{
	unsigned fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");
	struct bt_shards_opts o = opts_for(backend);
	cpu_set_t before, after;

	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	for (int i = 0; i < 20; i++) {
		struct bt_shards *set = open_set(&o);

		attach_0(set);
		CHECK_EQ(bt_shard_send(bt_shard_self(), 1, COUNT, got[1]), 0);
		CHECK_EQ(bt_shard_ticket_wait(bt_shard_self(), 1, 1, LONG), 0);
		close_set(set);
	}
	CHECK_EQ(entries("/proc/self/fd"), fds);
	for (int i = 0; i < 100000 && entries("/proc/self/task") > threads; i++)
		usleep(100); /* the kernel may show a thread for some time after it was joined */
	CHECK(entries("/proc/self/task") <= threads);
	CHECK(sched_getaffinity(0, sizeof(after), &after) == 0 && CPU_EQUAL(&before, &after));
}

static void test_left(void)
{
	each_backend(left);
}

static int to_unattached;

static void send_to_guest(struct bt_shard *self, struct bt_task *task)
{
	(void)task;
	to_unattached = bt_shard_send(self, 0, COUNT, 0);
	atomic_store(&was_sent, true);
}

/* A guest that never was: queues keep what is sent to it, a ring that does not exist cannot. */
static void unattached(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_task task = { send_to_guest, NULL };

	atomic_store(&was_sent, false);
	CHECK_EQ(bt_shards_spawn(set, &task, BT_PLACE_PINNED, 1), 0);
	while (!atomic_load(&was_sent))
		usleep(100);
	CHECK_EQ(to_unattached, backend == BT_SHARD_RAW ? -ENOTCONN : 0);
	attach_0(set);
	CHECK_EQ(bt_shard_turn(bt_shard_self(), 0), backend != BT_SHARD_RAW);
	close_set(set);
}

static void test_unattached(void)
{
	each_backend(unattached);
}

static void test_options(void)
{
	static const struct bt_shard_ops none = { 0 };
	uint32_t nowhere[2] = { 4095, 4095 };
	struct bt_shards_opts o = opts_for(BT_SHARD_QUEUE), good = o;
	struct bt_shards *set;
	char text[BT_RING_NAMES];

#define REFUSED(change) (o = good, change, bt_shards_open(&set, &o) == -EINVAL && !set)
	CHECK(REFUSED(o.ops = NULL));
	CHECK(REFUSED(o.ops = &none));
	CHECK(REFUSED(o.n = 0));
	CHECK(REFUSED(o.n = BT_SHARDS_MAX + 1));
	CHECK(REFUSED(o.guests = 3));
	CHECK(REFUSED(o.capacity = 65537));
	CHECK(REFUSED(o.tasks = 65537));
	CHECK(REFUSED(o.inbox = 65537));
	CHECK(REFUSED(o.asks = 4097));
	CHECK(REFUSED(o.ring_entries = 32769));
	CHECK(REFUSED((o.ring_entries = 64, o.cq_entries = 63)));
	CHECK(REFUSED(o.cpus = nowhere));
	CHECK(REFUSED(o.backend = BT_SHARD_QUEUE + 1));
	CHECK_STR(bt_shard_ring_flags(0, text), "none");
	CHECK_STR(bt_shard_ring_flags(31, text), "sqpoll,single,coop,defer,cqeskip");
	CHECK_STR(bt_shard_ring_flags(BT_RING_SINGLE | BT_RING_DEFER, text), "single,defer");
	CHECK_STR(bt_shard_backend_name(BT_SHARD_AUTO), "auto");
}

static const struct unit_test tests[] = {
	{ "order, both ways and to itself", test_order },
	{ "a full queue is an error, never a loss", test_full },
	{ "refused by number and by thread, counted", test_refusals },
	{ "nowait and flush", test_flush },
	{ "turns: time, signal, handler", test_turns },
	{ "idle shards sleep", test_idle },
	{ "start, end, guests that come back", test_life },
	{ "a guest that never was", test_unattached },
	{ "nothing is left behind", test_left },
	{ "options", test_options },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
