/* SPDX-License-Identifier: ISC
 *
 * taskrandom - bpf/taskstate.h against a simulated scheduler that does at random whatever a real one may, and keeps its own ledger.
 *
 * The simulation follows kernel/sched/core.c in what matters here. A switch has two steps: the task that goes to sleep leaves the
 * queue, then another one is chosen and sched_switch is seen; so has a wakeup: sched_waking is seen, then, with the lock of the run
 * queue, the task is queued. Between the two steps others act.
 */
#include "rng.h"
#include "taskmodel.h"
#include "unit.h"

#define TASKS 12u
#define CPUS 3u
#define STEPS 40000u
#define NONE UINT32_MAX
#define RUNNING 0u /* kernel states */
#define SLEEPING 1u
#define WAKING 0x200u

/* How kernels differ. */
enum {
	STALE = 1,   /* 5.18 to 6.15: with a signal pending the state of sched_switch is not what became of it */
	DELAYED = 2, /* since 6.12: a task that sleeps may stay queued, with a mark */
	DROPS = 4,   /* with that: the lock is given up while another task is looked for, and the sleeper may be woken then */
	SKEW = 8,    /* clocks of the CPUs differ, which they should not */
};

struct task {
	bool exists, queued, on_cpu, delayed, signal, waking; /* waking: between the two steps of a wakeup */
	uint32_t state;
	/* the ledger: what it really does, since when, and what is booked */
	bool known_woken; /* the wakeup of this sleep has been seen, when it had left the queue; else only a race explains it */
	bool woken;       /* or has at least begun */
	unsigned doing;   /* MODEL_ kind */
	uint64_t since, born, seen, ns[MODEL_TIMES]; /* seen: its birth, by the clock of the CPU */
};

struct cpu {
	uint32_t task; /* NONE: idle */
	bool switching, preempt, blocked; /* between the two steps of a switch */
	uint32_t prev_state;
	int64_t skew;
};

static struct {
	unsigned kernel;
	struct bt_rng rng;
	uint64_t now;
	struct task tasks[TASKS];
	struct cpu cpus[CPUS];
	uint64_t kinds[8]; /* how often what is special came about */
} sim;
static struct model model;

enum { EARLY, RACED, SIGNALLED, STAYED, REPEATED, EXITED, FORKED, REBORN };

static uint32_t below(uint32_t n)
{
	return (uint32_t)bt_rng_below(&sim.rng, n);
}

static bool chance(uint32_t percent)
{
	return below(100) < percent;
}

/* Numbers of tasks begin at 1; 0 is idle. */
static uint32_t tid_of(uint32_t task)
{
	return task == NONE ? 0 : task + 1;
}

static uint64_t clock_of(uint32_t cpu)
{
	return sim.now + 1000000 + (uint64_t)sim.cpus[cpu].skew;
}

static void book(struct task *t, unsigned next)
{
	t->ns[t->doing] += sim.now - t->since;
	t->since = sim.now;
	t->doing = next;
}

static bool switching(uint32_t task, uint32_t *cpu)
{
	for (uint32_t c = 0; c < CPUS; c++)
		if (sim.cpus[c].task == task && sim.cpus[c].switching) {
			*cpu = c;
			return true;
		}
	return false;
}

/* The first step: what __schedule does until it chooses. */
static void begin_switch(uint32_t c, bool preempt)
{
	struct cpu *cpu = &sim.cpus[c];
	struct task *t = cpu->task == NONE ? NULL : &sim.tasks[cpu->task];

	*cpu = (struct cpu){ .task = cpu->task, .switching = true, .preempt = preempt, .skew = cpu->skew };
	if (!t)
		return;
	cpu->prev_state = t->state;
	if (preempt || t->state == RUNNING)
		return;
	if (t->signal && t->state == SLEEPING) {
		t->state = RUNNING;
		t->signal = false;
		sim.kinds[SIGNALLED]++;
		if (!(sim.kernel & STALE))
			cpu->prev_state = RUNNING;
		return;
	}
	cpu->blocked = true;
	t->delayed = (sim.kernel & DELAYED) && t->state != TASKSTATE_DEAD && chance(50);
	t->queued = t->delayed;
	t->woken = t->waking; /* a wakeup that has begun while it was queued finds it gone */
	t->known_woken = false;
}

static uint32_t choose(uint32_t prev)
{
	uint32_t n = 0, pick = NONE;

	for (uint32_t i = 0; i < TASKS; i++) {
		const struct task *t = &sim.tasks[i];

		if (t->exists && t->queued && !t->delayed && (!t->on_cpu || i == prev) && below(++n) == 0)
			pick = i;
	}
	return pick;
}

