/* SPDX-License-Identifier: ISC
 *
 * clock - tests of the clock and of deadlines.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "clock.h"
#include "unit.h"

#define MS 1000000u

/* How far the clock is from CLOCK_MONOTONIC, in ns; the reading of the latter is taken on both sides of ours. */
static int64_t offset(const struct bt_clock *c)
{
	int64_t best = INT64_MAX;

	for (unsigned i = 0; i < 20; i++) {
		int64_t before = (int64_t)bt_clock_monotonic(), now = (int64_t)bt_clock_now(c), after = (int64_t)bt_clock_monotonic();
		int64_t off = now < before ? now - before : now > after ? now - after : 0;

		if (llabs(off) < llabs(best))
			best = off;
	}
	return best;
}

static void busy_wait(uint64_t ns)
{
	uint64_t until = bt_clock_monotonic() + ns;

	while (bt_clock_monotonic() < until)
		;
}

static void test_init(void)
{
	struct bt_clock c;

	bt_clock_init(&c, 200000);
	CHECK_STR(bt_clock_name(&c), c.tsc ? "tsc" : "monotonic");
	CHECK(c.cost_ns100 > 0);
	CHECK(c.cost_ns100 < 100 * 100000);
	CHECK(!c.tsc || c.mult > 0);
}

static void test_follows(void)
{
	struct bt_clock c;

	bt_clock_init(&c, 2 * MS);
	busy_wait(100 * MS);
	CHECK(llabs(offset(&c)) < 100 * MS / 500); /* 0.2 % */
	bt_clock_refine(&c);
	busy_wait(100 * MS);
	CHECK(llabs(offset(&c)) < 100 * MS / 500);
}

static void test_forward(void)
{
	struct bt_clock c;
	uint64_t last, now;

	bt_clock_init(&c, 200000);
	last = bt_clock_now(&c);
	for (unsigned i = 0; i < 200000; i++) {
		if (i % 1000 == 0)
			bt_clock_refine(&c);
		now = bt_clock_now(&c);
		CHECK(now >= last);
		last = now;
	}
}

/* A factor that is off by 10 % is put right by refining, without a step back. */
static void test_refine(void)
{
	struct bt_clock c;
	uint64_t shown;

	bt_clock_init(&c, 200000);
	if (!c.tsc)
		return;
	c.mult += c.mult / 10;
	busy_wait(20 * MS);
	shown = bt_clock_now(&c);
	bt_clock_refine(&c);
	CHECK(bt_clock_now(&c) >= shown);
	CHECK(offset(&c) > (int64_t)MS); /* ahead by what it had gathered */
	c.mult -= c.mult / 10;
	while (offset(&c) > -(int64_t)MS) /* for as long as the machine took to let it gather that */
		;
	bt_clock_refine(&c);
	busy_wait(20 * MS);
	CHECK(llabs(offset(&c)) < (int64_t)MS);
}

static void test_fallback(void)
{
	struct bt_clock c = { .tsc = false };
	uint64_t before = bt_clock_monotonic(), now = bt_clock_now(&c);

	CHECK(now >= before && now <= bt_clock_monotonic());
	CHECK_STR(bt_clock_name(&c), "monotonic");
	bt_clock_refine(&c);
	CHECK(!c.tsc);
}

static void test_sleep(void)
{
	static const uint64_t spins[] = { 0, 50000, 100 * MS };
	struct bt_clock c;

	bt_clock_init(&c, 200000);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t due = bt_clock_now(&c) + 5 * MS;

		CHECK_EQ(bt_clock_sleep_until(&c, due, spins[i]), 0);
		CHECK(bt_clock_now(&c) >= due);
		CHECK_EQ(bt_clock_sleep_until(&c, due, spins[i]), 0);
		CHECK_EQ(bt_clock_sleep_until(&c, 0, spins[i]), 0);
	}
}

static void nothing(int sig)
{
	(void)sig;
}

static void test_interrupted(void)
{
	struct itimerval timer = { .it_value = { .tv_usec = 20000 }, .it_interval = { .tv_usec = 20000 } };
	struct itimerval off = { .it_value = { 0, 0 } };
	struct sigaction action = { .sa_handler = nothing };
	struct bt_clock c;
	uint64_t start;

	bt_clock_init(&c, 200000);
	sigaction(SIGALRM, &action, NULL);
	start = bt_clock_now(&c);
	setitimer(ITIMER_REAL, &timer, NULL);
	CHECK_EQ(bt_clock_sleep_until(&c, start + 600000ull * MS, 0), -EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
}

static void test_wall(void)
{
	int64_t before = (int64_t)time(NULL), now = bt_clock_wall_us();

	CHECK(now / 1000000 >= before - 1 && now / 1000000 <= (int64_t)time(NULL) + 1);
}

static const struct unit_test tests[] = {
	{ "init chooses a source and measures its cost", test_init },
	{ "the clock follows CLOCK_MONOTONIC", test_follows },
	{ "the clock never goes back, also when refined", test_forward },
	{ "refining corrects the factor", test_refine },
	{ "without a TSC it is CLOCK_MONOTONIC", test_fallback },
	{ "sleeping ends at the deadline, never before", test_sleep },
	{ "a signal ends a sleep", test_interrupted },
	{ "wall time is Unix time", test_wall },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
