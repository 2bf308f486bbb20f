/* SPDX-License-Identifier: ISC
 *
 * unit/shardtask - where tasks run, what is stolen and what is not, and waiting for groups.
 */
#include <pthread.h>

#include "shardtest.h"

#define SHARDS 3
#define TASKS 200

struct item {
	struct bt_task task;
	uint32_t ran_on;
	_Atomic uint32_t runs;
	struct bt_task *again; /* spawned by it */
};

static struct item items[TASKS];
static _Atomic bool hold;
static _Atomic uint32_t holding;

static void none(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)self, (void)from, (void)msgs, (void)n, (void)arg;
}

static const struct bt_shard_ops ops = { .messages = none };

static void run_item(struct bt_shard *self, struct bt_task *task)
{
	struct item *item = (struct item *)task;

	item->ran_on = bt_shard_index(self);
	atomic_fetch_add(&item->runs, 1);
	if (item->again)
		CHECK_EQ(bt_shard_spawn(self, item->again, BT_PLACE_STEALABLE, 0), 0);
}

static void run_hold(struct bt_shard *self, struct bt_task *task)
{
	(void)self, (void)task;
	atomic_fetch_add(&holding, 1);
	while (atomic_load(&hold))
		usleep(100);
}

static void fresh(struct bt_join *join)
{
	memset(items, 0, sizeof(items));
	for (int i = 0; i < TASKS; i++)
		items[i].task = (struct bt_task){ run_item, join };
}

static struct bt_shards *open_three(enum bt_shard_backend backend, uint32_t guests)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	o.n = SHARDS;
	o.guests = guests;
	o.backend = backend;
	o.no_pin = true;
	return open_set(&o);
}

static void ran_once(int n)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(atomic_load(&items[i].runs), 1);
}

/* Bound tasks run where their placement says. */
static void placed(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_three(backend, 1);
	struct bt_shard *s = attach_0(set);
	struct bt_join join = BT_JOIN_INIT(s);
	uint32_t seen[SHARDS] = { 0 }, on[20];

	fresh(&join);
	for (uint64_t i = 0; i < 30; i++)
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_PINNED, i % SHARDS), 0);
	for (int i = 30; i < 60; i++)
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_ROUND_ROBIN, 0), 0);
	for (uint64_t i = 60; i < 100; i++)
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_STICKY, (i - 60) % 20), 0);
	CHECK_EQ(bt_join_wait(s, &join, LONG), 0);
	ran_once(100);
	for (uint32_t i = 0; i < 30; i++)
		CHECK_EQ(items[i].ran_on, i % SHARDS);
	for (int i = 30; i < 60; i++)
		seen[items[i].ran_on]++;
	CHECK(seen[0] == 10 && seen[1] == 10 && seen[2] == 10);
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 20; i++) {
		on[i] = items[60 + i].ran_on;
		CHECK_EQ(items[80 + i].ran_on, on[i]); /* the same key, the same shard */
		seen[on[i]]++;
	}
	CHECK(seen[0] && seen[1] && seen[2]);
	CHECK_EQ(bt_shard_spawn(s, &items[0].task, BT_PLACE_PINNED, SHARDS), -EINVAL);
	CHECK_EQ(bt_shard_spawn(s, &items[0].task, (enum bt_place)99, 0), -EINVAL);
	CHECK_EQ(bt_join_left(&join), 0);
	close_set(set);
}

static void test_places(void)
{
	each_backend(placed);
}

/* Shard 1 is held up: what is bound to it waits, what is not is taken from it, preferred tasks but a few. */
static void skewed(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_three(backend, 1);
	struct bt_shard *s = attach_0(set);
	struct bt_join bound = BT_JOIN_INIT(s), free_ones = BT_JOIN_INIT(s), preferred = BT_JOIN_INIT(s);
	struct bt_task holder = { run_hold, &bound };
	struct bt_shard_stats st;

	fresh(&bound);
	atomic_store(&hold, true);
	atomic_store(&holding, 0);
	CHECK_EQ(bt_shard_spawn(s, &holder, BT_PLACE_PINNED, 1), 0);
	while (!atomic_load(&holding))
		bt_shard_turn(s, 1000000);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_PINNED, 1), 0);
	for (int i = 20; i < 40; i++) {
		items[i].task.join = &preferred;
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_PREFERRED, 1), 0);
	}
	for (int i = 40; i < 60; i++) {
		items[i].task.join = &free_ones;
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, BT_PLACE_STEALABLE, 0), 0);
	}
	CHECK_EQ(bt_join_wait(s, &free_ones, LONG), 0);
	while (bt_join_left(&preferred) > BT_SHARD_KEEP)
		bt_shard_turn(s, 1000000);
	for (int i = 0; i < 20; i++)
		bt_shard_turn(s, 1000000); /* nobody takes the rest */
	CHECK_EQ(bt_join_left(&preferred), BT_SHARD_KEEP);
	CHECK_EQ(bt_join_left(&bound), 21);
	CHECK_EQ(bt_join_wait(s, &bound, 1000000), -ETIMEDOUT);
	atomic_store(&hold, false);
	CHECK_EQ(bt_join_wait(s, &bound, LONG), 0);
	CHECK_EQ(bt_join_wait(s, &preferred, LONG), 0);
	ran_once(60);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(items[i].ran_on, 1);
	for (int i = 40; i < 60; i++)
		CHECK(items[i].ran_on != 1);
	bt_shards_stats(set, &st);
	CHECK(st.stolen >= 20 - BT_SHARD_KEEP);
	close_set(set);
}

