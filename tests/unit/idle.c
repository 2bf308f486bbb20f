/* SPDX-License-Identifier: ISC
 *
 * unit/idle - when spinning is worth it.
 */
#include "idle.h"
#include "unit.h"

#define MOST 100000u

static void learn(struct bt_idle *i, uint64_t waited_ns, unsigned times)
{
	while (times-- > 0)
		bt_idle_learn(i, waited_ns);
}

static void test_fixed(void)
{
	struct bt_idle i;

	bt_idle_init(&i, false, 5000);
	learn(&i, 1000000000, 100);
	CHECK_EQ(bt_idle_budget(&i, 0), 5000);
	bt_idle_init(&i, false, 0);
	CHECK_EQ(bt_idle_budget(&i, 0), 0);
	bt_idle_init(&i, false, UINT64_MAX);
	CHECK(bt_idle_budget(&i, 0) == UINT64_MAX);
}

static void test_adaptive(void)
{
	struct bt_idle i;

	bt_idle_init(&i, true, MOST);
	CHECK_EQ(bt_idle_budget(&i, 0), MOST);  /* hopeful at first */
	learn(&i, 1000000000, 10);              /* nobody comes */
	CHECK_EQ(bt_idle_budget(&i, 0), 0);
	learn(&i, 50000, 20);                   /* a partner that sleeps as well is a matter of a wake-up or two: worth it */
	CHECK_EQ(bt_idle_budget(&i, 0), MOST);
	learn(&i, 500, 100);
	learn(&i, UINT64_MAX, 1);               /* one late message does not end it */
	CHECK_EQ(bt_idle_budget(&i, 0), MOST);
	learn(&i, 1000000, 20);                 /* a message a millisecond */
	CHECK_EQ(bt_idle_budget(&i, 0), 0);
	bt_idle_init(&i, true, 0);              /* never */
	learn(&i, 0, 10);
	CHECK_EQ(bt_idle_budget(&i, 0), 0);
}

static void disturb(struct bt_idle *i, uint64_t now, unsigned times)
{
	while (times-- > 0)
		bt_idle_disturbed(i, now);
}

static void test_disturbed(void)
{
	struct bt_idle i;
	uint64_t now = 1000;

	bt_idle_init(&i, true, MOST);
	disturb(&i, now, BT_IDLE_STRIKES - 1);
	bt_idle_undisturbed(&i);
	disturb(&i, now, BT_IDLE_STRIKES - 1);  /* now and then is nothing */
	CHECK_EQ(bt_idle_budget(&i, now), MOST);
	disturb(&i, now, 1);
	CHECK_EQ(bt_idle_budget(&i, now), 0);
	CHECK_EQ(bt_idle_budget(&i, now + BT_IDLE_BACKOFF_NS - 1), 0);
	now += BT_IDLE_BACKOFF_NS;
	CHECK_EQ(bt_idle_budget(&i, now), MOST);
	disturb(&i, now, 20 * BT_IDLE_STRIKES); /* longer each time, up to a bound */
	CHECK_EQ(bt_idle_budget(&i, now + BT_IDLE_BACKOFF_MAX_NS - 1), 0);
	now += BT_IDLE_BACKOFF_MAX_NS;
	CHECK_EQ(bt_idle_budget(&i, now), MOST);
	bt_idle_undisturbed(&i);
	disturb(&i, now, BT_IDLE_STRIKES);
	CHECK_EQ(bt_idle_budget(&i, now + BT_IDLE_BACKOFF_NS), MOST);
}

static const struct unit_test tests[] = {
	{ "a fixed time", test_fixed },
	{ "adaptive: follows the partner", test_adaptive },
	{ "adaptive: gives way when disturbed", test_disturbed },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