/* What the task that leaves does from now on. */
static unsigned left_doing(const struct cpu *cpu, const struct task *t)
{
	if (cpu->preempt || !cpu->prev_state)
		return MODEL_PREEMPTED;
	if (!cpu->blocked)
		return MODEL_UNWOKEN; /* signal */
	return t->known_woken ? MODEL_WOKEN : t->woken ? MODEL_UNWOKEN : MODEL_BLOCKED;
}

static void leave(uint32_t c)
{
	struct cpu *cpu = &sim.cpus[c];
	struct task *t = cpu->task == NONE ? NULL : &sim.tasks[cpu->task];

	model_out(&model, clock_of(c), tid_of(cpu->task), cpu->preempt, cpu->prev_state);
	if (!t)
		return;
	book(t, left_doing(cpu, t));
	t->on_cpu = false;
	if (cpu->blocked && cpu->prev_state == TASKSTATE_DEAD) {
		t->exists = false;
		sim.kinds[EXITED]++;
	}
	sim.kinds[RACED] += cpu->blocked && t->woken && !t->known_woken;
}

/* The second step. When the same task is chosen there is no switch. */
static void end_switch(uint32_t c)
{
	struct cpu *cpu = &sim.cpus[c];
	uint32_t prev = cpu->task, next = choose(prev);

	cpu->switching = false;
	if (next == prev) {
		sim.kinds[STAYED] += prev != NONE && cpu->blocked;
		return;
	}
	leave(c);
	cpu->task = next;
	model_in(&model, clock_of(c), tid_of(next));
	if (next == NONE)
		return;
	book(&sim.tasks[next], MODEL_ONCPU);
	sim.tasks[next].on_cpu = true;
}

static void begin_wake(uint32_t c, uint32_t i)
{
	struct task *t = &sim.tasks[i];
	bool left = !t->queued || t->delayed, asleep = left && !t->on_cpu;

	if (!t->exists || t->waking || t->state != SLEEPING || (!left && chance(80)))
		return;
	t->waking = true;
	model_wake(&model, clock_of(c), tid_of(i), t->on_cpu, left);
	sim.kinds[EARLY] += t->on_cpu && left;
	sim.kinds[REPEATED] += !t->on_cpu && !left;
	if (asleep)
		book(t, MODEL_WOKEN);
	if (left)
		t->known_woken = t->woken = true;
}

/* With the run queue's lock; what is not queued must also have left its CPU. */
static void end_wake(uint32_t i)
{
	struct task *t = &sim.tasks[i];
	uint32_t c;

	if (switching(i, &c) && !((sim.kernel & DROPS) && t->delayed && chance(50)))
		return;
	if (t->on_cpu && !t->queued)
		return;
	t->waking = t->delayed = false;
	t->queued = true;
	t->state = RUNNING;
}

/* All that was booked of a task. With DROPS one kind of waiting may be called by the name of another. */
static void check_task(uint32_t i)
{
	bool kinds_exact = !(sim.kernel & DROPS), times_exact = !(sim.kernel & SKEW);
	const struct task *t = &sim.tasks[i];
	const struct model_task *m = &model.tasks[tid_of(i)];
	uint64_t waited = t->ns[MODEL_WOKEN] + t->ns[MODEL_PREEMPTED] + t->ns[MODEL_UNWOKEN];

	if (m->state.what != TASKSTATE_UNKNOWN)
		CHECK_EQ(model_sum(&model, tid_of(i)), m->state.since_ns - t->seen);
	if (!times_exact)
		return;
	CHECK_EQ(model_sum(&model, tid_of(i)), t->since - t->born);
	CHECK_EQ(m->ns[MODEL_ONCPU], t->ns[MODEL_ONCPU]);
	CHECK_EQ(m->ns[MODEL_WOKEN] + m->ns[MODEL_PREEMPTED] + m->ns[MODEL_UNWOKEN], waited);
	CHECK_EQ(m->ns[MODEL_BLOCKED], t->ns[MODEL_BLOCKED]);
	for (unsigned k = 0; kinds_exact && k < MODEL_TIMES; k++)
		CHECK_EQ(m->ns[k], t->ns[k]);
}

