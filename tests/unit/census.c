/* SPDX-License-Identifier: ISC
 *
 * census - unit tests of the census: passes, ends, numbers used again, sums over threads.
 */
#include "census.h"
#include "unit.h"

#define SECOND 1000000000ull
#define BOOT 5000000000ull /* CLOCK_BOOTTIME less CLOCK_MONOTONIC */

static struct taskfig thread(uint32_t pid, uint32_t tid, uint64_t start_s, uint64_t run)
{
	return (struct taskfig){
		.kind = TASKFIG_THREAD, .known = TASKFIG_ALL, .pid = pid, .tid = tid, .place = tid, .start_ns = BOOT + start_s * SECOND,
		.run_ns = run, .wait_ns = run / 10, .voluntary = run / 100, .threads = 1, .rss_bytes = 4096,
	};
}

static struct taskfig process(uint32_t pid, uint64_t start_s, uint64_t user)
{
	struct taskfig f = thread(pid, pid, start_s, 0);

	f.kind = TASKFIG_PROCESS;
	f.known &= ~(uint32_t)TASKFIG_RUN;
	f.user_ns = user;
	return f;
}

/* A pass at that second, over the figures listed. */
static void pass(struct bt_census *c, uint64_t at_s, const struct taskfig *list, size_t n)
{
	bt_census_begin(c, at_s * SECOND, BOOT);
	for (size_t i = 0; i < n; i++)
		bt_census_take(c, &list[i], at_s * SECOND + 1000);
	bt_census_finish(c);
}

static void ended(struct bt_census *c, struct taskfig f, uint32_t kind, uint64_t at_ns)
{
	f.kind = kind;
	f.end_ns = BOOT + at_ns;
	f.flags |= TASKFIG_EXITING;
	f.threads = 0;
	bt_census_end(c, &f);
}

static uint64_t ran(const struct bt_census *c, const struct bt_census_task *t)
{
	return t->now.run_ns - bt_census_was(c, t)->run_ns;
}

static void test_passes(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[2] = { thread(10, 10, 1, 1000), thread(11, 11, 1, 500) };
	struct bt_census_process *p;

	pass(&c, 10, f, 2);
	p = bt_census_process(&c, 10);
	CHECK(p && bt_census_shown(&c, &p->t) && !p->t.had);
	f[0].run_ns = 1700;
	pass(&c, 11, f, 2);
	CHECK(p == bt_census_process(&c, 10) && p->t.had);
	CHECK_EQ(ran(&c, &p->t), 700);
	CHECK_EQ(p->t.was_ns, 10 * SECOND + 1000);
	CHECK_EQ(p->t.read_ns, 11 * SECOND + 1000);
	CHECK_EQ(ran(&c, &bt_census_process(&c, 11)->t), 0);
	pass(&c, 12, f + 1, 1);
	CHECK(bt_census_process(&c, 10) == NULL);
	CHECK_EQ(c.unseen, 1);
	CHECK_EQ(c.n_processes, 1);
	bt_census_free(&c);
}

/* One that is new has used since the last pass all that it has used, and has lived as long. */
static void test_born(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 12, 300), old = thread(11, 11, 1, 300);
	struct bt_census_process *p;

	pass(&c, 11, NULL, 0);
	f.start_ns = BOOT + 11 * SECOND + 500000000;
	pass(&c, 12, &f, 1);
	p = bt_census_process(&c, 10);
	CHECK(p->t.had);
	CHECK_EQ(ran(&c, &p->t), 300);
	CHECK_EQ(p->t.was_ns, 11 * SECOND + 500000000);
	pass(&c, 13, &old, 1); /* not new: who knows when it used that */
	CHECK(!bt_census_process(&c, 11)->t.had);
	bt_census_free(&c);
}

static bool always(void *arg, uint32_t place)
{
	const uint32_t *who = arg;

	return place == *who;
}

/* That its number is there does not mean that the first user is. */
static void test_number_again(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 1, 1000), other = thread(10, 10, 10, 50);
	uint32_t who = 10;

	c.there = always;
	c.there_arg = &who;
	pass(&c, 10, &f, 1);
	other.start_ns += 500000000;
	pass(&c, 11, &other, 1);
	CHECK_EQ(ran(&c, &bt_census_process(&c, 10)->t), 50);
	pass(&c, 12, &other, 1);
	CHECK_EQ(c.n_processes, 1);
	CHECK_EQ(c.n_threads, 1);
	bt_census_free(&c);
}