static void test_skew(void)
{
	each_backend(skewed);
}

/* Without stealing everything stays where it was put. */
static void test_no_steal(void)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	struct bt_shard_stats st;
	struct bt_shards *set;
	struct bt_join join;
	struct bt_shard *s;

	o.backend = BT_SHARD_QUEUE;
	o.guests = 1;
	o.no_steal = true;
	set = open_set(&o);
	s = attach_0(set);
	join = (struct bt_join)BT_JOIN_INIT(s);
	fresh(&join);
	for (int i = 0; i < TASKS; i++)
		CHECK_EQ(bt_shard_spawn(s, &items[i].task, i % 2 ? BT_PLACE_PREFERRED : BT_PLACE_STEALABLE, 1), 0);
	CHECK_EQ(bt_join_wait(s, &join, LONG), 0);
	for (uint32_t i = 0; i < TASKS; i++)
		CHECK_EQ(items[i].ran_on, i % 2);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.stolen, 0);
	close_set(set);
}

/* Tasks that spawn tasks, from outside, while a queue that is full is an error. */
static void outside(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_three(backend, 0);
	struct bt_join join = BT_JOIN_INIT(NULL);
	struct bt_shard_stats st;

	fresh(&join);
	for (int i = 0; i < TASKS; i += 2)
		items[i].again = &items[i + 1].task;
	for (int i = 0; i < TASKS; i += 2)
		while (bt_shards_spawn(set, &items[i].task, (enum bt_place)(i / 2 % 5), (uint64_t)i % SHARDS) == -EAGAIN)
			usleep(100);
	for (int i = 0; i < 100000 && bt_join_left(&join) > 0; i++)
		usleep(100);
	CHECK_EQ(bt_join_left(&join), 0);
	ran_once(TASKS);
	CHECK_EQ(bt_shards_spawn(set, &items[0].task, BT_PLACE_PINNED, 3), -EINVAL);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.completed, TASKS);
	CHECK_EQ(bt_shards_stop(set), 0);
	CHECK_EQ(bt_shards_spawn(set, &items[0].task, BT_PLACE_PINNED, 0), -ESHUTDOWN);
	CHECK_EQ(bt_join_left(&join), 0);
	CHECK_EQ(bt_shards_close(set), 0);
}

static void test_outside(void)
{
	each_backend(outside);
}

static void overloaded(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	struct bt_task holders[2] = { { run_hold, NULL }, { run_hold, NULL } };
	struct bt_shard_stats st;
	struct bt_shards *set;
	int accepted = 0, n;

	o.backend = backend;
	o.tasks = o.inbox = 8;
	set = open_set(&o);
	fresh(NULL);
	atomic_store(&hold, true);
	atomic_store(&holding, 0);
	for (n = 0; n < 2; n++)
		CHECK_EQ(bt_shards_spawn(set, &holders[n], BT_PLACE_PINNED, (uint64_t)n), 0);
	while (atomic_load(&holding) < 2)
		usleep(100);
	for (n = 0; n < TASKS; n++) {
		int rc = bt_shards_spawn(set, &items[n].task, (enum bt_place)(n % 5), 0);

		CHECK(rc == 0 || rc == -EAGAIN);
		accepted += rc == 0;
	}
	CHECK(accepted <= 2 * (8 + 8 + 8));
	bt_shards_stats(set, &st);
	CHECK_EQ(st.refused, (uint64_t)(TASKS - accepted));
	CHECK_EQ(st.depth_inbox + st.depth_tasks, (uint64_t)accepted);
	atomic_store(&hold, false);
	close_set(set); /* what was accepted is run all the same */
	n = 0;
	for (int i = 0; i < TASKS; i++)
		n += (int)atomic_load(&items[i].runs);
	CHECK_EQ(n, accepted);
}

static void test_overload(void)
{
	each_backend(overloaded);
}

static void test_join_rules(void)
{
	struct bt_shards *set = open_three(BT_SHARD_QUEUE, 1);
	struct bt_shard *s = attach_0(set);
	struct bt_join other = BT_JOIN_INIT(bt_shards_get(set, 1)), mine = BT_JOIN_INIT(s);

	CHECK_EQ(bt_join_wait(s, &other, 0), -EINVAL);
	CHECK_EQ(bt_join_wait(bt_shards_get(set, 1), &other, 0), -EXDEV);
	CHECK_EQ(bt_join_wait(s, &mine, 0), 0);
	close_set(set);
}

static const struct unit_test tests[] = {
	{ "placements", test_places },
	{ "stealing under skew; bound work stays", test_skew },
	{ "no stealing", test_no_steal },
	{ "from outside, and from tasks", test_outside },
	{ "overload: bounded, counted, nothing lost", test_overload },
	{ "groups: who may wait", test_join_rules },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
