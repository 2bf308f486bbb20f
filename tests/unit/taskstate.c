/* SPDX-License-Identifier: ISC
 *
 * taskstate - unit tests of the times of a task: what happens to it, written down, and what must come out. Simulated schedulers are
 * in taskrandom.c.
 */
#include <string.h>

#include "taskmodel.h"
#include "unit.h"

#define S 1u    /* TASK_INTERRUPTIBLE */
#define D 2u    /* TASK_UNINTERRUPTIBLE */
#define WAKING 0x200u
#define A 11u   /* tasks */
#define B 12u

/* One line of a script. */
enum op { IN, OUT, TAKEN, WAKE, EARLY, STILL, FORK, EXEC };

struct event {
	uint64_t at;
	enum op op;
	uint32_t tid;
	uint32_t arg; /* OUT, TAKEN: the state in which it leaves; EXEC: its old number */
};

static struct model model;

static void happen(const struct event *e)
{
	switch (e->op) {
	case IN: model_in(&model, e->at, e->tid); break;
	case OUT: model_out(&model, e->at, e->tid, false, e->arg); break;
	case TAKEN: model_out(&model, e->at, e->tid, true, e->arg); break;
	case WAKE: model_wake(&model, e->at, e->tid, false, false); break;
	case EARLY: model_wake(&model, e->at, e->tid, true, true); break;
	case STILL: model_wake(&model, e->at, e->tid, true, false); break;
	case FORK: model_fork(&model, e->at, e->tid); break;
	case EXEC: model_exec(&model, e->tid, e->arg); break;
	}
}

#define PLAY(...) \
	do { \
		static const struct event script[] = { __VA_ARGS__ }; \
		memset(&model, 0, sizeof(model)); \
		for (size_t unit_i = 0; unit_i < sizeof(script) / sizeof(script[0]); unit_i++) \
			happen(&script[unit_i]); \
	} while (0)

/* The times of a task, and the odd events of all. */
#define TIMES(tid, oncpu, woken, preempted, blocked, unwoken) \
	do { \
		const uint64_t *unit_ns = model.tasks[tid].ns; \
		CHECK_EQ(unit_ns[MODEL_ONCPU], oncpu); \
		CHECK_EQ(unit_ns[MODEL_WOKEN], woken); \
		CHECK_EQ(unit_ns[MODEL_PREEMPTED], preempted); \
		CHECK_EQ(unit_ns[MODEL_BLOCKED], blocked); \
		CHECK_EQ(unit_ns[MODEL_UNWOKEN], unwoken); \
	} while (0)
#define ODD(began, repeated, unwoken, backwards, missed) \
	do { \
		CHECK_EQ(model.odd[TASKSTATE_BEGAN], began); \
		CHECK_EQ(model.odd[TASKSTATE_REPEATED], repeated); \
		CHECK_EQ(model.odd[TASKSTATE_UNWOKEN], unwoken); \
		CHECK_EQ(model.odd[TASKSTATE_BACKWARDS], backwards); \
		CHECK_EQ(model.odd[TASKSTATE_MISSED], missed); \
	} while (0)

static void test_plain(void)
{
	PLAY({ 100, IN, A, 0 }, { 150, OUT, A, S }, { 400, WAKE, A, 0 }, { 430, IN, A, 0 }, { 500, OUT, A, D }, { 600, WAKE, A, 0 },
	     { 601, IN, A, 0 });
	TIMES(A, 50 + 70, 30 + 1, 0, 250 + 100, 0);
	ODD(1, 0, 0, 0, 0);
	CHECK_EQ(model_sum(&model, A), 501);
	CHECK_EQ(model.tasks[A].sleep_state, D);
	CHECK_EQ(model.tasks[A].hows[TASKSTATE_SLEPT], 2);
}