/* Its end and the beginning of another one under its number, both between two passes. */
static void test_number_again_told(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 1, 1000), other = thread(10, 10, 10, 50);
	unsigned shown = 0;
	uint64_t sum = 0;

	c.ends = true;
	pass(&c, 10, &f, 1);
	f.run_ns = 1200;
	ended(&c, f, TASKFIG_THREAD, 10 * SECOND + 400000000);
	ended(&c, f, TASKFIG_PROCESS, 10 * SECOND + 400000000);
	other.start_ns += 500000000;
	pass(&c, 11, &other, 1);
	for (size_t i = 0; i < c.n_processes; i++)
		if (bt_census_shown(&c, &c.processes[i]->t)) {
			shown++;
			sum += ran(&c, &c.processes[i]->t);
		}
	CHECK_EQ(shown, 2);
	CHECK_EQ(sum, 250);
	CHECK(!bt_census_process(&c, 10)->t.ended);
	CHECK_EQ(c.unseen, 0);
	bt_census_free(&c);
}

/* Known by its end alone. */
static void test_short_life(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 10, 77);
	struct bt_census_process *p;

	c.ends = true;
	pass(&c, 10, NULL, 0);
	f.start_ns += 100000000;
	f.threads = 1;
	f.kind = TASKFIG_PROCESS;
	f.end_ns = f.start_ns + 5000000;
	bt_census_end(&c, &f);
	pass(&c, 11, NULL, 0);
	p = bt_census_process(&c, 10);
	CHECK(p && p->t.ended && p->t.had && bt_census_shown(&c, &p->t));
	CHECK_EQ(ran(&c, &p->t), 77);
	CHECK_EQ(p->t.now.wait_ns, 7);
	CHECK_EQ(p->t.read_ns - p->t.was_ns, 5000000);
	pass(&c, 12, NULL, 0);
	CHECK_EQ(c.n_processes + c.n_threads, 0);
	CHECK_EQ(c.unseen + c.lost, 0);
	bt_census_free(&c);
}

/* A zombie is there, but has been shown. */
static void test_zombie(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 1, 100);
	struct bt_census_process *p;

	c.ends = true;
	pass(&c, 10, &f, 1);
	f.run_ns = 130;
	ended(&c, f, TASKFIG_THREAD, 10 * SECOND + 5);
	ended(&c, f, TASKFIG_PROCESS, 10 * SECOND + 5);
	ended(&c, f, TASKFIG_PROCESS, 10 * SECOND + 5); /* two threads that ended at once took themselves for the last one */
	f.zombie = 1;
	f.flags = TASKFIG_EXITING;
	pass(&c, 11, &f, 1);
	p = bt_census_process(&c, 10);
	CHECK(bt_census_shown(&c, &p->t));
	CHECK_EQ(ran(&c, &p->t), 30);
	pass(&c, 12, &f, 1);
	CHECK(p == bt_census_process(&c, 10) && !bt_census_shown(&c, &p->t));
	pass(&c, 13, NULL, 0);
	CHECK(bt_census_process(&c, 10) == NULL);
	bt_census_free(&c);
}

/* One that had ended before we looked for the first time, and is waited for by its parent later. */
static void test_zombie_at_first(void)
{
	struct taskfig f[] = { thread(10, 10, 1, 500), thread(11, 11, 1, 500) };
	struct bt_census c = BT_CENSUS_INIT;

	c.ends = true;
	f[0].flags = TASKFIG_EXITING;
	pass(&c, 10, f, 2);
	pass(&c, 11, NULL, 0);
	pass(&c, 12, NULL, 0);
	CHECK_EQ(c.n_processes, 0);
	CHECK_EQ(c.unseen, 1);
	bt_census_free(&c);
}

/* The end comes between the look at the ring and the pass: who is missing is waited for. */
static void test_end_told_late(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 1, 100);
	struct bt_census_process *p;

	c.ends = true;
	pass(&c, 10, &f, 1);
	pass(&c, 11, NULL, 0);
	p = bt_census_process(&c, 10);
	CHECK(p && !bt_census_shown(&c, &p->t));
	f.run_ns = 150;
	ended(&c, f, TASKFIG_THREAD, 11 * SECOND - 10);
	ended(&c, f, TASKFIG_PROCESS, 11 * SECOND - 10);
	pass(&c, 12, NULL, 0);
	CHECK(bt_census_shown(&c, &p->t));
	CHECK_EQ(ran(&c, &p->t), 50);
	CHECK_EQ(p->t.was_ns, 10 * SECOND + 1000);
	CHECK_EQ(p->t.read_ns, 11 * SECOND - 10);
	bt_census_free(&c);
}

