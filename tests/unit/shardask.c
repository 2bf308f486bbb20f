/* SPDX-License-Identifier: ISC
 *
 * unit/shardask - requests from outside: answers, and every way to go without one.
 */
#include <pthread.h>

#include "shardask.h"
#include "shardtest.h"

enum { DOUBLE = 1, LATER, NEVER, BLOCK, FAIL }; /* tags */

#define RACES SLOW(5000, 1000)

static _Atomic bool block, blocking;
static uint32_t later[64], n_later;

static void none(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)from, (void)msgs, (void)n, (void)arg;
	while (n_later > 0)
		bt_shard_reply(self, later[--n_later], 0, 7);
}

static void request(struct bt_shard *self, uint32_t id, uint32_t tag, uint64_t value, void *arg)
{
	(void)arg;
	switch (tag) {
	case DOUBLE:
		bt_shard_reply(self, id, 0, 2 * value);
		break;
	case LATER:
		later[n_later++ % 64] = id;
		if (n_later == value) /* with the messages of the next turn */
			CHECK_EQ(bt_shard_send(self, bt_shard_index(self), 0, 0), 0);
		break;
	case BLOCK:
		atomic_store(&blocking, true);
		while (atomic_load(&block))
			usleep(100);
		bt_shard_reply(self, id, 0, value);
		break;
	case FAIL:
		CHECK_EQ(bt_shard_reply(self, id, -EDOM, 0), 0);
		CHECK_EQ(bt_shard_reply(self, id, 0, 0), -ECANCELED); /* once only */
		break;
	}
}

static const struct bt_shard_ops ops = { .messages = none, .request = request };

static struct bt_shards *open_asked(enum bt_shard_backend backend, uint32_t inbox, uint32_t asks)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	n_later = 0;
	o.backend = backend;
	o.inbox = inbox;
	o.asks = asks;
	return open_set(&o);
}

static int ask(struct bt_shards *set, uint32_t tag, uint64_t value, uint32_t *id)
{
	return bt_shards_ask(set, 1, tag, value, BT_SHARD_FOREVER, id);
}

static void answered(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_asked(backend, 0, 0);
	struct bt_shard_stats st;
	uint32_t id, ids[8];
	uint64_t value;
	int status;

	for (uint64_t i = 0; i < 500; i++) {
		CHECK_EQ(bt_shards_ask(set, i % 2, DOUBLE, i, BT_SHARD_FOREVER, &id), 0);
		CHECK_EQ(bt_shards_wait(set, id, LONG, &status, &value), 0);
		CHECK(status == 0 && value == 2 * i);
		CHECK_EQ(bt_shards_wait(set, id, LONG, &status, &value), -EINVAL);
		CHECK_EQ(bt_shards_cancel(set, id), -EINVAL);
	}
	for (int i = 0; i < 8; i++)
		CHECK_EQ(ask(set, LATER, 8, &ids[i]), 0);
	for (int i = 0; i < 8; i++)
		CHECK(bt_shards_wait(set, ids[i], LONG, NULL, &value) == 0 && value == 7);
	CHECK_EQ(ask(set, FAIL, 0, &id), 0);
	CHECK(bt_shards_wait(set, id, LONG, &status, NULL) == 0 && status == -EDOM);
	CHECK_EQ(bt_shards_ask(set, 2, DOUBLE, 0, BT_SHARD_FOREVER, &id), -EINVAL);
	CHECK_EQ(bt_shards_ask(set, 0, BT_SHARD_TAG_MAX + 1, 0, BT_SHARD_FOREVER, &id), -EINVAL);
	CHECK_EQ(bt_shards_wait(set, UINT32_MAX, 0, NULL, NULL), -EINVAL);
	bt_shards_stats(set, &st);
	CHECK(st.asked == 509 && st.pending_asks == 0 && st.failed == 1);
	close_set(set);
}

static void test_answers(void)
{
	each_backend(answered);
}

static void unanswered(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_asked(backend, 0, 0);
	struct bt_shard_stats st;
	uint32_t id, second, third;
	uint64_t value;

	atomic_store(&block, true);
	atomic_store(&blocking, false);
	CHECK_EQ(ask(set, BLOCK, 5, &id), 0);
	while (!atomic_load(&blocking))
		usleep(100);
	CHECK_EQ(bt_shards_wait(set, id, 1000000, NULL, NULL), -ETIMEDOUT);
	CHECK_EQ(bt_shards_ask(set, 1, DOUBLE, 1, bt_clock_monotonic() + 2000000, &second), 0);
	CHECK_EQ(bt_shards_wait(set, second, LONG, NULL, NULL), -ETIME);
	CHECK_EQ(bt_shards_ask(set, 1, DOUBLE, 1, bt_clock_monotonic(), &second), -ETIME);
	CHECK_EQ(ask(set, DOUBLE, 1, &second), 0);
	CHECK_EQ(bt_shards_cancel(set, second), 0);
	CHECK_EQ(bt_shards_cancel(set, second), -EALREADY);
	CHECK_EQ(bt_shards_wait(set, second, LONG, NULL, NULL), -ECANCELED);
	CHECK_EQ(ask(set, BLOCK, 6, &third), 0);
	CHECK_EQ(bt_shards_cancel(set, id), 0); /* while the shard is at it: its answer is dropped */
	CHECK_EQ(bt_shards_wait(set, id, LONG, NULL, NULL), -ECANCELED);
	atomic_store(&block, false);
	CHECK(bt_shards_wait(set, third, LONG, NULL, &value) == 0 && value == 6);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.asks_dropped, 3);
	CHECK_EQ(st.pending_asks, 0);
	close_set(set);
}