static void test_runnable(void)
{
	/* The slice ends; it gives the CPU away; it is preempted. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, 0 }, { 30, IN, A, 0 }, { 40, OUT, A, 0 }, { 41, IN, A, 0 }, { 50, TAKEN, A, 0 }, { 90, IN, A, 0 });
	TIMES(A, 29, 0, 61, 0, 0);
	ODD(1, 0, 0, 0, 0);
	CHECK_EQ(model.tasks[A].hows[TASKSTATE_GAVE], 2);
	CHECK_EQ(model.tasks[A].hows[TASKSTATE_TAKEN], 1);
}

static void test_preempted_on_its_way_to_sleep(void)
{
	/* Its state says that it sleeps, but it does not until it comes back and finishes what it began. */
	PLAY({ 0, IN, A, 0 }, { 10, TAKEN, A, S }, { 25, IN, A, 0 }, { 26, OUT, A, S }, { 100, WAKE, A, 0 }, { 103, IN, A, 0 });
	TIMES(A, 11, 3, 15, 74, 0);
	ODD(1, 0, 0, 0, 0);
	/* The same, but woken before it comes back: it is awake already. */
	PLAY({ 0, IN, A, 0 }, { 10, TAKEN, A, S }, { 20, WAKE, A, 0 }, { 25, IN, A, 0 }, { 26, OUT, A, 0 });
	TIMES(A, 11, 0, 15, 0, 0);
	ODD(1, 1, 0, 0, 0);
	/* And dying is no exception: only the last switch is one. */
	PLAY({ 0, IN, A, 0 }, { 10, TAKEN, A, TASKSTATE_DEAD }, { 20, IN, A, 0 }, { 21, OUT, A, TASKSTATE_DEAD });
	TIMES(A, 11, 0, 10, 0, 0);
	CHECK_EQ(model.tasks[A].hows[TASKSTATE_EXITED], 1);
}

static void test_repeated_wakeups(void)
{
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, S }, { 20, WAKE, A, 0 }, { 30, WAKE, A, 0 }, { 39, WAKE, A, 0 }, { 40, IN, A, 0 });
	TIMES(A, 10, 20, 0, 10, 0); /* the first counts */
	ODD(1, 2, 0, 0, 0);
	PLAY({ 0, FORK, A, 0 }, { 5, WAKE, A, 0 }, { 7, IN, A, 0 });
	TIMES(A, 0, 7, 0, 0, 0);
	ODD(0, 1, 0, 0, 0);
}

static void test_woken_on_cpu(void)
{
	/* Still queued: it does not sleep. What comes much later is another sleep. */
	PLAY({ 0, IN, A, 0 }, { 10, STILL, A, 0 }, { 20, OUT, A, S }, { 80, WAKE, A, 0 }, { 85, IN, A, 0 });
	TIMES(A, 20, 5, 0, 60, 0);
	ODD(1, 0, 0, 0, 0);
	/* It has left the queue: awake from the beginning. */
	PLAY({ 0, IN, A, 0 }, { 19, EARLY, A, 0 }, { 20, OUT, A, S }, { 30, IN, A, 0 }, { 40, OUT, A, S }, { 90, WAKE, A, 0 }, { 91, IN, A, 0 });
	TIMES(A, 30, 11, 0, 50, 0);
	ODD(1, 0, 0, 0, 0);
	/* The same as the first event of all; before 5.18 the waker's mark may be all that is left of the state. */
	PLAY({ 19, EARLY, A, 0 }, { 20, OUT, A, WAKING }, { 30, IN, A, 0 });
	TIMES(A, 0, 10, 0, 0, 0);
	ODD(1, 0, 0, 0, 0);
}

static void test_early_but_stayed(void)
{
	/* Delayed dequeue: woken after it had left, queued again, chosen again: no switch. Its next sleep is a sleep. */
	PLAY({ 0, IN, A, 0 }, { 10, EARLY, A, 0 }, { 20, OUT, A, D }, { 95, WAKE, A, 0 }, { 99, IN, A, 0 }, { 100, OUT, A, S },
	     { 110, WAKE, A, 0 }, { 112, IN, A, 0 });
	TIMES(A, 21, 6, 0, 85, 0);
	ODD(1, 0, 0, 0, 0);
	/* Losing the CPU ends the mark. */
	PLAY({ 0, IN, A, 0 }, { 10, EARLY, A, 0 }, { 20, TAKEN, A, 0 }, { 21, IN, A, 0 }, { 22, OUT, A, S }, { 50, WAKE, A, 0 }, { 51, IN, A, 0 });
	TIMES(A, 21, 1, 1, 28, 0);
}