/* A thread that ends moves to the sum of the dead; how long it waited is known from its end alone. */
static void test_threads(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[3] = { thread(10, 10, 1, 1000), thread(10, 12, 1, 2000), { .known = 0 } };
	struct bt_census_process *p;

	c.ends = true;
	pass(&c, 10, f, 2);
	p = bt_census_process(&c, 10);
	CHECK_EQ(p->t.now.run_ns, 3000);
	CHECK_EQ(p->t.now.threads, 2);
	CHECK_EQ(p->t.now.wait_ns, 300);
	f[1].run_ns = 2500;
	f[1].wait_ns = 250;
	f[1].voluntary = 25;
	ended(&c, f[1], TASKFIG_THREAD, 10 * SECOND + 5);
	f[1] = f[0];
	f[1].kind = TASKFIG_DEAD;
	f[1].known = TASKFIG_CPU | TASKFIG_RUN | TASKFIG_FAULTS | TASKFIG_SWITCHES | TASKFIG_IO;
	f[1].run_ns = 2500;
	f[1].wait_ns = 0;
	f[1].voluntary = 25;
	f[1].threads = 0;
	pass(&c, 11, f, 2);
	CHECK_EQ(p->t.now.run_ns, 3500);
	CHECK_EQ(p->t.now.wait_ns, 350);
	CHECK_EQ(p->t.now.voluntary, 35);
	CHECK_EQ(p->t.now.threads, 1);
	CHECK_EQ(ran(&c, &p->t), 500);
	pass(&c, 12, f, 2);
	CHECK_EQ(ran(&c, &p->t), 0);
	CHECK_EQ(c.n_threads, 1);
	bt_census_free(&c);
}

/* What a process is told to have waited when it ends is its last thread's: those before it told their own. */
static void test_last_thread(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[2] = { thread(10, 10, 1, 1000), thread(10, 12, 1, 2000) }, whole;
	struct bt_census_process *p;

	c.ends = true;
	pass(&c, 10, f, 2);
	ended(&c, f[0], TASKFIG_THREAD, 10 * SECOND + 5);
	f[1].run_ns = 2600;
	f[1].wait_ns = 260;
	ended(&c, f[1], TASKFIG_THREAD, 10 * SECOND + 6);
	whole = f[0];
	whole.run_ns = 3600;
	whole.wait_ns = 260;
	ended(&c, whole, TASKFIG_PROCESS, 10 * SECOND + 6);
	pass(&c, 11, NULL, 0);
	p = bt_census_process(&c, 10);
	CHECK_EQ(p->t.now.wait_ns, 360);
	CHECK_EQ(ran(&c, &p->t), 600);
	bt_census_free(&c);
}

/* Between the end and the sum of the dead a thread is nowhere: nothing falls, and it is made up for. */
static void test_nothing_falls(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[2] = { thread(10, 10, 1, 1000), thread(10, 12, 1, 2000) };
	struct bt_census_process *p;

	pass(&c, 10, f, 2);
	f[0].run_ns = 1100;
	pass(&c, 11, f, 1);
	p = bt_census_process(&c, 10);
	CHECK_EQ(ran(&c, &p->t), 0);
	f[1] = f[0];
	f[1].kind = TASKFIG_DEAD;
	f[1].run_ns = 2050;
	pass(&c, 12, f, 2);
	CHECK_EQ(ran(&c, &p->t), 150);
	bt_census_free(&c);
}

static void test_left_out(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[2] = { thread(10, 10, 1, 1000), thread(11, 11, 1, 1000) };
	uint32_t who = 10;

	c.there = always;
	c.there_arg = &who;
	pass(&c, 10, f, 2);
	f[0].run_ns = 1300;
	pass(&c, 11, f, 2);
	CHECK_EQ(ran(&c, &bt_census_process(&c, 10)->t), 300);
	pass(&c, 12, NULL, 0);
	CHECK(bt_census_shown(&c, &bt_census_process(&c, 10)->t));
	CHECK_EQ(ran(&c, &bt_census_process(&c, 10)->t), 0);
	CHECK_EQ(bt_census_process(&c, 10)->t.was_ns, 11 * SECOND + 1000);
	CHECK_EQ(bt_census_process(&c, 10)->t.read_ns, 12 * SECOND);
	CHECK(bt_census_process(&c, 11) == NULL);
	bt_census_free(&c);
}

