/* SPDX-License-Identifier: ISC
 *
 * taskfold - unit tests of arithmetic with the figures of tasks.
 */
#include "rng.h"
#include "taskfold.h"
#include "unit.h"

static void test_same(void)
{
	struct taskfig a = { .tid = 1, .start_ns = 1230000000 }, b = { .tid = 1, .start_ns = 1239999999 };

	CHECK(bt_taskfold_same(&a, &b));
	b.start_ns++;
	CHECK(!bt_taskfold_same(&a, &b));
	b.start_ns = 0;
	CHECK(bt_taskfold_same(&a, &b));
	b.tid = 2;
	CHECK(!bt_taskfold_same(&a, &b));
}

static void test_add(void)
{
	struct taskfig sum = { .known = TASKFIG_ALL }, f = { .known = TASKFIG_ALL & ~(uint32_t)TASKFIG_IO, .minor = 3, .wait_ns = 5, .threads = 1 };
	struct taskfig dead = { .kind = TASKFIG_DEAD, .known = TASKFIG_CPU | TASKFIG_FAULTS, .minor = 4 };

	bt_taskfold_add(&sum, &f);
	bt_taskfold_add(&sum, &f);
	CHECK(sum.minor == 6 && sum.wait_ns == 10 && sum.threads == 2);
	CHECK_EQ(sum.known, f.known);
	bt_taskfold_add(&sum, &dead);
	CHECK(sum.minor == 10 && sum.threads == 2);
	CHECK_EQ(sum.known, TASKFIG_CPU | TASKFIG_FAULTS | TASKFIG_WAIT | TASKFIG_RSS | TASKFIG_THREADS);
}

static void test_grow(void)
{
	struct taskfig before = { .minor = 5, .major = 1, .rss_bytes = 9 }, now = { .minor = 4, .major = 2, .rss_bytes = 8 };

	CHECK(bt_taskfold_grow(&now, &before));
	CHECK(now.minor == 5 && now.major == 2 && now.rss_bytes == 8);
	CHECK(!bt_taskfold_grow(&now, &before));
}

static struct taskfig split(uint64_t run, uint64_t user, uint64_t sys, const struct taskfig *before)
{
	struct taskfig f = { .known = TASKFIG_RUN, .run_ns = run, .user_ns = user, .sys_ns = sys };

	bt_taskfold_split(&f, before);
	return f;
}

static void test_split(void)
{
	struct taskfig none = { .known = 0 }, f = split(100, 30, 10, &none), later;

	CHECK(f.user_ns == 75 && f.sys_ns == 25);
	f = split(100, 7, 0, &none);
	CHECK(f.user_ns == 100 && f.sys_ns == 0);
	f = split(100, 0, 7, &none);
	CHECK(f.user_ns == 0 && f.sys_ns == 100);
	f = split(100, 0, 0, &none); /* no tick has hit it */
	CHECK(f.user_ns == 100 && f.sys_ns == 0);
	f = split(0, 5, 5, &none);
	CHECK(f.user_ns == 0 && f.sys_ns == 0);
	f = split(UINT64_MAX, UINT64_MAX, UINT64_MAX, &none);
	CHECK(f.user_ns + f.sys_ns == UINT64_MAX && f.user_ns - f.sys_ns < 2);
	/* Neither falls: what was user time once stays it. */
	f = split(100, 10, 0, &none);
	later = split(110, 10, 1000, &f);
	CHECK(later.user_ns == 100 && later.sys_ns == 10);
	later = split(90, 10, 1000, &f);
	CHECK(later.user_ns == 100 && later.sys_ns == 0);
	f = (struct taskfig){ .user_ns = 3, .sys_ns = 4 };
	bt_taskfold_split(&f, &none);
	CHECK(f.user_ns == 3 && f.sys_ns == 4);
}

static void test_split_any(void)
{
	struct taskfig before = { .known = 0 };
	uint64_t run = 0, user = 0, sys = 0;
	struct bt_rng rng;

	bt_rng_seed(&rng, 1);
	for (unsigned i = 0; i < 10000; i++) {
		struct taskfig now;

		run += bt_rng_below(&rng, 1000);
		user += bt_rng_below(&rng, 3) * 400;
		sys += bt_rng_below(&rng, 2) * 400;
		now = split(run, user, sys, &before);
		CHECK(now.user_ns + now.sys_ns == run);
		CHECK(now.user_ns >= before.user_ns && now.sys_ns >= before.sys_ns);
		before = now;
	}
}

static void test_cpu(void)
{
	struct taskfig f = { .known = TASKFIG_CPU, .run_ns = 9, .user_ns = 3, .sys_ns = 4 };

	CHECK_EQ(bt_taskfold_cpu(&f), 7);
	f.known |= TASKFIG_RUN;
	CHECK_EQ(bt_taskfold_cpu(&f), 9);
}

static const struct unit_test tests[] = {
	{ "tells tasks of one number apart", test_same },
	{ "adds what grows", test_add },
	{ "lets nothing fall that grows", test_grow },
	{ "splits time as the kernel does", test_split },
	{ "splits any time into growing parts", test_split_any },
	{ "knows the time on a CPU from either source", test_cpu },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