static void test_signal_pending(void)
{
	/* 5.18 to 6.15: the state is one of sleep, but it stays runnable and nobody wakes it. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, S }, { 60, IN, A, 0 }, { 70, OUT, A, S }, { 80, WAKE, A, 0 }, { 90, IN, A, 0 });
	TIMES(A, 20, 10, 0, 10, 50);
	ODD(1, 0, 1, 0, 0);
	/* Since 6.16 the state is 0. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, 0 }, { 60, IN, A, 0 });
	TIMES(A, 10, 0, 50, 0, 0);
	ODD(1, 0, 0, 0, 0);
}

static void test_unwoken(void)
{
	/* Queued when the waker looked, gone when it had the lock: the only wakeup of that sleep came before it. */
	PLAY({ 0, IN, A, 0 }, { 9, STILL, A, 0 }, { 10, OUT, A, S }, { 60, IN, A, 0 }, { 61, OUT, A, 0 });
	TIMES(A, 11, 0, 0, 0, 50);
	ODD(1, 0, 1, 0, 0);
}

static void test_migration(void)
{
	/* A move is not told: between leaving one CPU and coming to another nothing else happens. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, 0 }, { 30, IN, A, 0 }, { 35, OUT, A, S }, { 50, WAKE, A, 0 }, { 58, IN, A, 0 });
	TIMES(A, 15, 8, 20, 15, 0);
	CHECK_EQ(model_sum(&model, A), 58);
}

static void test_life(void)
{
	PLAY({ 5, FORK, A, 0 }, { 8, IN, A, 0 }, { 20, OUT, A, TASKSTATE_DEAD });
	TIMES(A, 12, 3, 0, 0, 0);
	ODD(0, 0, 0, 0, 0);
	CHECK_EQ(model.tasks[A].hows[TASKSTATE_EXITED], 1);
	CHECK_EQ(model.tasks[A].state.what, TASKSTATE_UNKNOWN);
}

static void test_number_again(void)
{
	/* The next task of that number begins anew, even if the last switch of the one before was missed. */
	PLAY({ 0, FORK, A, 0 }, { 1, IN, A, 0 }, { 2, OUT, A, S }, { 1000, FORK, A, 0 }, { 1005, IN, A, 0 }, { 1007, OUT, A, TASKSTATE_DEAD },
	     { 2000, FORK, A, 0 }, { 2001, IN, A, 0 });
	TIMES(A, 1 + 2, 1 + 5 + 1, 0, 0, 0);
	ODD(0, 0, 0, 0, 0);
}

static void test_idle(void)
{
	PLAY({ 0, IN, 0, 0 }, { 10, OUT, 0, 0 }, { 10, IN, A, 0 }, { 30, OUT, A, S }, { 30, IN, 0, 0 }, { 31, WAKE, A, 0 }, { 40, OUT, 0, 0 },
	     { 40, IN, A, 0 });
	TIMES(0, 0, 0, 0, 0, 0);
	TIMES(A, 20, 9, 0, 1, 0);
	CHECK_EQ(model.tasks[0].state.what, TASKSTATE_UNKNOWN);
}

static void test_backwards(void)
{
	/* The second CPU is 5 behind: no time has passed, and what comes next begins where the last one did. */
	PLAY({ 100, IN, A, 0 }, { 120, OUT, A, S }, { 115, WAKE, A, 0 }, { 130, IN, A, 0 }, { 128, OUT, A, 0 }, { 140, IN, A, 0 });
	TIMES(A, 20, 10, 10, 0, 0);
	ODD(1, 0, 0, 2, 0);
	CHECK_EQ(model_sum(&model, A), 40);
	/* A clock near its end, or a first event at 0. */
	PLAY({ UINT64_MAX - 5, IN, A, 0 }, { 4, OUT, A, 0 });
	TIMES(A, 10, 0, 0, 0, 0);
}

static void test_missed(void)
{
	/* Its coming was missed, in each of the states that it could be in: nothing is known of the time. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, 0 }, { 30, OUT, A, 0 }, { 40, IN, A, 0 });
	TIMES(A, 10, 0, 10, 0, 0);
	ODD(1, 0, 0, 0, 1);
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, S }, { 20, WAKE, A, 0 }, { 30, OUT, A, S }, { 40, WAKE, A, 0 }, { 41, IN, A, 0 });
	TIMES(A, 10, 1, 0, 20, 0);
	ODD(1, 0, 0, 0, 1);
	/* Its going was missed. */
	PLAY({ 0, IN, A, 0 }, { 70, IN, A, 0 }, { 80, OUT, A, S }, { 81, WAKE, A, 0 });
	TIMES(A, 10, 0, 0, 1, 0);
	ODD(1, 0, 0, 0, 1);
	/* Both at once look like one stint. */
	PLAY({ 0, IN, A, 0 }, { 70, WAKE, A, 0 }, { 80, OUT, A, S });
	TIMES(A, 80, 0, 0, 0, 0);
}

