/* SPDX-License-Identifier: ISC
 *
 * unit/mpmc - the queue for any number of writers and readers: order, bounds, and many threads at it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "mpmc.h"
#include "slow.h"
#include "unit.h"

#define SIDE 3 /* writers, and readers */
#define EACH SLOW(200000, 10000)

static void test_bounds(void)
{
	struct bt_mpmc q = { 0 };
	struct bt_msg m;

	CHECK_EQ(bt_mpmc_init(&q, 0), -EINVAL);
	CHECK_EQ(bt_mpmc_init(&q, BT_MPMC_MAX + 1), -EINVAL);
	bt_mpmc_free(&q);
	CHECK_EQ(bt_mpmc_init(&q, 3), 0);
	CHECK(!bt_mpmc_pop(&q, &m) && !bt_mpmc_pending(&q));
	for (uint64_t round = 0; round < 100; round++) {
		for (uint64_t i = 0; i < 4; i++)
			CHECK(bt_mpmc_push(&q, (struct bt_msg){ round + i, 1, 2 }));
		CHECK(!bt_mpmc_push(&q, (struct bt_msg){ 0 }));
		CHECK_EQ(bt_mpmc_depth(&q), 4);
		for (uint64_t i = 0; i < 4; i++)
			CHECK(bt_mpmc_pop(&q, &m) && m.value == round + i && m.tag == 1 && m.from == 2);
		CHECK(!bt_mpmc_pop(&q, &m));
	}
	bt_mpmc_free(&q);
}

static struct bt_mpmc shared;
static _Atomic uint64_t sum, taken;
static _Atomic unsigned disorder;

static void *writer(void *arg)
{
	uint32_t me = *(uint32_t *)arg;

	for (uint64_t i = 1; i <= EACH; i++)
		while (!bt_mpmc_push(&shared, (struct bt_msg){ i, 0, me }))
			sched_yield();
	return NULL;
}

/* What one reader takes of one writer is in the writer's order. */
static void *reader(void *arg)
{
	uint64_t last[SIDE] = { 0 }, mine = 0;
	struct bt_msg m;

	(void)arg;
	while (atomic_load(&taken) < SIDE * EACH) {
		if (!bt_mpmc_pop(&shared, &m)) {
			sched_yield();
			continue;
		}
		if (m.value <= last[m.from])
			atomic_fetch_add(&disorder, 1);
		last[m.from] = m.value;
		mine += m.value;
		atomic_fetch_add(&taken, 1);
	}
	atomic_fetch_add(&sum, mine);
	return NULL;
}

static void test_threads(void)
{
	uint32_t names[SIDE] = { 0, 1, 2 };
	pthread_t threads[2 * SIDE];

	CHECK_EQ(bt_mpmc_init(&shared, 16), 0);
	for (int i = 0; i < SIDE; i++) {
		CHECK(pthread_create(&threads[i], NULL, writer, &names[i]) == 0);
		CHECK(pthread_create(&threads[SIDE + i], NULL, reader, NULL) == 0);
	}
	for (int i = 0; i < 2 * SIDE; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(atomic_load(&taken), SIDE * EACH);
	CHECK_EQ(atomic_load(&sum), SIDE * ((uint64_t)EACH * (EACH + 1) / 2));
	CHECK_EQ(atomic_load(&disorder), 0);
	CHECK(!bt_mpmc_pending(&shared));
	bt_mpmc_free(&shared);
}

static const struct unit_test tests[] = {
	{ "order and bounds", test_bounds },
	{ "three writers, three readers", test_threads },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