static void fork_one(uint32_t c)
{
	for (uint32_t i = 0; i < TASKS; i++) {
		struct task *t = &sim.tasks[i];

		if (t->exists)
			continue;
		/* Whoever had the number is forgotten, but not the times that were booked. */
		if (t->born > 0)
			check_task(i);
		sim.kinds[REBORN] += t->born > 0;
		*t = (struct task){ .exists = true, .queued = true, .doing = MODEL_WOKEN, .since = sim.now, .born = sim.now,
				     .seen = clock_of(c) };
		memset(model.tasks[tid_of(i)].ns, 0, sizeof(t->ns));
		model_fork(&model, clock_of(c), tid_of(i));
		sim.kinds[FORKED]++;
		return;
	}
}

/* What the task on a CPU may do by itself. */
static void run_a_bit(uint32_t c, struct task *t)
{
	switch (below(8)) {
	case 0: case 1: case 2:
		if (!t->waking || t->state == RUNNING)
			t->state = SLEEPING; /* set_current_state, and soon schedule(), or not */
		break;
	case 3: t->state = t->waking ? t->state : RUNNING; break;
	case 4: fork_one(c); break;
	case 5: t->signal |= chance(30); break;
	case 6:
		if (chance(4) && !t->waking) {
			t->state = TASKSTATE_DEAD;
			begin_switch(c, false);
		}
		break;
	default: begin_switch(c, chance(40) && t->state != TASKSTATE_DEAD); break;
	}
}

static void step(void)
{
	uint32_t c = below(CPUS), other = sim.cpus[below(CPUS)].task, i = chance(50) && other != NONE ? other : below(TASKS);
	struct cpu *cpu = &sim.cpus[c];

	sim.now += below(4) ? below(1000) : 0;
	if (sim.kernel & SKEW && chance(1))
		cpu->skew = (int64_t)below(2000) - 1000;
	if (chance(40)) {
		if (sim.tasks[i].waking)
			end_wake(i);
		else
			begin_wake(c, i);
	} else if (sim.tasks[i].delayed && !sim.tasks[i].on_cpu && !sim.tasks[i].waking && chance(20)) {
		sim.tasks[i].delayed = sim.tasks[i].queued = false; /* at last */
	} else if (cpu->switching) {
		end_switch(c);
	} else if (cpu->task == NONE) {
		begin_switch(c, false);
	} else {
		run_a_bit(c, &sim.tasks[cpu->task]);
	}
}

static void simulate(unsigned kernel, uint64_t seed)
{
	memset(&sim, 0, sizeof(sim));
	memset(&model, 0, sizeof(model));
	sim.kernel = kernel;
	bt_rng_seed(&sim.rng, seed);
	for (uint32_t c = 0; c < CPUS; c++)
		sim.cpus[c].task = NONE;
	for (uint32_t i = 0; i < TASKS / 2; i++)
		fork_one(0);
	for (unsigned n = 0; n < STEPS; n++)
		step();
}

/* Times since the last event of a task are booked by neither. */
static void check_kernel(unsigned kernel)
{
	uint64_t kinds[8] = { 0 };

	for (uint64_t seed = 1; seed <= 20; seed++) {
		unsigned before = unit_failures;

		simulate(kernel, seed);
		for (uint32_t i = 0; i < TASKS; i++)
			if (sim.tasks[i].born > 0 || sim.tasks[i].exists)
				check_task(i);
		for (unsigned k = 0; k < 8; k++)
			kinds[k] += sim.kinds[k];
		CHECK_EQ(model.odd[TASKSTATE_MISSED], 0);
		CHECK_EQ(model.odd[TASKSTATE_BEGAN], 0);
		CHECK_EQ(model.odd[TASKSTATE_BACKWARDS] > 0, (kernel & SKEW) != 0);
		if (unit_failures > before) {
			printf("# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
	/* The simulation did all of it. */
	for (unsigned k = 0; k < 8; k++)
		CHECK(kinds[k] >= 20 || (k == STAYED && !(kernel & DROPS)));
}

static void test_old(void)
{
	check_kernel(0);
}

static void test_stale(void)
{
	check_kernel(STALE);
}

static void test_delayed(void)
{
	check_kernel(STALE | DELAYED);
	check_kernel(DELAYED);
}

static void test_drops(void)
{
	check_kernel(DELAYED | DROPS);
	check_kernel(STALE | DELAYED | DROPS);
}

static void test_skew(void)
{
	check_kernel(SKEW);
	check_kernel(STALE | DELAYED | DROPS | SKEW);
}

static const struct unit_test tests[] = {
	{ "agrees with the ledger of a scheduler as up to 5.17", test_old },
	{ "agrees with one that shows the state of sleeps that a signal prevents", test_stale },
	{ "agrees with one that keeps sleepers queued", test_delayed },
	{ "agrees with one that wakes them before they have left", test_drops },
	{ "adds up to the wall time when clocks differ", test_skew },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
