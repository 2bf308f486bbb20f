/* SPDX-License-Identifier: ISC
 *
 * unit/spsc - the queue with one writer and one reader: order, bounds, what is seen when, and two threads at it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "slow.h"
#include "spsc.h"
#include "unit.h"

#define THROUGH SLOW(1000000, 100000)

static struct bt_spsc *make(uint32_t n)
{
	uint32_t capacity = bt_spsc_capacity(n);
	struct bt_spsc *q = aligned_alloc(BT_SPSC_LINE, bt_spsc_bytes(capacity));

	memset(q, 0, bt_spsc_bytes(capacity));
	bt_spsc_init(q, capacity);
	return q;
}

static bool push(struct bt_spsc *q, uint64_t value)
{
	return bt_spsc_push(q, (struct bt_msg){ .value = value });
}

static void test_capacity(void)
{
	CHECK_EQ(bt_spsc_capacity(0), 0);
	CHECK_EQ(bt_spsc_capacity(1), 1);
	CHECK_EQ(bt_spsc_capacity(3), 4);
	CHECK_EQ(bt_spsc_capacity(1024), 1024);
	CHECK_EQ(bt_spsc_capacity(65536), 65536);
	CHECK_EQ(bt_spsc_capacity(65537), 0);
	CHECK_EQ(bt_spsc_bytes(1) % BT_SPSC_LINE, 0);
	CHECK_EQ(bt_spsc_bytes(64) - bt_spsc_bytes(32), 32 * 16);
}

/* What was written is seen once it is published, in the order it was written, and a full queue takes no more. */
static void test_order(void)
{
	struct bt_spsc *q = make(4);
	const struct bt_msg *m;

	for (uint64_t i = 0; i < 4; i++)
		CHECK(push(q, i));
	CHECK(!push(q, 4));
	CHECK_EQ(bt_spsc_peek(q, &m), 0);
	CHECK(!bt_spsc_pending(q));
	bt_spsc_publish(q);
	CHECK_EQ(bt_spsc_depth(q), 4);
	CHECK_EQ(bt_spsc_peek(q, &m), 4);
	CHECK(m[0].value == 0 && m[3].value == 3);
	bt_spsc_consume(q, 3);
	CHECK_EQ(bt_spsc_handled(q), 3);
	CHECK(push(q, 4) && push(q, 5));
	bt_spsc_unpush(q);
	bt_spsc_publish(q);
	CHECK_EQ(bt_spsc_depth(q), 2);
	CHECK_EQ(bt_spsc_peek(q, &m), 1); /* to the end of the cells */
	CHECK_EQ(m[0].value, 3);
	bt_spsc_consume(q, 1);
	CHECK_EQ(bt_spsc_peek(q, &m), 1); /* and on from their begin */
	CHECK_EQ(m[0].value, 4);
	bt_spsc_consume(q, 1);
	CHECK(!bt_spsc_pending(q));
	free(q);
}

static void test_one_cell(void)
{
	struct bt_spsc *q = make(1);
	const struct bt_msg *m;

	for (uint64_t i = 0; i < 1000; i++) {
		CHECK(push(q, i) && !push(q, i));
		bt_spsc_publish(q);
		CHECK(bt_spsc_peek(q, &m) == 1 && m->value == i);
		bt_spsc_consume(q, 1);
	}
	free(q);
}

static void *writer(void *arg)
{
	struct bt_spsc *q = arg;

	for (uint64_t i = 0; i < THROUGH; i++) {
		while (!bt_spsc_push(q, (struct bt_msg){ i, (uint32_t)i, ~(uint32_t)i })) {
			bt_spsc_publish(q);
			sched_yield();
		}
		if (i % 7 == 0) /* in batches of another length than the reader's */
			bt_spsc_publish(q);
	}
	bt_spsc_publish(q);
	return NULL;
}

static void through(uint32_t capacity)
{
	struct bt_spsc *q = make(capacity);
	uint64_t expect = 0, wrong = 0;
	const struct bt_msg *m;
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, writer, q) == 0);
	while (expect < THROUGH) {
		size_t n = bt_spsc_peek(q, &m);

		if (n == 0)
			sched_yield();
		if (n > 5)
			n = 5;
		for (size_t i = 0; i < n; i++, expect++)
			wrong += m[i].value != expect || m[i].tag != (uint32_t)expect || m[i].from != ~(uint32_t)expect;
		bt_spsc_consume(q, n);
	}
	pthread_join(thread, NULL);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(bt_spsc_depth(q), 0);
	free(q);
}

static void test_threads(void)
{
	through(8);
	through(1024);
}

static const struct unit_test tests[] = {
	{ "capacity and memory", test_capacity },
	{ "order, publication, wrap", test_order },
	{ "one cell", test_one_cell },
	{ "one writer, one reader", test_threads },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