static void test_without_answer(void)
{
	each_backend(unanswered);
}

static void overloaded(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_asked(backend, 4, 6);
	uint32_t ids[16], n = 0, blocked;
	struct bt_shard_stats st;

	atomic_store(&block, true);
	atomic_store(&blocking, false);
	CHECK_EQ(ask(set, BLOCK, 0, &blocked), 0);
	while (!atomic_load(&blocking))
		usleep(100);
	while (n < 16 && ask(set, DOUBLE, n, &ids[n]) == 0)
		n++;
	CHECK_EQ(n, 4); /* the inbox is full */
	CHECK_EQ(bt_shards_ask(set, 0, NEVER, 0, BT_SHARD_FOREVER, &ids[n]), 0);
	CHECK_EQ(bt_shards_ask(set, 0, NEVER, 0, BT_SHARD_FOREVER, &ids[n + 1]), -EAGAIN); /* six at once in all */
	bt_shards_stats(set, &st);
	CHECK(st.refused == 2 && st.pending_asks == 6);
	atomic_store(&block, false);
	for (uint32_t i = 0; i < n; i++)
		CHECK_EQ(bt_shards_wait(set, ids[i], LONG, NULL, NULL), 0);
	CHECK_EQ(bt_shards_wait(set, blocked, LONG, NULL, NULL), 0);
	CHECK_EQ(bt_shards_stop(set), 0);
	CHECK_EQ(bt_shards_wait(set, ids[n], LONG, NULL, NULL), -ESHUTDOWN); /* nobody answered it */
	CHECK_EQ(ask(set, DOUBLE, 0, &ids[0]), -ESHUTDOWN);
	CHECK_EQ(bt_shards_close(set), 0);
}

static void test_overload(void)
{
	each_backend(overloaded);
}

struct waiter {
	struct bt_shards *set;
	uint32_t id;
	int rc;
};

static void *wait_forever(void *arg)
{
	struct waiter *w = arg;

	w->rc = bt_shards_wait(w->set, w->id, BT_SHARD_FOREVER, NULL, NULL);
	return NULL;
}

static void stopped(enum bt_shard_backend backend)
{
	struct waiter w = { open_asked(backend, 0, 0), 0, 0 };
	pthread_t thread;

	CHECK_EQ(ask(w.set, NEVER, 0, &w.id), 0);
	CHECK_EQ(pthread_create(&thread, NULL, wait_forever, &w), 0);
	CHECK_EQ(bt_shards_stop(w.set), 0); /* before the wait or during it */
	pthread_join(thread, NULL);
	CHECK_EQ(w.rc, -ESHUTDOWN);
	CHECK_EQ(bt_shards_close(w.set), 0);
}

static void test_stop(void)
{
	each_backend(stopped);
}

struct canceller {
	struct bt_shards *set;
	_Atomic uint32_t id;
	_Atomic bool stop;
};

static void *cancel_all(void *arg)
{
	struct canceller *c = arg;

	while (!atomic_load(&c->stop))
		bt_shards_cancel(c->set, atomic_load(&c->id));
	return NULL;
}

/* Answer, cancellation, deadline and timeout at once: one of them wins, and the value is never another's. */
static void raced(enum bt_shard_backend backend)
{
	struct canceller c = { .set = open_asked(backend, 0, 3) };
	unsigned answers = 0, cancelled = 0, expired = 0, other = 0;
	pthread_t thread;
	uint64_t value;
	uint32_t id;

	CHECK_EQ(pthread_create(&thread, NULL, cancel_all, &c), 0);
	for (uint64_t i = 0; i < RACES; i++) {
		uint64_t deadline = i % 3 ? BT_SHARD_FOREVER : bt_clock_monotonic() + 1 + i % 20000;
		int rc = bt_shards_ask(c.set, i % 2, DOUBLE, i, deadline, &id);

		if (rc == -ETIME) {
			expired++;
			continue;
		}
		CHECK_EQ(rc, 0);
		if (i % 4 == 0)
			atomic_store(&c.id, id);
		do {
			rc = bt_shards_wait(c.set, id, 1 + i % 5000, NULL, &value);
		} while (rc == -ETIMEDOUT);
		answers += rc == 0 && value == 2 * i;
		cancelled += rc == -ECANCELED;
		expired += rc == -ETIME;
		other += rc != -ECANCELED && rc != -ETIME && !(rc == 0 && value == 2 * i);
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	CHECK_EQ(other, 0);
	CHECK_EQ(answers + cancelled + expired, RACES);
	CHECK(answers > 0);
	close_set(c.set);
}

static void test_races(void)
{
	each_backend(raced);
}

static const struct unit_test tests[] = {
	{ "answers, at once and later", test_answers },
	{ "timeout, deadline, cancellation", test_without_answer },
	{ "overload, and a stop before the answer", test_overload },
	{ "a stop while one waits", test_stop },
	{ "answer, cancellation and deadline race", test_races },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