static void test_same(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = process(10, 1, 100);

	f.run_ns = 5;
	pass(&c, 10, &f, 1);
	bt_census_begin(&c, 11 * SECOND, BOOT);
	CHECK(!bt_census_same(&c, 10, 6, 11 * SECOND));
	CHECK(!bt_census_same(&c, 11, 5, 11 * SECOND));
	CHECK(bt_census_same(&c, 10, 5, 11 * SECOND));
	bt_census_finish(&c);
	CHECK(bt_census_shown(&c, &bt_census_process(&c, 10)->t));
	bt_census_free(&c);
}

/* The waiting and the switches of /proc are those of living threads: what dead ones had is added from their ends. */
static void test_proc_threads(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = process(10, 1, 100), dead = thread(10, 12, 1, 2000);
	struct bt_census_process *p;

	c.ends = c.whole = true;
	f.wait_ns = 500;
	f.voluntary = 50;
	pass(&c, 10, &f, 1);
	ended(&c, dead, TASKFIG_THREAD, 10 * SECOND + 5);
	f.wait_ns = 310;
	f.voluntary = 31;
	pass(&c, 11, &f, 1);
	p = bt_census_process(&c, 10);
	CHECK_EQ(p->t.now.wait_ns, 510);
	CHECK_EQ(p->t.now.voluntary, 51);
	bt_census_free(&c);
}

/* Processes and their threads are both told: each is what was told of it. */
static void test_both(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f[2] = { thread(10, 10, 1, 1000), process(10, 1, 900) };

	c.whole = true;
	pass(&c, 10, f, 2);
	f[0].run_ns = 1500;
	f[1].user_ns = 1350;
	pass(&c, 11, f, 2);
	CHECK_EQ(bt_census_process(&c, 10)->t.now.user_ns - bt_census_was(&c, &bt_census_process(&c, 10)->t)->user_ns, 450);
	CHECK_EQ(ran(&c, &bt_census_process(&c, 10)->threads->t), 500);
	bt_census_free(&c);
}

/* Ends of what began before the first pass are no news before it, and forks are known at once. */
static void note(void *arg, struct bt_census_process *p)
{
	unsigned *count = arg;

	*count += p->t.now.pid;
}

static void test_begun(void)
{
	struct bt_census c = BT_CENSUS_INIT;
	struct taskfig f = thread(10, 10, 1, 100), child = thread(20, 20, 10, 5);
	unsigned count = 0;

	c.ends = true;
	c.begun = note;
	c.arg = &count;
	ended(&c, f, TASKFIG_PROCESS, 9 * SECOND);
	CHECK_EQ(count, 0);
	pass(&c, 10, &f, 1);
	CHECK_EQ(count, 10);
	child.kind = TASKFIG_FORK;
	bt_census_end(&c, &child);
	CHECK_EQ(count, 30);
	child.kind = TASKFIG_THREAD;
	pass(&c, 11, &child, 1);
	CHECK_EQ(count, 30);
	CHECK_EQ(ran(&c, &bt_census_process(&c, 20)->t), 5);
	bt_census_free(&c);
}

static const struct unit_test tests[] = {
	{ "compares a pass with the one before", test_passes },
	{ "knows what is new", test_born },
	{ "tells a number used again", test_number_again },
	{ "shows both users of a number", test_number_again_told },
	{ "shows a life between two passes", test_short_life },
	{ "shows a zombie once", test_zombie },
	{ "misses no word of who had ended before", test_zombie_at_first },
	{ "waits for the end of who is missing", test_end_told_late },
	{ "adds up threads, living and dead", test_threads },
	{ "adds up what threads waited that ended before the last one", test_last_thread },
	{ "lets nothing fall", test_nothing_falls },
	{ "keeps who was left out and is there", test_left_out },
	{ "keeps who has not run", test_same },
	{ "adds ends to the sums of /proc", test_proc_threads },
	{ "keeps processes and threads apart that are both told", test_both },
	{ "is told who begins", test_begun },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