static void test_first_events(void)
{
	PLAY({ 10, WAKE, A, 0 }, { 14, IN, A, 0 }, { 20, OUT, B, S }, { 25, WAKE, B, 0 }, { 26, IN, B, 0 });
	TIMES(A, 0, 4, 0, 0, 0);
	TIMES(B, 0, 1, 0, 5, 0);
	ODD(2, 0, 0, 0, 0);
	/* On a CPU and queued: that tells nothing. */
	PLAY({ 10, STILL, A, 0 }, { 20, OUT, A, S }, { 25, WAKE, A, 0 });
	TIMES(A, 0, 0, 0, 5, 0);
	ODD(1, 0, 0, 0, 0);
}

static void test_exec(void)
{
	/* Thread B of process A execs: A is dead by then, and B is called A in the same stint. */
	PLAY({ 0, FORK, A, 0 }, { 2, IN, A, 0 }, { 10, OUT, A, TASKSTATE_DEAD }, { 0, FORK, B, 0 }, { 20, IN, B, 0 }, { 25, EXEC, A, B },
	     { 50, OUT, A, S }, { 60, WAKE, A, 0 }, { 61, IN, A, 0 });
	TIMES(B, 0, 20, 0, 0, 0);
	TIMES(A, 8 + 30, 2 + 1, 0, 10, 0);
	CHECK_EQ(model.tasks[B].state.what, TASKSTATE_UNKNOWN);
	CHECK_EQ(model_sum(&model, B) + model_sum(&model, A), 10 + 61);
	/* An exec that changes no number changes nothing. */
	PLAY({ 0, IN, A, 0 }, { 5, EXEC, A, A }, { 9, OUT, A, 0 });
	TIMES(A, 9, 0, 0, 0, 0);
}

static void test_exec_that_sleeps(void)
{
	/* The number changes first, then the program is read, which may sleep, and only then comes the event. The stint in which the
	 * number changed is lost (BEGAN), but no time may be counted twice. */
	PLAY({ 0, IN, A, 0 }, { 10, OUT, A, TASKSTATE_DEAD }, { 20, IN, B, 0 }, { 30, OUT, A, D }, { 70, WAKE, A, 0 }, { 72, IN, A, 0 },
	     { 80, EXEC, A, B }, { 90, OUT, A, S }, { 95, WAKE, A, 0 });
	TIMES(A, 10 + 18, 2, 0, 40 + 5, 0);
	TIMES(B, 0, 0, 0, 0, 0);
	CHECK_EQ(model_sum(&model, A), 10 + (95 - 30));
	CHECK_EQ(model.tasks[B].state.what, TASKSTATE_UNKNOWN);
}

static const struct unit_test tests[] = {
	{ "adds up sleeps, waits and stints", test_plain },
	{ "takes a task that leaves in state 0 for runnable", test_runnable },
	{ "takes a preempted task for runnable, whatever its state says", test_preempted_on_its_way_to_sleep },
	{ "lets the first of repeated wakeups count", test_repeated_wakeups },
	{ "understands wakeups of a task on a CPU", test_woken_on_cpu },
	{ "repairs an early wakeup that was for another sleep", test_early_but_stayed },
	{ "does not take pending signals for sleeps", test_signal_pending },
	{ "takes a sleep that nobody ended for a wait", test_unwoken },
	{ "is not disturbed by migration", test_migration },
	{ "follows a task from its making to its end", test_life },
	{ "knows that a number can come again", test_number_again },
	{ "leaves the idle task out", test_idle },
	{ "loses and doubles no time when a clock is behind", test_backwards },
	{ "shows no time of which an end was missed", test_missed },
	{ "begins with any event", test_first_events },
	{ "follows an exec to another number", test_exec },
	{ "counts nothing twice when an exec sleeps", test_exec_that_sleeps },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
